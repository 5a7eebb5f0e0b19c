"""What became of each column, as a table whose cells are the darker the more was lost."""

import math
from collections.abc import Mapping
from typing import Any

from privsynth.evidence import Evidence
from privsynth.report.drawing import BLUE, GREY, PAPER, Drawing, draw
from privsynth.report.figures._marks import FILE, capital, left_over, name_rows, short
from privsynth.report.text import count, number

MOST = 30
DARKEST = 0.6
HEADS = ("Distance from\nthe real column", "Missing cells,\nchange of share",
         "Tails kept\n(1 is all)", "Rare levels\nlost")  # fmt: skip


def distortion(probe: Evidence) -> Drawing | None:
    """Return a table of the columns: distance, missing cells, tails kept, rare levels lost.

    The most distorted first, at most ``MOST``; None where the evidence does not say all this.
    """
    told = [c for c in probe.series.get("columns") or [] if "missing" in c]
    if not told:
        return None
    columns = sorted(told, key=lambda c: (-max(map(_loss, _cells(c))), -c["tvd"]))
    shown = columns[:MOST]
    cells = [_cells(c) for c in shown]

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        for row, found in enumerate(cells):
            for place, cell in enumerate(found):
                shade = DARKEST * _loss(cell)
                box = (place - 0.5, row - 0.5)
                axis.add_patch(_box(box, shade))
                axis.text(place, row, _told(place, cell), ha="center", va="center", fontsize=7.5,
                          color=None if cell is not None else GREY)  # fmt: skip
        name_rows(axis, [short(c["name"]) for c in shown], 60)
        axis.grid(False)
        axis.set(xlim=(-0.5, len(HEADS) - 0.5))
        axis.xaxis.tick_top()
        axis.set_xticks(range(len(HEADS)), HEADS)
        axis.tick_params(axis="x", length=0)
        for spine in axis.spines.values():
            spine.set_visible(False)

    lost = sum(c.get("lost", 0) for c in told)
    rare = sum(c.get("rare", 0) for c in told)
    tails = [c["tails"] for c in told if c.get("tails") is not None]
    thin = sum(t < 0.5 for t in tails)
    found = [f"{count(thin)} of {count(len(tails))} columns keep less than half of their tails"]
    found = found if tails else []
    if rare:
        found.append(f"{count(lost)} of {count(rare)} rare levels are lost")
    worst = f"the column most distorted is {short(shown[0]['name'])}"
    return draw(
        0.55 + 0.17 * len(shown),
        paint,
        name="distortion",
        title=capital("; ".join(found or [worst])) + ".",
        note="The darker, the more is lost: distance from 0.5, missing cells from 0.25, tails "
        "from none or double, all rare levels. Single columns carry no interval; – is too few "
        "real rows to say, or not of this kind." + left_over(len(columns), len(shown), "columns"),
        alternative="Distortion by column, the most distorted first: "
        + "; ".join(_sentence(c) for c in shown[:6])
        + (" and others." if len(shown) > 6 else "."),
        data=f"{FILE}, measure fidelity, series columns",
    )


Cell = tuple[float, float] | None
"""What is printed, and how much of it is lost, from 0 to 1; None where there is nothing to say."""


def _cells(column: Mapping[str, Any]) -> list[Cell]:
    missing, tails, rare = column["missing"], column.get("tails"), column.get("rare")
    return [
        (column["tvd"], column["tvd"] / 0.5),
        None if missing is None else (missing, abs(missing) / 0.25),
        None if tails is None else (tails, abs(math.log2(max(tails, 0.25)))),
        (column["lost"], column["lost"] / rare) if rare else None,
    ]


def _loss(cell: Cell) -> float:
    return 0.0 if cell is None else min(cell[1], 1.0)


def _told(place: int, cell: Cell) -> str:
    if cell is None:
        return "–"
    if place == 3:
        return count(int(cell[0])) + (f" of {round(cell[0] / cell[1])}" if cell[1] else "")
    return ("+" if place == 1 and cell[0] > 0 else "") + number(cell[0])


def _box(corner: tuple[float, float], shade: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, 1, 1, facecolor=BLUE, alpha=shade, edgecolor=PAPER, linewidth=1.2)


def _sentence(column: Mapping[str, Any]) -> str:
    words = [f"{short(column['name'])}: distance {number(column['tvd'])}"]
    if column["missing"] is not None:
        words.append(f"missing {number(column['missing'])}")
    if column.get("tails") is not None:
        words.append(f"tails {number(column['tails'])}")
    if column.get("rare"):
        words.append(f"{column['lost']} of {column['rare']} rare levels lost")
    return ", ".join(words)
