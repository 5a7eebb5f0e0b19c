"""What was claimed of epsilon, and what attacks reached."""

import textwrap
from typing import Any

from privsynth.evidence import Bundle
from privsynth.report.claim import bars, finding
from privsynth.report.drawing import BLUE, DASHED, INK, PAPER, Drawing, draw
from privsynth.report.figures._marks import FILE


def epsilons(bundle: Bundle) -> Drawing | None:
    """Return claimed epsilons beside the lower bounds that attacks reached; None without a claim.

    What is claimed is filled, what was reached is hatched and ends in an arrow: it may be larger.
    """
    shown = bars(bundle)
    if not shown:
        return None

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        axis.axvline(shown[0].epsilon, color=INK, linewidth=1.0, linestyle=DASHED)
        for row, bar in enumerate(shown):
            reached = {"fc": PAPER, "ec": INK, "lw": 0.9, "hatch": "/////"}
            axis.barh(row, bar.epsilon, 0.56, **(reached if bar.is_bound else {"color": BLUE}))
            axis.annotate(
                bar.told, (bar.epsilon, row), (5, 0), textcoords="offset points", va="center",
                fontsize=7.5, bbox={"fc": PAPER, "ec": "none", "pad": 1},
            )  # fmt: skip
        axis.set_yticks(range(len(shown)), [textwrap.fill(bar.words, 44) for bar in shown])
        axis.set(ylim=(len(shown) - 0.5, -0.5), xlabel="epsilon")
        axis.set_xlim(0, 1.2 * max(bar.epsilon for bar in shown))
        axis.tick_params(axis="y", length=0)

    return draw(
        0.6 + 0.26 * len(shown),
        paint,
        name="epsilon",
        title=finding(bundle),
        note="Filled: claimed, the first as a dashed line. Hatched: one-sided lower bounds, which "
        "stronger attacks could raise.",
        alternative="Bars of epsilon: " + ", ".join(f"{b.words} {b.told}" for b in shown) + ".",
        data=f"{FILE}, claim, implied and mechanism_audit",
    )
