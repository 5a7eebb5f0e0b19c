"""What private synthesizers are worth at epsilon 0.5, 1, 3 and 8, beside others and SDV's models.

Random halves of four tables with schemas of public knowledge, several seeds. ``PRIVSYNTH_DATA``
names a folder with ``randhie``, ``online-shoppers`` and ``acs-ma2019``; a table that is missing is
left out. Cells are kept in ``benchmarks/.dp`` as they come: a run that was stopped goes on where it
was (``--fresh`` forgets what is asked for). Writes ``dp.json`` and the block between the markers of
``docs/benchmarks.md``, and prints it. Peers get environments of their own on first use.
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from lib.dp_cells import CONTROLS, SDV, work  # noqa: E402
from lib.dp_ours import OURS  # noqa: E402
from lib.dp_peers import PEERS  # noqa: E402
from lib.dp_tables import TABLES, TIMED, NoData, population  # noqa: E402
from lib.zoo_store import Job, Store, run  # noqa: E402

EPSILONS = ("0.5", "1", "3", "8")
MAKERS = {"controls": CONTROLS, "sdv": SDV, "ours": OURS, "peers": PEERS}
SEEDS = {"controls": 3, "sdv": 3, "ours": 3, "peers": 1}
SLOW = ("ctgan", "copulagan")
"""One seed must be enough of these: they take minutes a fit."""
FOLDER = Path(__file__).parent / ".dp"
DOCS = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """Run the cells that were asked for, write ``dp.json`` and print the Markdown block."""
    args = _arguments()
    FOLDER.mkdir(exist_ok=True)
    jobs = _jobs(args)
    store = Store(FOLDER)
    if args.fresh:
        store.forget(jobs)
    for part in () if args.summarise else args.part:
        print(f"part {part}", file=sys.stderr, flush=True)
        run([job for job in jobs if job[0] == part], store, work, args.jobs)
    from lib.dp_page import page, place
    from lib.dp_summary import summary

    figures = {"date": time.strftime("%d %B %Y"), "quick": args.quick, **summary(store)}
    block = page(figures)
    print(block)
    if not args.quick:
        text = json.dumps(figures, indent=1, ensure_ascii=False)
        Path(__file__).with_suffix(".json").write_text(text + "\n")
        DOCS.write_text(place(DOCS.read_text(), block))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="one seed, epsilon 1, one table")
    parser.add_argument("--part", choices=MAKERS, action="append", help="default: all")
    parser.add_argument("--table", choices=(*TABLES, TIMED), action="append", help="default: all")
    parser.add_argument("--synthesizer", action="append", help="default: all of the parts")
    parser.add_argument("--epsilon", choices=EPSILONS, action="append", help="default: all")
    parser.add_argument("--seeds", type=int, help="repetitions of every cell")
    parser.add_argument("--jobs", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--summarise", action="store_true", help="only what was kept, nothing new")
    parser.add_argument("--fresh", action="store_true", help="forget the cells that are asked for")
    args = parser.parse_args()
    args.part = args.part or list(MAKERS)
    args.table = args.table or (["nhanes"] if args.quick else [*TABLES, TIMED])
    args.epsilon = args.epsilon or (["1"] if args.quick else list(EPSILONS))
    if args.quick:
        args.seeds, args.synthesizer = 1, args.synthesizer or [*CONTROLS, "gaussian_copula", "tan"]
    return args


def _jobs(args: argparse.Namespace) -> list[Job]:
    """Return the cells asked for, all first seeds before all second ones."""
    out: list[Job] = []
    for part in args.part:
        makers = [m for m in MAKERS[part] if m in (args.synthesizer or MAKERS[part])]
        for name in filter(_there, args.table):
            for maker in makers:
                out += _cells(part, name, maker, args)
    return sorted(out, key=lambda job: job[3])


def _cells(part: str, name: str, maker: str, args: argparse.Namespace) -> list[Job]:
    private = part in ("ours", "peers")
    epsilons = args.epsilon if private else [""]
    seeds = range(1, (args.seeds or (1 if maker in SLOW else SEEDS[part])) + 1)
    if name == TIMED:  # only how long our own fits take at the epsilon that a target names
        return [(part, f"{name}/{maker}", "3", 1)] if part == "ours" else []
    if maker == "tan" and population(name).schema.target is None:
        return []
    return [(part, f"{name}/{maker}", epsilon, seed) for epsilon in epsilons for seed in seeds]


def _there(name: str) -> bool:
    try:
        population(name)
    except NoData as problem:
        print(f"{name} is left out: {problem}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    main()
