"""``privsynth schema``: a first schema for a person to correct and declare."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import Force, Json, answer, check_outputs, say

HEAD = """\
# Read from {name} by privsynth; correct it, then declare it.
# Entries listed under `inferred` were read from the rows and are NOT public: bounds and categories
# may give away single people. Replace them by what is publicly known and take them off the list.
# decimals: how many a number has, and nullable: false where no cell is empty, help private fits.
# entity: the column that names the person a row belongs to.  target: what a model would predict.
"""


def schema(
    table: Annotated[Path, typer.Argument(help="The table to look at.")],
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("schema.yaml"),
    force: Force = False,
    json: Json = False,
) -> None:
    """Guess kinds, ranges and categories, and say which entries came from the rows."""
    from privsynth.tables.infer import infer
    from privsynth.tables.load import load
    from privsynth.tables.schema import dump_schema
    from privsynth.tables.write import write_bytes

    check_outputs(force, out, inputs=(table,))
    found = infer(load(table), domain=True)
    write_bytes(out, (HEAD.format(name=table.name) + dump_schema(found)).encode())
    if json:
        answer(found.model_dump(mode="json", exclude_none=True))
        return
    for column in found.columns:
        note = f"  ({column.reason})" if column.reason else ""
        say(f"  {column.kind:<12} {column.name}{note}")
    say(f"  schema in {out}; entries marked inferred were read from the rows and are not public")
