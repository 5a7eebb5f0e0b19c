"""Small tables of every kind, drawn and written down, and the slow oracles that judge them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from privsynth.errors import InputError
from privsynth.tables import Column, Schema, Table, read, typed

SECRET = "Zebediah"
"""Planted in the cells of files that are refused; no message may hold it."""

QUICK = settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

EVERY_KIND = Schema(
    columns=(
        Column(name="person", kind="id"),
        Column(name="weight", kind="numeric"),
        Column(name="age", kind="integer", low=18, high=90),
        Column(name="sex", kind="categorical"),
        Column(name="stage", kind="ordinal", categories=("low", "middle", "high")),
        Column(name="smoker", kind="boolean"),
        Column(name="visit", kind="datetime"),
        Column(name="remark", kind="text"),
    )
)

EVERY_KIND_CSV = """\
person,weight,age,sex,stage,smoker,visit,remark
p1,70.5,44,F,low,True,2017-03-01,says "well", then leaves
p2,,18,M,,False,2018-12-31T23:59:59.5,
p3,-0.0,,F,high,,,"two
lines"
p4,1e-3,90,,middle,true,2017-03-01 00:00,"a, b"
""".replace('says "well", then leaves', '"says ""well"", then leaves"')


def write_file(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    """Return the path of a new file with this content."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def schema_of(**kinds: Any) -> Schema:
    """Return a schema of columns of these kinds, with nothing declared."""
    return Schema(columns=tuple(Column(name=name, kind=kind) for name, kind in kinds.items()))


def refusal(path: Path | str, schema: Schema | None = None, **options: Any) -> str:
    """Return the text of the ``InputError`` that reading raises; it never quotes ``SECRET``."""
    try:
        table = read(path, schema, **options)
    except InputError as error:
        assert error.exit_code == 2
        assert SECRET not in str(error)
        assert error.__suppress_context__ or error.__context__ is None  # no cell in a traceback
        return str(error)
    raise AssertionError(f"{path} was read as {len(table)} rows")


NUMBERS = [
    [0.0, -0.0, 0.5, 1.0, 3.0],
    [-8e307, -1.0, 0.0, 8e307],
    [0.0, 5e-324, 1e-323, 1e-300],
    [1e15, 1e15 + 1, 1e15 + 2.5, 1e15 + 100],
    [7.25],
    [0.1, 0.2, 0.1 + 0.2, 0.3],
]
INTEGERS = [[0, 1, 2, 3], [2**53, 2**53 + 2, 2**54], [-(2**63) + 1, 2**63 - 1, 0], [5]]
TEXTS = [["a", "b", "c"], ["7", "007", "7.0", "8", "-0", "0"], ["TRUE", "True", "false", "x"]]
STAMPS = [
    ["1969-12-31T23:59:59.999999", "1970-01-01", "2017-06-01", "2017-06-01T00:00:00.000001"],
    ["2020-02-29"],
]
BOUNDS = {
    "numeric": [(None, None), (0.0, 1.0), (-5.0, None), (None, 0.25)],
    "integer": [(None, None), (0.0, 2.0), (None, 1.0)],
    "datetime": [(None, None), ("2000-01-01", "2018-01-01"), ("2010", None)],
}
POOLS: dict[str, Any] = {
    "numeric": NUMBERS,
    "integer": INTEGERS,
    "datetime": STAMPS,
    "categorical": TEXTS,
    "boolean": [[True, False]],
}
ORDERED_KINDS = ("numeric", "integer", "datetime", "ordinal")
ALL_KINDS = (*ORDERED_KINDS, "categorical", "boolean")


@st.composite
def columns(draw: Any, number: int, kinds: tuple[str, ...]) -> tuple[Column, list[Any]]:
    """Draw a column and the few values that its cells are taken from."""
    kind = draw(st.sampled_from(kinds))
    name = f"c{number}"
    if kind == "ordinal":
        return Column(name=name, kind="ordinal", categories=("a", "b", "c")), ["a", "b", "c"]
    low, high = draw(st.sampled_from(BOUNDS.get(kind, [(None, None)])))
    column = Column(name=name, kind=kind, low=low, high=high)
    return column, draw(st.sampled_from(POOLS[kind]))


@st.composite
def mixed_tables(draw: Any, n_tables: int = 2, kinds: tuple[str, ...] = ALL_KINDS) -> list[Table]:
    """Draw tables of one schema: few columns, few rows, many ties, some cells missing."""
    drawn = [draw(columns(i, kinds)) for i in range(draw(st.integers(1, 5)))]
    schema = Schema(columns=tuple(column for column, _ in drawn))
    tables = []
    for t in range(n_tables):
        n = draw(st.integers(1, 9))
        cells = {
            column.name: draw(st.lists(st.sampled_from([*pool, None]), min_size=n, max_size=n))
            for column, pool in drawn
        }
        tables.append(make_table(schema, cells, f"table {t}"))
    return tables


def make_table(schema: Schema, cells: dict[str, list[Any]], name: str = "table") -> Table:
    """Return a table of these cells, None where missing."""
    frame = {}
    for column in schema.columns:
        values = cells[column.name]
        if column.kind == "integer":
            frame[column.name] = pd.Series(pd.array(values, dtype="Int64"))
        elif column.kind == "datetime":
            stamps = np.array([np.datetime64(v or "NaT", "us") for v in values])
            frame[column.name] = pd.Series(stamps)
        else:
            frame[column.name] = pd.Series(values, dtype=object)
    return Table(typed(pd.DataFrame(frame), schema), schema, name)


def exact_rows(table: Table) -> list[tuple[Any, ...]]:
    """Return the compared cells of each row as exact values, None where missing.

    Numbers are fractions, datetimes microseconds, ranks whole numbers; texts that spell a number
    are that number, and ``TRUE`` is ``True``.
    """
    rows = []
    for i in range(len(table)):
        row = []
        for column in table.schema.read:
            cell = table.frame[column.name].iloc[i]
            row.append(None if cell is None or pd.isna(cell) else _exact(cell, column))
        rows.append(tuple(row))
    return rows


def _exact(cell: Any, column: Column) -> Any:
    if column.kind == "datetime":
        return int(pd.Timestamp(cell).to_datetime64().astype("datetime64[us]").astype(int))
    if column.kind in ("numeric", "integer"):
        return Fraction(int(cell) if column.kind == "integer" else float(cell))
    if column.kind == "ordinal":
        return (column.categories or ()).index(cell)
    try:
        return Fraction(float(str(cell)))
    except ValueError:
        return str(cell).capitalize() if str(cell).lower() in ("true", "false") else str(cell)


def gower(x: tuple[Any, ...], y: tuple[Any, ...], ranges: list[Any]) -> Fraction:
    """Return the Gower sum of two exact rows, with nothing rounded on the way.

    ``ranges`` holds (low, high) for an ordered column, else None.
    """
    total = Fraction(0)
    for a, b, ends in zip(x, y, ranges, strict=True):
        if a is None or b is None:
            total += Fraction(int((a is None) != (b is None)))
        elif ends is None:
            total += Fraction(int(a != b))
        else:
            low, high = ends
            width = high - low if high > low else 1
            scaled = [
                min(max((Fraction(v) - low) / width, Fraction(0)), Fraction(1)) for v in (a, b)
            ]
            total += abs(scaled[0] - scaled[1])
    return total


def exact_ranges(tables: list[Table]) -> list[Any]:
    """Return for each compared column its declared ends, or else those of all tables together."""
    ranges: list[Any] = []
    for j, column in enumerate(tables[0].schema.read):
        if column.kind not in ORDERED_KINDS:
            ranges.append(None)
            continue
        if column.kind == "ordinal":
            ranges.append((Fraction(0), Fraction(len(column.categories or ()) - 1)))
            continue
        cells = [row[j] for table in tables for row in exact_rows(table) if row[j] is not None]
        read_ends = (min(cells), max(cells)) if cells else (0, 1)
        declared = [None if end is None else _end(end) for end in (column.low, column.high)]
        ends = [r if d is None else d for d, r in zip(declared, read_ends, strict=True)]
        ranges.append((Fraction(ends[0]), Fraction(ends[1])))
    return ranges


def _end(end: float | str) -> Any:
    if isinstance(end, str):
        return int(np.datetime64(end, "us").astype(int))
    return Fraction(end)
