"""One frozen space for every comparison: scaled numbers, category codes and exact cell values."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from privsynth.tables.convert import comparable, microseconds
from privsynth.tables.distinct import distinct
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import Table

_ABSENT = np.int64(-(2**63))
_HALF = np.finfo(np.float64).max / 2
"""Ends of a range stay within this, so that its width is a number."""


@dataclass(frozen=True, eq=False)
class Records:
    """Rows in a ``Space``: what attacks and measures compare.

    ``numbers (n, p)`` float64, scaled to [0, 1]: NaN is missing, infinity matches nothing.
    ``codes (n, q)`` int64: 0 is missing, -1 matches nothing. ``cells (n, p + q)`` int64: one value
    for each distinct exact cell value, unscaled and unclamped, so equal rows have equal cells.
    ``units (n,)`` says which rows belong to one person. ``parts`` are the pieces it was joined of.
    ``weights (n, q)`` is what a mismatch costs where these rows ask, 1 each when it is None.
    """

    numbers: Any
    codes: Any
    cells: Any
    units: Any
    parts: tuple["Records", ...] = ()
    weights: Any = None

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def leaves(self) -> tuple["Records", ...]:
        """The pieces that were encoded as such, in row order."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) or (self,)

    def take(self, rows: Any) -> "Records":
        """Return these rows, in this order."""
        weights = None if self.weights is None else self.weights[rows]
        return Records(
            self.numbers[rows], self.codes[rows], self.cells[rows], self.units[rows],
            weights=weights,
        )  # fmt: skip

    def row_keys(self) -> list[bytes]:
        """Return one key a row; equal rows have equal keys, and only they."""
        width = self.cells.shape[1] * 8
        raw = np.ascontiguousarray(self.cells).tobytes()
        return [raw[i * width : (i + 1) * width] for i in range(len(self))]


def concat(*parts: Records) -> Records:
    """Return the parts below each other; units of different parts stay different."""
    offset, units = 0, []
    for part in parts:
        units.append(part.units + offset)
        offset += int(part.units.max(initial=-1)) + 1
    return Records(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.cells for part in parts]),
        np.concatenate(units),
        parts,
        None if parts[0].weights is None else np.concatenate([part.weights for part in parts]),
    )


@dataclass(frozen=True)
class Space:
    """Ranges and category codes, fixed once and used for every table of an audit.

    Ranges are the declared bounds, else those over all real tables together: symmetric in
    membership, so that exchangeability holds (attacks.md 2). Ordinals and datetimes are ordered
    numbers; categories and booleans are codes.
    """

    ordered: tuple[Column, ...]
    coded: tuple[Column, ...]
    low: Any
    width: Any
    vocabulary: tuple[dict[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns compared, in the order of ``Records.cells``."""
        return tuple(column.name for column in (*self.ordered, *self.coded))

    def encode(self, table: Table) -> Records:
        """Return the table's rows in this space."""
        n = len(table)
        numbers = np.empty((n, len(self.ordered)))
        codes = np.empty((n, len(self.coded)), np.int64)
        cells = np.empty((n, len(self.ordered) + len(self.coded)), np.int64)
        for j, column in enumerate(self.ordered):
            bad = table.unreadable.get(column.name)
            values = _values(table.frame[column.name], column)
            with np.errstate(over="ignore"):  # far outside the range: cut to its end
                scaled = np.clip((values - self.low[j]) / self.width[j], 0.0, 1.0)
            scaled = np.where(np.isinf(values), np.inf, scaled)
            numbers[:, j] = scaled if bad is None else np.where(bad, np.inf, scaled)
            cells[:, j] = _exact(table.frame[column.name], values, column)
            _mark(cells[:, j], bad, table.name)
        for j, column in enumerate(self.coded):
            bad = table.unreadable.get(column.name)
            known, texts = _categories(table.frame[column.name])
            numbered = np.array([self.vocabulary[j].get(text, -1) for text in texts] + [0])
            found = numbered[known]
            codes[:, j] = found if bad is None else np.where(bad, -1, found)
            cells[:, len(self.ordered) + j] = _hashes(known, texts)
            _mark(cells[:, len(self.ordered) + j], bad, table.name)
        return Records(numbers, codes, cells, table.units)


def fit_space(schema: Schema, tables: list[Table]) -> Space:
    """Return the space of these real tables (train, holdout and reference together)."""
    ordered = tuple(c for c in schema.read if c.kind not in ("categorical", "boolean"))
    coded = tuple(c for c in schema.read if c.kind in ("categorical", "boolean"))
    low, width = np.zeros(len(ordered)), np.ones(len(ordered))
    for j, column in enumerate(ordered):
        low[j], high = _bounds(column, [table.frame[column.name] for table in tables])
        width[j] = high - low[j] if high > low[j] else 1.0
    vocabulary = []
    for column in coded:
        texts: set[str] = set()
        for table in tables:
            texts |= set(_categories(table.frame[column.name])[1])
        vocabulary.append({text: code for code, text in enumerate(sorted(texts), start=1)})
    return Space(ordered, coded, low, width, tuple(vocabulary))


def _bounds(column: Column, cells: list[Any]) -> tuple[float, float]:
    if column.kind == "ordinal":
        return 0.0, float(len(column.categories or ()) - 1)
    values = np.concatenate([_values(part, column) for part in cells])
    values = values[np.isfinite(values)]
    found = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    low, high = (r if end is None else end for end, r in zip(column.ends, found, strict=True))
    return max(low, -_HALF), min(high, _HALF)


def _values(cells: pd.Series, column: Column) -> Any:
    """Return ordered values as floats: NaN where missing, infinity for an unknown ordinal."""
    if column.kind == "datetime":
        return microseconds(cells)
    if column.kind == "ordinal":
        rank = {comparable(text): float(i) for i, text in enumerate(column.categories or ())}
        known, texts = _categories(cells)
        return np.array([rank.get(text, np.inf) for text in texts] + [np.nan])[known]
    return cells.astype("Float64").to_numpy(np.float64, na_value=np.nan) + 0.0


def _categories(cells: pd.Series) -> tuple[Any, list[str]]:
    """Return codes ``(rows,)``, -1 where missing, and what is compared for each code."""
    known, values = distinct(cells.astype(object))
    return known, [comparable(str(value)) for value in values]


def _exact(cells: pd.Series, values: Any, column: Column) -> Any:
    """Return ordered cells as int64 of their own: the bits of a float, an integer itself."""
    if column.kind == "ordinal":
        return _hashes(*_categories(cells))
    if column.kind == "integer":
        return cells.astype("Int64").to_numpy(np.int64, na_value=_ABSENT)
    bits = np.ascontiguousarray(values, np.float64).view(np.int64).copy()
    bits[np.isnan(values)] = _ABSENT
    return bits


def _hashes(known: Any, texts: list[str]) -> Any:
    hashed = pd.util.hash_array(np.array(texts, dtype=object)).view(np.int64)
    return np.append(hashed, _ABSENT)[known]


def _mark(cells: Any, bad: Any, name: str) -> None:
    """Give each unreadable cell a value of its own, so that it equals nothing in any table."""
    if bad is not None and bad.any():
        rows = np.flatnonzero(bad)
        # Patterns of NaN with table and row in them: the bits of no number, a hash by no chance.
        table = np.int64(zlib.crc32(name.encode()) % 2**19)
        cells[rows] = np.int64(0x7FF8 << 48) + (table << np.int64(32)) + rows + 1
