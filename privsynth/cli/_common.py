"""What every verb shares: progress on stderr, answers on stdout, errors as exit codes."""

import contextlib
import datetime
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from privsynth.progress import Progress

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, max=2**63 - 1, help="Root seed; without it one is drawn. Keep it private."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that is there already.")]

MaxMemory = Annotated[
    str | None,
    typer.Option(help="Refuse work that needs more, such as 2GB; else what the machine has."),
]

Epsilon = Annotated[
    float | None,
    typer.Option(help="Differential privacy at this epsilon (tan, mst, vae); without it, none."),
]
Delta = Annotated[
    float, typer.Option(help="The chance that epsilon does not hold; below 1 / rows.")
]
ProtectedUnit = Annotated[
    str, typer.Option("--unit", help="Whose presence epsilon hides: row or entity.")
]
RowsPerEntity = Annotated[
    int, typer.Option(min=1, help="With --unit entity: more rows of one are left out.")
]
Neighbours = Annotated[str, typer.Option(help="add_remove (one unit more or less) or replace_one.")]
LearnDomain = Annotated[
    bool,
    typer.Option("--learn-domain", help="Learn undeclared bounds and categories, at a tenth."),
]
SourceEpsilon = Annotated[
    float | None,
    typer.Option(help="Refuse a fit that takes all private fits of this table beyond it."),
]

SourceOrigin = Annotated[
    Literal["human", "synthetic", "mixed", "unknown"] | None,
    typer.Option(
        "--origin", help="Of the rows in TABLE; else as its label says, else taken for human."
    ),
]

EXIT = {"pass": 0, "pass_with_waivers": 0, "fail": 10, "inconclusive": 11}
WORDS = {
    "pass": "PASS",
    "pass_with_waivers": "RELEASE WITH WAIVERS",
    "fail": "FAIL",
    "inconclusive": "INCONCLUSIVE",
}
SIGNS = {"pass": "✓", "pass_with_waivers": "◐", "fail": "✗", "inconclusive": "?"}
COLOURS = {"pass": "green", "pass_with_waivers": "yellow", "fail": "red", "inconclusive": "yellow"}


def say(text: str = "", style: str | None = None) -> None:
    """Print a line for a person, on stderr; colour only on a terminal that wants it."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    console.print(printable(text), style=style, markup=False)


def printable(text: str) -> str:
    """Return a text with control characters spelled out, and no runner's command (``::``) in it."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return shown.replace("::", ": :")


def answer(data: Any) -> None:
    """Print one JSON document on stdout, in ASCII: it must not depend on the terminal."""
    sys.stdout.write(json.dumps(data, indent=2, sort_keys=True) + "\n")


def rules_file(policy: str) -> Path | None:
    """Return the file that ``--policy`` names, None for a preset."""
    return None if policy.startswith("preset:") else Path(policy)


def check_outputs(force: bool, *outputs: Path | None, inputs: tuple[Path | None, ...] = ()) -> None:
    """Refuse, before any work, outputs that exist, cannot be written, or are also read."""
    from privsynth.errors import InputError

    wanted = [path for path in outputs if path is not None]
    read = {path.resolve() for path in inputs if path is not None}
    for i, path in enumerate(wanted):
        if path.resolve() in read:
            raise InputError(f"{path} is read by this command; name another output file")
        if path.resolve() in {other.resolve() for other in wanted[:i]}:
            raise InputError(f"{path} is named twice as an output; give each its own name")
        if path.is_dir():
            raise InputError(f"{path} is a folder; name a file")
        if os.path.lexists(path) and not force:
            raise InputError(
                f"{path} exists already; name another file, or replace it with --force"
            )
        parent = next((p for p in path.absolute().parents if os.path.lexists(p)), Path("/"))
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise InputError(f"{path}: cannot be written; {parent} is no folder to write to")


@contextmanager
def progress() -> Iterator[Progress]:
    """Give a reporter that draws a bar with the time left on a terminal, else a line a stage.

    Meanwhile nothing else reaches stdout: a plug-in or library that prints would break the one
    JSON document there, or quote a cell.
    """
    with _stdout_closed(), _reporter() as report:
        yield report


@contextmanager
def _stdout_closed() -> Iterator[None]:
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except (AttributeError, OSError):  # it is closed already
        yield
        return
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # native libraries print past sys.stdout
        try:
            with contextlib.redirect_stdout(nowhere):
                yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


@contextmanager
def _reporter() -> Iterator[Progress]:
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console) as report:
            yield report
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


def show_claim(claim: Any) -> None:
    """Print a differential-privacy claim, what it rests on, and what the source has spent."""
    if claim.kind != "dp":
        return
    say(
        f"  epsilon {claim.epsilon:g}, delta {claim.delta:g} for one {claim.unit} "
        f"({claim.neighbours}): {claim.spent:.4f} spent on {len(claim.events)} looks at the rows"
    )
    if not claim.end_to_end:
        wrapped("; ".join(claim.unaccounted), "  NOT end-to-end DP: ", "red")
    whole = claim.composition
    if whole is not None and whole.fits > 1:
        say(
            f"  {whole.fits} private fits of this source so far, together epsilon "
            f"{whole.epsilon:.3f} at delta {whole.delta:g}"
        )


def show_earlier(earlier: Any, whole: Any) -> None:
    """Print the releases of a source before this table, and what its private fits have spent."""
    for one in earlier:
        claimed = "" if one.epsilon is None else f", epsilon {one.epsilon:g}"
        say(f"  released before: {one.name}, {one.date}, {one.verdict}{claimed}")
    if earlier and whole is not None:
        say(
            f"  all {whole.fits} private fits of this source together: epsilon "
            f"{whole.epsilon:.3f} at delta {whole.delta:g}"
        )


def show_aside(notes: tuple[str, ...]) -> None:
    """Print what was counted in the training rows, for whoever holds them."""
    for note in notes:
        wrapped(f"{note} (for you alone: epsilon does not cover it)", "  note: ")


def show_columns(columns: Any, *, inferred: bool) -> None:
    """Print what each column was taken for, and which ones nothing compares."""
    kinds: dict[str, list[str]] = {}
    for column in columns:
        kinds.setdefault(column.kind if column.read else "ignored", []).append(
            column.name if column.read else f"{column.name} ({column.kind})"
        )
    if inferred:
        say("  kinds were inferred; correct them in a schema (`privsynth schema`):")
    for kind, names in sorted(kinds.items()):
        if inferred or kind == "ignored":
            wrapped(", ".join(names), f"    {kind:<12} ")


def wrapped(text: str, head: str, style: str | None = None) -> None:
    """Print a message behind its head, as wide as the terminal, continued under its start."""
    for line in _lines(text, head):
        say(line, style=style)


def wrapped_out(text: str, head: str) -> None:
    """Print an answer on stdout behind its head, as wide as the terminal."""
    for line in _lines(text, head):
        sys.stdout.write(f"{printable(line)}\n")


def _lines(text: str, head: str) -> list[str]:
    import shutil
    import textwrap

    width = max(min(shutil.get_terminal_size().columns, 110), 50)
    return textwrap.wrap(
        text, width, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False
    )


def today() -> datetime.date:
    """Return the day in UTC that waivers are judged at: SOURCE_DATE_EPOCH where set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC).date()
    return datetime.datetime.now(datetime.UTC).date()


def check_one_generator(synthesizer: str | None, synth_cmd: str | None) -> None:
    """Refuse two generators for one table, rather than silently take one of them."""
    from privsynth.errors import InputError

    if synthesizer and synth_cmd:
        raise InputError("--synthesizer and --synth-cmd name two generators; give one of them")


def spending(epsilon: float | None, **how: Any) -> Any:
    """Return the privacy budget of the options, None where there is no epsilon."""
    from privsynth.errors import InputError
    from privsynth.run import Spending
    from privsynth.tables.schema import validated

    if epsilon is None:
        changed = {k for k, v in how.items() if v != Spending.model_fields[k].default}
        if changed:
            named = ", ".join(f"--{key.replace('_', '-')}" for key in sorted(changed))
            raise InputError(f"{named} without --epsilon: there is no private fit")
        return None
    found = validated(Spending, {"epsilon": epsilon, **how}, "--epsilon")
    _ = found.privacy  # a budget that makes no sense is refused here
    return found


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
