"""Raw cells into canonical ones, so that equal values are equal whatever wrote the file."""

import re
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import (
    is_bool_dtype,
    is_datetime64_any_dtype,
    is_float_dtype,
    is_numeric_dtype,
)

from privsynth.errors import InputError
from privsynth.tables.distinct import distinct
from privsynth.tables.schema import Column, microsecond

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "nat", "-nan", "#na", "n.a."}
)
"""Texts that mean "no value", compared without case, unless the schema lists them as a category."""

TRUE = frozenset({"true", "t", "yes", "1", "1.0"})
FALSE = frozenset({"false", "f", "no", "0", "0.0"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,40}")
_NO_INTEGER = -(2**63)
_PLAIN = re.compile(r"-?(0|[1-9]\d*)\.0+")


class Cells:
    """Converted cells of one column, with masks of the unreadable and out-of-domain ones."""

    def __init__(self, cells: pd.Series, bad: Any, outside: Any) -> None:
        self.cells, self.bad, self.outside = cells, bad, outside


def is_missing(raw: pd.Series, column: Column | None = None) -> Any:
    """Return a mask, shape ``(rows,)``, of the cells that hold no value."""
    if raw.dtype != object and not isinstance(raw.dtype, pd.CategoricalDtype):
        return raw.isna().to_numpy(bool)
    codes, values = distinct(raw)
    known = set(column.categories or ()) if column else set()
    empty = np.array([_is_empty(v) and str(v).strip() not in known for v in values] + [True])
    return empty[codes]


def _is_empty(value: Any) -> bool:
    return str(value).strip().lower() in MISSING


def convert(raw: pd.Series, column: Column) -> Cells:
    """Return the cells of ``raw`` as canonical values of the column's kind.

    Cells that are no value of that kind (text or an infinity in a numeric column) are missing in
    the result and marked in ``bad``; ``outside`` marks values beyond declared bounds or categories.
    """
    raw = raw.reset_index(drop=True)
    missing = is_missing(raw, column)
    if column.kind == "datetime":
        return _datetimes(raw, missing, column)
    if column.kind == "boolean":
        return _booleans(raw, missing)
    if column.kind == "integer":
        return _integers(raw, missing, column)
    if column.kind != "numeric":
        return _texts(raw, missing, column)
    values = numbers(raw, missing)
    bad = ~missing & ~np.isfinite(values)
    values = np.where(bad | missing, np.nan, values)
    return Cells(pd.Series(values), bad, _beyond(values, column))


def _integers(raw: pd.Series, missing: Any, column: Column) -> Cells:
    if is_float_dtype(raw.dtype):
        return _whole(raw.to_numpy(np.float64, na_value=np.nan), missing, column)
    # Not by way of float64, which makes one number of many beyond 2**53.
    codes, values = distinct(raw)
    parsed = np.array([_integer(value) for value in values] + [_NO_INTEGER], dtype=np.int64)
    bad = ~missing & (parsed[codes] == _NO_INTEGER)
    cells = pd.Series(parsed[codes], dtype="Int64").mask(missing | bad)
    outside = _beyond(cells.to_numpy(np.float64, na_value=np.nan), column)
    return Cells(cells, bad, outside)


def _whole(values: Any, missing: Any, column: Column) -> Cells:
    """Return floats as integers; those that are none, or beyond 64 bits, are bad."""
    with np.errstate(invalid="ignore"):
        good = ~missing & (values == np.round(values)) & (np.abs(values) < 2.0**63)
    bad = ~missing & ~good
    cells = pd.Series(np.where(good, values, 0).astype(np.int64), dtype="Int64").mask(~good)
    return Cells(cells, bad, _beyond(np.where(good, values, np.nan), column))


def _integer(value: Any) -> int:
    text = str(int(value) if isinstance(value, bool | np.bool_) else value).strip()
    if _WHOLE.fullmatch(text):
        number = int(text)
    else:
        found = _number(text)
        number = int(found) if np.isfinite(found) and found == np.round(found) else _NO_INTEGER
    return number if abs(number) < -_NO_INTEGER else _NO_INTEGER


def numbers(raw: pd.Series, missing: Any) -> Any:
    """Return floats, shape ``(rows,)``: NaN where missing, infinity where the text is no number."""
    if is_numeric_dtype(raw.dtype):
        return raw.astype("Float64").to_numpy(np.float64, na_value=np.nan) + 0.0
    codes, values = distinct(raw)
    parsed = np.array([_number(value) for value in values] + [np.nan])
    return np.where(missing, np.nan, parsed[codes]) + 0.0


def _number(value: Any) -> float:
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        return np.inf
    return float(text)


def _beyond(values: Any, column: Column) -> Any:
    low, high = column.ends
    outside = np.zeros(len(values), bool)
    with np.errstate(invalid="ignore"):
        if low is not None:
            outside |= values < low
        if high is not None:
            outside |= values > high
    return outside


def _datetimes(raw: pd.Series, missing: Any, column: Column) -> Cells:
    if is_datetime64_any_dtype(raw.dtype):
        cells = pd.to_datetime(raw, utc=True).dt.tz_localize(None).astype("datetime64[us]")
    else:
        codes, values = distinct(raw.astype(object).mask(missing))
        stamps = _stamps(pd.Series(values, dtype=object), column)
        cells = pd.Series(np.append(stamps, np.datetime64("NaT", "us"))[codes])
    bad = ~missing & cells.isna().to_numpy()
    return Cells(cells, bad, _beyond(microseconds(cells), column))


def _stamps(texts: pd.Series, column: Column) -> Any:
    """Return datetime64[us], shape ``(texts,)``, in UTC; NaT where a text is no datetime."""
    style = column.format or "ISO8601"
    try:
        stamps = pd.to_datetime(texts, format=style, utc=True, errors="coerce")
    except ValueError:
        raise InputError(f"column {column.name!r}: {style!r} is no strptime format") from None
    found = stamps.dt.tz_localize(None).to_numpy("datetime64[us]").copy()
    if column.format is None:
        # pandas counts nanoseconds, so its years end in 2262: 9999-12-31, "for ever", is beyond.
        for i in np.flatnonzero(np.isnat(found)):
            with suppress(ValueError):
                found[i] = np.datetime64(int(microsecond(str(texts[i]).strip())), "us")
    return found


def microseconds(cells: pd.Series) -> Any:
    """Return datetimes as float microseconds since 1970, NaN where missing."""
    values = cells.to_numpy("datetime64[us]").astype(np.int64).astype(np.float64)
    return np.where(cells.isna().to_numpy(), np.nan, values)


def _booleans(raw: pd.Series, missing: Any) -> Cells:
    if is_bool_dtype(raw.dtype):
        return Cells(raw.astype("boolean"), np.zeros(len(raw), bool), np.zeros(len(raw), bool))
    codes, values = distinct(raw.astype(object))
    texts = [str(value).strip().lower() for value in values]
    truth = np.array([1 if t in TRUE else 0 if t in FALSE else -1 for t in texts] + [-1])
    found = np.where(missing, -1, truth[codes])
    cells = pd.Series(found == 1, dtype="boolean").mask(pd.Series(found < 0))
    return Cells(cells, ~missing & (found < 0), np.zeros(len(raw), bool))


def _texts(raw: pd.Series, missing: Any, column: Column) -> Cells:
    codes, values = distinct(raw.astype(object))
    if column.is_read:
        spelled = [_spelling(value, column) for value in values]
    elif column.kind == "id":
        spelled = [plain(str(value).strip()) for value in values]
    else:
        spelled = [str(value).strip() for value in values]
    table = np.array([*spelled, None], dtype=object)
    cells = table[np.where(missing, len(values), codes)]
    outside = np.zeros(len(raw), bool)
    if column.categories is not None:
        strange = np.array([value not in column.categories for value in spelled] + [False])
        outside = strange[np.where(missing, len(values), codes)]
    return Cells(pd.Series(cells, dtype=object), np.zeros(len(raw), bool), outside)


def _spelling(value: Any, column: Column) -> str:
    """Return a category's one spelling: the declared one where there is one, else plain."""
    text = str(value).strip()
    if column.categories is None:
        return plain(text)
    if text in column.categories:
        return text
    same = {comparable(category): category for category in column.categories}
    return same.get(comparable(text), plain(text))


def plain(text: str) -> str:
    """Return ``2`` for ``2.0`` and ``True`` for ``TRUE``; any other text as it is."""
    if _PLAIN.fullmatch(text):
        return "0" if float(text) == 0 else text.split(".")[0]
    if text.lower() in ("true", "false"):
        return text.capitalize()
    return text


def comparable(text: str) -> str:
    """Return what is compared: numbers by value (``007`` is ``7``), other texts as spelled."""
    if _NUMBER.fullmatch(text):
        value = float(text)
        return repr(value + 0.0) if np.isfinite(value) else text
    return plain(text)
