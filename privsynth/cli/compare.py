"""``privsynth compare``: several candidate tables side by side, privacy against usefulness."""

from pathlib import Path
from typing import Annotated, Any

import typer

from privsynth.cli._common import (
    SIGNS,
    Force,
    Json,
    answer,
    check_outputs,
    progress,
    rules_file,
    say,
    wrapped,
)

FIRST, COLUMN = 25, 18
"""Characters of the first column of the table, and of one candidate's."""


def compare(
    candidates: Annotated[
        list[Path], typer.Argument(help="2 to 12 evidence files or release folders.")
    ],
    policy: Annotated[
        str | None,
        typer.Option(help="Decide each now, by a policy file or preset:NAME; else as released."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the page, as HTML.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Where to write the page, as PDF.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Set candidates side by side, privacy against usefulness; it ranks nothing.

    Shows what a recipient would see of each, and which candidates another one dominates.
    """
    from privsynth.policy import load_policy
    from privsynth.report.compare import compare as side_by_side

    read = {path.resolve(): path for path in candidates}
    for path in candidates:
        if read[path.resolve()] is not path:
            from privsynth.errors import InputError

            raise InputError(f"{path} is named twice; name each candidate once")
    rules = None if policy is None else load_policy(policy)
    inputs = (*candidates, None if policy is None else rules_file(policy))
    check_outputs(force, out, pdf, inputs=inputs)
    found = side_by_side([_entry(path, rules) for path in candidates])
    _write(found, out, pdf)
    if json:
        answer(found.model_dump(mode="json", exclude_none=True))
        return
    _show(found)
    for path in filter(None, (out, pdf)):
        say(f"  page in {path}")


def _entry(path: Path, rules: Any) -> Any:
    """Return a candidate with its verdict: the one of ``rules``, else that of its folder."""
    from privsynth.errors import IntegrityError
    from privsynth.evidence import read_bundle, read_model
    from privsynth.policy import Verdict, decide
    from privsynth.report.compare import Entry

    folder = path / "release" if (path / "release").is_dir() else path
    bundle = read_bundle(folder / "evidence.json" if path.is_dir() else path)
    beside = folder / "verdict.json"
    if rules is not None:
        return Entry(str(path), bundle, decide(bundle, rules))
    if not path.is_dir() or not beside.exists():
        return Entry(str(path), bundle)
    verdict = read_model(Verdict, beside, "verdict")
    if not verdict.is_about(bundle):
        raise IntegrityError(f"{beside} decides on other evidence; run gate again")
    return Entry(str(path), bundle, verdict)


def _write(found: Any, out: Path | None, pdf: Path | None) -> None:
    from privsynth.report.compare_page import compare_page
    from privsynth.tables.write import write_bytes

    if pdf is not None:
        from privsynth.report.pdf import pdf_bytes
        from privsynth.run import now

        with progress() as tell:
            page = compare_page(found, "pdf")
            write_bytes(pdf, pdf_bytes(page, attachments={}, created=now(), progress=tell))
    if out is not None:
        write_bytes(out, compare_page(found).encode())


def _show(found: Any) -> None:
    """Print as many candidates side by side as the terminal has room for, then the next ones."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, highlight=False, emoji=False)
    say()
    for one in found.candidates:
        wrapped(f"{one.place}: {one.name}, {one.synthesizer}", f"  {one.letter}  ")
    say()
    step = max((console.width - FIRST) // COLUMN, 1)
    for start in range(0, len(found.candidates), step):
        some = found.candidates[start : start + step]
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column("", width=FIRST - 2)
        for one in some:
            table.add_column(Text(one.letter, style="bold"), width=COLUMN - 2)
        for words, cells in _rows(found, some):
            table.add_row(Text(f"  {words}"), *(Text(cell) for cell in cells))
        console.print(table)
        say()
    for caution in found.cautions:
        wrapped(caution, "  not like with like: ", "yellow")
    wrapped(found.selection, "  note: ")


def _rows(found: Any, some: Any) -> list[tuple[str, list[str]]]:
    from privsynth.report.candidates import PRIVACY, USEFULNESS
    from privsynth.report.text import count

    shown = {key for one in found.candidates for key in one.estimates}
    rows = [
        (
            "decision",
            [f"{SIGNS[c.decision]} {c.decision}" if c.decision else "not decided" for c in some],
        ),
        ("rows", [count(c.rows) for c in some]),
        ("epsilon claimed", ["none" if c.epsilon is None else f"{c.epsilon:g}" for c in some]),
        ("audit number", [count(c.audit) for c in some]),
    ]
    anchors = {"tstr": ("tstr_floor", "tstr_ceiling")}
    for key in (*PRIVACY, *USEFULNESS):
        for name in (key, *anchors.get(key, ())):
            if name in shown:
                cells = [c.estimates.get(name) for c in some]
                rows.append((WORDS[name], [_value(e) for e in cells]))
    rows.append(("dominated by", [", ".join(c.dominated_by) or "–" for c in some]))
    return rows


WORDS = {
    "auc": "worst attack, AUC",
    "tpr_at_fpr_0.01": "  TPR at 1 % FPR",
    "copied_units_excess": "copied people, excess",
    "advantage_worst": "guessing a secret",
    "auc_most_exposed_fifth": "exposed fifth, AUC",
    "marginals_tvd": "columns, distance",
    "pairs_tvd": "pairs, distance",
    "tstr": "trained on it",
    "tstr_floor": "  shuffled columns",
    "tstr_ceiling": "  other real rows",
}


def _value(estimate: Any) -> str:
    from privsynth.report.candidates import digits

    if estimate is None:
        return "not measured"
    return f"{digits(estimate.value)}\n{digits(estimate.low)} to {digits(estimate.high)}"
