"""``privsynth verify``: does a release still say what it said?"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from privsynth.cli._common import Json, answer, printable

LONGEST_NAME = 32
TITLES = {
    "files": "Files",
    "report": "Inside the report",
    "record": "Record",
    "table": "Table",
    "decision": "Decision",
    "signatures": "Signatures",
}


def verify(
    release: Annotated[Path, typer.Argument(help="The release folder, or its release/ part.")],
    key: Annotated[
        list[Path] | None, typer.Option(help="A public key that must have signed; repeatable.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Is this file the released table, be it in another encoding?"),
    ] = None,
    json: Json = False,
) -> None:
    """Check signatures, digests, attachments and schemas, and decide again; one line a check.

    Nothing is written. Of an unsigned release it is only told whether it agrees with itself:
    whoever alters it can make the rest agree. --table compares columns by name, and cells row by
    row, so that rows in another order are another table.

    Exit code 0: the record is intact, whatever its verdict and whatever has expired since. 2: no
    release, key or table there. 3: not intact, not signed as asked, or another table.
    """
    from privsynth.provenance import verify as check

    checks = check(release, key or (), table)
    intact = all(one.ok for one in checks)
    if json:
        entries = ("name", "ok", "detail", "group", "note")
        answer(
            {
                "intact": intact,
                "checks": [{entry: getattr(one, entry) for entry in entries} for one in checks],
            }
        )
    else:
        sys.stdout.write(_lines(checks))
        bad = sum(not one.ok for one in checks)
        sys.stdout.write(
            "intact\n" if intact else f"NOT INTACT: {bad} of {len(checks)} checks fail\n"
        )
    raise typer.Exit(0 if intact else 3)


def _lines(checks: Any) -> str:
    """Return the checks for a terminal, as wide as it is: mark, name, and the wrapped detail."""
    import shutil
    import textwrap

    marks = ("✓", "!", "✗") if _prints("✓✗") else ("ok ", "!  ", "BAD")
    width = max(shutil.get_terminal_size().columns, 50)
    column = min(max((len(printable(one.name)) for one in checks), default=0), LONGEST_NAME)
    lines: list[str] = []
    group = ""
    for one in sorted(checks, key=lambda one: [*TITLES].index(one.group)):
        if one.group != group:
            group = one.group
            lines.append(TITLES[group])
        name = printable(one.name)
        mark = marks[2] if not one.ok else marks[1] if one.note else marks[0]
        lead = " " * (len(mark) + column + 3)
        head = f"{mark} {name:<{column}}  "
        if len(name) > column:
            lines.append(head.rstrip())
            head = lead
        detail = printable(one.detail)
        lines += textwrap.wrap(detail, width, initial_indent=head, subsequent_indent=lead)
    return "".join(f"{line}\n" for line in lines)


def _prints(text: str) -> bool:
    """Return whether the terminal has these letters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
