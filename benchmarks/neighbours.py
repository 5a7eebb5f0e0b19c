"""Our search for nearest records against the tools that people use for it today.

Whole jobs from DataFrames, in turn, medians of three or more, one thread, one process a tool and
size. Peers whose pins exclude each other get environments of their own in ``benchmarks/.envs``,
made on first use (several gigabytes); one that cannot be installed is reported as such.

``--quick`` prints scikit-learn, faiss and a small SDMetrics in under three minutes and leaves
``neighbours.json`` and the page as they are, unless ``--publish`` is given too. Real tables are
added by ``--table NAME=FILE`` or the variable PRIVSYNTH_TABLES with such pairs, split by spaces.
"""

import argparse
import datetime
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from lib import environments, page, rounds, starts, streamed, tables  # noqa: E402

MIXED = ("scikit-learn", "faiss-l2", "faiss-l1")
TREE = ("ours-search", "ours-brute")
# table, rows, tools, references
QUICK = (
    ("census", 2_000, ("sdmetrics",), 2),
    ("census", 5_000, MIXED, 2),
    ("census", 20_000, MIXED, 2),
    ("independent", 20_000, TREE, 2),
)
FULL = (
    ("census", 5_000, (*MIXED, "anonymeter", "mostlyai-qa", "syntheval"), 2),
    ("census", 20_000, MIXED, 2),
    ("independent", 20_000, (*TREE, *MIXED), 2),
    ("wide", 20_000, ("scikit-learn", "faiss-l2"), 2),
    ("census", 100_000, (), 2),
    ("census", 100_000, ("faiss-l2",), 1),
    ("census", 5_000, ("sdmetrics",), 2),
)


def main() -> None:
    """Measure, print JSON lines and the page, and publish a full run."""
    asked = _arguments()
    figures: dict[str, Any] = {
        "date": datetime.date.today().isoformat(), "quick": asked.quick, "rounds": asked.rounds,
        "machine": _machine(), "results": [],
    }  # fmt: skip
    plan = QUICK if asked.quick else FULL
    for table, rows, tools, references in plan:
        rounds.progress(f"{table}, {rows} rows: {', '.join(('ours', *tools))}")
        figures["results"] += rounds.compare(
            tables.CASES[table](rows), list(tools), {"table": table},
            references=references, rounds=asked.rounds,
        )  # fmt: skip
    for name, file in asked.table:
        rounds.progress(f"{name}: {file}")
        figures["results"] += rounds.compare(
            tables.from_file(file), list(MIXED), {"table": name}, rounds=asked.rounds
        )
    figures["results"] = _merged(figures["results"])
    rounds.progress("fresh processes")
    figures["start"] = starts.first_calls(tables.census(5_000))
    figures["one_shot"] = starts.one_shot(tables.census(5_000), ("scikit-learn",))
    if not asked.quick:
        rounds.progress("a growing Parquet file")
        figures["streamed"] = streamed.peaks()
    used = {one["tool"] for one in figures["results"] if "error" not in one}
    figures["versions"] = {t: environments.version_of(t) for t in sorted(used - set(TREE))}
    _publish(figures, write=asked.publish or not asked.quick)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="scikit-learn, faiss, 2k of SDMetrics")
    parser.add_argument("--publish", action="store_true", help="write a quick run down, too")
    parser.add_argument("--rounds", type=int, default=3, help="jobs of each tool (default 3)")
    parser.add_argument("--table", action="append", help="NAME=FILE, a real table (CSV or TSV)")
    asked = parser.parse_args()
    pairs = [*(asked.table or ()), *os.environ.get("PRIVSYNTH_TABLES", "").split()]
    asked.table = [tuple(pair.split("=", 1)) for pair in pairs]
    return asked


def _machine() -> dict[str, Any]:
    names = [platform.processor() or platform.machine()]
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        names = [line.split(":", 1)[1].strip() for line in found] or names
    return {
        "cpu": names[0], "cpus": os.cpu_count(), "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _merged(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results with our own of one table and size only once, the last."""
    keys = ("tool", "table", "rows", "references")
    return list({tuple(one[key] for key in keys): one for one in results}.values())


def _publish(figures: dict[str, Any], write: bool) -> None:
    block = page.page(figures)
    if write:
        Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")
        document = ROOT / "docs" / "benchmarks.md"
        text = document.read_text()
        if page.BEGIN not in text or page.END not in text:
            rounds.progress(f"{document.name} has no {page.BEGIN} and {page.END}: left as it is")
        document.write_text(page.place(text, block))
    print(f"\n{block}")


if __name__ == "__main__":
    main()
