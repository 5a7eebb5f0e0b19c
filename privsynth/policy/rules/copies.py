"""Identical copies: more members than non-members copied, beyond chance, stops any release."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Level(Parameters):
    """The p-value below which copies of members are proof of copying."""

    p_below: float = Field(0.01, gt=0, lt=1)


def check(bundle: Bundle, level: Level, policy: str) -> Finding:
    """Return a hard fail if members are copied more often than chance explains."""
    measure = bundle.measure("copies")
    excess = measure.estimate("copied_units_excess") if measure else None
    if excess is None or excess.p is None:
        return Finding(
            rule=rule.name, title=rule.title, status="inconclusive", probes=("copies",),
            limit=level.p_below, holds_when="at least", quantity="p", hard=True, fail_only=True,
            message="copies could not be compared with a holdout",
        )  # fmt: skip
    copied = excess.p < level.p_below
    message = (
        f"{excess.value:+.2%} more of the members than of the holdout stand verbatim in the table "
        f"(exact p {'≤ 0.0001' if excess.p <= 1e-4 else f'= {excess.p:.4f}'})"
    )
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="fail" if copied else "pass",
        message=message,
        probes=("copies",),
        limit=level.p_below,
        observed=excess.p,
        holds_when="at least",
        quantity="p",
        hard=True,
        fail_only=True,
        tolerates="copies that are as frequent among people who were not trained on",
    )


rule = Rule(
    name="copies",
    home=__name__,
    title="Does the table repeat people's rows?",
    parameters=Level,
    check=check,
    formula="p of Fisher's exact test that members' rows stand verbatim in the table more often "
    "than the holdout's >= p_below",
    remedy="the generator repeats rows: do not release this table; leave out what lets it copy "
    "(identifiers, free text, exact dates), train with less capacity, then audit another table",
)
