"""Size of the table: more synthetic rows for each training row reveal more of it."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding

MANY = 2
"""Synthetic rows for each training row from which a finding says so (gate-statistics 8)."""


class Maximum(Parameters):
    """The most synthetic rows for each training row."""

    at_most: float = Field(5, gt=0)


def check(bundle: Bundle, maximum: Maximum, policy: str) -> Finding:
    """Return inconclusive above the limit: what so many rows reveal was not measured."""
    rows = {
        role: bundle.tables[role].rows for role in ("train", "synthetic") if role in bundle.tables
    }
    ratio = rows["synthetic"] / rows["train"] if len(rows) == 2 and rows["train"] else None
    if ratio is None:
        message = "the evidence does not say how many rows the tables have"
    else:
        message = f"{ratio:.3g} synthetic rows for each training row"
        if ratio > MANY:
            message += "; the more there are, the more can be reconstructed, which no attack tested"
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if ratio is not None and ratio <= maximum.at_most else "inconclusive",
        message=message,
        limit=maximum.at_most,
        observed=ratio,
        holds_when="at most",
    )


rule = Rule(
    name="table_size",
    home=__name__,
    title="Are there more rows than the real table can bear?",
    parameters=Maximum,
    check=check,
    formula="synthetic rows / training rows <= at_most",
    remedy="release fewer rows",
)
