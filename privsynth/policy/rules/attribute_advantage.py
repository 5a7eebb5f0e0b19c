"""Attribute advantage: the table must tell no more about its members than about anybody else."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, below, corrected, reason
from privsynth.policy.verdict import Finding
from privsynth.statistics import Estimate


class Limit(Parameters):
    """The largest advantage a_M - a_N over the declared secrets that may not be excluded."""

    below: float = Field(gt=0.0, le=1.0)


def check(bundle: Bundle, limit: Limit, policy: str) -> Finding:
    """Return pass if the upper bound of the advantage lies below the limit.

    The measure must have seen its own positive control: else its silence carries no pass.
    """
    measure = bundle.measure("attribute_inference")
    found = _estimate(bundle)
    finding = below(
        rule,
        corrected(found),
        limit.below,
        ("attribute_inference",),
        "the advantage in guessing a secret of a member over guessing that of another",
        f"secrets guessed right for {limit.below:.0%} more of the members than of others",
    )
    if measure is None or found is None:
        message = f"attribute inference was not measured: {reason(measure)}"
        return finding.model_copy(update={"message": message})
    if finding.status == "pass" and measure.options.get("control") != "seen":
        message = (
            f"{finding.message}; but the measure did not see a planted leak, so its silence "
            "carries no information"
        )
        return finding.model_copy(update={"status": "inconclusive", "message": message})
    return finding


def _estimate(bundle: Bundle) -> Estimate | None:
    measure = bundle.measure("attribute_inference")
    return measure.estimate("advantage_worst") if measure else None


rule = Rule(
    name="attribute_advantage",
    home=__name__,
    title="Does the table give away members' secrets?",
    parameters=Limit,
    check=check,
    attribute=True,
    waivable=True,
    limit="below",
    reads=lambda bundle, limit: _estimate(bundle),
    formula="the upper bound of a_M - a_N < below, where a_M and a_N are how often a secret of a "
    "member and of another person is guessed right, for the worst secret; a fail: its corrected "
    "lower bound >= below",
    remedy="see in section 7 which secret it is; coarsen it or what predicts it for few people, "
    "or fit with differential privacy",
)
