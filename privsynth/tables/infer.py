"""A first guess at a schema, for a person to read and correct."""

import re
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from privsynth.errors import InputError
from privsynth.tables.convert import convert, is_missing, numbers
from privsynth.tables.distinct import distinct
from privsynth.tables.schema import Column, Kind, Schema

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|seqn|ssn|mrn|iban|email|e-mail|phone)$", re.I)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.I)
_MOSTLY_UNIQUE = 0.9
_FEW_ROWS = 20


def infer(raw: pd.DataFrame, *, domain: bool = False) -> Schema:
    """Return a guessed schema for raw columns; every guess is marked ``inferred``.

    With ``domain`` the bounds and categories found in the rows are written down too, for a person
    to replace by public ones: as they stand they are taken from real rows and are not public.
    """
    _refuse_data_as_header([str(name) for name in raw.columns])
    columns = [
        _column(str(name), raw[name], domain)
        for name in raw.columns
        if not is_index(str(name), raw[name])
    ]
    return Schema(columns=tuple(columns))


def _refuse_data_as_header(names: list[str]) -> None:
    values = numbers(pd.Series(names, dtype=object), np.zeros(len(names), bool))
    values = values[np.isfinite(values)]
    # 0, 1, 2 … or a row of years are names; other numbers are the first person's.
    if 2 * len(values) > len(names) > 1 and not (np.diff(values) > 0).all():
        raise InputError(
            "the first line of the table holds numbers where column names should be; add a line "
            "with the names above it"
        )


def is_index(name: str, cells: pd.Series, *, in_order: bool = False) -> bool:
    """Return whether a column is a row number that a tool wrote beside the data.

    It has the name that tools give it, and whole numbers of which none comes twice. With
    ``in_order`` each is one more than the last: numbers left by a split may name rows elsewhere.
    """
    if name not in ("", "index", "rownames") and not re.fullmatch(r"Unnamed: \d+", name):
        return False
    values = numbers(cells, is_missing(cells))
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        return False
    return bool((np.diff(values) == 1).all() if in_order else (np.diff(np.sort(values)) > 0).all())


def _column(name: str, raw: pd.Series, domain: bool) -> Column:
    missing = is_missing(raw)
    kind = _kind(name, raw, missing)
    column = Column(name=name, kind=kind, inferred=("kind",))
    if not domain:
        return column
    read: dict[str, Any] = {}
    cells = convert(raw, column).cells.dropna()
    if kind in ("numeric", "integer") and cells.nunique() > 1:
        read = {"low": float(cells.min()), "high": float(cells.max())}
    elif kind == "datetime" and cells.nunique() > 1:
        read = {"low": cells.min().isoformat(), "high": cells.max().isoformat()}
    elif kind == "categorical" and len(cells):
        read = {"categories": tuple(sorted(set(cells)))}
    if not len(cells) or cells.nunique() == 1:
        read["reason"] = "holds one value or none: declare its domain, or drop the column"
    return Column(
        name=name, kind=kind, inferred=("kind", *(k for k in read if k != "reason")), **read
    )


def _kind(name: str, raw: pd.Series, missing: Any) -> Kind:
    present = raw[~missing]
    n = len(present)
    if n == 0:
        return "categorical"
    if is_bool_dtype(raw.dtype):
        return "boolean"
    if is_datetime64_any_dtype(raw.dtype):
        return "datetime"
    if is_numeric_dtype(raw.dtype):
        return number_kind(name, numbers(raw, missing)[~missing])
    _, values = distinct(present)
    return text_kind(name, [str(value) for value in values], n)


def text_kind(name: str, values: list[str], n: int) -> Kind:
    """Return the kind of a column from its distinct texts, none of them missing, in ``n`` rows."""
    if not values:
        return "categorical"
    unique = len(values) / n
    texts = list(dict.fromkeys(value.strip() for value in values))
    if {text.lower() for text in texts} <= {"true", "false"}:
        return "boolean"
    parsed = numbers(pd.Series(texts, dtype=object), np.zeros(len(texts), bool))
    readable = np.isfinite(parsed)
    if readable.all():
        return number_kind(name, parsed, n)
    if all(_ISO.fullmatch(text) for text in texts):
        return "datetime"
    # A few unreadable cells in a column of numbers are a damaged column, not a categorical one:
    # call it numeric, and reading names the first such row.
    if readable.mean() > _MOSTLY_UNIQUE and len(texts) > _FEW_ROWS:
        return "numeric"
    if all(_INFINITE.fullmatch(t) for t, good in zip(texts, readable, strict=True) if not good):
        return "numeric"
    wordy = sum(len(re.findall(r"\s", text)) for text in texts) >= 3 * len(texts)
    if n >= _FEW_ROWS and unique > _MOSTLY_UNIQUE:
        return "text" if wordy else "id"
    if n >= _FEW_ROWS and unique > 0.5 and wordy:
        return "text"
    return "categorical"


def number_kind(name: str, values: Any, n: int | None = None) -> Kind:
    """Return the kind of numbers; ``n`` rows hold them where ``values`` are distinct already."""
    if not (values == np.round(values)).all():
        return "numeric"
    ordered = np.unique(values)
    unique = len(ordered) / (n or len(values))
    consecutive = len(ordered) > _FEW_ROWS and ordered[-1] - ordered[0] == len(ordered) - 1
    if unique == 1.0 and len(ordered) > _FEW_ROWS and (consecutive or _ID_NAME.search(name)):
        return "id"
    return "integer"
