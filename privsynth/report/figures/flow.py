"""How the table came about and what was done with it, from source to decision."""

import textwrap
from dataclasses import dataclass
from typing import Any

from privsynth.evidence import Bundle
from privsynth.policy.verdict import Verdict
from privsynth.privacy import NoClaim
from privsynth.report.claim import guarantee
from privsynth.report.drawing import DASHED, GREY, INK, PANEL, PAPER, Drawing, draw
from privsynth.report.figures._marks import FILE
from privsynth.report.text import clean, count, significant

OUTCOMES = {
    "pass": "RELEASE",
    "pass_with_waivers": "RELEASE WITH WAIVERS",
    "fail": "HOLD",
    "inconclusive": "INCONCLUSIVE",
}
ELSEWHERE = "made elsewhere"
"""What the evidence calls the generator of a table that was not made by this package."""
WIDE, HIGH = 19.0, 11.0
"""Of a box, in hundredths of the figure's width and in the same of its height."""


@dataclass(frozen=True)
class _Box:
    """One step: its middle, a heading, a line below it, and what it is."""

    x: float
    y: float
    head: str
    below: str
    kind: str


def flow(bundle: Bundle, verdict: Verdict | None = None) -> Drawing | None:
    """Return the way from the real table over split and generator to attacks and decision.

    None where the evidence names no train and no synthetic table.
    """
    tables = bundle.tables
    if "train" not in tables or "synthetic" not in tables:
        return None
    noise, boxes = _noise(bundle), _boxes(bundle, verdict)

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        axis.set(xlim=(-0.5, 99.5), ylim=(-1, 46))
        axis.set_axis_off()
        for start, end in _arrows(boxes):
            _arrow(axis, boxes[start], boxes[end])
        for box in boxes.values():
            _draw_box(axis, box)

    rows = {side: facts.rows for side, facts in tables.items()}
    real = ", ".join(f"{side} {count(n)}" for side, n in rows.items() if side != "synthetic")
    name = _generator(bundle, 40)
    decided = "no policy was applied" if verdict is None else f"the gate says {boxes['gate'].below}"
    return draw(
        2.55,
        paint,
        name="flow",
        title=f"{name} learnt from {count(rows['train'])} rows and made "
        f"{count(rows['synthetic'])}; {noise}.",
        note="Solid frames hold real rows, the dashed frame synthetic ones, grey boxes are steps. "
        "Counts of rows; no interval belongs to them.",
        alternative=f"Data flow. The real table is divided into {real} rows. The generator {name} "
        f"learns from train and makes {count(rows['synthetic'])} synthetic rows; {noise}. "
        f"{_probes(bundle)} compare them with the real rows, and {decided}.",
        data=f"{FILE}, tables, generator, claim, probes",
    )


def _boxes(bundle: Bundle, verdict: Verdict | None) -> dict[str, _Box]:
    """Return the steps by name, at their places."""
    rows = {side: facts.rows for side, facts in bundle.tables.items()}
    real = {side: n for side, n in rows.items() if side != "synthetic"}
    folds = bundle.split.get("folds")
    # In folds the holdout is train itself: its rows are not counted twice.
    total = sum(n for side, n in real.items() if not (folds and side == "holdout"))
    supplied = bundle.split.get("origin") == "supplied"
    found = {
        "source": _Box(9.5, 22, "Real table" if not supplied else "Real tables",
                       f"{count(total)} rows", "real"),
        "train": _Box(36, 39, "Train", f"{count(rows['train'])} rows", "real"),
        "generator": _Box(62.5, 39, _generator(bundle, 34), _short_noise(bundle),
                          "step"),
        "synthetic": _Box(89.5, 39, "Synthetic table", f"{count(rows['synthetic'])} rows",
                          "synthetic"),
        "attacks": _Box(89.5, 22, "Attacks and measures", _probes(bundle), "step"),
        "gate": _Box(89.5, 5, "Gate", "no policy" if verdict is None else
                     OUTCOMES[verdict.status], "step"),
    }  # fmt: skip
    for side, y in (("holdout", 22), ("reference", 5)):
        if side in rows:
            words = f"{folds} folds of train" if folds and side == "holdout" else None
            found[side] = _Box(
                36, y, side.capitalize(), words or f"{count(rows[side])} rows", "real"
            )
    return found


def _arrows(boxes: dict[str, _Box]) -> list[tuple[str, str]]:
    parts = [side for side in ("train", "holdout", "reference") if side in boxes]
    return [
        *(("source", side) for side in parts),
        ("train", "generator"), ("generator", "synthetic"), ("synthetic", "attacks"),
        *((side, "attacks") for side in parts),
        ("attacks", "gate"),
    ]  # fmt: skip


def _probes(bundle: Bundle) -> str:
    ran = [probe for probe in bundle.probes if probe.estimates]
    attacks = sum(probe.kind == "attack" for probe in ran)
    return f"{count(attacks)} scores, {count(len(ran) - attacks)} measures or groups"


def _generator(bundle: Bundle, limit: int) -> str:
    name = bundle.generator.synthesizer
    return "A generator elsewhere" if name == ELSEWHERE else clean(name, limit)


def _noise(bundle: Bundle) -> str:
    claimed = isinstance(bundle.claim, NoClaim)
    return "no formal guarantee is claimed" if claimed else f"guarantee: {guarantee(bundle)}"


def _short_noise(bundle: Bundle) -> str:
    if isinstance(bundle.claim, NoClaim):
        return "no DP claimed"
    return f"claims ε = {significant(bundle.claim.epsilon, 4)}"


def _draw_box(axis: Any, box: _Box) -> None:
    from matplotlib.patches import Rectangle

    look: dict[str, Any] = {
        "real": {"fc": PAPER, "ec": INK, "lw": 1.4},
        "synthetic": {"fc": PAPER, "ec": INK, "lw": 1.4, "ls": DASHED},
        "step": {"fc": PANEL, "ec": GREY, "lw": 0.7},
    }[box.kind]
    axis.add_patch(Rectangle((box.x - WIDE / 2, box.y - HIGH / 2), WIDE, HIGH, **look))
    head, below = (textwrap.wrap(words, 19)[:2] for words in (box.head, box.below))
    lines = [(line, "bold") for line in head] + [
        (line, "normal") for line in below[: 4 - len(head)]
    ]
    for place, (line, weight) in enumerate(lines):
        y = box.y + 2.55 * ((len(lines) - 1) / 2 - place)
        axis.text(box.x, y, line, ha="center", va="center", fontsize=7, fontweight=weight)


def _arrow(axis: Any, start: _Box, end: _Box) -> None:
    """Draw an arrow from side to side, or from bottom to top in one column."""
    if start.x == end.x:
        tail, head = (start.x, start.y - HIGH / 2), (end.x, end.y + HIGH / 2)
    else:
        # Arrows from above and below pass the boxes between, and end one above the other.
        slope = (start.y > end.y) - (start.y < end.y) if end.kind == "step" else 0
        tail = (start.x + WIDE / 2, start.y - 0.4 * slope * HIGH)
        head = (end.x - WIDE / 2, end.y + 0.25 * slope * HIGH)
    axis.annotate(
        "", head, tail, arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 0.9,
                                    "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8},
    )  # fmt: skip
