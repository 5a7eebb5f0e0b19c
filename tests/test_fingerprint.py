"""The fingerprint by which audits of one source are counted."""

import numpy as np
from population import SCHEMA, people

from privsynth.tables import Schema, Table, read, typed, write


def test_order_kinds_and_format_leave_the_fingerprint_as_it_is(tmp_path):
    table = people(60, np.random.default_rng(1))
    turned = table.take(np.arange(60)[::-1], "turned")
    columns = Schema(columns=SCHEMA.columns[::-1])
    swapped = Table(typed(table.frame, columns), columns, "swapped")
    write(table, tmp_path / "table.csv")
    write(table, tmp_path / "table.parquet")
    inferred = read(tmp_path / "table.csv")
    again = read(tmp_path / "table.parquet")
    prints = {t.fingerprint for t in (table, turned, swapped, inferred, again)}
    assert prints == {table.fingerprint}


def test_any_changed_cell_changes_the_fingerprint():
    table = people(60, np.random.default_rng(1))
    seen = {table.fingerprint}
    for name in table.schema.names:
        frame = table.frame.copy()
        other = frame[name].dropna().unique()
        first = frame.loc[0, name]
        frame.loc[0, name] = next(v for v in other if v != first)
        seen.add(Table(frame, SCHEMA, "changed").fingerprint)
    assert len(seen) == 1 + len(table.schema.names)


def test_swapping_cells_between_rows_or_columns_changes_the_fingerprint():
    table = people(60, np.random.default_rng(1))
    frame = table.frame.copy()
    frame.loc[[0, 1], "height"] = frame.loc[[1, 0], "height"].to_numpy()
    rows = Table(frame, SCHEMA, "rows")
    frame = table.frame.copy()
    frame.loc[0, ["height", "weight"]] = frame.loc[0, ["weight", "height"]].to_numpy()
    columns = Table(frame, SCHEMA, "columns")
    assert len({table.fingerprint, rows.fingerprint, columns.fingerprint}) == 3
