"""Counted holdout: too few people outside the training table cannot show anything."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Minimum(Parameters):
    """The least number of counted holdout units (people where an entity is declared, else rows)."""

    at_least: int = Field(ge=1)


def check(bundle: Bundle, minimum: Minimum, policy: str) -> Finding:
    """Return pass if the counted holdout is large enough, else inconclusive."""
    units = bundle.tables["holdout"].units if "holdout" in bundle.tables else 0
    enough = units >= minimum.at_least
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if enough else "inconclusive",
        message=f"{units:,} counted holdout units; at least {minimum.at_least:,} are required",
        limit=minimum.at_least,
        observed=units,
        holds_when="at least",
    )


rule = Rule(
    name="holdout_units",
    home=__name__,
    title="Is there enough evidence to decide?",
    parameters=Minimum,
    check=check,
    formula="counted holdout units (people where an entity is declared, else rows) >= at_least",
    remedy="hold more people back from training",
)
