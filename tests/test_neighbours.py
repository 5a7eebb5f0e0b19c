"""The fast search gives what two plain loops give: distances, ids and shared credit."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_example import (
    ORDERED_KINDS,
    QUICK,
    exact_ranges,
    exact_rows,
    gower,
    make_table,
    mixed_tables,
)

from privsynth import randomness
from privsynth.neighbours import Neighbours, Search, _kernel, merge, search, tie_credit
from privsynth.neighbours import nearest_records as nearest
from privsynth.tables import Column, Records, Schema, Table, concat, fit_space

NEAR = 1e-12


def distance(x: Records, i: int, y: Records, j: int) -> float:
    """Return the Gower sum of two records, written out cell by cell."""
    total = 0.0
    for a, b in zip(x.numbers[i], y.numbers[j], strict=True):
        if np.isinf(a) or np.isinf(b) or np.isnan(a) != np.isnan(b):
            total += 1.0
        elif not np.isnan(a):
            total += min(abs(b - a), 1.0)
    for a, b in zip(x.codes[i], y.codes[j], strict=True):
        total += 1.0 if a != b or a < 0 else 0.0
    return total


def loop(queries: Records, reference: Records, k: int) -> tuple[Any, Any]:
    """Return the k nearest by two loops and a sort that prefers the smaller row number."""
    distances = np.full((len(queries), k), np.inf)
    ids = np.full((len(queries), k), -1)
    for i in range(len(queries)):
        found = sorted((distance(queries, i, reference, j), j) for j in range(len(reference)))
        for rank, (d, j) in enumerate(found[:k]):
            distances[i, rank], ids[i, rank] = d, j
    return distances, ids


def assert_same(found: Neighbours, distances: Any, ids: Any) -> None:
    np.testing.assert_allclose(found.distances, distances, rtol=0, atol=NEAR)
    np.testing.assert_array_equal(found.ids, ids)


def encoded(tables: list[Table]) -> list[Records]:
    space = fit_space(tables[0].schema, tables)
    return [space.encode(table) for table in tables]


def planted(n: int, seed: int, p: int = 3, q: int = 2) -> Records:
    """Return records on a coarse grid (many ties), with missing and unreadable cells."""
    rng = randomness.generator(seed, "planted records")
    numbers = rng.integers(0, 5, (n, p)) / 4
    numbers[rng.random((n, p)) < 0.1] = np.nan
    numbers[rng.random((n, p)) < 0.02] = np.inf
    codes = rng.integers(-1, 4, (n, q))
    return Records(numbers, codes, np.zeros((n, p + q), np.int64), np.arange(n))


def all_pairs(queries: Records, reference: Records) -> Any:
    """Return every distance, shape ``(m, n)``, column by column instead of pair by pair."""
    total = np.zeros((len(queries), len(reference)))
    for j in range(queries.numbers.shape[1]):
        a, b = queries.numbers[:, j][:, None], reference.numbers[:, j][None, :]
        with np.errstate(invalid="ignore"):
            gap = np.minimum(np.abs(a - b), 1.0)
        gap = np.where(np.isnan(a) & np.isnan(b), 0.0, np.where(np.isnan(a) != np.isnan(b), 1, gap))
        total += np.where(np.isinf(a) | np.isinf(b), 1.0, gap)
    for j in range(queries.codes.shape[1]):
        a, b = queries.codes[:, j][:, None], reference.codes[:, j][None, :]
        total += (a != b) | (a < 0)
    return total


@QUICK
@given(tables=mixed_tables(), k=st.integers(1, 12))
def test_the_nearest_rows_are_those_of_two_plain_loops(tables: list[Table], k: int) -> None:
    queries, reference = encoded(tables)
    assert_same(nearest(queries, reference, k=k, threads=1), *loop(queries, reference, k))


@QUICK
@given(tables=mixed_tables())
def test_distances_are_the_gower_sums_of_the_cells_themselves(tables: list[Table]) -> None:
    """The oracle reads cells, not records, and counts in fractions: coding is judged as well."""
    queries, reference = encoded(tables)
    ranges, asked, given_ = exact_ranges(tables), *(exact_rows(table) for table in tables)
    found = nearest(queries, reference, k=len(given_), threads=1)
    for i, row in enumerate(asked):
        exact = [float(gower(row, other, ranges)) for other in given_]
        np.testing.assert_allclose(found.distances[i], sorted(exact), rtol=0, atol=NEAR)
        np.testing.assert_allclose(
            found.distances[i], np.array(exact)[found.ids[i]], rtol=0, atol=NEAR
        )


@pytest.mark.parametrize("kinds", [ORDERED_KINDS, ("categorical", "boolean")])
def test_tables_of_one_sort_of_column_are_searched_as_well(kinds: tuple[str, ...]) -> None:
    @QUICK
    @given(tables=mixed_tables(kinds=kinds))
    def check(tables: list[Table]) -> None:
        queries, reference = encoded(tables)
        assert_same(nearest(queries, reference, k=2, threads=1), *loop(queries, reference, 2))

    check()


@QUICK
@given(tables=mixed_tables(n_tables=1))
def test_a_row_is_at_distance_exactly_zero_from_its_copy(tables: list[Table]) -> None:
    (rows,) = encoded(tables)
    assert (nearest(rows, rows, k=1, threads=1).distances == 0.0).all()


@QUICK
@given(tables=mixed_tables(n_tables=3), k=st.integers(1, 3))
def test_joined_records_give_what_one_table_of_all_rows_gives(tables: list[Table], k: int) -> None:
    first, second, queries = encoded(tables)
    joined = concat(first, second)
    whole = Records(joined.numbers, joined.codes, joined.cells, joined.units)
    engine = Search(threads=1)
    assert_same(engine.nearest(queries, joined, k), *loop(queries, whole, k))
    assert_same(engine.nearest(joined, queries, k), *loop(whole, queries, k))
    parts = [nearest(queries, part, k=k, threads=1) for part in (first, second)]
    assert_same(merge(parts, [len(first), len(second)]), *loop(queries, whole, k))


@QUICK
@given(tables=mixed_tables())
def test_each_query_gives_one_credit_shared_evenly_among_its_ties(tables: list[Table]) -> None:
    queries, reference = encoded(tables)
    best = nearest(queries, reference, k=1, threads=1).distances[:, 0]
    expected = np.zeros(len(reference))
    for i in range(len(queries)):
        row = np.array([distance(queries, i, reference, j) for j in range(len(reference))])
        expected += (row == row.min()) / (row == row.min()).sum()
    found = tie_credit(queries, reference, best, threads=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=NEAR)
    assert abs(found.sum() - len(queries)) < NEAR


@pytest.fixture(scope="module")
def large() -> tuple[Records, Records, Any]:
    """More rows than a block of queries and two tiles of the reference hold."""
    queries, reference = planted(700, 1), planted(1300, 2)
    return queries, reference, all_pairs(queries, reference)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("block", [7, 512, 4096])
def test_threads_and_block_size_change_nothing(
    large: Any, threads: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "BLOCK", block)
    queries, reference, pairs = large
    order = np.argsort(pairs, axis=1, kind="stable")[:, :3]
    found = nearest(queries, reference, k=3, threads=threads)
    assert_same(found, np.take_along_axis(pairs, order, axis=1), order)
    best = found.distances[:, 0]
    ties = pairs == pairs.min(axis=1, keepdims=True)
    credit = tie_credit(queries, reference, best, threads=threads)
    shared = (ties / ties.sum(axis=1, keepdims=True)).sum(axis=0)
    np.testing.assert_allclose(credit, shared, rtol=0, atol=1e-10)  # 700 additions in two orders
    assert abs(credit.sum() - len(queries)) < 1e-9


def test_the_number_of_threads_does_not_move_a_single_bit(
    large: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries, reference, _ = large
    count = _kernel.credit

    def dawdle(asked: Any, *more: Any) -> None:
        time.sleep(0.002 * float(asked[0, 0] == 0.0))  # so that blocks end in any order
        count(asked, *more)

    monkeypatch.setattr(search, "BLOCK", 7)
    monkeypatch.setattr(_kernel, "credit", dawdle)
    runs = [nearest(queries, reference, k=2, threads=n) for n in (1, 2, 3)]
    best = runs[0].distances[:, 0]
    credits = [tie_credit(queries, reference, best, threads=n) for n in (1, 2, 3)]
    assert len({run.distances.tobytes() + run.ids.tobytes() for run in runs}) == 1
    assert len({credit.tobytes() for credit in credits}) == 1


def test_a_distance_does_not_depend_on_where_a_row_stands() -> None:
    """Ties are found with ==, so the same pair must give the same bits in any tile."""
    rng = randomness.generator(0, "moved rows")
    cells = rng.random((1300, 9))
    rows = Records(cells, np.zeros((1300, 0), np.int64), cells.view(np.int64), np.arange(1300))
    asked = rows.take(np.arange(5))
    order = rng.permutation(1300)
    straight = nearest(asked, rows, k=1300, threads=1)
    moved = nearest(asked, rows.take(order), k=1300, threads=1)
    assert straight.distances.tobytes() == moved.distances.tobytes()


def test_a_reference_shorter_than_k_leaves_infinity_and_no_row() -> None:
    queries, reference = planted(4, 3), planted(2, 4)
    found = nearest(queries, reference, k=5, threads=1)
    assert np.isinf(found.distances[:, 2:]).all() and (found.ids[:, 2:] == -1).all()
    assert np.isfinite(found.distances[:, :2]).all()
    both = Search(threads=1).nearest(queries, concat(reference, planted(1, 5)), 5)
    assert np.isinf(both.distances[:, 3:]).all() and (both.ids[:, 3:] == -1).all()
    assert sorted(both.ids[0, :3]) == [0, 1, 2]


def test_no_rows_on_either_side_give_empty_answers() -> None:
    rows, none = planted(3, 6), planted(3, 6).take(np.arange(0))
    assert nearest(none, rows, threads=1).ids.shape == (0, 2)
    assert (nearest(rows, none, threads=1).ids == -1).all()
    both = Search(threads=1).nearest(rows, concat(none, rows))
    np.testing.assert_array_equal(both.ids[:, 0], nearest(rows, rows, threads=1).ids[:, 0])


def test_an_unreadable_cell_is_far_from_everything_even_from_itself() -> None:
    schema = Schema(
        columns=(Column(name="x", kind="numeric"), Column(name="g", kind="categorical"))
    )
    real = make_table(schema, {"x": [1.0, 2.0, None], "g": ["a", "b", None]}, "train")
    marks = {"x": np.array([True, False, False]), "g": np.array([False, False, True])}
    cells = {"x": [None, 1.0, 2.0], "g": ["a", "unseen", None]}
    released = Table(make_table(schema, cells).frame, schema, "synthetic", marks)
    space = fit_space(schema, [real])
    found = nearest(space.encode(released), space.encode(real), k=3, threads=1)
    np.testing.assert_array_equal(np.sort(found.distances[0]), [1, 2, 2])  # only "a" agrees
    np.testing.assert_array_equal(np.sort(found.distances[1]), [1, 2, 2])  # only 1.0 agrees
    np.testing.assert_array_equal(np.sort(found.distances[2]), [1, 2, 2])  # missing g is not bad g
    own = nearest(space.encode(released), space.encode(released), k=1, threads=1)
    np.testing.assert_array_equal(own.distances[:, 0], [1, 1, 1])


def test_a_pair_of_tables_is_searched_once(large: Any) -> None:
    queries, reference, pairs = large
    counted: list[int] = []
    engine = Search(threads=1, tick=counted.append)
    deep = engine.nearest(queries, reference, 4)
    assert sum(counted) == pairs.size
    shallow = engine.nearest(queries, reference, 2)
    np.testing.assert_array_equal(shallow.ids, deep.ids[:, :2])
    engine.nearest(queries, concat(reference, queries.take(np.arange(10))))
    assert sum(counted) == pairs.size + 10 * len(queries)


@pytest.mark.parametrize("probe", [1, 3])
@pytest.mark.parametrize("n", [5, 300, 900])
def test_rows_without_structure_are_searched_without_boxes_and_found_all_the_same(
    probe: int, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On iid rows the probe visits most tiles, so that the rest goes by brute force."""
    monkeypatch.setattr(search, "PROBE", probe)
    rng = randomness.generator(n, "iid")
    given, asked = (
        Records(
            rng.random((m, 6)), rng.integers(1, 3, (m, 3)), np.arange(9 * m).reshape(m, 9),
            np.arange(m),
        )
        for m in (n, 40)
    )  # fmt: skip
    found = nearest(asked, given, k=3, threads=1)
    gaps = np.minimum(np.abs(asked.numbers[:, None] - given.numbers[None]), 1).sum(axis=2)
    gaps += (asked.codes[:, None] != given.codes[None]).sum(axis=2)
    order = np.lexsort((np.broadcast_to(np.arange(n), gaps.shape), gaps), axis=1)[:, :3]
    np.testing.assert_array_equal(found.ids, order)
    np.testing.assert_allclose(found.distances, np.take_along_axis(gaps, order, 1), atol=1e-12)


@pytest.mark.parametrize("columns", [1, 300])
@pytest.mark.parametrize("n", [1, 700])
@pytest.mark.parametrize("k", [1, 50])
def test_one_row_or_many_one_column_or_three_hundred(columns: int, n: int, k: int) -> None:
    rng = randomness.generator(columns, "wide")
    ordered = (columns + 1) // 2
    given, asked = (
        Records(
            rng.random((m, ordered)), rng.integers(0, 4, (m, columns - ordered)),
            np.zeros((m, columns), np.int64), np.arange(m),
        )
        for m in (n, 25)
    )  # fmt: skip
    found = nearest(asked, given, k=k, threads=1)
    gaps = np.minimum(np.abs(asked.numbers[:, None] - given.numbers[None]), 1).sum(axis=2)
    gaps += (asked.codes[:, None] != given.codes[None]).sum(axis=2)
    held = min(k, n)
    order = np.lexsort((np.broadcast_to(np.arange(n), gaps.shape), gaps), axis=1)[:, :held]
    np.testing.assert_array_equal(found.ids[:, :held], order)
    np.testing.assert_allclose(
        found.distances[:, :held], np.take_along_axis(gaps, order, 1), atol=1e-12 * columns
    )
