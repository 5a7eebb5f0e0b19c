"""``--output FORMAT=PATH`` of the gate, and what its exit code may be told to overlook."""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from privsynth.cli._common import EXIT, key_values, rules_file, say

STDOUT = "-"
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable in which GitHub names the file that becomes the page of the job."""


class FailOn(StrEnum):
    """From which decision on the exit code is not 0."""

    fail = "fail"
    inconclusive = "inconclusive"
    warn = "warn"


Outputs = Annotated[
    list[str],
    typer.Option(
        "--output",
        metavar="FORMAT=PATH",
        help="Write the verdict in a format of `privsynth list outputs` too; - is stdout.",
    ),
]
Overlook = Annotated[
    FailOn | None,
    typer.Option("--fail-on", help="Least that ends with 10 or 11; else inconclusive."),
]
ExitZero = Annotated[
    bool, typer.Option("--exit-zero", help="End with 0 whatever is decided, and say so.")
]


@dataclass(frozen=True)
class Wanted:
    """The outputs that were asked for, checked: format and path, None for stdout."""

    files: tuple[tuple[Any, Path | None], ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files among them."""
        return tuple(path for _, path in self.files if path is not None)


def wanted_outputs(texts: list[str], *, json: bool) -> Wanted:
    """Return what ``--output`` asks for; ``InputError`` names what cannot be.

    One document fits on stdout: one output, or that of ``--json``.
    """
    from privsynth.errors import InputError
    from privsynth.policy.outputs import catalogue
    from privsynth.registry import choose

    known = catalogue() if texts else {}
    files = []
    for text in texts:
        ((name, place),) = key_values([text], "--output").items()
        if not place:
            raise InputError(f"--output {text}: name a file after the =, or - for stdout")
        files.append((choose(known, name, "output"), None if place == STDOUT else Path(place)))
    if sum(path is None for _, path in files) + json > 1:
        raise InputError("stdout holds one document: give one --output FORMAT=-, or --json")
    return Wanted(tuple(files))


def write_outputs(verdict: Any, wanted: Wanted, evidence: Path, policy: str) -> None:
    """Write every output, whatever was decided: each whole or not at all, made before any is there.

    With ``github`` among them, the Markdown goes to the job's page as well.
    """
    from privsynth.policy.outputs import catalogue
    from privsynth.tables.write import write_bytes

    context = _context(evidence, policy)
    made = [(path, output.write(verdict, context)) for output, path in wanted.files]
    for path, data in made:
        if path is not None:
            write_bytes(path, data)
            say(f"  wrote {path}")
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)  # as it is: what it says of its encoding must be true
            sys.stdout.flush()
    if any(output.name == "github" for output, _ in wanted.files) and os.environ.get(STEP_SUMMARY):
        _append(Path(os.environ[STEP_SUMMARY]), catalogue()["markdown"].write(verdict, context))


def exit_code(verdict: Any, fail_on: FailOn | None, exit_zero: bool) -> int:
    """Return the exit code; stderr says so whenever it is 0 in place of another."""
    code = EXIT[verdict.status]
    if code == 0 and fail_on is FailOn.warn:
        code = _warned(verdict)
    spared = exit_zero or (fail_on is FailOn.fail and code == EXIT["inconclusive"])
    if not (spared and code):
        return code
    option = "--exit-zero" if exit_zero else "--fail-on fail"
    say(f"  {option}: exit code 0 in place of {code}; the decision stands as it is", "bold red")
    return 0


def _warned(verdict: Any) -> int:
    """Return the exit code of what only warns: rules of severity warn, waivers that are void."""
    from privsynth.policy.outputs import cautions

    found = {finding.status for finding in verdict.findings if finding.severity == "warn"}
    if "fail" in found or cautions(verdict):
        return EXIT["fail"]
    return EXIT["inconclusive"] if "inconclusive" in found else 0


def _context(evidence: Path, policy: str) -> Any:
    from privsynth import __version__
    from privsynth.policy.outputs import Context, rule_lines

    here, file = Path.cwd(), rules_file(policy)
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    if file is None:
        return Context(__version__, _within(evidence, root))
    lines = rule_lines(file.read_text(encoding="utf-8", errors="replace"))
    return Context(__version__, _within(evidence, root), _within(file, root), lines)


def _within(path: Path, root: Path) -> str:
    """Return a path from the top of the repository; of one outside of it only the file's name.

    Readers of these formats look in the repository, and where else files lie is not for them.
    """
    whole = Path(os.path.abspath(path))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.name


def _append(page: Path, data: bytes) -> None:
    try:
        with page.open("ab") as stream:
            stream.write(data)
    except OSError as error:
        say(f"  {STEP_SUMMARY}: cannot be written ({error.strerror})", "yellow")
