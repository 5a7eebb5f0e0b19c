"""How far each column lies from the real one, between a floor and a ceiling."""

from typing import Any

from privsynth.evidence import Evidence
from privsynth.report.drawing import BLUE, INK, PAPER, VERMILLION, Drawing, draw
from privsynth.report.figures._marks import FILE, left_over, name_rows, short
from privsynth.report.text import count, number

MOST = 30
MARKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("tvd", "this table", {"marker": "o", "color": BLUE, "ms": 5}),
    ("floor", "floor: independent columns", {"marker": "^", "color": VERMILLION, "mfc": PAPER}),
    ("ceiling", "ceiling: fresh real rows", {"marker": "s", "color": INK, "mfc": PAPER}),
)


def fidelity(probe: Evidence) -> Drawing | None:
    """Return each column's distance between real and synthetic, beside its floor and ceiling.

    The columns furthest from the real ones first, at most ``MOST``; None without columns.
    """
    columns = sorted(probe.series.get("columns") or [], key=lambda c: -c["tvd"])
    if not columns:
        return None
    shown = columns[:MOST]

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        rows = range(len(shown))
        for key, words, look in reversed(MARKS):
            places = [
                (c[key], row) for row, c in zip(rows, shown, strict=True) if c.get(key) is not None
            ]
            if places:
                axis.plot(
                    *zip(*places, strict=True), linestyle="", label=words, **{"ms": 4.5, **look}
                )
        axis.hlines(rows, 0, [c["tvd"] for c in shown], color=BLUE, linewidth=0.9, zorder=0)
        name_rows(axis, [short(c["name"]) for c in shown], 40)
        axis.set(ylim=(len(shown) - 0.4, -0.6), xlim=(0, None))
        axis.set_xlabel("Total variation distance from the real column (0 is identical)")
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderpad=0)

    worst = shown[0]
    whole = probe.estimate("marginals_tvd")
    n = f"n = {count(whole.n)}. " if whole else ""
    return draw(
        1.05 + 0.17 * len(shown),
        paint,
        name="columns",
        title=f"The column furthest from the real one is {short(worst['name'])}, at "
        f"{number(worst['tvd'])}.",
        note=f"{n}Furthest first; single columns carry no interval."
        + left_over(len(columns), len(shown), "columns"),
        alternative="Total variation distance by column: "
        + ", ".join(f"{short(c['name'])} {number(c['tvd'])}" for c in shown[:8])
        + (" and others." if len(shown) > 8 else "."),
        data=f"{FILE}, measure fidelity, series columns",
    )
