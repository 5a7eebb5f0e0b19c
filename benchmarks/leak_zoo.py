"""Planted leaks of known size: how much of each is found, what the gate says, and what peers say.

Part ``found``: families whose best possible attack is known in closed form, and nulls. Part
``gate``: whole audits of clean and of leaking tables. Part ``peers``: other tools on the same
tables. Repetitions are kept in ``benchmarks/.zoo`` as they come: a run that was stopped goes on
where it was (``--fresh`` forgets them). Writes ``leak_zoo.json`` and the block between the markers
of ``docs/validation.md``, and prints it.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from lib.zoo_store import FOLDER, Job, Store, run
from lib.zoo_work import work

PARTS = ("gate", "found", "peers", "large")
REPETITIONS = {"clean": 40, "leaks": 20, "found": 50, "nulls": 100, "peers": 3, "large": 8}
DOCS = Path(__file__).parents[1] / "docs" / "validation.md"
QUICK = {"clean": 4, "leaks": 2, "found": 4, "nulls": 6, "peers": 1, "large": 0}


def jobs_of(part: str, counts: dict[str, int], only: str) -> list[Job]:
    """Return the jobs of a part, all first repetitions before all second ones."""
    from lib import zoo_gate

    out: list[Job] = []
    if part == "gate":
        for cases, n in ((zoo_gate.CLEAN, counts["clean"]), (zoo_gate.LEAKS, counts["leaks"])):
            out += [("gate", case, "5,000", i) for case in cases for i in range(n)]
    elif part == "large":
        out += [("gate", zoo_gate.CLEAN[i % 2], "40,000", i // 2) for i in range(counts["large"])]
    elif part == "found":
        from lib.zoo_families import FAMILIES

        for name, family in FAMILIES.items():
            n = counts["nulls" if family.kind == "null" else "found"]
            out += [("found", name, "", i) for i in range(n)]
    else:
        from lib.zoo_peers import FAMILIES as compared

        out += [("peers", name, "", i) for name in compared for i in range(counts["peers"])]
    chosen = [job for job in out if only.lower() in job[1].lower()]
    return sorted(chosen, key=lambda job: job[3])


def main() -> None:
    """Run the parts, write ``leak_zoo.json`` and print the Markdown block."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a few repetitions of everything")
    parser.add_argument("--repetitions", type=int, help="of each planted leak, nulls twice that")
    parser.add_argument("--only", default="", metavar="FAMILY", help="families with this text")
    parser.add_argument("--part", choices=PARTS, action="append", help="default: all")
    parser.add_argument("--jobs", type=int, default=2, help="processes, one thread each")
    parser.add_argument("--summarise", action="store_true", help="only what was kept, nothing new")
    parser.add_argument("--fresh", action="store_true", help="forget earlier repetitions")
    args = parser.parse_args()
    counts = dict(QUICK if args.quick else REPETITIONS)
    if args.repetitions:
        counts |= {"found": args.repetitions, "nulls": 2 * args.repetitions}
    if args.fresh:
        for path in FOLDER.glob("*.jsonl"):
            path.unlink()
    store = Store()
    for part in () if args.summarise else args.part or PARTS:
        print(f"part {part}", file=sys.stderr, flush=True)
        run(jobs_of(part, counts, args.only), store, work, args.jobs)
    from lib.zoo_page import page, place
    from lib.zoo_summary import summary

    figures = {"date": time.strftime("%d %B %Y"), "quick": args.quick, **summary(store)}
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    Path(__file__).with_suffix(".json").write_text(text + "\n")
    block = page(figures)
    print(block)
    if DOCS.exists() and not args.quick and not args.only:
        DOCS.write_text(place(DOCS.read_text(), block))


if __name__ == "__main__":
    main()
