"""Controls: an audit that fails its own checks, or did not make them, cannot pass a table."""

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Nothing(Parameters):
    """No parameters: the levels are those of gate-statistics 5."""


def check(bundle: Bundle, nothing: Nothing, policy: str) -> Finding:
    """Return inconclusive if a control failed or is missing."""
    expected = ("blind_baseline", "negative", "positive")
    bad = [
        f"{name.replace('_', ' ')}: {control.message if control else 'missing'}"
        for name in expected
        if (control := bundle.controls.get(name)) is None or control.status != "ok"  # type: ignore[call-overload]
    ]
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="inconclusive" if bad else "pass",
        message="; ".join(bad)
        if bad
        else "blind baseline, negative and positive control as expected",
        probes=expected,
        source="gate-statistics: every audit checks itself",
    )


rule = Rule(
    name="controls",
    home=__name__,
    title="Does the audit itself work?",
    parameters=Nothing,
    check=check,
    mandatory=True,
    formula="blind baseline, negative and positive control came out as they must",
    remedy="the audit itself is disturbed: read the control's sentence in section 5; usually train "
    "and holdout are not drawn alike, or there are too few people",
)
