"""The worst attack within each group of people, and how many of them were members."""

import re
from collections.abc import Mapping
from typing import Any

from privsynth.evidence import Evidence
from privsynth.report.drawing import GREY, Drawing, draw
from privsynth.report.figures._marks import (
    FILE,
    SHORT_NAME,
    bounds,
    capital,
    interval,
    left_over,
    level,
    name_rows,
    references,
    short,
)
from privsynth.report.text import clean, count, label, number
from privsynth.statistics.estimate import Estimate

MOST = 40
"""Groups that a page has room for; those with the largest bounds are shown."""


def groups(probe: Evidence, limit: float | None = None) -> Drawing | None:
    """Return the worst AUC within each group as points with intervals, beside its members.

    Groups of rising exposure stay in their order, others come the worst first. ``limit`` is the
    policy's, where it has one for these groups; None for fewer than two groups.
    """
    if probe.kind != "stratum" or len(probe.estimates) < 2:
        return None
    facts = probe.series.get("groups", {})
    worst_first = sorted(probe.estimates, key=lambda e: -e.high)
    kept = worst_first[:MOST]
    shown = [e for e in probe.estimates if e in kept] if probe.id == "exposed" else kept
    names = [_words(e, facts.get(e.name, {})) for e in shown]
    members = [facts.get(e.name, {}).get("members") for e in shown]

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        for row, estimate in enumerate(shown):
            bounds(axis, row, estimate)
        references(axis, 0.5, limit)
        name_rows(axis, names, 60)
        axis.set_xlabel("Worst AUC over all attacks")
        beside = axis.secondary_yaxis("right")
        beside.set_yticks(range(len(shown)), [count(n) for n in members])
        beside.tick_params(axis="y", length=0, labelcolor=GREY)
        beside.spines["right"].set_visible(False)
        axis.annotate(
            "members", (1, 1), (2, 4), xycoords="axes fraction", textcoords="offset points",
            fontsize=7.5, color=GREY,
        )  # fmt: skip

    top = worst_first[0]
    name = _words(top, facts.get(top.name, {}))
    return draw(
        0.7 + 0.19 * len(shown),
        paint,
        name=f"groups-{probe.id}",
        title=f"Worst group, {name}: AUC {number(top.value)}, upper bound {number(top.high)}.",
        note=f"Bars run between two one-sided {level(top)} bounds, the lower corrected over all "
        "groups and attacks; the dotted line is guessing"
        + (f", the dashed line the policy's limit {number(limit)}." if limit is not None else ".")
        + left_over(len(probe.estimates), len(shown), "groups"),
        alternative=f"Worst AUC within {len(probe.estimates)} groups: "
        + "; ".join(
            f"{name} {interval(e)}" + (f", {count(n)} members" if n is not None else "")
            for name, e, n in list(zip(names, shown, members, strict=True))[:12]
        )
        + (" and others." if len(shown) > 12 else "."),
        data=f"{FILE}, stratum {clean(probe.id, 40)}, estimates and series groups",
    )


def _words(estimate: Estimate, facts: Mapping[str, Any]) -> str:
    """Return a group's name without the statistic: ``sex: Female``, ``Exposure 3 of 10``."""
    keyed = re.fullmatch(r"auc\[(.+)\]", estimate.name)
    if keyed is None:
        return capital(label(estimate.name).removeprefix("AUC ")[:SHORT_NAME])
    column, _, place = keyed[1].rpartition("=")
    category = facts.get("label") or place
    return f"{clean(column, 24)}: {clean(category, 24)}" if column else short(category)
