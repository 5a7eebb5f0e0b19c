"""Parquet cells of every type are what their texts in a CSV file would be."""

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables_example import schema_of, write_file

from privsynth import randomness
from privsynth.tables import Table, read


def parquet(folder: Path, cells: Any, name: str = "table.parquet") -> Path:
    """Return the path of a Parquet file; ``cells`` maps names to arrays or is an Arrow table."""
    path = folder / name
    pq.write_table(cells if isinstance(cells, pa.Table) else pa.table(cells), path)
    return path


def values(table: Table, name: str = "x") -> list[Any]:
    """Return the cells of a column, None where missing."""
    return [None if pd.isna(cell) else cell for cell in table.frame[name]]


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("categorical", pa.array(["a", "b", None]).dictionary_encode(), ["a", "b", None]),
        ("categorical", pa.array([1, 2, None]).dictionary_encode(), ["1", "2", None]),
        ("categorical", pa.array([1.0, 2.5, None]), ["1", "2.5", None]),
        ("categorical", pa.array([True, False, None]), ["True", "False", None]),
        ("categorical", pa.array([b"a", None]), ["a", None]),
        ("categorical", pa.array(["a", None], pa.large_string()), ["a", None]),
        ("integer", pa.array([7, None], pa.int8()), [7, None]),
        ("integer", pa.array([2**63 - 1, None], pa.uint64()), [2**63 - 1, None]),
        ("integer", pa.array([2**53 + 1, None]), [2**53 + 1, None]),
        ("integer", pa.array([7.0, None]), [7, None]),
        ("integer", pa.array(["7", None]), [7, None]),
        ("integer", pa.array([7, None]).dictionary_encode(), [7, None]),
        ("integer", pa.array([True, None]), [1, None]),
        ("numeric", pa.array([0.1, -0.0, None], pa.float32()), [0.1, 0.0, None]),
        ("numeric", pa.array([0.1, None], pa.float32()).dictionary_encode(), [0.1, None]),
        ("numeric", pa.array([0.5, None], pa.float16()), [0.5, None]),
        ("numeric", pa.array([float("nan"), 1.5]), [None, 1.5]),
        ("numeric", pa.array([float("nan"), 1.5], pa.float32()), [None, 1.5]),
        ("numeric", pa.array([decimal.Decimal("1.50"), None]), [1.5, None]),
        ("boolean", pa.array([True, False, None]), [True, False, None]),
        ("boolean", pa.array([True, None]).dictionary_encode(), [True, None]),
        ("boolean", pa.array([1, 0, None]), [True, False, None]),
        ("boolean", pa.array([1.0, 0.0, None]), [True, False, None]),
        ("id", pa.array([7.0, None]), ["7", None]),
        ("id", pa.array([2**64 - 1, None], pa.uint64()), [str(2**64 - 1), None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_typed_cells_are_what_their_texts_would_be(
    tmp_path: Path, kind: str, cells: Any, expected: list[Any]
) -> None:
    assert values(read(parquet(tmp_path, {"x": cells}), schema_of(x=kind))) == expected


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([datetime.datetime(2017, 3, 1, 12), None], pa.timestamp(unit))
        for unit in ("s", "ms", "us", "ns")
    ]
    + [
        pa.array([pd.Timestamp("2017-03-01T14:00+02:00"), None], pa.timestamp("us", "Europe/Riga")),
        pa.array([pd.Timestamp("2017-03-01T12:00"), None], pa.timestamp("us")).dictionary_encode(),
        pa.array(["2017-03-01T13:00:00+01:00", None]),
    ],
    ids=lambda cells: str(cells.type),
)
def test_datetimes_of_every_unit_and_zone_are_one_instant(tmp_path: Path, cells: Any) -> None:
    path = parquet(tmp_path, {"x": cells})
    table = read(path)
    assert table.schema["x"].kind == "datetime"
    assert table.frame["x"].tolist() == [pd.Timestamp("2017-03-01T12:00"), pd.NaT]


def test_dates_are_datetimes_and_the_end_of_time_is_one(tmp_path: Path) -> None:
    for path in (
        parquet(tmp_path, {"x": pa.array([datetime.date(9999, 12, 31)])}),
        write_file(tmp_path, "x\n9999-12-31\n"),
    ):
        table = read(path)
        assert table.schema["x"].kind == "datetime"
        assert table.frame["x"].to_numpy()[0] == np.datetime64("9999-12-31")


def test_single_precision_equals_the_decimal_it_was_written_as(tmp_path: Path) -> None:
    """A generator's float32 copy of a CSV cell is a copy."""
    rng = randomness.generator(0, "float32")
    decimals = [f"{value:.2f}" for value in rng.normal(0, 100, 200)]
    train = read(write_file(tmp_path, "x\n" + "\n".join(decimals) + "\n"))
    path = parquet(tmp_path, {"x": pa.array([float(text) for text in decimals], pa.float32())})
    assert read(path, train.schema).digest == train.digest
