"""Files become equal tables whatever wrote them."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_example import (
    EVERY_KIND,
    EVERY_KIND_CSV,
    QUICK,
    make_table,
    mixed_tables,
    schema_of,
    write_file,
)

from privsynth import randomness
from privsynth.tables import (
    Column,
    Schema,
    Table,
    fit_space,
    read,
    table_bytes,
    write,
)

FORMATS = ["csv", "csv.gz", "parquet"]
NO_VALUE = ["", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "-nan", "nat", "none", "null", "<na>"]


def keys(*tables: Table) -> list[list[bytes]]:
    """Return the row keys of each table in the space that the first one fits."""
    space = fit_space(tables[0].schema, [tables[0]])
    return [space.encode(table).row_keys() for table in tables]


# ---- in and out -----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", FORMATS)
def test_a_table_of_every_kind_survives_writing_and_reading(tmp_path: Path, ending: str) -> None:
    table = read(write_file(tmp_path, EVERY_KIND_CSV), EVERY_KIND)
    write(table, tmp_path / f"copy.{ending}")
    copy = read(tmp_path / f"copy.{ending}", EVERY_KIND)
    assert copy.digest == table.digest
    pd.testing.assert_frame_equal(copy.frame, table.frame)
    assert keys(table, copy)[0] == keys(table, copy)[1]


def test_the_cells_are_those_that_the_file_spells(tmp_path: Path) -> None:
    frame = read(write_file(tmp_path, EVERY_KIND_CSV), EVERY_KIND).frame
    assert frame["person"].tolist() == ["p1", "p2", "p3", "p4"]
    np.testing.assert_array_equal(frame["weight"], [70.5, np.nan, 0.0, 0.001])
    assert not np.signbit(frame["weight"][2])
    assert frame["age"].tolist() == [44, 18, pd.NA, 90]
    assert frame["sex"].tolist() == ["F", "M", "F", None]
    assert frame["stage"].tolist() == ["low", None, "high", "middle"]
    assert frame["smoker"].tolist() == [True, False, pd.NA, True]
    stamps = ["2017-03-01", "2018-12-31T23:59:59.5", None, "2017-03-01"]
    assert frame["visit"].tolist() == [pd.NaT if s is None else pd.Timestamp(s) for s in stamps]
    assert frame["remark"].tolist() == ['says "well", then leaves', None, "two\nlines", "a, b"]


@QUICK
@given(tables=mixed_tables(n_tables=1), ending=st.sampled_from(FORMATS))
def test_any_table_survives_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, tables: list[Table], ending: str
) -> None:
    path = tmp_path_factory.mktemp("round") / f"table.{ending}"
    # What a category spells is settled when it is read, so it is read once before.
    path.write_bytes(table_bytes(tables[0], path.name))
    table = read(path, tables[0].schema)
    path.write_bytes(table_bytes(table, path.name))
    assert read(path, table.schema).digest == table.digest
    assert keys(tables[0], table)[0] == keys(tables[0], table)[1]


@QUICK
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_any_text_survives_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Quotes, delimiters, and every sort of line end: only blanks around a text are lost."""
    schema = Schema(columns=(Column(name="t", kind="text"), Column(name="u", kind="text")))
    clean = [None if text.strip().lower() in NO_VALUE else text.strip() for text in texts]
    table = make_table(schema, {"t": clean, "u": ["x"] * len(clean)})
    path = tmp_path_factory.mktemp("text") / "table.csv"
    write(table, path)
    assert read(path, schema).frame["t"].tolist() == clean


def test_one_column_with_gaps_survives_csv(tmp_path: Path) -> None:
    table = make_table(schema_of(x="numeric"), {"x": [None, 1.0, None, None]})
    write(table, tmp_path / "x.csv")
    assert read(tmp_path / "x.csv", table.schema).digest == table.digest


def test_the_digest_tells_tables_apart() -> None:
    def digest(texts: list[Any], kind: Any = "text", name: str = "t") -> str:
        return make_table(schema_of(**{name: kind}), {name: texts}).digest

    different = [
        digest(["a\x1fb", "c"]), digest(["a", "b\x1fc"]), digest([None]), digest(["\x00"]),
        digest([""]), digest([]), digest(["a", "c"]), digest(["c", "a"]), digest(["ac"]),
        digest(["a", "c"], kind="id"), digest(["a", "c"], name="u"),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
    assert digest([0.0, None], "numeric") == digest([-0.0, float("nan")], "numeric")


# ---- dialects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda text: text.encode(), "table.csv"),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "bom.csv"),
        (lambda text: text.replace("\n", "\r\n").encode(), "crlf.csv"),
        (lambda text: text.replace("\n", "\r").encode(), "cr.csv"),
        (lambda text: text.rstrip("\n").encode(), "open_end.csv"),
        (lambda text: ("\n\n" + text + "\n\n\n").encode(), "blank_lines.csv"),
        (lambda text: text.replace(",", ";").encode(), "semicolon.csv"),
        (lambda text: text.replace(",", "\t").encode(), "tab.tsv"),
        (lambda text: text.replace(",", "\t").encode(), "tab.csv"),
        (lambda text: text.replace(",", "|").encode(), "bar.csv"),
        (lambda text: gzip.compress(text.encode(), mtime=0), "table.csv.gz"),
        (lambda text: gzip.compress(text.replace(",", "\t").encode(), mtime=0), "table.tsv.gz"),
        (lambda text: gzip.compress(text.encode(), mtime=0), "TABLE.CSV.GZ"),
        (lambda text: text.replace("x,g", '"x" ,"g"').encode(), "quoted_header.csv"),
        (lambda text: text.replace("1.5,a", ' 1.5 ,"a"').encode(), "blanks.csv"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_dialect_gives_the_same_table(tmp_path: Path, change: Any, name: str) -> None:
    plain = "x,g\n1.5,a\n,b\n3,\n"
    expected = make_table(
        schema_of(x="numeric", g="categorical"), {"x": [1.5, None, 3.0], "g": ["a", "b", None]}
    )
    table = read(write_file(tmp_path, change(plain), name), expected.schema)
    assert table.digest == expected.digest


def test_a_delimiter_inside_a_quoted_name_is_no_delimiter(tmp_path: Path) -> None:
    table = read(write_file(tmp_path, '"a;b;c","two\nlines"\n1,2\n'))
    assert table.schema.names == ("a;b;c", "two\nlines")


def test_quoted_line_ends_and_doubled_quotes_stay_in_their_cell(tmp_path: Path) -> None:
    path = write_file(tmp_path, 'g,x\n"one\ntwo",1\n"three\r\nfour",2\n"say ""hi""",3\nfive"6,4\n')
    table = read(path, schema_of(g="categorical", x="integer"))
    assert table.frame["g"].tolist() == ["one\ntwo", "three\r\nfour", 'say "hi"', 'five"6']


@pytest.mark.parametrize("text", [*NO_VALUE, " ", "NA", "NaN", "NULL", "None", "NaT"])
def test_what_means_no_value_is_missing_in_every_kind(tmp_path: Path, text: str) -> None:
    rows = "".join(f"{text}{',' + text if i else ',5'}\n" for i in range(2))
    for kind in ("numeric", "integer", "categorical", "boolean", "datetime", "id", "text"):
        path = write_file(tmp_path, "x,y\n" + rows)
        frame = read(path, schema_of(x=kind, y="integer")).frame
        assert frame["x"].isna().all() and frame["y"].tolist() == [5, pd.NA]


def test_a_declared_category_is_no_missing_value(tmp_path: Path) -> None:
    column = Column(name="g", kind="categorical", categories=("None", "NA", "some"))
    path = write_file(tmp_path, "g,x\nNone,1\nNA,2\nsome,3\n,4\nnone,5\n")
    table = read(path, Schema(columns=(column, Column(name="x", kind="integer"))))
    assert table.frame["g"].tolist() == ["None", "NA", "some", None, None]


# ---- what must not make equal rows unequal --------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("boolean", ["TRUE", "True", "true", "t", "T", "yes", "Yes", "1", "1.0"]),
        ("boolean", ["FALSE", "False", "false", "F", "no", "NO", "0", "0.0"]),
        ("categorical", ["TRUE", "True", "true"]),
        ("categorical", ["0", "0.0", "-0", "0.00", "00"]),
        ("categorical", ["7", "007", "7.0", "7.00", "+7", "0.7e1"]),
        ("integer", ["7", "007", "7.0", "+7", " 7 ", "7e0", "7."]),
        ("numeric", ["0", "0.0", "-0.0", "0e5", ".0"]),
        ("numeric", ["0.1", ".1", "1e-1", "0.1000000000000000055"]),
        ("datetime", ["2017-03-01", "2017-03-01 00:00:00", "2017-03-01T00:00:00.000000Z",
                      "2017-03-01T01:00+01:00", "20170301"]),
    ],
)  # fmt: skip
def test_spellings_of_one_value_are_equal(tmp_path: Path, kind: str, spellings: list[str]) -> None:
    text = "x,y\n" + "".join(f"{spelling},1\n" for spelling in spellings)
    table = read(write_file(tmp_path, text), schema_of(x=kind, y="integer"))
    assert len(set(keys(table)[0])) == 1


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("categorical", ["7", "70", "7.1", "seven", "7a", "TRUE", "FALSE", "", "truth"]),
        ("categorical", ["a", "A", "a b", "a  b"]),
        ("integer", ["7", "-7", "70", "", "9007199254740992", "9007199254740993"]),
        ("numeric", ["0.1", "0.10000000000000002", "1e-320", "0", ""]),
        ("datetime", ["2017-03-01", "2017-03-01T00:00:00.000001", "0001-01-01", "9999-12-31", ""]),
        ("boolean", ["1", "0", ""]),
    ],
)
def test_different_values_stay_different(tmp_path: Path, kind: str, values: list[str]) -> None:
    text = "x,y\n" + "".join(f"{value},1\n" for value in values)
    table = read(write_file(tmp_path, text), schema_of(x=kind, y="integer"))
    assert len(set(keys(table)[0])) == len(values)


@pytest.mark.parametrize("categories", [("1.0", "2.0"), ("TRUE", "FALSE"), ("7", "007", "-0.0")])
def test_a_declared_spelling_is_kept_and_found(tmp_path: Path, categories: tuple[str, ...]) -> None:
    column = Column(name="g", kind="categorical", categories=categories)
    schema = Schema(columns=(column, Column(name="x", kind="integer")))
    text = "g,x\n" + "".join(f"{category},1\n" for category in categories)
    assert read(write_file(tmp_path, text), schema).frame["g"].tolist() == list(categories)


def test_undeclared_spellings_of_one_value_are_written_alike(tmp_path: Path) -> None:
    path = write_file(tmp_path, "g\n2\n2.0\n-0.0\n0\nTRUE\ntrue\n")
    table = read(path, schema_of(g="categorical"))
    assert table.frame["g"].tolist() == ["2", "2", "0", "0", "True", "True"]


def test_other_spellings_take_the_declared_one(tmp_path: Path) -> None:
    column = Column(name="g", kind="ordinal", categories=("01", "02", "True"))
    schema = Schema(columns=(column, Column(name="x", kind="integer")))
    table = read(write_file(tmp_path, "g,x\n1,1\n2.0,1\nTRUE,1\n01,1\n"), schema)
    assert table.frame["g"].tolist() == ["01", "02", "True", "01"]


@pytest.mark.parametrize("index", ["", "Unnamed: 0", "index", "rownames"])
@pytest.mark.parametrize("role", ["real", "synthetic"])
def test_an_extra_row_number_column_is_left_out_and_noted(
    tmp_path: Path, index: str, role: Any
) -> None:
    train = read(write_file(tmp_path, "x,g\n1.5,a\n2.5,b\n3.5,a\n"))
    path = write_file(tmp_path, f"{index},x,g\n0,1.5,a\n1,2.5,b\n2,3.5,a\n", "indexed.csv")
    table = read(path, train.schema, role=role)
    assert table.digest == train.digest
    assert keys(train, table)[0] == keys(train, table)[1]
    assert len(table.notes) == 1 and repr(index) in table.notes[0]


def test_row_numbers_left_by_a_split_are_left_out_of_real_tables(tmp_path: Path) -> None:
    """``train_test_split`` and ``to_csv`` leave the shuffled numbers of the source."""
    numbers = randomness.generator(0, "index").permutation(500)[:40]
    text = ",x\n" + "".join(f"{number},{i % 7}\n" for i, number in enumerate(numbers))
    table = read(write_file(tmp_path, text))
    assert table.schema.names == ("x",)
    again = read(write_file(tmp_path, text.replace(",x", "index,x")), table.schema)
    assert again.digest == table.digest


def test_a_row_number_in_one_file_and_not_in_the_other_is_no_difference(tmp_path: Path) -> None:
    with_index = read(write_file(tmp_path, ",x\n0,5\n1,6\n"))
    without = read(write_file(tmp_path, "x\n5\n6\n"), with_index.schema)
    assert without.digest == with_index.digest


def test_numbers_that_come_twice_are_no_row_numbers(tmp_path: Path) -> None:
    table = read(write_file(tmp_path, "index,x\n1,5\n1,6\n2,7\n"))
    assert table.schema.names == ("index", "x")


def test_the_order_of_the_columns_does_not_matter(tmp_path: Path) -> None:
    table = read(write_file(tmp_path, EVERY_KIND_CSV), EVERY_KIND)
    turned = table.frame[table.frame.columns[::-1]]
    turned.to_csv(tmp_path / "turned.csv", index=False)
    again = read(tmp_path / "turned.csv", EVERY_KIND)
    assert again.digest == table.digest and keys(table, again)[0] == keys(table, again)[1]
