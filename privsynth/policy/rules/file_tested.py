"""The file itself: an audit of how tables are made is not an audit of the one that is released."""

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Strictness(Parameters):
    """Whether tables made alike may be attacked in place of the released one."""

    required: bool = False


def check(bundle: Bundle, strictness: Strictness, policy: str) -> Finding:
    """Return inconclusive if the released file must be tested and others were in its place."""
    own = not bundle.mechanism
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if own or not strictness.required else "inconclusive",
        message="the released file itself was attacked" if own else str(bundle.mechanism),
    )


rule = Rule(
    name="file_tested",
    home=__name__,
    title="Was this very file tested?",
    parameters=Strictness,
    check=check,
    mandatory=True,
    formula="the released file itself was attacked, not tables made in the same way",
    remedy="audit the file with a holdout that took no part in its making",
)
