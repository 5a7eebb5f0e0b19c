"""Rows become records one by one: equal rows, and only they, get equal keys."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_example import INTEGERS, QUICK, exact_rows, make_table, mixed_tables

from privsynth import randomness
from privsynth.tables import Column, Records, Schema, Table, concat, fit_space


def one_column(kind: Any, values: list[Any], name: str = "table", **domain: Any) -> Table:
    schema = Schema(columns=(Column(name="x", kind=kind, **domain),))
    return make_table(schema, {"x": values}, name)


def marked(table: Table, rows: list[int]) -> Table:
    """Return the table with these cells of its only column unreadable, as reading leaves them."""
    mask = np.isin(np.arange(len(table)), rows)
    frame = table.frame.copy()
    frame["x"] = frame["x"].mask(mask)
    return Table(frame, table.schema, table.name, {"x": mask})


@QUICK
@given(tables=mixed_tables(n_tables=1), seed=st.integers(0, 99))
def test_a_row_is_encoded_the_same_wherever_it_stands(tables: list[Table], seed: int) -> None:
    (table,) = tables
    space = fit_space(table.schema, tables)
    order = randomness.generator(seed, "order").permutation(len(table))
    moved, whole = space.encode(table.take(order, "moved")), space.encode(table).take(order)
    np.testing.assert_array_equal(moved.numbers, whole.numbers)
    np.testing.assert_array_equal(moved.codes, whole.codes)
    np.testing.assert_array_equal(moved.cells, whole.cells)
    alone = [space.encode(table.take([i], "one")).row_keys()[0] for i in order]
    assert alone == moved.row_keys()


@QUICK
@given(tables=mixed_tables(n_tables=2))
def test_rows_have_equal_keys_exactly_where_their_cells_are_equal(tables: list[Table]) -> None:
    space = fit_space(tables[0].schema, tables)
    keys = [key for table in tables for key in space.encode(table).row_keys()]
    rows = [row for table in tables for row in exact_rows(table)]
    for key, row in zip(keys, rows, strict=True):
        assert [key == other for other in keys] == [row == other for other in rows]


@QUICK
@given(tables=mixed_tables(n_tables=3))
def test_the_order_of_the_tables_that_fix_the_space_does_not_matter(tables: list[Table]) -> None:
    """Ranges symmetric in train and holdout keep their labels exchangeable."""
    one, other = fit_space(tables[0].schema, tables), fit_space(tables[0].schema, tables[::-1])
    for table in tables:
        first, second = one.encode(table), other.encode(table)
        np.testing.assert_array_equal(first.numbers, second.numbers)
        np.testing.assert_array_equal(first.codes, second.codes)


@QUICK
@given(tables=mixed_tables(n_tables=2))
def test_numbers_lie_between_0_and_1_and_codes_are_known(tables: list[Table]) -> None:
    space = fit_space(tables[0].schema, tables)
    for table in tables:
        records = space.encode(table)
        present = records.numbers[~np.isnan(records.numbers)]
        assert ((present >= 0) & (present <= 1)).all()
        assert (records.codes >= 0).all()


def test_bounds_that_are_read_come_from_all_real_tables_together() -> None:
    low, high = one_column("numeric", [2.0, None]), one_column("numeric", [4.0, 12.0])
    space = fit_space(low.schema, [low, high])
    np.testing.assert_array_equal(space.encode(high).numbers[:, 0], [0.2, 1.0])
    np.testing.assert_array_equal(space.encode(low).numbers[:, 0], [0.0, np.nan])


def test_declared_bounds_win_over_those_in_the_rows() -> None:
    table = one_column("numeric", [-5.0, 0.0, 25.0, 1000.0], low=0, high=100)
    scaled = fit_space(table.schema, [table]).encode(table).numbers[:, 0]
    np.testing.assert_array_equal(scaled, [0.0, 0.0, 0.25, 1.0])


def test_one_declared_bound_is_joined_by_the_other_one_read() -> None:
    table = one_column("numeric", [10.0, 50.0], low=0)
    np.testing.assert_array_equal(
        fit_space(table.schema, [table]).encode(table).numbers[:, 0], [0.2, 1.0]
    )


def test_declared_dates_bound_a_datetime() -> None:
    table = one_column(
        "datetime", ["2016-01-01", "2018-01-01", None], low="2017", high="2019-01-01"
    )
    scaled = fit_space(table.schema, [table]).encode(table).numbers[:, 0]
    np.testing.assert_array_equal(scaled, [0.0, 0.5, np.nan])


@pytest.mark.parametrize(
    ("kind", "values", "domain"),
    [
        ("numeric", [101.0, 102.0, 1e300, -1.0, -2.0], {"low": 0, "high": 100}),
        ("integer", [101, 102, -1, -2], {"low": 0, "high": 100}),
        ("datetime", ["2030-01-01", "2031-01-01"], {"low": "2000", "high": "2020"}),
    ],
)
def test_what_lies_beyond_the_bounds_keeps_cells_of_its_own(
    kind: Any, values: list[Any], domain: dict[str, Any]
) -> None:
    table = one_column(kind, values, **domain)
    records = fit_space(table.schema, [table]).encode(table)
    assert set(records.numbers[:, 0]) <= {0.0, 1.0}
    assert len(set(records.row_keys())) == len(values)


def test_large_integers_that_one_float_would_merge_stay_apart() -> None:
    values = [*INTEGERS[1], 2**53 + 1, 2**63 - 1, 2**63 - 2, -(2**63) + 1, None]
    table = one_column("integer", values)
    assert len(set(fit_space(table.schema, [table]).encode(table).row_keys())) == len(values)


@pytest.mark.parametrize(
    "values",
    [[-1.7e308, 0.0, 1.7e308], [0.0, 5e-324, 1.7e308], [0.0, 5e-324], [1e308, 1.7e308]],
)
def test_the_widest_and_narrowest_ranges_give_numbers_and_no_warning(values: list[float]) -> None:
    table = one_column("numeric", values)
    records = fit_space(table.schema, [table]).encode(table)
    assert np.isfinite(records.numbers).all()
    assert (np.diff(records.numbers[:, 0]) >= 0).all() and records.numbers[-1, 0] == 1.0
    narrow = one_column("numeric", values, low=0, high=1e-320)
    assert np.isfinite(fit_space(narrow.schema, [narrow]).encode(narrow).numbers).all()


def test_constant_and_empty_columns_are_encoded_without_a_warning() -> None:
    for values in ([3.5, 3.5], [None, None], [None, 3.5]):
        table = one_column("numeric", values)
        scaled = fit_space(table.schema, [table]).encode(table).numbers[:, 0]
        assert all(
            np.isnan(s) if v is None else s == 0 for s, v in zip(scaled, values, strict=True)
        )


def test_a_category_that_no_real_row_has_is_no_code_but_a_cell() -> None:
    real = one_column("categorical", ["a", "b", None])
    space = fit_space(real.schema, [real])
    released = space.encode(one_column("categorical", ["b", "new", "newer", "new", None]))
    assert list(released.codes[:, 0]) == [2, -1, -1, -1, 0]
    keys = released.row_keys()
    assert keys[1] == keys[3] != keys[2]
    assert not {keys[1], keys[2]} & set(space.encode(real).row_keys())


def test_an_ordinal_that_is_not_declared_is_at_no_rank() -> None:
    table = one_column("ordinal", ["low", "high", "unknown", None], categories=("low", "high"))
    scaled = fit_space(table.schema, [table]).encode(table).numbers[:, 0]
    np.testing.assert_array_equal(scaled, [0.0, 1.0, np.inf, np.nan])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("numeric", [1.0, 2.0, 1.0, -1.9999999999999998]),
        ("integer", [1, 2, 1, -1]),
        ("datetime", ["2020-01-01", "2020-01-02", "2020-01-01", "1970-01-01"]),
        ("boolean", [True, False, True, None]),
    ],
)
def test_an_unreadable_cell_equals_nothing_here_or_elsewhere(kind: Any, values: list[Any]) -> None:
    real = one_column(kind, values, "train")
    space = fit_space(real.schema, [real])
    released = space.encode(marked(one_column(kind, values, "released"), [0, 2]))
    again = space.encode(marked(one_column(kind, values, "again"), [0, 2]))
    keys = released.row_keys()
    assert len({keys[0], keys[2]}) == 2
    assert not {keys[0], keys[2]} & {*space.encode(real).row_keys(), *again.row_keys()}
    assert not {keys[0], keys[2]} & {keys[1], keys[3]}
    if kind == "boolean":
        assert list(released.codes[[0, 2], 0]) == [-1, -1]
    else:
        assert np.isinf(released.numbers[[0, 2], 0]).all()


def test_no_readable_number_has_the_key_of_an_unreadable_one() -> None:
    """The bits next to -2.0 once marked unreadable cells, and are those of a plain number."""
    n = 40
    beside = [float(np.nextafter(-2.0, 0))]
    while len(beside) < n:
        beside.append(float(np.nextafter(beside[-1], 0)))
    real = one_column("numeric", beside)
    space = fit_space(real.schema, [real])
    bad = space.encode(marked(one_column("numeric", [0.0] * n), list(range(n))))
    assert not set(bad.row_keys()) & set(space.encode(real).row_keys())


def test_ids_free_text_and_the_entity_are_not_compared() -> None:
    schema = Schema(
        columns=(
            Column(name="person", kind="categorical"),
            Column(name="key", kind="id"),
            Column(name="note", kind="text"),
            Column(name="x", kind="numeric"),
        ),
        entity="person",
    )
    cells = {"person": ["a", "b"], "key": ["1", "2"], "note": ["u", "v"], "x": [1.0, 1.0]}
    table = make_table(schema, cells)
    space = fit_space(schema, [table])
    assert space.names == ("x",)
    assert len(set(space.encode(table).row_keys())) == 1
    assert list(space.encode(table).units) == [0, 1]


def test_units_of_joined_records_stay_apart() -> None:
    def rows(units: list[int]) -> Records:
        n = len(units)
        return Records(
            np.zeros((n, 1)),
            np.zeros((n, 0), np.int64),
            np.zeros((n, 1), np.int64),
            np.array(units),
        )

    joined = concat(rows([0, 0, 1]), rows([]), concat(rows([0]), rows([0, 1])))
    assert list(joined.units) == [0, 0, 1, 2, 3, 4]
    assert [len(leaf) for leaf in joined.leaves] == [3, 0, 1, 2]
    assert joined.take(np.array([0, 3])).leaves[0].units.tolist() == [0, 2]
