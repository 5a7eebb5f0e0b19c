"""The utility-privacy curve of a sweep: its file, its figure and its page."""

from typing import Any, Literal

from privsynth.evidence import Model
from privsynth.privacy.claim import Ceiling, Composition
from privsynth.report.drawing import BLUE, GREY, INK, VERMILLION, Drawing, draw
from privsynth.report.figures import interval
from privsynth.report.text import label, number
from privsynth.statistics.estimate import Estimate

USEFUL = ("pairs_tvd", "tstr")
ATTACKS = ("auc", "tpr_at_fpr_0.01")
BOUND_OF: dict[str, Literal["auc", "tpr_at_fpr_001"]] = {
    "auc": "auc",
    "tpr_at_fpr_0.01": "tpr_at_fpr_001",
}


class Point(Model):
    """One epsilon of a sweep: what it cost, how useful its table is, what attacks found in it.

    ``epsilon`` None stands for a fit without noise, which is thrown away. ``estimates`` are those
    of an audit of the point's table, by name; what an audit could not measure is absent.
    """

    epsilon: float | None = None
    spent: float | None = None
    ceiling: Ceiling | None = None
    table: str | None = None
    estimates: dict[str, Estimate]


class Sweep(Model):
    """``sweep.json``: the curve, and what the source has spent when it was done."""

    schema_version: Literal["1"] = "1"
    name: str
    synthesizer: str
    delta: float
    unit: str
    rows: int
    points: tuple[Point, ...]
    composition: Composition | None = None
    note: str = (
        "The numbers are computed on real rows: epsilon covers the tables, not this file, and not "
        "a choice between points that is made by looking at it."
    )

    def reference(self, name: str, which: str) -> Estimate | None:
        """Return the floor or ceiling of a measure of usefulness, as the last point has it."""
        return self.points[-1].estimates.get(f"{name}_{which}")


def curve(sweep: Sweep) -> Drawing | None:
    """Return usefulness and the worst attack over epsilon, side by side; None without points."""
    private = [point for point in sweep.points if point.epsilon is not None]
    panels = [k for k in (*USEFUL, *ATTACKS[:1]) if any(k in p.estimates for p in private)]
    if not panels:
        return None

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axis, key in zip(axes, panels, strict=True):
            _points(axis, private, key)
            _references(axis, sweep, key)
            axis.set(xscale="log", xlabel="epsilon")
            axis.set_title(label(key) if key in USEFUL else f"Worst attack, {label(key)}")
            shown = [float(point.epsilon or 0) for point in private]
            axis.set_xticks(shown, [f"{x:g}" for x in shown])
            axis.minorticks_off()
            axis.grid(axis="y")
            axis.set_axisbelow(True)
            if key == "auc":
                axis.set_ylim(bottom=0.45)

    said = "; ".join(
        f"epsilon {point.epsilon:g}: "
        + ", ".join(
            f"{label(k)} {interval(point.estimates[k])}" for k in panels if k in point.estimates
        )
        for point in private
    )
    first, last = private[0], private[-1]
    key = "tstr" if "tstr" in panels else panels[0]
    ends = [p.estimates[key] for p in (first, last) if key in p.estimates]
    title = f"{label(key)}: {number(ends[0].value)} at epsilon {first.epsilon:g}"
    if len(private) > 1:
        title += f", {number(ends[-1].value)} at epsilon {last.epsilon:g}"
    return draw(
        2.5,
        paint,
        name="sweep",
        title=f"{title}.",
        note="Bars run between two one-sided bounds. Dotted: the floor of usefulness (shuffled "
        "columns), or guessing; dashed: its ceiling (other real rows), or the most that epsilon "
        "allows an attack.",
        alternative=f"Usefulness and worst attack over epsilon. {said}.",
        data="sweep.json, points",
    )


def _points(axis: Any, private: list[Point], key: str) -> None:
    found = [(p.epsilon, p.estimates[key]) for p in private if key in p.estimates]
    axis.plot([x for x, _ in found], [e.value for _, e in found], color=BLUE, linewidth=1.0)
    for x, estimate in found:
        axis.plot([x, x], [estimate.low, estimate.high], color=INK, linewidth=1.2)
        axis.plot([x], [estimate.value], marker="o", color=INK, ms=4)


def _references(axis: Any, sweep: Sweep, key: str) -> None:
    dotted, dashed = (0, (1, 1.5)), (0, (5, 2))
    if key in USEFUL:
        for which, style in (("floor", dotted), ("ceiling", dashed)):
            if (found := sweep.reference(key, which)) is not None:
                axis.axhline(found.value, color=GREY, linewidth=1.1, linestyle=style)
        return
    axis.axhline(0.5, color=GREY, linewidth=1.1, linestyle=dotted)
    bounds = [
        (p.epsilon, getattr(p.ceiling, BOUND_OF[key]))
        for p in sweep.points
        if p.ceiling is not None
    ]
    axis.plot(*zip(*bounds, strict=True), color=VERMILLION, linewidth=1.2, linestyle=dashed)


def sweep_page(sweep: Sweep) -> str:
    """Return the sweep as one HTML page that stands on its own."""
    from privsynth import __version__
    from privsynth.report.html import environment, template_folder

    columns = [k for k in (*USEFUL, *ATTACKS) if any(k in p.estimates for p in sweep.points)]
    template = environment(template_folder()).get_template("sweep.html")
    figure = curve(sweep)
    return template.render(
        sweep=sweep, figure=figure and figure.themed(), columns=columns, useful=USEFUL,
        bound_of=BOUND_OF, interval=interval, version=__version__, medium="html",
    )  # fmt: skip


def row(point: Point) -> list[str]:
    """Return one point as texts for a terminal: epsilon, then each estimate with its interval."""
    head = "no noise" if point.epsilon is None else f"epsilon {point.epsilon:g}"
    cells = [point.estimates.get(key) for key in (*USEFUL, *ATTACKS)]
    return [head, *(interval(e) if e is not None else "not measured" for e in cells)]
