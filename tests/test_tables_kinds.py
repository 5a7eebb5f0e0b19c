"""What a column is: guessed from its cells, or declared in a schema file."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables_example import EVERY_KIND, make_table, schema_of, write_file

from privsynth.tables import (
    Column,
    Schema,
    Table,
    check_informative,
    dump_schema,
    read,
    read_schema,
    stack,
    widen,
)
from privsynth.tables.infer import infer
from privsynth.tables.load import load


def many(make: Any, n: int = 60) -> list[str]:
    return [str(make(i)) for i in range(n)]


@pytest.mark.parametrize(
    ("kind", "name", "cells"),
    [
        ("numeric", "x", many(lambda i: i / 7)),
        ("numeric", "x", [*many(lambda i: i / 7), "", "NA"]),
        ("numeric", "x", many(lambda i: f"{i}.5e-3")),
        ("integer", "x", many(lambda i: i % 9)),
        ("integer", "x", many(lambda i: f"{i % 9}.0")),
        ("integer", "x", many(lambda i: i * i)),
        ("integer", "x", many(lambda i: f"00{i % 4}")),
        ("categorical", "x", many(lambda i: "abc"[i % 3])),
        ("categorical", "x", many(lambda i: ["yes", "no"][i % 2])),
        ("categorical", "x", [""] * 30),
        ("boolean", "x", many(lambda i: ["TRUE", "false", ""][i % 3])),
        ("datetime", "x", many(lambda i: f"2017-01-{1 + i % 28:02}")),
        ("datetime", "x", many(lambda i: f"2017-01-01T10:{i % 60:02}:00.5Z")),
        ("id", "x", many(lambda i: i + 1000)),
        ("id", "patient_id", many(lambda i: i * i + 5)),
        ("id", "SEQN", many(lambda i: i * i + 5)),
        ("id", "x", many(lambda i: f"user{i * i}")),
        ("text", "x", many(lambda i: f"this is remark number {i}")),
    ],
)
def test_kinds_are_inferred(tmp_path: Path, kind: str, name: str, cells: list[str]) -> None:
    text = f"{name},other\n" + "".join(f"{cell},{i % 5}\n" for i, cell in enumerate(cells))
    column = read(write_file(tmp_path, text)).schema[name]
    assert column.kind == kind
    assert column.inferred == ("kind",) and not column.has_declared_domain


def test_a_schema_file_overrides_what_would_be_inferred(tmp_path: Path) -> None:
    path = write_file(
        tmp_path, "code,size,when,zip,sure\n1,S,01/02/2017,00123,1\n2,L,03/02/2017,7,0\n"
    )
    inferred = read(path).schema
    assert [c.kind for c in inferred.columns] == [
        "integer", "categorical", "categorical", "integer", "integer",
    ]  # fmt: skip
    declared = write_file(
        tmp_path,
        """\
        columns:
        - {name: code, kind: categorical, categories: [1, 2, 3], reason: code book}
        - {name: size, kind: ordinal, categories: [S, M, L]}
        - {name: when, kind: datetime, format: "%d/%m/%Y", low: 2017-01-01, high: 2018-01-01}
        - {name: zip, kind: id}
        - {name: sure, kind: boolean}
        entity: zip
        target: sure
        """,
        "schema.yaml",
    )
    table = read(path, read_schema(declared))
    assert [c.kind for c in table.schema.columns] == [
        "categorical", "ordinal", "datetime", "id", "boolean",
    ]  # fmt: skip
    assert table.frame["code"].tolist() == ["1", "2"]
    assert table.frame["when"].tolist() == [pd.Timestamp("2017-02-01"), pd.Timestamp("2017-02-03")]
    assert table.frame["zip"].tolist() == ["00123", "7"]
    assert table.frame["sure"].tolist() == [True, False]
    assert [c.name for c in table.schema.ignored] == ["zip"]
    assert all(c.has_declared_domain for c in table.schema.read)


def test_ids_free_text_and_the_entity_are_listed_as_ignored() -> None:
    schema = Schema(columns=EVERY_KIND.columns, entity="sex")
    assert [column.name for column in schema.ignored] == ["person", "sex", "remark"]
    assert set(schema.read) | set(schema.ignored) == set(schema.columns)


def test_values_beyond_declared_bounds_are_counted_and_kept(tmp_path: Path) -> None:
    schema = Schema(columns=(Column(name="x", kind="integer", low=0, high=9),))
    for role in ("real", "synthetic"):
        table = read(write_file(tmp_path, "x\n5\n10\n-1\n"), schema, role=role)  # type: ignore[arg-type]
        assert table.frame["x"].tolist() == [5, 10, -1] and not table.unreadable
        assert table.notes == (
            "table.csv: column 'x' has 2 of 3 values outside its declared bounds",
        )


def test_tables_released_together_become_one() -> None:
    schema = schema_of(x="numeric", g="categorical")
    first = make_table(schema, {"x": [1.0, None], "g": [None, None]})
    frame = make_table(schema, {"x": [None], "g": ["a"]}).frame
    both = stack([first, Table(frame, schema, "second", {"x": np.array([True])}, ("note",))])
    assert len(both) == 3 and both.unreadable["x"].tolist() == [False, False, True]
    assert both.notes == ("note",) and both.frame["g"].tolist() == [None, None, "a"]


def test_a_column_of_one_value_passes_where_its_domain_is_declared(tmp_path: Path) -> None:
    path = write_file(tmp_path, "x,g,b\n5,a,true\n5,a,true\n")
    schema = Schema(
        columns=(
            Column(name="x", kind="integer", low=0, high=9),
            Column(name="g", kind="categorical", categories=("a", "b")),
            Column(name="b", kind="boolean"),
        )
    )
    check_informative(read(path, schema))


def test_a_first_schema_holds_what_was_found_and_says_so(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7},{i / 8},{'abc'[i % 3]},2017-01-{1 + i % 9:02},x\n" for i in range(50))
    found = infer(load(write_file(tmp_path, "n,f,g,d,one\n" + rows)), domain=True)
    assert (found["n"].low, found["n"].high) == (0, 6)
    assert (found["f"].low, found["f"].high) == (0, 6.125)
    assert found["g"].categories == ("a", "b", "c")
    assert (found["d"].low, found["d"].high) == ("2017-01-01T00:00:00", "2017-01-09T00:00:00")
    assert "holds one value" in (found["one"].reason or "")
    assert found["f"].inferred == ("kind", "low", "high")
    assert not any(column.has_declared_domain for column in found.columns)
    assert read_schema(write_file(tmp_path, dump_schema(found), "schema.yaml")) == found


def test_categories_that_were_read_from_rows_refuse_no_other_row(tmp_path: Path) -> None:
    train = write_file(tmp_path, "g,x\n" + "a,1\nb,2\n" * 10, "train.csv")
    holdout = write_file(tmp_path, "g,x\na,1\nrare,2\n", "holdout.csv")
    table = read(holdout, infer(load(train), domain=True))
    assert table.frame["g"].tolist() == ["a", "rare"]
    assert "1 of 2 values outside its inferred categories" in table.notes[0]


def test_numbers_with_an_infinity_are_numbers(tmp_path: Path) -> None:
    """So that reading refuses the infinity instead of taking it for a category."""
    rows = "".join(f"{i % 3}\n" for i in range(50))
    assert infer(load(write_file(tmp_path, f"x\n{rows}-Infinity\n")))["x"].kind == "numeric"


def test_names_that_count_are_names(tmp_path: Path) -> None:
    assert read(write_file(tmp_path, "0,1,2\n5,6,7\n8,9,9\n")).schema.names == ("0", "1", "2")
    assert read(write_file(tmp_path, "id,2019,2020\na,6,7\n")).schema.names == (
        "id",
        "2019",
        "2020",
    )


def test_guessed_integers_become_numbers_where_the_released_table_has_fractions(tmp_path: Path):
    real, released = tmp_path / "real.csv", tmp_path / "released.csv"
    real.write_text("age,bmi,name\n" + "".join(f"{20 + i % 30},{i % 7},n{i}\n" for i in range(90)))
    released.write_text("age,bmi,name\n30,2.5,x\n31,3.0,y\n,,z\n")
    guessed = read(real).schema
    assert guessed["bmi"].kind == guessed["age"].kind == "integer"
    wider = widen(guessed, [released])
    assert wider["bmi"].kind == "numeric"
    assert wider["age"].kind == "integer"
    assert not read(released, wider, role="synthetic").unreadable
    assert read(real, wider).frame["bmi"].tolist()[:3] == [0.0, 1.0, 2.0]
    declared = guessed.model_copy(
        update={"columns": tuple(c.model_copy(update={"inferred": ()}) for c in guessed.columns)}
    )
    assert widen(declared, [released]) == declared
