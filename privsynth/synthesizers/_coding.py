"""A table as the plain columns a model of floats and labels can take, and back again.

SDV sees neither column names, nor texts, nor missing cells, nor columns without variation:

- numbers and datetimes become floats; where some are missing, the holes are filled with draws from
  the values that are there, and a label column of its own says which cells are missing (columns
  missing in the same rows share one). SDV's own way, the mean in every hole and holes punched at
  random afterwards, makes a spike at the mean, loses which cells are missing together, and
  punches the same rows in every sample;
- categories, ordinals and booleans become labels numbered in their declared or sorted order, with
  missing as one more label, so that the model does not depend on the order of the rows;
- constant and empty columns stay outside and are attached again.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from privsynth.tables.schema import ORDERED, Column, Schema
from privsynth.tables.table import typed

STEPS = (86_400_000_000, 1_000_000, 1)
"""A datetime is counted in days, seconds or microseconds: the coarsest that loses nothing."""


@dataclass(frozen=True)
class Numbers:
    """How one column of numbers or datetimes is coded.

    ``code`` is its column of floats (None: ``constant`` in every row, NaN if all are missing),
    ``flag`` the label column that says where it is missing, ``step`` a datetime's unit.
    """

    code: str | None
    constant: float
    flag: str | None
    step: int

    def decode(self, coded: pd.DataFrame, column: Column) -> Any:
        """Return the cells of the column for these coded rows."""
        if self.code is None:
            values = np.full(len(coded), self.constant)
        else:
            values = coded[self.code].to_numpy(np.float64)
        if self.flag is not None:
            values = np.where(coded[self.flag] == _label(1), np.nan, values)
        if column.kind != "datetime":
            return values
        whole = np.round(np.where(np.isnan(values), 0, values)).astype(np.int64) * self.step
        return np.where(
            np.isnan(values), np.datetime64("NaT", "us"), whole.astype("datetime64[us]")
        )


@dataclass(frozen=True)
class Labels:
    """How one column of categories is coded: ``values`` by label number, None for missing."""

    code: str | None
    values: tuple[Any, ...]

    def decode(self, coded: pd.DataFrame, column: Column) -> Any:
        """Return the cells of the column for these coded rows."""
        if self.code is None:
            return pd.Series([self.values[0]] * len(coded), dtype=object)
        numbers = coded[self.code].astype(int).to_numpy()
        return pd.Series([self.values[number] for number in numbers], dtype=object)


@dataclass(frozen=True)
class Coder:
    """How every column of a schema is coded; ``labels`` and ``floats`` name the coded columns."""

    schema: Schema
    codings: tuple[Numbers | Labels, ...]
    floats: tuple[str, ...]
    labels: tuple[str, ...]

    def decode(self, coded: pd.DataFrame) -> pd.DataFrame:
        """Return coded rows as rows of the schema, in canonical cell types."""
        pairs = zip(self.schema.columns, self.codings, strict=True)
        cells = {column.name: coding.decode(coded, column) for column, coding in pairs}
        return typed(pd.DataFrame(cells), self.schema)


def code(
    frame: pd.DataFrame, schema: Schema, rng: np.random.Generator
) -> tuple[Coder, pd.DataFrame]:
    """Return the coder of a table and its coded rows; ``rng`` fills the holes."""
    coded: dict[str, Any] = {}
    flags: dict[bytes, str] = {}
    codings: list[Numbers | Labels] = []
    coding: Numbers | Labels
    for number, column in enumerate(schema.columns):
        if column.kind in ORDERED:
            coding, new = _numbers(frame[column.name], f"x{number}", flags, rng)
        else:
            coding, new = _labels(frame[column.name], column, f"c{number}")
        codings.append(coding)
        coded.update(new)
    floats = tuple(name for name in coded if name.startswith("x"))
    labels = tuple(name for name in coded if not name.startswith("x"))
    rows = pd.DataFrame(coded, index=range(len(frame)))
    return Coder(schema, tuple(codings), floats, labels), rows


def _numbers(
    cells: pd.Series, name: str, flags: dict[bytes, str], rng: np.random.Generator
) -> tuple[Numbers, dict[str, Any]]:
    values, step = _floats(cells)
    missing = np.isnan(values)
    present = values[~missing]
    if not len(present):
        return Numbers(None, np.nan, None, step), {}
    coded: dict[str, Any] = {}
    flag = None
    if missing.any():
        flag = flags.setdefault(missing.tobytes(), f"m{name}")
        coded[flag] = np.array([_label(0), _label(1)], dtype=object)[missing.astype(int)]
        values = values.copy()
        values[missing] = rng.choice(present, size=int(missing.sum()))
    if (present == present[0]).all():
        return Numbers(None, float(present[0]), flag, step), coded
    return Numbers(name, np.nan, flag, step), {name: values, **coded}


def _floats(cells: pd.Series) -> tuple[Any, int]:
    if cells.dtype.kind != "M":
        return cells.astype("Float64").to_numpy(np.float64, na_value=np.nan), 1
    missing = cells.isna().to_numpy()
    counts = np.where(missing, 0, cells.to_numpy("datetime64[us]").astype(np.int64))
    step = next(step for step in STEPS if (counts % step == 0).all())
    return np.where(missing, np.nan, counts / step), step


def _labels(cells: pd.Series, column: Column, name: str) -> tuple[Labels, dict[str, Any]]:
    texts = cells.astype(object)
    texts = texts.where(texts.notna(), None)
    seen = {value for value in texts if value is not None}
    order = {value: place for place, value in enumerate(column.categories or ())}
    values: list[Any] = sorted(seen, key=lambda value: (order.get(value, len(order)), value))
    if texts.isna().any():
        values.append(None)
    if len(values) == 1:
        return Labels(None, tuple(values)), {}
    numbers = {value: _label(number) for number, value in enumerate(values)}
    return Labels(name, tuple(values)), {name: np.array([numbers[v] for v in texts], dtype=object)}


def _label(number: int) -> str:
    # Padded, since SDV orders the values of an ordinal column as texts.
    return f"{number:06d}"
