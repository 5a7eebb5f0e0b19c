"""A released file back into the rows that were audited, without the schema, which stays home."""

from pathlib import Path
from typing import Any

from privsynth.errors import InputError
from privsynth.evidence import Bundle
from privsynth.tables import Column, Schema, Table
from privsynth.tables.load import load
from privsynth.tables.read import from_raw


def reread(path: Path, bundle: Bundle) -> Table:
    """Return the table in a file of this package, its columns of the kinds that were audited.

    Its digest is that of the audited table exactly if its rows are. Raises ``InputError`` for a
    file that is no such table.
    """
    raw = load(path)
    released = [column for column in bundle.columns if column.released]
    columns = tuple(
        _column(column.name, column.kind, raw[column.name])
        for column in released
        if column.name in raw.columns
    )
    if not columns:
        raise InputError(f"{path}: holds none of the audited columns")
    return from_raw(raw, Schema(columns=columns), role="synthetic", name=path.name)


def _column(name: str, kind: str, cells: Any) -> Column:
    """Return a column that takes its texts as they stand: they were made canonical at the audit."""
    if kind not in ("categorical", "ordinal"):
        return Column.model_validate({"name": name, "kind": kind})
    texts = {str(cell) for cell in cells.dropna().unique()} - {""}
    return Column.model_validate(
        {"name": name, "kind": kind, "categories": sorted(texts) or ["(all missing)"]}
    )
