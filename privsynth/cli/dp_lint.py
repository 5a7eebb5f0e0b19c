"""``privsynth dp-lint``: what a claim of differential privacy made elsewhere leaves out."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from privsynth.cli._common import Json, answer, printable

NOTHING = "end-to-end: nothing found (the answers are the producer's; this proves nothing)"


def dp_lint(
    statement: Annotated[
        Path | None, typer.Argument(help="What its producer says, as YAML; see --template.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print a statement to fill in.")
    ] = False,
    json: Json = False,
) -> None:
    """List what breaks or weakens a claim of differential privacy that was made elsewhere.

    It can show that a claim is not end-to-end, never that it is. Exit code 0 in either case.
    """
    from privsynth.errors import InputError

    if template:
        from privsynth.privacy.statement import TEMPLATE

        sys.stdout.write(TEMPLATE)
        return
    if statement is None:
        raise InputError("name a statement, or print one to fill in with --template")
    from privsynth.privacy.lint import read_statement

    claim = read_statement(statement)
    if json:
        answer(claim.model_dump(mode="json") | {"end_to_end": claim.end_to_end})
        return
    for line in _lines(claim):
        sys.stdout.write(f"{printable(line)}\n")


def _lines(claim: Any) -> list[str]:
    """Return the claim, then what breaks it, then what weakens it, one line each."""
    again = "" if claim.recomputed is None else f"; its events give {claim.recomputed:.4g}"
    lines = [
        f"{claim.mechanism}: stated epsilon {claim.epsilon:g}, delta {claim.delta:g} "
        f"(unit: {claim.unit}; neighbours: {claim.neighbours}){again}",
        NOTHING if claim.end_to_end else "not end-to-end DP:",
        *(f"  - {text}" for text in claim.unaccounted),
    ]
    if claim.remarks:
        lines += ["remarks:", *(f"  - {text}" for text in claim.remarks)]
    return lines
