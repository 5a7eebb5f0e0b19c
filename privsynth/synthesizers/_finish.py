"""The contract on a synthesizer's output: rows, columns, cell types and declared bounds."""

import math
from typing import Any

import pandas as pd

from privsynth.errors import PrivsynthError
from privsynth.tables.schema import ORDERED, Column, Schema
from privsynth.tables.table import typed

LIMITS = {"numeric": math.inf, "integer": 2.0**63}
"""What the size of a number must stay below, by kind."""


def finish(frame: Any, schema: Schema, n: int, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return ``frame`` in canonical form, within declared bounds, and notes on what was moved.

    Raises ``PrivsynthError`` naming the synthesizer and the column, never a value, when the output
    is not a table of ``n`` rows with exactly the columns of ``schema`` and values of their kinds.
    """
    _check_shape(frame, schema, n, name)
    columns: dict[str, pd.Series] = {}
    notes: list[str] = []
    moved: list[str] = []
    for column in schema.columns:
        cells = _typed(frame[column.name], column, name)
        cells, clipped = _within(cells, column)
        if clipped:
            moved.append(f"{column.name!r} {clipped}")
        strange = _undeclared(cells, column)
        if strange:
            notes.append(f"column {column.name!r}: {strange} values are no declared category")
        columns[column.name] = cells
    if moved:
        notes.append(f"values moved to the nearest declared bound: {', '.join(moved)}")
    return pd.DataFrame(columns, columns=list(schema.names)), notes


def declared_bounds(column: Column) -> tuple[float | str | None, float | str | None]:
    """Return the bounds that a person declared; one that was read from the data is None."""
    low = None if "low" in column.inferred else column.low
    high = None if "high" in column.inferred else column.high
    return low, high


def _check_shape(frame: Any, schema: Schema, n: int, name: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise PrivsynthError(f"synthesizer {name!r} returned no pandas DataFrame")
    given = list(frame.columns)
    missing = [column for column in schema.names if column not in given]
    extra = [str(column) for column in given if column not in schema.names]
    if missing or extra or len(given) != len(schema.names):
        parts = [
            f"{what} {', '.join(map(repr, columns))}"
            for what, columns in (("lacks", missing), ("adds", extra))
            if columns
        ]
        raise PrivsynthError(
            f"synthesizer {name!r} returned the wrong columns: "
            f"{'; '.join(parts) or 'some occur twice'}"
        )
    if len(frame) != n:
        raise PrivsynthError(f"synthesizer {name!r} returned {len(frame)} rows instead of {n}")


def _typed(cells: pd.Series, column: Column, name: str) -> pd.Series:
    wrong = PrivsynthError(
        f"synthesizer {name!r}: column {column.name!r} holds values of another kind "
        f"than {column.kind}"
    )
    try:
        if column.kind in LIMITS and _reaches(cells, LIMITS[column.kind]):
            raise PrivsynthError(
                f"synthesizer {name!r}: column {column.name!r} holds infinite or far too large "
                "values"
            )
        out = typed(cells.to_frame(column.name), Schema(columns=(column,)))[column.name]
    except (TypeError, ValueError, OverflowError):
        raise wrong from None
    if out.dtype == object and not all(v is None or isinstance(v, str) for v in out):
        raise wrong
    return out


def _reaches(cells: pd.Series, limit: float) -> bool:
    numbers = pd.to_numeric(cells, errors="coerce").astype("Float64")
    return bool((numbers.abs() >= limit).fillna(False).any())


def _within(cells: pd.Series, column: Column) -> tuple[pd.Series, int]:
    """Return the cells moved into the declared bounds, and how many had to move."""
    if column.kind not in ORDERED:
        return cells, 0
    low, high = declared_bounds(column)
    clipped = cells.clip(lower=_bound(low, column, True), upper=_bound(high, column, False))
    present = cells.notna()
    return clipped, int((clipped[present] != cells[present]).sum())


def _bound(end: float | str | None, column: Column, is_low: bool) -> Any:
    if end is None:
        return None
    if column.kind == "datetime":
        return pd.to_datetime(str(end), utc=True).tz_localize(None)
    if column.kind == "integer":
        return math.ceil(float(end)) if is_low else math.floor(float(end))
    return float(end)


def _undeclared(cells: pd.Series, column: Column) -> int:
    if column.categories is None or "categories" in column.inferred:
        return 0
    return int((~cells.isin(column.categories) & cells.notna()).sum())
