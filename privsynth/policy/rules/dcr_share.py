"""Share closer to train: may fail a release, never pass one (screening)."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding, Status
from privsynth.statistics import Estimate


class Excess(Parameters):
    """How much more than expected of the table may lie closer to train than to holdout."""

    excess_above: float = Field(ge=0, lt=1)


def check(bundle: Bundle, excess: Excess, policy: str) -> Finding:
    """Return a fail if the lower bound of the excess over n1/(n1+n0) crosses the limit.

    Inconclusive where the bound crosses it or not by less than rounding may have moved it.
    """
    share = _share(bundle)
    if share is None or share.expected is None:
        return Finding(
            rule=rule.name, title=rule.title, status="inconclusive", probes=("dcr",),
            limit=excess.excess_above, holds_when="at most", fail_only=True,
            message="the share could not be compared with a holdout",
        )  # fmt: skip
    observed = round(share.low - share.expected, 4)
    status: Status = "fail" if observed > excess.excess_above else "pass"
    near = ""
    if status == "pass" and round(observed + bundle.blur, 4) > excess.excess_above:
        status, near = "inconclusive", f"; too near to {excess.excess_above:g} at three decimals"
    return Finding(
        rule=rule.name,
        title=rule.title,
        status=status,
        message=f"{share.value:.1%} of the synthetic rows are closer to train; a table without a "
        f"leak gives {share.expected:.1%}, and the excess is at least {max(observed, 0):.1%}{near}",
        probes=("dcr",),
        limit=excess.excess_above,
        observed=observed,
        holds_when="at most",
        fail_only=True,
        tolerates="every leak that is not nearness of whole rows: this rule cannot pass a table",
    )


def _share(bundle: Bundle) -> Estimate | None:
    measure = bundle.measure("dcr")
    return measure.estimate("share_closer_to_train") if measure else None


def _excess(bundle: Bundle) -> Estimate | None:
    share = _share(bundle)
    if share is None or share.expected is None:
        return None
    ends = {end: round(getattr(share, end) - share.expected, 4) for end in ("low", "value", "high")}
    return share.model_copy(update=ends)


rule = Rule(
    name="dcr_share",
    home=__name__,
    title="Are synthetic rows nearer to train than to others?",
    parameters=Excess,
    check=check,
    waivable=True,
    limit="excess_above",
    reads=lambda bundle, excess: _excess(bundle),
    formula="the lower bound of the share of synthetic rows closer to train than to holdout, less "
    "n1 / (n1 + n0), <= excess_above",
    remedy="rows of the table lie too near to training rows: train with less capacity or more "
    "rows; a pass here never stands for the membership rules",
)
