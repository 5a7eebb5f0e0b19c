"""How near synthetic rows lie to train and to holdout, in bins and added up."""

from itertools import accumulate
from typing import Any

from privsynth.evidence import CELL_LIMIT, Evidence
from privsynth.report.drawing import BLUE, INK, Drawing, draw
from privsynth.report.figures._marks import FILE
from privsynth.report.text import clean, count, label, number, percent

SIDES = ("train", "holdout")


def histogram(probe: Evidence, which: str, cell: int = CELL_LIMIT) -> Drawing | None:
    """Return the distances to train and to holdout in bins, and beside them the cumulative shares.

    ``which`` is a series of the probe with ``edges``, ``train`` and ``holdout``. Suppressed bins
    are null: they stay empty on the left, and make the curve on the right a band between the
    fewest and the most rows that they can hold, under ``cell``. None without such a series.
    """
    series = probe.series.get(which)
    if not series:
        return None
    edges = [float(edge) for edge in series["edges"]]
    counts = {side: list(series[side]) for side in SIDES}
    hidden = sum(v is None for side in SIDES for v in counts[side])
    medians = {s: e for s in SIDES if (e := probe.estimate(f"{which}_median_{s}")) is not None}
    shares = {side: cumulative(counts[side], cell - 1) for side in SIDES}
    filled = [place for side in SIDES for place, v in enumerate(counts[side]) if v]
    end = edges[max(filled, default=0) + 1]

    def paint(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        train = [float("nan") if v is None else v for v in counts["train"]]
        holdout = [float("nan") if v is None else v for v in counts["holdout"]]
        left.stairs(train, edges, fill=True, color=BLUE, alpha=0.28, linewidth=0)
        left.stairs(train, edges, color=BLUE, linewidth=0.9)
        left.stairs(holdout, edges, color=INK, linewidth=1.3, linestyle="--")
        left.set(ylabel="Synthetic rows", ylim=(0, None), title="rows in each bin")
        for side, color, style in (("train", BLUE, "-"), ("holdout", INK, "--")):
            low, high = shares[side]
            right.fill_between(edges, low, high, color=color, alpha=0.25, linewidth=0)
            right.plot(edges, high, color=color, linewidth=1.3, linestyle=style)
        right.set(ylabel="Share of synthetic rows", ylim=(0, 1.02), title="share up to each bin")
        right.yaxis.set_major_formatter(lambda x, _: percent(x))
        for axis in (left, right):
            axis.set(xlabel=f"{label(which)} of a synthetic row", xlim=(edges[0], end))
            axis.grid(axis="y")
            axis.set_axisbelow(True)
        handles = [left.patches[0], left.patches[2]]
        left.patches[1].set(fill=False)
        left.patches[2].set(fill=False)
        words = ["to train (filled)", "to holdout (dashed)"]
        figure.legend(handles, words, loc="outside upper left", ncols=2, borderpad=0)

    found = ", ".join(f"{number(e.value)} to {side}" for side, e in medians.items())
    n = probe.estimate("share_closer_to_train") or next(iter(medians.values()), None)
    note = f"n = {count(n.n)}. " if n is not None else ""
    gone = (
        f" {hidden} bins with few rows are left out to protect them; the curves are bands, from 0 "
        f"to {cell - 1} rows in each of these."
        if hidden
        else ""
    )
    halves = "; ".join(
        f"{percent(shares[side][1][place + 1])} of the distances to {side} are at most "
        f"{number(edges[place + 1])}"
        for side in SIDES
        if (place := next((i for i, s in enumerate(shares[side][1][1:]) if s >= 0.5), None))
        is not None
    )
    return draw(
        2.35,
        paint,
        name=f"{which}-histogram",
        title=f"{label(which)}: median {found}." if found else f"{label(which)} by side.",
        note=f"{note}Equally many rows of both sides; the last bin holds all beyond it; counts "
        f"carry no interval.{gone}",
        alternative=f"Histogram and cumulative shares of the {label(which)} of synthetic rows, to "
        "train and to holdout" + (f": median {found}" if found else "")
        + (f"; {halves}." if halves else "."),
        data=f"{FILE}, measure {clean(probe.id, 40)}, series {clean(which, 40)}",
    )  # fmt: skip


def cumulative(counts: list[int | None], most: int) -> tuple[list[float], list[float]]:
    """Return the least and the largest share of rows up to each edge, from 0 to 1.

    A suppressed bin holds between 0 and ``most`` rows: the share is least where all that is hidden
    lies beyond the edge, and largest where it lies before it.
    """
    seen = [0, *accumulate(v or 0 for v in counts)]
    hidden = [0, *accumulate(most * (v is None) for v in counts)]
    low = [s / max(seen[-1] + hidden[-1] - h, 1) for s, h in zip(seen, hidden, strict=True)]
    high = [(s + h) / max(seen[-1] + h, 1) for s, h in zip(seen, hidden, strict=True)]
    return low, high
