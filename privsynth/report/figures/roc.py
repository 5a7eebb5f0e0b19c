"""One attack's ROC curve: what it finds at every rate of false alarms."""

from typing import Any

from privsynth.evidence import Evidence
from privsynth.report.drawing import BLUE, DOTTED, GREY, INK, Drawing, draw
from privsynth.report.figures._marks import FILE, interval, level, rate
from privsynth.report.text import clean, count, label, number


def roc(probe: Evidence) -> Drawing | None:
    """Return an attack's ROC curve, linear and log-log side by side; None without a curve."""
    curve, auc = probe.series.get("roc"), probe.estimate("auc")
    if not curve or auc is None:
        return None
    fpr, tpr = list(curve["fpr"]), list(curve["tpr"])
    points = [(f, e) for e in probe.estimates if (f := rate(e.name)) is not None]
    smallest = min([f for f, _ in points] + [0.01])

    def paint(figure: Any) -> None:
        linear, log = figure.subplots(1, 2)
        linear.plot([0, 1], [0, 1], color=GREY, linewidth=1.1, linestyle=DOTTED)
        linear.plot(fpr, tpr, color=BLUE, linewidth=1.6)
        above = [t >= f for f, t in zip(fpr, tpr, strict=True)]
        linear.fill_between(fpr, tpr, fpr, where=above, color=BLUE, alpha=0.10, linewidth=0)
        linear.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal", title="linear axes")
        shown = [(f, t) for f, t in zip(fpr, tpr, strict=True) if f > 0 and t > 0]
        floor = smallest / 2
        log.plot([floor, 1], [floor, 1], color=GREY, linewidth=1.1, linestyle=DOTTED)
        log.plot(*zip(*shown, strict=True), color=BLUE, linewidth=1.6)
        for at, estimate in points:
            ends = [max(estimate.low, floor), max(estimate.high, floor)]
            log.plot([at, at], ends, color=INK, linewidth=1.1)
            log.plot([at], [max(estimate.value, floor)], marker="o", color=INK, ms=3.6)
        log.set(xscale="log", yscale="log", xlim=(floor, 1.05), ylim=(floor, 1.25), box_aspect=1)
        log.set_title("logarithmic axes")
        for axis in (log, linear):
            axis.grid(True)
            axis.set(xlabel="False-positive rate", ylabel="True-positive rate")
        for direction in (log.xaxis, log.yaxis):
            direction.set_major_formatter(lambda x, _: f"{100 * x:g}\u00a0%")
            direction.set_minor_formatter("")

    bound = auc.low if auc.adjusted_low is None else auc.adjusted_low
    found = "not shown to beat guessing" if bound <= 0.5 else "better than guessing"
    rates = "".join(f", {label(e.name)} {interval(e)}" for _, e in points)
    return draw(
        2.2,
        paint,
        name=f"roc-{probe.id}",
        title=f"{clean(probe.title)}: AUC {number(auc.value)}, {found}.",
        note=f"n = {count(auc.n)}; the dotted line is guessing; the bars on the right run between "
        f"two one-sided {level(auc)} bounds.",
        alternative=f"ROC curve of {clean(probe.title)}, linear and logarithmic: "
        f"AUC {interval(auc)}{rates}.",
        data=f"{FILE}, attack {clean(probe.id, 40)}, series roc",
    )
