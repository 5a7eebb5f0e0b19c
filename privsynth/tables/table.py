"""A table with its schema and digest, in canonical cell types."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from privsynth.errors import InputError
from privsynth.tables.convert import comparable
from privsynth.tables.schema import Column, Schema

DTYPES = {
    "numeric": "float64",
    "integer": "Int64",
    "boolean": "boolean",
    "datetime": "datetime64[us]",
}
"""Canonical cell types by kind; every other kind is ``object``: a text, or None where missing."""


@dataclass(frozen=True)
class Table:
    """Rows with canonical cell types (``DTYPES``), their schema and a logical digest.

    ``unreadable`` marks, by column, cells of a synthetic table that are no value of their kind:
    they are missing in ``frame``, match nothing, and are counted. ``notes`` tell what was done
    while reading (dropped index column, out-of-bounds counts), never a value.
    """

    frame: pd.DataFrame
    schema: Schema
    name: str
    unreadable: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if tuple(self.frame.columns) != self.schema.names:
            raise InputError(f"{self.name}: the columns are not those of the schema, in its order")

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def digest(self) -> str:
        """SHA-256 over column names, kinds and cells: equal values, equal digest, in any format."""
        state = hashlib.sha256(f"{len(self)} rows\x1e".encode())
        for column in self.schema.columns:
            state.update(f"{column.name}\x1f{column.kind}\x1e".encode())
            state.update(cell_bytes(self.frame[column.name], column))
        return state.hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names and values whatever the order of rows and columns, or their kinds.

        Exporting a table again, or declaring a schema for it, does not make another source of it.
        """
        rows = np.zeros(len(self), np.uint64)
        for name in sorted(self.schema.names):
            codes, values = pd.factorize(self.frame[name].astype(object), use_na_sentinel=True)
            texts = [f"{name}\x1f{comparable(str(value))}" for value in values]
            hashed = pd.util.hash_array(np.array([*texts, f"{name}\x1f\x00"], dtype=object))
            # A column's hash is mixed before it is added, so that swapped cells do not cancel out.
            rows += hashed[codes] * np.uint64(0x9E3779B97F4A7C15) ^ (hashed[codes] >> np.uint64(29))
        return hashlib.sha256(np.sort(rows).tobytes()).hexdigest()

    @property
    def units(self) -> Any:
        """Unit numbers, shape ``(rows,)``: rows of one entity share one, else each has its own."""
        if self.schema.entity is None:
            return np.arange(len(self))
        texts = self.frame[self.schema.entity].astype(object)
        if texts.isna().any():
            row = int(np.flatnonzero(texts.isna())[0]) + 1
            raise InputError(
                f"{self.name}: entity column {self.schema.entity!r} is empty in row {row}; "
                "every row must name the person it belongs to"
            )
        return pd.factorize(texts.map(str))[0]

    def take(self, rows: Sequence[int] | Any, name: str) -> "Table":
        """Return the rows at these positions, in this order, as a table of their own."""
        frame = self.frame.iloc[rows].reset_index(drop=True)
        marks = {column: mask[rows] for column, mask in self.unreadable.items()}
        return Table(frame, self.schema, name, marks, ())

    def without(self, columns: set[str]) -> "Table":
        """Return the table without these columns."""
        frame = self.frame.drop(columns=[c for c in self.frame.columns if c in columns])
        marks = {c: mask for c, mask in self.unreadable.items() if c not in columns}
        return Table(frame, self.schema.without(columns), self.name, marks, self.notes)


def cell_bytes(cells: pd.Series, column: Column) -> bytes:
    """Return the cells of a column as bytes that depend on values only."""
    if column.kind == "boolean":
        return bytes(cells.astype("Int64").fillna(-1).to_numpy(np.int64).tobytes())
    if column.kind == "integer":
        missing = cells.isna().to_numpy()
        return bytes(cells.fillna(0).to_numpy(np.int64).tobytes() + missing.tobytes())
    if column.kind == "datetime":
        return bytes(cells.to_numpy("datetime64[us]").astype(np.int64).tobytes())
    if column.kind == "numeric":
        values = cells.to_numpy(np.float64) + 0.0
        return np.where(np.isnan(values), np.nan, values).tobytes()
    texts = [b"" if v is None else str(v).encode() for v in cells]
    lengths = [-1 if v is None else len(t) for v, t in zip(cells, texts, strict=True)]
    return np.array(lengths, np.int64).tobytes() + b"".join(texts)


def typed(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return ``frame`` in the schema's column order and canonical cell types.

    For frames whose cells already are values of their kinds (a generator's output); texts from a
    file go through ``tables.convert``.
    """
    out: dict[str, Any] = {}
    for column in schema.columns:
        cells = frame[column.name].reset_index(drop=True)
        if column.kind == "integer":
            out[column.name] = pd.to_numeric(cells).round().astype("Int64")
        elif column.kind in DTYPES:
            out[column.name] = cells.astype(DTYPES[column.kind])
        else:
            texts = cells.astype(object)
            out[column.name] = texts.where(texts.notna(), None)
    return pd.DataFrame(out, columns=list(schema.names))


def stack(tables: Sequence[Table]) -> Table:
    """Return tables of one schema below each other: what is released together is audited as one."""
    first = tables[0]
    if len(tables) == 1:
        return first
    for other in tables[1:]:
        if other.schema.names != first.schema.names:
            raise InputError(f"{first.name} and {other.name} have different columns")
    sizes = [len(table) for table in tables]
    marks = {
        name: np.concatenate(
            [t.unreadable.get(name, np.zeros(n, bool)) for t, n in zip(tables, sizes, strict=True)]
        )
        for name in {name for table in tables for name in table.unreadable}
    }
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    notes = tuple(note for table in tables for note in table.notes)
    return Table(frame, first.schema, "synthetic", marks, notes)
