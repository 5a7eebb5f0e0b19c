"""Share closer to train: may fail a release, never pass one (screening)."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Excess(Parameters):
    """How much more than expected of the table may lie closer to train than to holdout."""

    excess_above: float = Field(ge=0, lt=1)


def check(bundle: Bundle, excess: Excess, policy: str) -> Finding:
    """Return a fail if the lower bound of the excess over n1/(n1+n0) crosses the limit."""
    measure = bundle.measure("dcr")
    share = measure.estimate("share_closer_to_train") if measure else None
    if share is None or share.expected is None:
        return Finding(
            rule=rule.name, title=rule.title, status="inconclusive", probes=("dcr",),
            limit=excess.excess_above, holds_when="at most", fail_only=True,
            message="the share could not be compared with a holdout",
        )  # fmt: skip
    observed = round(share.low - share.expected, 4)
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="fail" if observed > excess.excess_above else "pass",
        message=f"{share.value:.1%} of the synthetic rows are closer to train; a table without a "
        f"leak gives {share.expected:.1%}, and the excess is at least {max(observed, 0):.1%}",
        probes=("dcr",),
        limit=excess.excess_above,
        observed=observed,
        holds_when="at most",
        fail_only=True,
        tolerates="every leak that is not nearness of whole rows: this rule cannot pass a table",
    )


rule = Rule(
    name="dcr_share",
    home=__name__,
    title="Are synthetic rows nearer to train than to others?",
    parameters=Excess,
    check=check,
)
