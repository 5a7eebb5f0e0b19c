"""A table is written whole or not at all, and as the same bytes each time."""

from pathlib import Path

import pytest
from tables_example import EVERY_KIND, EVERY_KIND_CSV, make_table, schema_of, write_file

from privsynth.errors import InputError
from privsynth.tables import Table, read, table_bytes, write


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_the_same_rows_are_the_same_bytes(tmp_path: Path, ending: str) -> None:
    table = read(write_file(tmp_path, EVERY_KIND_CSV), EVERY_KIND)
    data = table_bytes(table, f"a.{ending}")
    assert data == table_bytes(table, f"a.{ending}")
    if ending == "csv.gz":
        assert data[4:8] == bytes(4)  # no time in the header


def test_a_table_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    table = make_table(schema_of(x="numeric"), {"x": [1.0]})
    with pytest.raises(InputError, match=r"written as \.csv, \.csv\.gz or \.parquet"):
        table_bytes(table, "table.xlsx")
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write(table, tmp_path / "taken.csv")
    write_file(tmp_path, "", "file")
    with pytest.raises(InputError, match="cannot be written"):
        write(table, tmp_path / "file" / "table.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken.csv"]


def test_columns_in_another_order_are_no_table_of_that_schema() -> None:
    frame = make_table(schema_of(a="numeric", b="numeric"), {"a": [1.0], "b": [2.0]}).frame
    with pytest.raises(InputError, match="not those of the schema"):
        Table(frame, schema_of(b="numeric", a="numeric"), "train")
