"""Where members are among people ranked by the worst attack."""

from itertools import pairwise
from typing import Any

from privsynth.evidence import Evidence
from privsynth.report.drawing import BLUE, DOTTED, GREY, INK, Drawing, draw
from privsynth.report.figures._marks import FILE
from privsynth.report.text import clean, count, percent, significant


def exposure(probe: Evidence) -> Drawing | None:
    """Return members and non-members over bins of rising exposure, relative to chance.

    Takes the series ``exposure`` of the people unlike others; None for a probe without it.
    """
    found = probe.series.get("exposure")
    if not found:
        return None
    edges, lift = found["edges"], found["lift"]
    both = [m + n for m, n in zip(found["members"], found["non_members"], strict=True)]
    base = sum(found["non_members"]) / sum(both)
    others = [n / all_ / base for n, all_ in zip(found["non_members"], both, strict=True)]
    middles = [(a + b) / 2 for a, b in pairwise(edges)]

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        axis.stairs(lift, edges, fill=True, color=BLUE, alpha=0.28, linewidth=0)
        axis.stairs(lift, edges, color=BLUE, linewidth=0.9)
        axis.stairs(others, edges, color=INK, linewidth=1.3, linestyle="--")
        for line in axis.patches[1:]:
            line.set(fill=False)
        for x, low, high in zip(middles, found["low"], found["high"], strict=True):
            axis.plot([x, x], [low, high], color=INK, linewidth=1.0, marker="_", ms=4)
        axis.axhline(1, color=GREY, linewidth=1.1, linestyle=DOTTED)
        axis.set(xlim=(0, 1), ylim=(0, None), ylabel="Times as many as by chance")
        axis.set_xlabel("People, from the least exposed to the most")
        axis.xaxis.set_major_formatter(lambda x, _: percent(x))
        axis.grid(axis="y")
        axis.set_axisbelow(True)
        handles = [axis.patches[0], axis.patches[2]]
        words = ["members (filled, with bounds)", "non-members (dashed)"]
        figure.legend(handles, words, loc="outside upper left", ncols=2, borderpad=0)

    width = edges[-1] - edges[-2]
    top = f"{significant(lift[-1], 3)} times as many members as by chance"
    ends = f"{significant(found['low'][-1], 3)} to {significant(found['high'][-1], 3)}"
    return draw(
        2.3,
        paint,
        name="exposure",
        title=f"Among the most exposed {percent(width)} of people there are {top} ({ends}).",
        note=f"n = {count(sum(both))}. A person's exposure is the rank by the worst of "
        f"{count(found['scores'])} scores, {clean(found['attack'], 40)}; bars run between two "
        f"one-sided {percent((1 + found['confidence']) / 2)} binomial bounds, corrected over all "
        "scores; each bin holds at least "
        f"{count(min(*found['members'], *found['non_members']))} people of either side.",
        alternative=f"Distribution of members and non-members over exposure in {len(lift)} bins: "
        f"among the most exposed {percent(width)} {top} ({ends}), among the least exposed "
        f"{percent(edges[1])} {significant(lift[0], 3)} times.",
        data=f"{FILE}, stratum {clean(probe.id, 40)}, series exposure",
    )
