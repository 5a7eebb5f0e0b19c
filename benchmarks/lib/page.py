"""The figures as Markdown: targets first, then every measurement."""

import math
from collections.abc import Callable
from typing import Any

from lib.streamed import ROWS

BEGIN, END = "<!-- neighbours:begin -->", "<!-- neighbours:end -->"
Figures = dict[str, Any]

PEERS = (
    ("sdmetrics", 2_000, 2, 1000), ("sdmetrics", 5_000, 2, 1000), ("anonymeter", 5_000, 2, 75),
    ("mostlyai-qa", 5_000, 2, 40), ("syntheval", 5_000, 2, 35), ("scikit-learn", 5_000, 2, 4),
    ("scikit-learn", 20_000, 2, 15), ("faiss-l2", 5_000, 2, 2), ("faiss-l2", 20_000, 2, 8),
    ("faiss-l2", 100_000, 1, 25), ("faiss-l1", 20_000, 2, 20),
)  # fmt: skip
"""Tool, rows, references searched, and how many times its time ours may be."""


def page(figures: Figures) -> str:
    """Return the block that ``docs/benchmarks.md`` holds between its markers."""
    machine = figures["machine"]
    head = (
        f"{machine['cpus']} cores of {machine['cpu']}, one thread a tool, Python "
        f"{machine['python']}, {figures['date']}, load {machine['load']} at the start"
        f"{'; the quick form' if figures['quick'] else ''}. CPU seconds of a whole job from "
        "DataFrames: encoding, and the two nearest rows of every synthetic row in each reference; "
        f"medians of {figures['rounds']} rounds in which the tools take turns."
    )
    parts = [head, _table(("target", "ask", "seen", ""), _targets(figures))]
    parts.append(_table(("table", "rows × columns, references", "tool", "job s", "search s",
                         "Mpairs/s", "times ours", "search alone, times ours", "extra MB"),
                        [_row(one) for one in figures["results"]]))  # fmt: skip
    parts.append(_starts(figures["start"], figures["one_shot"]))
    errors = [one for one in figures["results"] if "error" in one]
    if "error" in figures.get("streamed", {}):
        parts.append(f"Not measured: streaming ({figures['streamed']['error']}).")
    parts += [f"Not measured: {one['tool']} ({one['error']})." for one in errors]
    parts.append(
        "“Search s” leaves out what a tool's user spends on turning text into columns of numbers, "
        "which the first ratio counts and the second forgives; ours is always the whole job. "
        f"Versions: {_versions(figures['versions'])}."
    )
    return "\n\n".join(parts)


def place(text: str, block: str) -> str:
    """Return the page with the block between its markers; unchanged where it has none."""
    if BEGIN not in text or END not in text:
        return text
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{block}\n{END}{rest.split(END, 1)[1]}"


def find(figures: Figures, tool: str, rows: int, references: int, table: str) -> Figures | None:
    """Return the measurement, ``None`` if it was not made or failed."""
    wanted = {"tool": tool, "rows": rows, "references": references, "table": table}
    for one in figures["results"]:
        if "error" not in one and all(one[key] == value for key, value in wanted.items()):
            return dict(one)
    return None


def _targets(figures: Figures) -> list[tuple[str, ...]]:
    out = []
    planned = {(one["tool"], one["rows"], one["references"]) for one in figures["results"]}
    for tool, rows, references, ask in PEERS:
        if tool == "sdmetrics" and (tool, rows, references) not in planned:
            continue  # a quick run has the smaller of its two sizes, a full one the larger
        got = (find(figures, tool, rows, references, "census") or {}).get("times_ours")
        label = f"faster than {tool}, {_count(rows)}{' (one reference)' * (references == 1)}"
        out.append(_judged(label, ask, got, "≥ {:,}x", "{:,.1f}x", lambda a, b: a >= b))
    brute, auto = (
        find(figures, t, 20_000, 2, "independent") for t in ("ours-brute", "ours-search")
    )
    tree = brute["s"] / auto["s"] if brute and auto else None
    out.append(_judged("tree on independent columns, to own brute force, 20k", 0.9, tree,
                       "≥ {}x", "{:.2f}x", lambda a, b: a >= b))  # fmt: skip
    small, large = (find(figures, "ours", rows, 2, "census") for rows in (5_000, 100_000))
    grown = math.log(large["s"] / small["s"], 20) if small and large else None
    out.append(_judged("exponent of the whole job, 5k to 100k", 1.3, grown,
                       "≤ {}", "{:.2f}", lambda a, b: a <= b))  # fmt: skip
    extra = large["extra_MB"] if large else None
    out.append(_judged("memory above the loaded tables, 100k × 100k", 200, extra,
                       "≤ {} MB", "{:.0f} MB", lambda a, b: a <= b))  # fmt: skip
    out += _streamed(figures.get("streamed", {}))
    shots = [figures["one_shot"].get(tool, {}).get("cpu_s") for tool in ("ours", "scikit-learn")]
    beat = shots[1] / shots[0] if all(shots) else None
    out.append(_judged("one-shot process at 5k, to scikit-learn's, imports included", 1, beat,
                       "> {}x", "{:.2f}x", lambda a, b: a > b))  # fmt: skip
    return out


def _streamed(found: Figures) -> list[tuple[str, ...]]:
    sizes = [found[str(rows)]["peak_MB"] for rows in ROWS if str(rows) in found]
    whole = len(sizes) == len(ROWS)
    peak, growth = (max(sizes), 100 * (sizes[-1] / sizes[0] - 1)) if whole else (None, None)
    label = f"streamed, {_count(ROWS[0])} to {_count(ROWS[-1])} rows × 10k queries"
    return [
        _judged(f"{label}: peak", 512, peak, "≤ {} MB", "{:.0f} MB", lambda a, b: a <= b),
        _judged(f"{label}: growth", 5, growth, "≤ {} %", "{:.1f} %", lambda a, b: a <= b),
    ]


def _judged(
    label: str, ask: float, got: float | None, asked: str, seen: str,
    holds: Callable[[float, float], bool],
) -> tuple[str, ...]:  # fmt: skip
    if got is None:
        return (label, asked.format(ask), "not measured", "")
    return (label, asked.format(ask), seen.format(got), "reached" if holds(got, ask) else "missed")


def _row(one: Figures) -> tuple[str, ...]:
    size = f"{_count(one['rows'])} × {one['columns']}, {one['references']}"
    if "error" in one:
        return (one["table"], size, one["tool"], "failed", "", "", "", "", "")
    split = one["search_s"] < one["s"]
    return (
        one["table"], size, one["tool"], f"{one['s']:.3f}",
        f"{one['search_s']:.3f}" if split else "", f"{one['Mpairs_per_s']:,.0f}",
        f"{one['times_ours']:,.1f}", f"{one['search_times_ours']:,.1f}" if split else "",
        f"{one['extra_MB']:.0f}",
    )  # fmt: skip


def _starts(start: Figures, shots: Figures) -> str:
    whole = "; ".join(
        f"{tool} failed ({one['error']})" if "error" in one
        else f"{tool} {one['wall_s']:.2f} s ({one['cpu_s']:.2f} s of CPU, {one['peak_MB']:.0f} MB)"
        for tool, one in shots.items()
    )  # fmt: skip
    return (
        f"First call in a process: {start['cold_s']:.1f} s where nothing was compiled yet, "
        f"{start['cached_s']:.2f} s with the cache on disk. One-shot process at 5k rows, one "
        f"reference, imports and reading CSV included: {whole}."
    )


def _versions(versions: Figures) -> str:
    return ", ".join(f"{tool} {version}" for tool, version in versions.items() if version)


def _count(rows: int) -> str:
    return f"{rows // 1000}k" if rows % 1000 == 0 else f"{rows:,}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
