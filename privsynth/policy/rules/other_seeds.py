"""Other seeds: tables of the same generator with other seeds must have been attacked as well."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, reason
from privsynth.policy.verdict import Finding

NAME = "worst_auc_seed_"


class Minimum(Parameters):
    """The least number of other seeds; what they show is for information and never compared."""

    at_least: int = Field(ge=1)


def check(bundle: Bundle, minimum: Minimum, policy: str) -> Finding:
    """Return pass if tables of enough other seeds were attacked, else inconclusive."""
    measure = bundle.measure("other_seeds")
    names = [one.name for one in measure.estimates] if measure else []
    number = sum(name.startswith(NAME) for name in names)
    message = f"tables of {number} other seeds were attacked; at least {minimum.at_least} must be"
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if number >= minimum.at_least else "inconclusive",
        message=message if number else f"{message}: {reason(measure)}",
        probes=("other_seeds",),
        limit=minimum.at_least,
        observed=number or None,
        holds_when="at least",
    )


rule = Rule(
    name="other_seeds",
    home=__name__,
    title="Does it depend on the seed?",
    parameters=Minimum,
    check=check,
    formula="number of tables of other seeds that were attacked >= at_least",
    remedy="run again with other_seeds set to that number",
)
