"""Files into tables: load, match columns to a schema, convert, refuse what cannot be audited."""

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from privsynth.errors import InputError
from privsynth.tables.convert import convert
from privsynth.tables.infer import infer, is_index
from privsynth.tables.load import load
from privsynth.tables.schema import Schema
from privsynth.tables.table import Table

Role = Literal["real", "synthetic"]


def read(
    path: Path | str, schema: Schema | None = None, *, role: Role = "real", name: str = ""
) -> Table:
    """Return the table in a CSV, CSV.gz, TSV or Parquet file.

    Without ``schema`` the kinds are inferred. A real table must be clean: a text or an infinity in
    a numeric column, or a value outside declared categories, raises ``InputError`` with column and
    row number. A synthetic one made elsewhere may hold such cells: they are marked unreadable; it
    may also lack the columns that nothing compares (ids, free text, entity).
    """
    path = Path(path)
    raw = load(path)
    return from_raw(raw, schema, role=role, name=name or path.name)


def from_raw(
    raw: pd.DataFrame, schema: Schema | None, *, role: Role, name: str, rows_above: int = 0
) -> Table:
    """Return a table from raw columns as ``load`` gives them (see ``read``).

    ``rows_above`` counts the rows of the file before this piece of it, for row numbers in errors.
    """
    if schema is None:
        schema = infer(raw)
    present, notes = _match(raw, schema, role, name)
    cells: dict[str, Any] = {}
    unreadable: dict[str, Any] = {}
    for column in present.columns:
        found = convert(raw[column.name], column)
        if role == "real":
            _refuse(found.bad, f"are no {column.kind} values", column.name, name, rows_above)
            if column.categories is not None and "categories" not in column.inferred:
                why = "are not among the declared categories"
                _refuse(found.outside, why, column.name, name, rows_above)
        elif found.bad.any():
            unreadable[column.name] = found.bad
        if found.outside.any():
            what = "categories" if column.categories else "bounds"
            source = "inferred" if {"low", "high", what} & set(column.inferred) else "declared"
            notes.append(
                f"{name}: column {column.name!r} has {int(found.outside.sum())} of {len(raw)} "
                f"values outside its {source} {what}"
            )
        cells[column.name] = found.cells
    frame = pd.DataFrame(cells, columns=list(present.names))
    return Table(frame, present, name, unreadable, tuple(notes))


def _match(raw: pd.DataFrame, schema: Schema, role: Role, name: str) -> tuple[Schema, list[str]]:
    notes: list[str] = []
    missing = [c for c in schema.names if c not in raw.columns]
    if role == "synthetic":
        optional = {c.name for c in schema.ignored}
        schema = schema.without({c for c in missing if c in optional})
        missing = [c for c in missing if c not in optional]
    extra = [str(c) for c in raw.columns if c not in schema.names]
    index = [c for c in extra if is_index(c, raw[c], in_order=role == "synthetic")]
    if index:
        notes.append(f"{name}: left out the row-number column {index[0]!r}")
    extra = [c for c in extra if c not in index]
    if missing and len(missing) == len(schema.names):  # the first line may be somebody's row
        raise InputError(
            f"{name}: none of the {len(missing)} columns of the schema or training table is there "
            f"({', '.join(map(repr, missing[:8]))}); its first line must hold the column names"
        )
    if missing or extra:
        parts = [
            f"{what}: {', '.join(map(repr, found[:8]))}{' …' if len(found) > 8 else ''}"
            for what, found in (("missing", missing), ("not expected", extra))
            if found
        ]
        raise InputError(
            f"{name}: the columns differ from those of the schema or training table "
            f"({'; '.join(parts)}); make the column names equal, or declare them in the schema"
        )
    if not schema.columns:
        raise InputError(f"{name}: there is no column beside the row number; give the data's own")
    return schema, notes


def _refuse(mask: Any, why: str, column: str, name: str, rows_above: int) -> None:
    count = int(mask.sum())
    if count:
        row = rows_above + int(mask.argmax()) + 1
        raise InputError(
            f"{name}: column {column!r}: {count} of {len(mask)} cells {why} (first in row {row}, "
            "the header not counted); mend them, or declare the column otherwise in the schema"
        )


def check_informative(table: Table) -> None:
    """Refuse a real table with an undeclared column of one value or none.

    Such a column can neither be attacked nor measured, and its domain is unknown. A column whose
    domain the schema declares may hold one value only: a small table easily does.
    """
    if not table.schema.read:
        raise InputError(
            f"{table.name}: every column is an id, free text or the entity, so there is nothing to "
            "compare; declare the kinds in the schema"
        )
    for column in table.schema.read:
        if column.has_declared_domain or not column.inferred:
            continue
        cells = table.frame[column.name].dropna()
        if cells.nunique() <= 1:
            what = "a single value" if len(cells) else "no value at all"
            raise InputError(
                f"{table.name}: column {column.name!r} holds {what} in all {len(table)} rows, so "
                "nothing can be measured in it; drop it, or declare its kind and domain in the "
                "schema"
            )
