"""Worst true-positive rate at 1 % false positives: its upper bound must lie below the limit."""

import math

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, backed, below
from privsynth.policy.verdict import Finding

FPR = 0.01
HEADLINE = f"tpr_at_fpr_{FPR:g}"


class Limit(Parameters):
    """The largest share of members that an attack may find at 1 % false positives."""

    below: float = Field(gt=FPR, le=1.0)


def check(bundle: Bundle, limit: Limit, policy: str) -> Finding:
    """Return pass if no attack's upper bound reaches the limit."""
    entry = bundle.headline.get(HEADLINE)
    share = (limit.below - FPR) / (1 - FPR)
    finding = below(
        rule,
        entry.estimate if entry else None,
        limit.below,
        (entry.attack,) if entry else (),
        "the worst share of members found at 1 % false positives",
        f"verbatim copies of {share:.1%} of the members",
    )
    if entry is None and bundle.headline and 0 < bundle.audits.alpha < 1:
        units = bundle.tables["holdout"].units if "holdout" in bundle.tables else 0
        needed = math.ceil(math.log(bundle.audits.alpha / 2) / math.log(1 - FPR))
        message = (
            f"cannot be bounded with {units:,} counted holdout units; at least {needed:,} are "
            "needed at this audit's level"
        )
        return finding.model_copy(update={"message": message})
    return backed(finding, bundle, "limit_tpr")


rule = Rule(
    name="worst_tpr",
    home=__name__,
    title="Can any attack be sure about a few members?",
    parameters=Limit,
    check=check,
    membership=True,
    waivable=True,
    limit="below",
    reads=lambda bundle, limit: (
        entry.estimate if (entry := bundle.headline.get(HEADLINE)) else None
    ),
    formula="the upper bound of the largest share of members found at 1 % false positives < below; "
    "a fail: its corrected lower bound >= below",
    remedy="a few members are found with confidence: look at the most exposed people first, "
    "coarsen or drop what makes them unlike others, or fit with differential privacy; if the bound "
    "is only wide, use a larger holdout",
)
