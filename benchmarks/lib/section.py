"""What a section of ``docs/validation.md`` is made of, and how it is written."""

from collections.abc import Sequence
from typing import Any

Section = dict[str, Any]
"""``head`` text, ``parts`` (tables and texts in order), ``expected`` lines; plain JSON."""


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> Section:
    """Return a table as plain data."""
    lines = [[str(cell) for cell in row] for row in rows]
    return {"title": title, "columns": list(head), "rows": lines}


def expected(what: str, seen: str, held: bool) -> Section:
    """Return one expectation, what was seen, and whether it held."""
    return {"what": what, "seen": seen, "held": bool(held)}


def interval(estimate: Any, digits: int = 3) -> str:
    """Return ``value (low to high)``."""
    return " ".join(
        (
            f"{estimate.value:.{digits}f}",
            f"({estimate.low:.{digits}f} to {estimate.high:.{digits}f})",
        )
    )


def block(name: str, section: Section) -> str:
    """Return a section as Markdown."""
    lines = [f"Measured {section['date']} in {section['seconds']} s. {section['head']}"]
    if section.get("left"):
        lines.insert(0, f"**Left as it was: {section['left']}.**")
    lines.append(
        _table(
            ("", "expected", "seen"),
            [("✓" if e["held"] else "✗", e["what"], e["seen"]) for e in section["expected"]],
        )
    )
    for part in section["parts"]:
        title = f"*{part['title']}*\n\n" if part["title"] else ""
        lines.append(title + _table(part["columns"], part["rows"]))
    return "\n\n".join(lines)


def summary(sections: dict[str, Section], titles: dict[str, str]) -> str:
    """Return one line a section: what held, and when it was measured."""
    rows = []
    for name, title in titles.items():
        section = sections.get(name)
        if section is None:
            rows.append((title, "not measured: no such folder", ""))
            continue
        held = sum(e["held"] for e in section["expected"])
        left = f" (left as it was: {section['left']})" if section.get("left") else ""
        rows.append((title, f"{held} of {len(section['expected'])}", f"{section['date']}{left}"))
    return _table(("data", "expectations that held", "measured"), rows)


def place(text: str, name: str, content: str) -> str:
    """Return the page with the content between the markers of that name; they must be there."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, rest = text.split(begin, 1)
    return f"{before}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
