"""Counted members: too few training people cannot show what happens to them."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Minimum(Parameters):
    """The least number of training units (people where an entity is declared, else rows)."""

    at_least: int = Field(ge=1)


def check(bundle: Bundle, minimum: Minimum, policy: str) -> Finding:
    """Return pass if there are enough members, else inconclusive."""
    units = bundle.tables["train"].units if "train" in bundle.tables else 0
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if units >= minimum.at_least else "inconclusive",
        message=f"{units:,} training units; at least {minimum.at_least:,} are required",
        limit=minimum.at_least,
        observed=units,
        holds_when="at least",
    )


rule = Rule(
    name="member_units",
    home=__name__,
    title="Were enough people in the training table?",
    parameters=Minimum,
    check=check,
    formula="training units (people where an entity is declared, else rows) >= at_least",
    remedy="train on more people",
)
