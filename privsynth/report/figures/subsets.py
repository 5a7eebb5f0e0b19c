"""Whether synthetic rows lie closer to train within parts of the columns."""

from collections.abc import Mapping
from typing import Any

from privsynth.evidence import Bundle
from privsynth.report.drawing import Drawing, draw
from privsynth.report.figures._marks import FILE, bounds, interval, level, name_rows, references
from privsynth.report.text import clean, count, label, number

SHARE = "share_closer_to_train"


def subsets(bundle: Bundle) -> Drawing | None:
    """Return the share closer to train over all columns and within parts, and what is expected.

    None where the evidence has no such parts.
    """
    probe, whole = bundle.measure("dcr_subsets"), bundle.measure("dcr")
    parts = [] if probe is None else list(probe.estimates)
    if not parts:
        return None
    first = None if whole is None else whole.estimate(SHARE)
    columns = {} if probe is None else probe.series.get("parts", {})
    rows = [(_words(e.name) + _many(columns, e.name), e) for e in parts]
    if first is not None:
        rows.insert(0, ("all columns", first))
    expected = parts[0].expected

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        for row, (_, estimate) in enumerate(rows):
            bounds(axis, row, estimate)
        references(axis, expected, None)
        name_rows(axis, [words for words, _ in rows], 40)
        axis.set_xlabel("Share of synthetic rows closer to train")

    worst = max(parts, key=lambda e: e.low - (e.expected or 0.0))
    found = "above" if worst.low > (worst.expected or 0.0) else "not shown to be above"
    return draw(
        0.6 + 0.22 * len(rows),
        paint,
        name="dcr-subsets",
        title=f"Within {_words(worst.name)} the share closer to train is {number(worst.value)}, "
        f"{found} the expected {number(worst.expected)}.",
        note=f"n = {count(worst.n)} rows in each part. Bars run between two one-sided bounds "
        f"({level(worst)} each in the parts, so that they hold together); the dotted line is what "
        "sizes alone give.",
        alternative="Share of synthetic rows closer to train, expected "
        f"{number(expected)}: " + "; ".join(f"{words} {interval(e)}" for words, e in rows) + ".",
        data=f"{FILE}, measures dcr and dcr_subsets, estimates",
    )


def _many(columns: Mapping[str, Any], name: str) -> str:
    held = columns.get(name.partition("[")[2].removesuffix("]"))
    return f" ({count(len(held))} columns)" if held else ""


def _words(name: str) -> str:
    return clean(label(name).partition(": ")[2] or name, 40)
