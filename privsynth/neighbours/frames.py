"""The nearest rows of one DataFrame in another, from the frames as they are."""

import os
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from privsynth.errors import InputError
from privsynth.neighbours import cost
from privsynth.neighbours.search import Neighbours, nearest_records
from privsynth.tables.convert import MISSING, comparable, convert, microseconds, numbers
from privsynth.tables.distinct import distinct
from privsynth.tables.encode import Records, fit_space
from privsynth.tables.infer import number_kind, text_kind
from privsynth.tables.read import from_raw
from privsynth.tables.schema import Column, Schema


def nearest(
    queries: pd.DataFrame,
    reference: pd.DataFrame,
    schema: Schema | None = None,
    *,
    k: int = 2,
    threads: int | None = None,
    max_memory: int | None = None,
) -> Neighbours:
    """Return the ``k`` nearest rows of ``reference`` for every row of ``queries``, exactly.

    ``distances (m, k)`` is the Gower sum over columns (see ``Neighbours``), ``ids (m, k)`` the row
    positions in ``reference``, the smaller one where two are equally near. Without ``schema`` kinds
    are inferred and ranges span both frames: distances of two such calls are then on two scales,
    and only a schema with bounds makes them comparable. Raises ``InputError`` for frames without a
    common column, kinds that differ, a ``k`` beyond the reference's rows, or a search that needs
    more than ``max_memory`` bytes (see ``cost``).
    """
    if not 1 <= k <= len(reference):
        raise InputError(f"k must lie between 1 and the {len(reference)} reference rows, not {k}")
    columns = len(reference.columns)
    needed = cost.cost(len(queries), len(reference), columns, k, threads or os.cpu_count() or 1)
    cost.check_memory(needed, max_memory)
    asked, given = encode_frames(queries, reference, schema)
    return nearest_records(asked, given, k=k, threads=threads)


def encode_frames(
    queries: pd.DataFrame, reference: pd.DataFrame, schema: Schema | None = None
) -> tuple[Records, Records]:
    """Return both frames in one space: declared bounds, else ranges over both together.

    Frames without a schema are encoded in one pass, column by column, for search alone: their
    ``cells`` are empty.
    """
    if schema is None:
        return _in_one_pass(queries, reference)
    tables = [
        from_raw(frame, schema, role="synthetic", name=name)
        for frame, name in ((queries, "queries"), (reference, "reference"))
    ]
    for column in schema.read:
        bad = tables[0].unreadable.get(column.name)
        if bad is not None and bad.all():
            raise _differs(column.name, column.kind)
    space = fit_space(schema, tables)
    return space.encode(tables[0]), space.encode(tables[1])


def _in_one_pass(queries: pd.DataFrame, reference: pd.DataFrame) -> tuple[Records, Records]:
    common = [name for name in reference.columns if name in queries.columns]
    if not common:
        raise InputError("the two tables have no common column; name at least one alike")
    m, ordered, coded = len(queries), [], []
    for name in common:
        sides = queries[name], reference[name]
        if all(_is_ordered(side) for side in sides):
            values = np.concatenate([_floats(side) for side in sides])
            if not _is_id(str(name), sides[1], values[m:]):
                ordered.append(_scaled(values))
        else:
            both = np.concatenate([side.astype(object).to_numpy() for side in sides])
            values, codes = _texts(str(name), pd.Series(both, dtype=object), m)
            if values is not None:
                ordered.append(_scaled(values))
            elif codes is not None:
                coded.append(codes)
    if not ordered and not coded:
        raise InputError("every common column is an id or free text; declare kinds in a schema")
    n = m + len(reference)
    numbers_ = np.stack(ordered, axis=1) if ordered else np.empty((n, 0))
    codes_ = np.stack(coded, axis=1) if coded else np.empty((n, 0), np.int64)
    none = np.empty((n, 0), np.int64)
    return tuple(  # type: ignore[return-value]
        Records(numbers_[part], codes_[part], none[part], np.arange(n)[part])
        for part in (slice(0, m), slice(m, n))
    )


def _is_ordered(cells: pd.Series) -> bool:
    return bool(is_numeric_dtype(cells.dtype) or is_datetime64_any_dtype(cells.dtype))


def _is_id(name: str, cells: pd.Series, values: Any) -> bool:
    if is_datetime64_any_dtype(cells.dtype) or is_bool_dtype(cells.dtype):
        return False
    values = values[np.isfinite(values)]
    return len(values) > 0 and number_kind(name, values) == "id"


def _floats(cells: pd.Series) -> Any:
    if is_datetime64_any_dtype(cells.dtype):
        stamps = pd.to_datetime(cells, utc=True).dt.tz_localize(None)
        return microseconds(stamps.astype("datetime64[us]"))
    if cells.dtype == np.float64:
        return cells.to_numpy()
    return cells.astype("Float64").to_numpy(np.float64, na_value=np.nan)


def _scaled(values: Any) -> Any:
    """Return values over their range, NaN where missing and infinity where unreadable."""
    finite = np.isfinite(values)
    if finite.all():
        low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    else:
        low = values.min(initial=np.inf, where=finite)
        high = values.max(initial=-np.inf, where=finite)
    if not low < high:
        low, high = (low, low + 1.0) if low == high else (0.0, 1.0)
    half = np.finfo(np.float64).max / 2
    low, high = max(low, -half), min(high, half)
    scaled = np.clip((values - low) / (high - low), 0.0, 1.0)
    return scaled if finite.all() else np.where(np.isinf(values), np.inf, scaled)


def _texts(name: str, both: pd.Series, m: int) -> tuple[Any, Any]:
    """Return numbers, or category codes, of a column of texts; neither for ids and free text."""
    codes, values = distinct(both)
    texts = [str(value).strip() for value in values]
    empty = np.array([text.lower() in MISSING for text in texts] + [True])
    in_reference = np.bincount(codes[m:] + 1, minlength=len(texts) + 1)[1:]
    known = [t for t, e, n in zip(texts, empty, in_reference, strict=False) if n and not e]
    kind = text_kind(name, known, int(in_reference[~empty[:-1]].sum()) or 1)
    if kind in ("id", "text"):
        return None, None
    if kind in ("categorical", "boolean"):
        numbered: dict[str, int] = {}
        spelled = [
            0 if e else numbered.setdefault(comparable(t), len(numbered) + 1)
            for t, e in zip(texts, empty, strict=False)
        ]
        return None, np.array([*spelled, 0], np.int64)[codes]
    distinct_texts = pd.Series(texts, dtype=object)
    if kind == "datetime":
        cells = convert(distinct_texts, Column(name=name, kind="datetime"))
        parsed = np.where(cells.bad, np.inf, microseconds(cells.cells))
    else:
        parsed = numbers(distinct_texts, empty[:-1])
    asked = np.unique(codes[:m][codes[:m] >= 0])
    asked = asked[~empty[asked]]
    if len(asked) and not np.isfinite(parsed[asked]).any():
        raise _differs(name, kind)
    return np.append(parsed, np.nan)[codes], None


def _differs(name: str, kind: str) -> InputError:
    return InputError(
        f"column {name!r} is {kind} in the reference, and no cell of the queries is; make the "
        "kinds alike, or declare them in a schema"
    )
