"""Most exposed fifth: the people unlike all others must be as hard to find as the limit says."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, below, corrected, reason
from privsynth.policy.verdict import Finding
from privsynth.statistics import Estimate


class Limit(Parameters):
    """The largest AUC among the most exposed fifth that may not be excluded."""

    below: float = Field(gt=0.5, le=1.0)


def check(bundle: Bundle, limit: Limit, policy: str) -> Finding:
    """Return pass if no attack's upper bound within that fifth reaches the limit."""
    stratum, found = bundle.stratum("exposed"), _estimate(bundle)
    finding = below(
        rule,
        corrected(found),
        limit.below,
        ("exposed",),
        "the worst AUC among the most exposed fifth of people",
        f"verbatim copies of {2 * limit.below - 1:.0%} of the members who are most unlike others",
    )
    if found is None:
        message = f"the most exposed fifth was not assessed: {reason(stratum)}"
        return finding.model_copy(update={"message": message})
    return finding


def _estimate(bundle: Bundle) -> Estimate | None:
    stratum = bundle.stratum("exposed")
    return stratum.estimate("auc_most_exposed_fifth") if stratum else None


rule = Rule(
    name="exposed_fifth",
    home=__name__,
    title="Can members unlike all others be told apart?",
    parameters=Limit,
    check=check,
    waivable=True,
    limit="below",
    reads=lambda bundle, limit: _estimate(bundle),
    formula="the upper bound of the largest AUC among the fifth of people farthest from all others "
    "< below; a fail: its corrected lower bound >= below",
    remedy="outliers were learnt by heart: clip or bin extreme values, merge rare categories, or "
    "fit with differential privacy, which protects each person alike",
)
