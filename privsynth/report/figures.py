"""The charts of the report, one function each; none of them ever shows a single record."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from privsynth.evidence import Bundle, Evidence
from privsynth.report.claim import bars, finding
from privsynth.report.drawing import BLUE, GREY, INK, VERMILLION, Drawing, draw
from privsynth.report.families import families
from privsynth.report.text import clean, count, label, number, percent
from privsynth.statistics.estimate import Estimate

MAX_COLUMNS = 30
SHORT_NAME = 34
PANELS = ("auc", "tpr_at_fpr_0.01", "tpr_at_fpr_0.1")


def forest(bundle: Bundle, limits: Mapping[str, float] | None = None) -> Drawing | None:
    """Return every attack's estimates with intervals, the worst of all below, chance and limit.

    Of an attack with several scores the one with the largest upper bound stands for it. ``limits``
    maps an estimate's name to the policy's limit; None when no attack has estimates.
    """
    attacks = [family.worst for family in families(bundle) if family.worst.estimates]
    panels = [key for key in PANELS if any(probe.estimate(key) for probe in attacks)]
    if not panels:
        return None
    rows = [(clean(p.title, 52), {k: p.estimate(k) for k in panels}) for p in attacks]
    if bundle.headline:
        worst = {k: bundle.headline[k].estimate for k in panels if k in bundle.headline}
        rows.append(("Worst of all", {k: worst.get(k) for k in panels}))

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, key in zip(axes, panels, strict=True):
            _intervals(axis, [row[1][key] for row in rows], bool(bundle.headline))
            _references(axis, chance(key), (limits or {}).get(key))
            axis.set_xlabel(label(key))
        axes[0].set_yticks(range(len(rows)), [textwrap.fill(row[0], 28) for row in rows])
        axes[0].set_ylim(len(rows) - 0.5, -0.5)
        if bundle.headline:
            axes[0].get_yticklabels()[-1].set_fontweight("bold")

    key = panels[0]
    top = rows[-1][1][key] if bundle.headline else None
    best = top or max((e for _, row in rows if (e := row[key])), key=lambda e: e.value)
    sentence = "; ".join(
        f"{name}: {label(key)} {interval(estimate)}"
        for name, row in rows
        if (estimate := row[key]) is not None
    )
    return draw(
        0.7 + 0.29 * len(rows),
        paint,
        title=f"The worst attack reaches {label(key)} {number(best.value)}, "
        f"upper bound {number(best.high)}.",
        note=f"Points are estimates, bars run between two one-sided {level(best)} bounds; the "
        "dotted line is guessing, the dashed line the policy's limit where one is set.",
        alternative=f"Forest plot of {len(attacks)} attacks. {sentence}.",
    )


def _intervals(axis: Any, estimates: list[Estimate | None], has_headline: bool) -> None:
    for row, estimate in enumerate(estimates):
        if estimate is None:
            continue
        is_worst = has_headline and row == len(estimates) - 1
        color = INK if is_worst else BLUE
        axis.plot([estimate.low, estimate.high], [row, row], color=color, linewidth=1.4)
        for end in (estimate.low, estimate.high):
            axis.plot([end, end], [row - 0.13, row + 0.13], color=color, linewidth=1.0)
        axis.plot([estimate.value], [row], marker="D" if is_worst else "o", color=color, ms=4.2)
    if has_headline:
        axis.axhline(len(estimates) - 1.5, color=GREY, linewidth=0.5)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    axis.locator_params(axis="x", nbins=4)


def _references(axis: Any, at_random: float | None, limit: float | None) -> None:
    if at_random is not None:
        axis.axvline(at_random, color=GREY, linewidth=1.1, linestyle=(0, (1, 1.5)))
    if limit is not None:
        axis.axvline(limit, color=VERMILLION, linewidth=1.3, linestyle=(0, (5, 2)))


def roc(probe: Evidence) -> Drawing | None:
    """Return an attack's ROC curve, linear and log-log side by side; None without a curve."""
    curve, auc = probe.series.get("roc"), probe.estimate("auc")
    if not curve or auc is None:
        return None
    fpr, tpr = list(curve["fpr"]), list(curve["tpr"])
    points = [(f, e) for e in probe.estimates if (f := _rate(e.name)) is not None]
    smallest = min([f for f, _ in points] + [0.01])

    def paint(figure: Any) -> None:
        linear, log = figure.subplots(1, 2)
        linear.plot([0, 1], [0, 1], color=GREY, linewidth=1.1, linestyle=(0, (1, 1.5)))
        linear.plot(fpr, tpr, color=BLUE, linewidth=1.6)
        above = [t >= f for f, t in zip(fpr, tpr, strict=True)]
        linear.fill_between(fpr, tpr, fpr, where=above, color=BLUE, alpha=0.10, linewidth=0)
        linear.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal", title="linear axes")
        shown = [(f, t) for f, t in zip(fpr, tpr, strict=True) if f > 0 and t > 0]
        floor = smallest / 2
        log.plot([floor, 1], [floor, 1], color=GREY, linewidth=1.1, linestyle=(0, (1, 1.5)))
        log.plot(*zip(*shown, strict=True), color=BLUE, linewidth=1.6)
        for rate, estimate in points:
            ends = [max(estimate.low, floor), max(estimate.high, floor)]
            log.plot([rate, rate], ends, color=INK, linewidth=1.1)
            log.plot([rate], [max(estimate.value, floor)], marker="o", color=INK, ms=3.6)
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
        title=f"{clean(probe.title)}: AUC {number(auc.value)}, {found}.",
        note=f"n = {count(auc.n)}; the dotted line is guessing; the bars on the right run between "
        f"two one-sided {level(auc)} bounds.",
        alternative=f"ROC curve of {clean(probe.title)}, linear and logarithmic: "
        f"AUC {interval(auc)}{rates}.",
    )


def histogram(probe: Evidence, which: str) -> Drawing | None:
    """Return the distances to train (filled) and to holdout (dashed outline), in bins.

    ``which`` is a series of the probe with ``edges``, ``train`` and ``holdout``; suppressed bins
    are null and stay empty. None when the probe has no such series.
    """
    series = probe.series.get(which)
    if not series:
        return None
    edges = [float(edge) for edge in series["edges"]]
    sides = {s: [float("nan") if v is None else v for v in series[s]] for s in ("train", "holdout")}
    hidden = sum(v is None for s in ("train", "holdout") for v in series[s])

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        axis.stairs(sides["train"], edges, fill=True, color=BLUE, alpha=0.28, linewidth=0)
        axis.stairs(sides["train"], edges, color=BLUE, linewidth=0.9, label="to train")
        axis.stairs(
            sides["holdout"], edges, color=INK, linewidth=1.3, linestyle="--", label="to holdout"
        )
        axis.patches[1].set(fill=False)
        axis.set(xlabel=f"{label(which)} of a synthetic row", ylabel="Synthetic rows")
        filled = [place for s in sides.values() for place, v in enumerate(s) if v > 0]
        axis.set(xlim=(edges[0], edges[max(filled, default=0) + 1]), ylim=(0, None))
        axis.grid(axis="y")
        axis.set_axisbelow(True)
        handles = [axis.patches[0], axis.patches[2]]
        axis.legend(handles, ["to train (filled)", "to holdout (dashed outline)"])

    medians = [(s, probe.estimate(f"{which}_median_{s}")) for s in ("train", "holdout")]
    found = ", ".join(f"{number(e.value)} to {s}" for s, e in medians if e is not None)
    share = probe.estimate("share_closer_to_train")
    n = share or next((e for _, e in medians if e is not None), None)
    note = f"n = {count(n.n)}. " if n is not None else ""
    gone = f" {hidden} bins with few rows are left out to protect them." if hidden else ""
    return draw(
        2.2,
        paint,
        title=f"{label(which)}: median {found}." if found else f"{label(which)} by side.",
        note=f"{note}Counts of synthetic rows by bin, the last with all beyond it; counts carry no "
        f"interval.{gone}",
        alternative=f"Histogram of the {label(which)} of synthetic rows, to train and to holdout"
        + (f": median {found}." if found else "."),
    )


def fidelity(probe: Evidence) -> Drawing | None:
    """Return each column's distance between real and synthetic, beside its floor and ceiling.

    The columns furthest from the real ones first, at most ``MAX_COLUMNS``; None without columns.
    """
    columns = sorted(probe.series.get("columns") or [], key=lambda c: -c["tvd"])
    if not columns:
        return None
    shown = columns[:MAX_COLUMNS]
    marks = (
        ("tvd", "this table", {"marker": "o", "color": BLUE, "ms": 5}),
        (
            "floor",
            "floor: independent columns",
            {"marker": "^", "color": VERMILLION, "mfc": "white"},
        ),
        ("ceiling", "ceiling: fresh real rows", {"marker": "s", "color": INK, "mfc": "white"}),
    )

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        rows = range(len(shown))
        for key, words, look in reversed(marks):
            places = [
                (c[key], row) for row, c in zip(rows, shown, strict=True) if c.get(key) is not None
            ]
            if places:
                axis.plot(
                    *zip(*places, strict=True), linestyle="", label=words, **{"ms": 4.5, **look}
                )
        axis.hlines(rows, 0, [c["tvd"] for c in shown], color=BLUE, linewidth=0.9, zorder=0)
        axis.set_yticks(rows, [clean(c["name"], SHORT_NAME) for c in shown])
        axis.set(ylim=(len(shown) - 0.4, -0.6), xlim=(0, None))
        axis.set_xlabel("Total variation distance from the real column (0 is identical)")
        axis.grid(axis="x")
        axis.tick_params(axis="y", length=0)
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderpad=0)

    worst = shown[0]
    more = (
        f" {len(columns) - len(shown)} more columns are in evidence.json."
        if shown != columns
        else ""
    )
    whole = probe.estimate("marginals_tvd")
    n = f"n = {count(whole.n)}. " if whole else ""
    name = clean(worst["name"], SHORT_NAME)
    return draw(
        1.05 + 0.17 * len(shown),
        paint,
        title=f"The column furthest from the real one is {name}, at {number(worst['tvd'])}.",
        note=f"{n}Furthest first; single columns carry no interval.{more}",
        alternative="Total variation distance by column: "
        + ", ".join(f"{clean(c['name'], SHORT_NAME)} {number(c['tvd'])}" for c in shown[:8])
        + (" and others." if len(shown) > 8 else "."),
    )


def epsilons(bundle: Bundle) -> Drawing | None:
    """Return claimed epsilons beside the lower bounds that attacks reached; None without a claim.

    What is claimed is filled, what was reached is hatched and ends in an arrow: it may be larger.
    """
    shown = bars(bundle)
    if not shown:
        return None

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        axis.axvline(shown[0].epsilon, color=INK, linewidth=1.0, linestyle=(0, (5, 2)))
        for row, bar in enumerate(shown):
            reached = {"fc": "white", "ec": INK, "lw": 0.9, "hatch": "/////"}
            axis.barh(row, bar.epsilon, 0.56, **(reached if bar.is_bound else {"color": BLUE}))
            axis.annotate(
                bar.told, (bar.epsilon, row), (5, 0), textcoords="offset points", va="center",
                fontsize=7.5, bbox={"fc": "white", "ec": "none", "pad": 1},
            )  # fmt: skip
        axis.set_yticks(range(len(shown)), [textwrap.fill(bar.words, 44) for bar in shown])
        axis.set(ylim=(len(shown) - 0.5, -0.5), xlabel="epsilon")
        axis.set_xlim(0, 1.2 * max(bar.epsilon for bar in shown))
        axis.tick_params(axis="y", length=0)

    return draw(
        0.6 + 0.26 * len(shown),
        paint,
        title=finding(bundle),
        note="Filled: claimed, the first as a dashed line. Hatched: one-sided lower bounds, which "
        "stronger attacks could raise.",
        alternative="Bars of epsilon: " + ", ".join(f"{b.words} {b.told}" for b in shown) + ".",
    )


def interval(estimate: Estimate) -> str:
    """Return ``value (low to high)``."""
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def level(estimate: Estimate) -> str:
    """Return the level of each one-sided bound of an estimate, as per cent."""
    return percent((1 + estimate.confidence) / 2)


def chance(name: str) -> float | None:
    """Return what guessing gives for an estimate of that name, where its definition says so."""
    return 0.5 if name == "auc" else _rate(name)


def _rate(name: str) -> float | None:
    match = re.fullmatch(r"tpr_at_fpr_([0-9.]+)", name)
    return float(match[1]) if match else None
