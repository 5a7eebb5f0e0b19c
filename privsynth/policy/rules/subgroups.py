"""Declared subgroups: each must be as hard to find as the limit says, and large enough to tell."""

from typing import Any

from pydantic import Field

from privsynth.evidence import Bundle, Evidence
from privsynth.policy._base import Parameters, Rule, below, corrected, reason
from privsynth.policy.verdict import Finding
from privsynth.statistics import Estimate

MIN_GROUP = 200


class Limit(Parameters):
    """The largest AUC within a declared subgroup that may not be excluded."""

    below: float = Field(gt=0.5, le=1.0)


def check(bundle: Bundle, limit: Limit, policy: str) -> Finding:
    """Return pass if every declared group was assessed and lies below the limit.

    Without a declared subgroup there is nothing to protect on its own, and the finding says so.
    """
    stratum = bundle.stratum("subgroups")
    groups = stratum.options.get("groups") if stratum else None
    if stratum is None or not isinstance(groups, list):
        return _finding("inconclusive", f"not assessed: {reason(stratum)}", limit)
    if not groups and not stratum.estimates:
        return _finding("pass", "no subgroup was declared to be protected on its own", limit)
    found = [
        (_shown(group), corrected(_estimate(stratum, group)) if _large(group) else None)
        for group in groups
    ]
    unknown = [name for name, estimate in found if estimate is None]
    known = [(name, estimate) for name, estimate in found if estimate is not None]
    finding = _finding("inconclusive", "", limit)
    if known:
        failing = [one for one in known if one[1].low >= limit.below]
        name, worst = max(failing or known, key=lambda one: (one[1].high, one[0]))
        finding = below(
            rule, worst, limit.below, ("subgroups",), f"the worst AUC within {name}",
            _tolerates(limit),
        )  # fmt: skip
    if unknown:
        message = (
            f"not assessed, for want of {MIN_GROUP} members and {MIN_GROUP} non-members: "
            f"{', '.join(unknown)}"
        )
        message = "; ".join(filter(None, (finding.message, message)))
        status = "fail" if finding.status == "fail" else "inconclusive"
        return finding.model_copy(update={"status": status, "message": message})
    return finding


def _worst(bundle: Bundle) -> Estimate | None:
    """Return the estimate of the assessed group with the largest upper bound."""
    stratum = bundle.stratum("subgroups")
    groups = stratum.options.get("groups") if stratum else None
    if stratum is None or not isinstance(groups, list):
        return None
    found = [one for g in groups if _large(g) and (one := _estimate(stratum, g)) is not None]
    return max(found, key=lambda one: one.high, default=None)


def _large(group: dict[str, Any]) -> bool:
    sizes = [group.get("members"), group.get("non_members")]
    enough = all(isinstance(size, int) and size >= MIN_GROUP for size in sizes)
    return enough and group.get("assessed") is True


def _estimate(stratum: Evidence, group: dict[str, Any]) -> Estimate | None:
    column, _, place = str(group.get("name")).rpartition(" #")
    return stratum.estimate(f"auc[{column}=#{place}]")


def _shown(group: dict[str, Any]) -> str:
    name, label = str(group.get("name")), group.get("label")
    return f"{name} ({label})" if label else name


def _tolerates(limit: Limit) -> str:
    return f"verbatim copies of {2 * limit.below - 1:.0%} of the members of any one group"


def _finding(status: Any, message: str, limit: Limit) -> Finding:
    return Finding(
        rule=rule.name, title=rule.title, status=status, message=message, probes=("subgroups",),
        limit=limit.below, holds_when="below", tolerates=_tolerates(limit),
    )  # fmt: skip


rule = Rule(
    name="subgroups",
    home=__name__,
    title="Can members of a declared group be told apart?",
    parameters=Limit,
    check=check,
    waivable=True,
    limit="below",
    reads=lambda bundle, limit: _worst(bundle),
    formula="the upper bound of the largest AUC within each declared subgroup < below; a fail: its "
    "corrected lower bound >= below; groups under 200 members or 200 others are not assessed",
    remedy="give the group more training rows, merge it with a like one, or keep it out of the "
    "table; a group that is too small to assess needs a larger holdout",
)
