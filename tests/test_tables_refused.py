"""What cannot be audited is refused by a sentence that says what, where and what to do."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables_example import SECRET, make_table, refusal, schema_of, write_file

from privsynth.errors import InputError
from privsynth.tables import (
    Column,
    Schema,
    check_informative,
    fit_space,
    read,
    stack,
)

ROWS = f"name,x,g\n{SECRET},1.5,a\n{SECRET},2.5,b\n" * 1 + f"{SECRET},3.5,a\n" * 30
DECLARED = Schema(
    columns=(
        Column(name="name", kind="text"),
        Column(name="x", kind="numeric"),
        Column(name="g", kind="categorical", categories=("a", "b")),
    )
)


def parquet_bytes(n: int = 2000) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(
        pa.table({"x": np.arange(n), "name": [f"{SECRET}{i}" for i in range(n)]}), buffer
    )
    return buffer.getvalue()


# ---- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("blank.csv", b"\n\r\n  \n", "the file is empty"),
        ("bom.csv", b"\xef\xbb\xbf", "the file is empty"),
        ("empty.csv.gz", b"", "the file is empty"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0), "the file is empty"),
        ("empty.parquet", b"", "not a Parquet file"),
        ("header.csv", b"x,g\n", "no rows"),
        ("header.csv", b"x,g", "no rows"),
        ("latin.csv", f"name,x\n{SECRET}\u00fc,1\n".encode("latin-1"), "not UTF-8"),
        ("late.csv", b"x,y\n" + b"1,2\n" * 300_000 + b"\xfc,2\n", "not UTF-8"),
        ("wide.csv", f"name,x\n{SECRET},1\n".encode("utf-16"), "not UTF-8"),
        ("nul.csv", b"x,y\n" + b"1,2\n" * 20_000 + b"\0,2\n", "not a CSV table"),
        ("cut.csv", f"name,x\n{SECRET},1\n{SECRET}".encode(), "row 2 has 1 cells"),
        ("long.csv", f"name,x\n{SECRET},1,2\n{SECRET},1,3\n".encode(), "(2 such rows)"),
        ("quote.csv", f'name,x\n{SECRET},1\n"{SECRET},2\na,3\n'.encode(), "row 2 has 1 cells"),
        ("quote.csv", f'x,name\n1,{SECRET}\n2,"{SECRET}\n3,a\n'.encode(), "never closed"),
        ("quote.csv", f'x,"name\n1,{SECRET}\n'.encode(), "never closed"),
        ("quote.csv", f'x,name\n1,{SECRET}\nend,"b\n'.encode(), "never closed"),
        ("cut.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:-9], "ends in the middle"),
        ("cut.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:30], "ends in the middle"),
        ("plain.csv.gz", ROWS.encode(), "not a gzip file"),
        ("cut.parquet", parquet_bytes()[:-10], "ends in the middle"),
        ("cut.parquet", parquet_bytes()[:500], "ends in the middle"),
        ("text.parquet", ROWS.encode(), "not a Parquet file"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + SECRET.encode(), "not a CSV table"),
        ("picture.parquet", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a Parquet file"),
        ("records.csv", f'[{{"name": "{SECRET}", "x": 1}}]'.encode(), "JSON, HTML or XML"),
        ("lines.csv", f'{{"name": "{SECRET}"}}\n{{"name": "b"}}\n'.encode(), "JSON, HTML or XML"),
        ("page.csv", f"\n <!DOCTYPE html><p>{SECRET}</p>".encode(), "JSON, HTML or XML"),
        ("letter.csv", f"Dear reader, hello\n{SECRET} is ill.\n".encode(), "row 1 has 1 cells"),
        ("table.xlsx", b"PK\x03\x04", "unknown kind of file"),
        ("table", ROWS.encode(), "unknown kind of file"),
        ("table.gz", gzip.compress(ROWS.encode(), mtime=0), "unknown kind of file"),
    ],
)
def test_a_file_that_is_no_whole_table_is_refused(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    message = refusal(write_file(tmp_path, content, name))
    assert expected in message and name in message


def test_parquet_damaged_inside_is_refused(tmp_path: Path) -> None:
    whole = parquet_bytes()
    for start in range(4, len(whole) - 60, 997):
        damaged = whole[:start] + bytes(60) + whole[start + 60 :]
        path = write_file(tmp_path, damaged, "table.parquet")
        try:
            read(path)  # a damaged value can still be a value
        except InputError as error:
            assert "table.parquet" in str(error) and SECRET not in str(error)


def test_what_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "nothing.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "this is a folder" in refusal(tmp_path / "folder.csv")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300 + ".csv"))
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert "loop.csv" in refusal(tmp_path / "loop.csv")


def test_parquet_columns_that_are_no_plain_cells_are_refused(tmp_path: Path) -> None:
    for cells in (pa.array([[SECRET]]), pa.array([{"a": SECRET}]), pa.array([b"\xff\xfe"])):
        pq.write_table(pa.table({"x": cells}), tmp_path / "x.parquet")
        assert "column 'x'" in refusal(tmp_path / "x.parquet")
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "x.parquet")
    assert "no rows" in refusal(tmp_path / "x.parquet")


def test_a_huge_parquet_integer_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": pa.array([1, 2**64 - 1], pa.uint64())}), tmp_path / "x.parquet")
    assert "column 'x': 1 of 2 cells are no integer values (first in row 2" in refusal(
        tmp_path / "x.parquet"
    )


# ---- columns --------------------------------------------------------------------------------


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "columns 1 and 3 have the same name" in refusal(write_file(tmp_path, "a,b, a \n1,2,3\n"))
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, tmp_path / "x.parquet")
    assert "columns 1 and 2 have the same name" in refusal(tmp_path / "x.parquet")


@pytest.mark.parametrize("role", ["real", "synthetic"])
def test_missing_and_extra_columns_are_named(tmp_path: Path, role: Any) -> None:
    path = write_file(tmp_path, f"x,extra\n1.5,{SECRET}\n")
    message = refusal(path, schema_of(x="numeric", y="integer", g="categorical"), role=role)
    assert "missing: 'y', 'g'" in message and "not expected: 'extra'" in message
    assert "table.csv" in message


def test_many_missing_columns_are_named_in_part(tmp_path: Path) -> None:
    schema = schema_of(x="numeric", **{f"c{i}": "numeric" for i in range(30)})
    message = refusal(write_file(tmp_path, "x\n1\n"), schema)
    assert "'c7' …" in message and "'c8'" not in message


def test_a_synthetic_table_may_lack_what_nothing_compares(tmp_path: Path) -> None:
    columns = (*schema_of(who="categorical", key="id", note="text", x="numeric").columns,)
    schema = Schema(columns=columns, entity="who", target="x")
    path = write_file(tmp_path, "x\n1\n2\n")
    table = read(path, schema, role="synthetic")
    assert table.schema.names == ("x",) and table.schema.entity is None
    assert list(table.units) == [0, 1]
    message = refusal(path, schema, role="real")
    assert "missing: 'who', 'key', 'note'" in message


def test_a_file_without_a_header_is_not_quoted(tmp_path: Path) -> None:
    """Its first line is somebody's row, not names."""
    path = write_file(tmp_path, f"{SECRET},34,1.5\nOther,35,2.5\n")
    message = refusal(path, DECLARED)
    assert "first line must hold the column names" in message and "34" not in message
    message = refusal(write_file(tmp_path, f"{SECRET},34,34\n"))
    assert "columns 2 and 3" in message and "34" not in message
    message = refusal(write_file(tmp_path, f"{SECRET},34,7\nOther,35,8\n"))
    assert "numbers where column names should be" in message and "34" not in message


def test_a_row_number_in_a_synthetic_table_that_names_other_rows_is_refused(tmp_path: Path) -> None:
    """Numbers that are not 0, 1, 2 … may say which training row was copied."""
    path = write_file(tmp_path, ",x\n17,1\n3,2\n")
    assert "not expected: ''" in refusal(path, schema_of(x="integer"), role="synthetic")


def test_a_table_of_row_numbers_alone_is_refused(tmp_path: Path) -> None:
    assert "no column beside the row number" in refusal(write_file(tmp_path, "index\n1\n2\n"))


# ---- cells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("numeric", SECRET), ("numeric", "inf"), ("numeric", "-Infinity"), ("numeric", "1e999"),
        ("numeric", "1,5"), ("numeric", "0x1F"), ("numeric", "1_000"), ("numeric", "True"),
        ("integer", SECRET), ("integer", "1.5"), ("integer", "inf"), ("integer", "9" * 30),
        ("integer", str(-(2**63))), ("integer", str(2**63)), ("boolean", SECRET), ("boolean", "2"),
        ("datetime", SECRET), ("datetime", "2017-02-30"), ("datetime", "31/12/2017"),
        ("datetime", "1500000000.5"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_value_of_its_kind(tmp_path: Path, kind: str, cell: str) -> None:
    """Refused in a real table, by column and row; in a synthetic one counted, equal to nothing."""
    good = {"datetime": "2017-01-01", "boolean": "true"}.get(kind, "1")
    rows = "".join(f"{text},a\n" for text in (good, good, f'"{cell}"', "", good))
    path = write_file(tmp_path, "value,g\n" + rows)
    schema = schema_of(value=kind, g="categorical")
    message = refusal(path, schema)
    assert f"column 'value': 1 of 5 cells are no {kind} values (first in row 3" in message
    assert cell not in message
    released = read(path, schema, role="synthetic")
    assert released.unreadable["value"].tolist() == [False, False, True, False, False]
    assert pd.isna(released.frame["value"][2]) and pd.isna(released.frame["value"][3])
    missing = make_table(schema, {"value": [None], "g": ["a"]}, "train")
    space = fit_space(schema, [missing])
    keys = space.encode(released).row_keys()
    assert keys[2] not in space.encode(missing).row_keys() and keys[3] == keys[3]
    assert keys[3] in space.encode(missing).row_keys()


def test_text_in_an_inferred_column_of_numbers_is_refused(tmp_path: Path) -> None:
    rows = [f"{i / 8},a" for i in range(60)]
    rows[41] = f"{SECRET},a"
    message = refusal(write_file(tmp_path, "x,g\n" + "\n".join(rows) + "\n"))
    assert "column 'x': 1 of 60 cells are no numeric values (first in row 42" in message


@pytest.mark.parametrize("infinity", ["inf", "-inf", "Infinity", "+INF"])
def test_an_infinity_in_an_inferred_column_is_refused(tmp_path: Path, infinity: str) -> None:
    rows = "".join(f"{i % 4},a\n" for i in range(60))
    message = refusal(write_file(tmp_path, f"x,g\n{rows}{infinity},b\n"))
    assert "column 'x'" in message and "row 61" in message
    pq.write_table(pa.table({"x": [1.0, float(infinity)]}), tmp_path / "x.parquet")
    assert "column 'x'" in refusal(tmp_path / "x.parquet")


@pytest.mark.parametrize("kind", ["categorical", "ordinal"])
def test_a_category_that_is_not_declared(tmp_path: Path, kind: Any) -> None:
    column = Column(name="g", kind=kind, categories=("a", "b"))
    schema = Schema(columns=(column, Column(name="x", kind="integer")))
    path = write_file(tmp_path, f"g,x\na,1\n{SECRET},2\n,3\n")
    message = refusal(path, schema)
    assert (
        "column 'g': 1 of 3 cells are not among the declared categories (first in row 2" in message
    )
    released = read(path, schema, role="synthetic")
    assert "column 'g' has 1 of 3 values outside its declared categories" in released.notes[0]


def test_an_unreadable_cell_keeps_its_mark_through_everything(tmp_path: Path) -> None:
    schema = schema_of(x="numeric", g="categorical")
    table = read(write_file(tmp_path, "x,g\n1,a\n?,b\n3,c\n"), schema, role="synthetic")
    assert table.take([1, 1, 0], "some").unreadable["x"].tolist() == [True, True, False]
    assert stack([table, table]).unreadable["x"].tolist() == [False, True, False] * 2
    assert not table.without({"x"}).unreadable


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("", "no value at all"),
        ("5", "a single value"),
        ("a", "a single value"),
        ("NA", "no value at all"),
    ],
)
def test_an_inferred_column_of_one_value_or_none_is_refused(
    tmp_path: Path, cells: str, expected: str
) -> None:
    table = read(write_file(tmp_path, "x,dull\n" + f"1,{cells}\n2,{cells}\n"), name="train")
    with pytest.raises(InputError, match=f"train: column 'dull' holds {expected} in all 2 rows"):
        check_informative(table)


def test_a_table_of_which_nothing_can_be_compared_is_refused() -> None:
    table = make_table(schema_of(key="id", note="text"), {"key": ["a"], "note": ["b"]}, "train")
    with pytest.raises(InputError, match="train: every column is an id, free text or the entity"):
        check_informative(table)


def test_an_empty_entity_is_refused_by_row() -> None:
    columns = schema_of(who="categorical", x="numeric").columns
    table = make_table(
        Schema(columns=columns, entity="who"), {"who": [SECRET, None], "x": [1.0, 2.0]}
    )
    with pytest.raises(InputError, match="entity column 'who' is empty in row 2") as caught:
        _ = table.units
    assert SECRET not in str(caught.value)
