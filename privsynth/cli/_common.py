"""What every verb shares: progress on stderr, answers on stdout, errors as exit codes."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from privsynth.progress import Progress, silent

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Root seed; without it one is drawn. Keep it private."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that is there already.")]

EXIT = {"pass": 0, "fail": 10, "inconclusive": 11}
WORDS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
SIGNS = {"pass": "✓", "fail": "✗", "inconclusive": "?"}
COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


def say(text: str = "", style: str | None = None) -> None:
    """Print a line for a person, on stderr; colour only on a terminal that wants it."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, style=style, markup=False)


def answer(data: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Give a reporter that draws a bar with the time left on a terminal, else a line a stage."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console) as report:
            yield report
    elif sys.stderr.isatty() or what == "quiet":
        yield silent
    else:
        seen: set[str] = set()

        def line(stage: str, done: float) -> None:
            if stage not in seen:
                seen.add(stage)
                print(f"{done:4.0%} {stage}", file=sys.stderr)

        yield line


@contextmanager
def _bar(console: Any) -> Iterator[Progress]:
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:<28.28}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def report(stage: str, done: float) -> None:
            bar.update(task, description=stage, completed=done)

        yield report


def show_verdict(verdict: Any) -> None:
    """Print a verdict for a person: the decision, then one line a rule."""
    say()
    status = verdict.status
    say(f"  {SIGNS[status]} {WORDS[status]}  {verdict.name}", style=f"bold {COLOURS[status]}")
    say(f"  {verdict.headline}")
    say()
    for finding in verdict.findings:
        mark = SIGNS[finding.status]
        say(f"  {mark} {finding.rule:<14} {finding.message}", style=_muted(finding.status))
    say()


def _muted(status: str) -> str | None:
    return None if status == "pass" else COLOURS[status]


def key_values(pairs: list[str], option: str) -> dict[str, str]:
    """Return ``--option key=value`` pairs as a mapping."""
    from privsynth.errors import InputError

    out = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise InputError(f"{option} takes key=value, not {pair!r}")
        out[key] = value
    return out
