"""``privsynth verify``: does a release still say what it said?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import Json, answer, printable


def verify(
    release: Annotated[Path, typer.Argument(help="The release folder, or its release/ part.")],
    json: Json = False,
) -> None:
    """Recompute every digest and the decision; one line a check.

    Exit code 0: the record is intact, whatever its verdict. 3: it is not.
    """
    from privsynth.provenance import verify as check

    checks = check(release)
    intact = all(one.ok for one in checks)
    if json:
        answer(
            {
                "intact": intact,
                "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks],
            }
        )
    else:
        for one in checks:
            line = printable(f"{'ok ' if one.ok else 'BAD'} {one.name}: {one.detail}")
            sys.stdout.write(f"{line}\n")
        sys.stdout.write("intact\n" if intact else "NOT INTACT\n")
    raise typer.Exit(0 if intact else 3)
