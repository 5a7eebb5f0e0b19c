"""The figures of the private synthesizers as the Markdown block of ``docs/benchmarks.md``."""

from typing import Any

from lib.dp_tables import TABLES, TIMED
from lib.section import place as placed

NAME = "dp"
HEAD = ("made by", "ε", "fit, CPU s", "quality", "pairs apart", "AUC of a model", "worst attack",
        "ceiling")  # fmt: skip


def page(figures: dict[str, Any]) -> str:
    """Return targets, then a table for each source, as Markdown."""
    lines = [f"Measured {figures['date']}.", _targets(figures["targets"])]
    for table in (*TABLES, TIMED):
        cells = [c for c in figures["cells"] if c["table"] == table]
        if cells:
            lines += [_title(table, cells), _grid(HEAD, [_row(cell) for cell in cells])]
    lines += [f"Failed: {job}: {error}" for job, error in sorted(figures["errors"].items())]
    return "\n\n".join(lines)


def place(text: str, block: str) -> str:
    """Return the page with the block between its markers, or as it is where it has none."""
    return placed(text, NAME, block) if f"<!-- {NAME}:begin -->" in text else text


def _targets(targets: list[dict[str, Any]]) -> str:
    rows = [
        (t["what"], t["ask"], f"{t['seen']:g}", "reached" if t["held"] else "**missed**")
        for t in targets
    ]
    return _grid(("target", "ask", "seen", ""), rows)


def _title(table: str, cells: list[dict[str, Any]]) -> str:
    if table == TIMED:
        return f"**{table}** (rows of NHANES drawn again and again: for the clock alone)"
    facts = next((c for c in cells if "rows" in c), None)
    if facts is None:
        return f"**{table}**"
    real = (
        f"; a model of the real rows reaches AUC {facts['trtr'][0]:.3f}" if "trtr" in facts else ""
    )
    target = f"target `{facts['target']}`" if "target" in facts else "no target"
    return (
        f"**{table}**: {facts['rows']:,} training rows, {facts['columns']} columns, {target}{real}"
    )


def _row(cell: dict[str, Any]) -> tuple[str, ...]:
    return (
        cell["maker"],
        cell["epsilon"] or ("–" if cell["part"] == "sdv" else ""),
        _spread(cell.get("fit_s"), 1),
        _spread(cell.get("quality"), 3),
        _spread(cell.get("apart"), 3),
        _spread(cell.get("tstr"), 3),
        f"{cell['auc'][2]:.3f} `{cell['auc'][0]}`" if "auc" in cell else "",
        f"{cell['ceiling'][0]:.3f}" if "ceiling" in cell else "",
    )


def _spread(figure: list[float] | None, digits: int) -> str:
    if figure is None:
        return ""
    low, high = (f"{x:.{digits}f}" for x in figure[1:])
    return f"{figure[0]:.{digits}f}" + (f" ({low}–{high})" if low != high else "")


def _grid(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
