"""Every attack beside the others: what each reached, and the worst of all."""

from collections.abc import Mapping
from typing import Any

from privsynth.evidence import Bundle
from privsynth.report.drawing import BLUE, GREY, INK, Drawing, draw
from privsynth.report.families import families
from privsynth.report.figures._marks import (
    FILE,
    bold_last,
    bounds,
    chance,
    interval,
    left_over,
    level,
    name_rows,
    references,
)
from privsynth.report.text import clean, label, number

PANELS = ("auc", "tpr_at_fpr_0.01", "tpr_at_fpr_0.1")
MOST = 26
"""Attacks that a page has room for; those with the largest bounds are shown."""
SAID = 9
CROWDED = 12
"""Rows from which on each takes one line, so that the figure leaves room for what is around it."""


def forest(bundle: Bundle, limits: Mapping[str, float] | None = None) -> Drawing | None:
    """Return every attack's estimates with intervals, the worst of all below, chance and limit.

    Of an attack with several scores the one with the largest upper bound stands for it. ``limits``
    maps an estimate's name to the policy's limit; None when no attack has estimates.
    """
    attacks = [family.worst for family in families(bundle) if family.worst.estimates]
    panels = [key for key in PANELS if any(probe.estimate(key) for probe in attacks)]
    if not panels:
        return None
    first = {p.id: e.high if (e := p.estimate(panels[0])) else 0.0 for p in attacks}
    largest = sorted(attacks, key=lambda p: -first[p.id])[:MOST]
    kept = [probe for probe in attacks if probe in largest]
    room = 52 if len(kept) < CROWDED else 44
    rows = [(clean(p.title, room), {k: p.estimate(k) for k in panels}) for p in kept]
    if bundle.headline:
        worst = {k: bundle.headline[k].estimate for k in panels if k in bundle.headline}
        rows.append(("Worst of all", {k: worst.get(k) for k in panels}))

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, key in zip(axes, panels, strict=True):
            for place, (_, found) in enumerate(rows):
                is_worst = bool(bundle.headline) and place == len(rows) - 1
                if (estimate := found[key]) is not None:
                    look = (INK, "D") if is_worst else (BLUE, "o")
                    bounds(axis, place, estimate, *look)
            references(axis, chance(key), (limits or {}).get(key))
            name_rows(axis, [name for name, _ in rows], 28 if len(rows) <= CROWDED else 60)
            axis.set_xlabel(label(key))
            axis.locator_params(axis="x", nbins=4)
            axis.margins(x=0.08)
        if bundle.headline:
            bold_last(axes[0])
            for axis in axes[1:]:
                axis.axhline(len(rows) - 1.5, color=GREY, linewidth=0.5)

    key = panels[0]
    top = rows[-1][1][key] if bundle.headline else None
    best = top or max((e for _, row in rows if (e := row[key])), key=lambda e: e.value)
    said = [(name, e) for name, row in rows if (e := row[key]) is not None]
    said.sort(key=lambda one: -one[1].high)
    sentence = "; ".join(f"{name} {interval(e)}" for name, e in said[:SAID])
    rest = f"; and {len(said) - SAID} others below" if len(said) > SAID else ""
    return draw(
        0.7 + (0.29 if len(rows) <= CROWDED else 0.215) * len(rows),
        paint,
        name="forest",
        title=f"The worst attack reaches {label(key)} {number(best.value)}, "
        f"upper bound {number(best.high)}.",
        note=f"Points are estimates, bars run between two one-sided {level(best)} bounds; the "
        "dotted line is guessing, the dashed line the policy's limit where one is set."
        + left_over(len(attacks), len(kept), "attacks"),
        alternative=f"Forest plot of {len(attacks)} attacks. {label(key)}: {sentence}{rest}.",
        data=f"{FILE}, headline, and estimates of the probes of kind attack",
    )
