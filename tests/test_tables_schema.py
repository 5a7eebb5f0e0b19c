"""A wrong schema file is explained: which entry, what is wrong, what was meant."""

from pathlib import Path

import pytest
from tables_example import SECRET, refusal, write_file

from privsynth.errors import InputError
from privsynth.tables import Column, Schema, dump_schema, read_schema

FINITE = "(column 'a'): low and high must be finite numbers"


def refused(path: Path) -> str:
    """Return the text of the ``InputError`` that reading a schema raises."""
    with pytest.raises(InputError) as caught:
        read_schema(path)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("kind: numeric, lwo: 3", "columns.0.lwo (column 'a'): unknown key; did you mean 'low'?"),
        ("kind: number", "columns.0.kind (column 'a'): Input should be 'numeric'"),
        ("unit: cm", "columns.0.kind (column 'a'): Field required"),
        ("kind: numeric, low: 3, high: 3", "columns.0 (column 'a'): low must be below high"),
        ("kind: numeric, low: 3, high: x", FINITE),
        ("kind: numeric, low: .nan", FINITE),
        ("kind: integer, high: .inf", FINITE),
        ("kind: integer, high: true", FINITE),
        ("kind: integer, high: [3]", FINITE),
        ("kind: datetime, low: 2020-01-01, high: 2019-12-31", "low must be below high"),
        ("kind: datetime, low: last May", "low and high of a datetime must be ISO dates"),
        ("kind: datetime, low: 5.5", "low and high of a datetime must be ISO dates"),
        ("kind: categorical, low: 3", "a column of kind categorical takes no low or high"),
        ("kind: numeric, categories: [b]", "a column of kind numeric takes no categories"),
        ("kind: ordinal", "an ordinal column needs its categories, in order"),
        ("kind: ordinal, categories: [b, b]", "categories must be at least one, and each listed"),
        ("kind: ordinal, categories: [b, ' b ']", "categories must be at least one, and each"),
        ("kind: categorical, categories: []", "categories must be at least one, and each listed"),
        ("kind: categorical, categories: [b, null]", "columns.0.categories.1 (column 'a')"),
        ("kind: categorical, categories: b", "columns.0.categories (column 'a')"),
        ("kind: numeric, format: '%d'", "only a datetime takes a format"),
        ("kind: integer, decimals: 1", "a column of kind integer takes no decimals"),
        ("kind: numeric, decimals: -1", "columns.0.decimals (column 'a'): Input should be greater"),
        ("kind: numeric, decimals: 16", "columns.0.decimals (column 'a'): Input should be less"),
        (
            "kind: numeric, decimals: 1.5",
            "columns.0.decimals (column 'a'): Input should be a valid",
        ),
        ("kind: numeric, nullable: perhaps", "columns.0.nullable (column 'a'): Input should be"),
        ("kind: text, kind: id", "line 2: a key comes twice"),
        ("kind: text}\n- {name: a, kind: id", "columns declared twice: 'a'"),
        ("kind: text}\n- {name: ' a ', kind: id", "columns declared twice: 'a'"),
        ("kind: text}\n- {name: , kind: id", "columns.1.name"),
        ("kind: text}\n- {3: 4", "columns.1"),
        ("kind: text}\n- b\nx: {", "columns.1"),
        ("kind: text}\nentity: {", "entity"),
        ("kind: text}\nnote: n\nnote: {", "line 4: a key comes twice"),
    ],
)
def test_a_wrong_column_is_explained(tmp_path: Path, entry: str, expected: str) -> None:
    path = write_file(tmp_path, f"columns:\n- {{name: a, {entry}}}\n", "schema.yaml")
    message = refused(path)
    assert expected in message and message.startswith(f"schema file {path}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colums:\n- {name: a, kind: text}", "colums: unknown key; did you mean 'columns'?"),
        ("columns:\n- {name: a, kind: text}\nentity: b", "entity: 'b' is not a declared column"),
        ("columns:\n- {name: a, kind: text}\ntarget: b", "target: 'b' is not a declared column"),
        ("columns: {a: text}", "columns"),
        ("columns:\n- {name: a\n- b: c", "line 3: this is not valid YAML"),
        ("columns: !!python/name:os.system", "line 1: this is not valid YAML"),
        ("note: \x01", "this is not valid YAML"),
        ("- a\n- b", "must hold `key: value` entries"),
        ("", "must hold `key: value` entries"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in refused(write_file(tmp_path, text, "schema.yaml"))


def test_a_schema_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.yaml", tmp_path, write_file(tmp_path, b"\xff", "latin.yaml")):
        assert str(path) in refused(path)


def test_a_format_that_is_none_is_named(tmp_path: Path) -> None:
    schema = Schema(columns=(Column(name="day", kind="datetime", format="%Q"),))
    path = write_file(tmp_path, f"day\n{SECRET}\n")
    assert "column 'day': '%Q' is no strptime format" in refusal(path, schema)


def test_a_schema_that_was_dumped_reads_back_as_itself(tmp_path: Path) -> None:
    plain = (
        "yes NO 1e3 1.0e3 007 0o7 12:30 null ~ 2020-01-01 #d 1_000 .5 nan .nan true é ' = << 0x1F"
    )
    odd = (*plain.split(), "[x]", "a: b", "- c", "-")
    columns = (
        *(Column(name=name, kind="numeric") for name in odd),
        Column(name="cats", kind="categorical", categories=odd, reason="a: b # c"),
        Column(name="num", kind="numeric", low=-1e300, high=1e-7, inferred=("low", "high")),
        Column(name="day", kind="datetime", low="2017-01-01", high="2018-01-01T10:00:00+01:00"),
        Column(name="cm", kind="numeric", decimals=0, nullable=False),
        Column(name="kg", kind="numeric", decimals=15, nullable=True),
    )
    schema = Schema(columns=columns, entity="yes", target="NO", note="no")
    path = write_file(tmp_path, dump_schema(schema), "schema.yaml")
    assert read_schema(path) == schema


def test_yes_and_no_in_a_schema_are_the_texts_that_were_written(tmp_path: Path) -> None:
    text = "columns:\n- {name: on, kind: categorical, categories: [Yes, NO, off, 12:30, 007]}\n"
    column = read_schema(write_file(tmp_path, text, "schema.yaml")).columns[0]
    assert (column.name, column.categories) == ("on", ("Yes", "NO", "off", "12:30", "007"))
