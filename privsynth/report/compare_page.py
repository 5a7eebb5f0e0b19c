"""A comparison as a page that stands on its own, and its figure: attackable against useful."""

from typing import Any

from privsynth.report.candidates import (
    PRIVACY,
    USEFULNESS,
    Candidate,
    Comparison,
    digits,
)
from privsynth.report.drawing import DOTTED, GREY, INK, Drawing, draw
from privsynth.report.report import Medium
from privsynth.report.text import label
from privsynth.statistics.estimate import Estimate

ACROSS = ("tstr", "pairs_tvd")
WORDS = {
    "auc": "Worst attack, AUC",
    "tpr_at_fpr_0.01": "Worst attack, TPR at 1 % FPR",
    "copied_units_excess": "Copied people beyond the holdout's",
    "advantage_worst": "Advantage in guessing a secret",
    "auc_most_exposed_fifth": "Most exposed fifth, AUC",
}
"""What stands over a column where an estimate's own words say too little or too much."""
MARKERS = "os^DvPX*<>hp"
CORNERS = ((5, 4), (-5, 4), (5, -10), (-5, -10))
"""Points by which a letter is set off its marker, in turn, so that near ones stay apart."""


def scatter(comparison: Comparison) -> Drawing | None:
    """Return the worst AUC of each candidate against its usefulness, as crosses of intervals.

    A panel a measure of usefulness, better to the right; None where no candidate has both.
    """
    panels = [(key, _placed(comparison, key)) for key in ACROSS]
    panels = [(key, placed) for key, placed in panels if placed]
    if not panels:
        return None

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (key, placed) in zip(axes, panels, strict=True):
            axis.axhline(0.5, color=GREY, linewidth=1.1, linestyle=DOTTED)
            for place, candidate in placed:
                _cross(axis, candidate, key, place)
            axis.set(xlabel=f"{label(key)} (better to the right)")
            axis.margins(0.12)
            axis.locator_params(axis="x", nbins=5)
            if key != "tstr":
                axis.invert_xaxis()
            axis.grid(True)
            axis.set_axisbelow(True)
        axes[0].set_ylabel("Worst attack, AUC (better below)")

    shown = {c.letter: c for _, placed in panels for _, c in placed}
    highs = sorted(c.estimates["auc"].high for c in shown.values())
    key, placed = panels[0]
    useful = sorted(c.estimates[key].value for _, c in placed)
    said = "; ".join(
        f"{c.letter}: AUC {_interval(c.estimates['auc'])}"
        + "".join(
            f", {label(k)} {_interval(c.estimates[k])}" for k, _ in panels if k in c.estimates
        )
        for c in shown.values()
    )
    return draw(
        2.8,
        paint,
        name="candidates",
        title=f"Upper bounds of the worst AUC run from {digits(highs[0])} to {digits(highs[-1])}; "
        f"{label(key)[:1].lower()}{label(key)[1:]} from {digits(useful[0])} to "
        f"{digits(useful[-1])}.",
        note="Each cross runs between two one-sided bounds; a gate reads the top of the upright "
        "bar. Dotted: guessing. Letters are those of the tables.",
        alternative=f"Worst attack against usefulness. {said}.",
        data="what privsynth compare --json prints, candidates",
    )


def _placed(comparison: Comparison, key: str) -> list[tuple[int, Candidate]]:
    both = {"auc", key}
    return [(i, c) for i, c in enumerate(comparison.candidates) if both <= c.estimates.keys()]


def _interval(estimate: Estimate) -> str:
    return f"{digits(estimate.value)} ({digits(estimate.low)} to {digits(estimate.high)})"


def _cross(axis: Any, candidate: Candidate, key: str, place: int) -> None:
    across, up = candidate.estimates[key], candidate.estimates["auc"]
    axis.plot([across.low, across.high], [up.value] * 2, color=GREY, linewidth=0.9)
    axis.plot([across.value] * 2, [up.low, up.high], color=INK, linewidth=1.1)
    axis.plot([across.value], [up.high], marker="_", color=INK, ms=6)
    filled = {} if place % 2 else {"mfc": "white"}
    axis.plot([across.value], [up.value], marker=MARKERS[place], color=INK, ms=5, **filled)
    corner = CORNERS[place % len(CORNERS)]
    axis.annotate(
        candidate.letter, (across.value, up.value), corner, textcoords="offset points",
        fontweight="bold", ha="left" if corner[0] > 0 else "right",
    )  # fmt: skip


def compare_page(comparison: Comparison, medium: Medium = "html") -> str:
    """Return the comparison as one HTML page that stands on its own."""
    from privsynth import __version__
    from privsynth.report.html import environment, template_folder

    figure = scatter(comparison)
    if figure is not None and medium == "html":
        figure = figure.themed()
    shown = {key for c in comparison.candidates for key in c.estimates}
    template = environment(template_folder()).get_template("compare.html")
    return template.render(
        comparison=comparison, figure=figure, words=WORDS, medium=medium, version=__version__,
        privacy=[key for key in PRIVACY if key in shown],
        usefulness=[key for key in USEFULNESS if key in shown], digits=digits,
    )  # fmt: skip
