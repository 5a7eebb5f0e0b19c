"""A file searched piece by piece gives what the table in memory gives, in memory that stays."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_example import QUICK, SECRET, make_table, mixed_tables, schema_of

from privsynth import randomness
from privsynth.errors import InputError
from privsynth.neighbours import Neighbours, cost, nearest_records
from privsynth.neighbours.stream import nearest_in_parquet
from privsynth.tables import Column, Records, Schema, Space, Table, fit_space, read

KINDS = {
    "x": "numeric", "n": "integer", "g": "categorical", "h": "categorical", "b": "boolean",
    "day": "datetime",
}  # fmt: skip


def random_frame(n: int, seed: int) -> pd.DataFrame:
    """Return rows on a coarse grid, so that most distances are tied, with missing cells."""
    rng = randomness.generator(seed, "streamed rows")
    columns = {
        "x": rng.integers(0, 4, n) / 4,
        "n": rng.integers(0, 3, n),
        "g": np.array(["a", "b", "c"], object)[rng.integers(0, 3, n)],
        "h": np.array([f"word {i}" for i in range(40)], object)[rng.integers(0, 40, n)],
        "b": rng.random(n) < 0.5,
        "day": np.datetime64("2020-01-01", "us") + rng.integers(0, 3, n) * np.timedelta64(1, "D"),
    }
    types = {"n": "Int64", "b": "boolean"}
    frame = pd.DataFrame({k: pd.Series(v, dtype=types.get(k)) for k, v in columns.items()})
    return frame.mask(pd.DataFrame(rng.random(frame.shape) < 0.1, columns=frame.columns))


def write(frame: pd.DataFrame, path: Path, group: int = 1000, **options: Any) -> Path:
    """Return the path of a Parquet file of these rows, with ``group`` rows in a row group."""
    pq.write_table(pa.Table.from_pandas(frame), path, row_group_size=group, **options)
    return path


def setting(asked: pd.DataFrame, path: Path) -> tuple[Records, Space, Schema]:
    """Return queries, and their space and schema, with the ranges of both tables."""
    schema = schema_of(**KINDS)
    queries = Table(asked[list(schema.names)], schema, "queries")
    space = fit_space(schema, [queries, read(path, schema)])
    return space.encode(queries), space, schema


def bits(found: Neighbours) -> bytes:
    assert (found.distances.dtype, found.ids.dtype) == (np.float64, np.int64)
    return bytes(found.distances.tobytes() + found.ids.tobytes())


@contextmanager
def batches_of(rows: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "BATCH", rows)
        yield


@QUICK
@given(
    tables=mixed_tables(), k=st.integers(1, 9), group=st.integers(1, 9), batch=st.integers(1, 9),
    unseen=st.booleans(),
)  # fmt: skip
def test_a_streamed_file_gives_the_bits_of_the_table_in_memory(
    tables: list[Table], k: int, group: int, batch: int, unseen: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    asked, reference = tables
    k = min(k, len(reference))
    path = write(reference.frame, tmp_path_factory.mktemp("drawn") / "reference.parquet", group)
    space = fit_space(asked.schema, tables[:1] if unseen else tables)
    queries = space.encode(asked)
    in_memory = nearest_records(queries, space.encode(reference), k=k, threads=1)
    with batches_of(batch):
        found = nearest_in_parquet(queries, path, space, asked.schema, k=k, threads=1)
    assert bits(found) == bits(in_memory)


@pytest.mark.parametrize("k", [1, 2, 50])
@pytest.mark.parametrize(
    ("n", "group", "batch"), [(900, 1, 256), (3000, 700, 300), (3000, 999, 64)]
)
def test_ties_across_batches_go_to_the_smaller_row_for_any_number_of_threads(
    k: int, n: int, group: int, batch: int, tmp_path: Path
) -> None:
    path = write(random_frame(n, 1), tmp_path / "reference.parquet", group)
    queries, space, schema = setting(random_frame(300, 2), path)
    whole = nearest_records(queries, space.encode(read(path, schema)), k=k, threads=1)
    assert (np.diff(whole.distances, axis=1) == 0).any() or k == 1  # there are ties
    for threads in (1, 3):
        with batches_of(batch):
            found = nearest_in_parquet(queries, path, space, schema, k=k, threads=threads)
        assert bits(found) == bits(whole)


def test_every_way_of_storing_a_column_is_read_as_it_is_in_memory(tmp_path: Path) -> None:
    frame = random_frame(500, 3)
    frame[" x "] = frame.pop("x").astype("float32") + np.float32(0.1)
    frame["n"] = frame["n"].astype("UInt64")
    frame["g"] = frame["g"].astype("category")
    frame["day"] = frame["day"].dt.strftime("%Y-%m-%d").where(frame["day"].notna(), "NA")
    frame["left out"] = [[1, 2]] * 500
    path = write(frame.drop(columns="left out"), tmp_path / "plain.parquet", 70)
    more = write(frame, tmp_path / "more.parquet", 70)
    queries, space, schema = setting(random_frame(40, 4), path)
    whole = nearest_records(queries, space.encode(read(path, schema)), k=3, threads=1)
    with batches_of(64):
        for file in (path, more):
            found = nearest_in_parquet(queries, file, space, schema, k=3, threads=1)
            assert bits(found) == bits(whole)


def test_a_limit_leaves_out_what_is_farther_and_nothing_else() -> None:
    frames = [Table(random_frame(n, n), schema_of(**KINDS), "rows") for n in (200, 600)]
    space = fit_space(frames[0].schema, frames)
    queries, reference = (space.encode(table) for table in frames)
    rng = randomness.generator(0, "limits")
    for k in (1, 7, 601):
        free = nearest_records(queries, reference, k=k, threads=1)
        limits = rng.choice([0.0, 0.5, 1.0, 2.25, np.inf], 200)
        near = free.distances <= limits[:, None]
        found = nearest_records(queries, reference, k=k, threads=1, limits=limits)
        np.testing.assert_array_equal(found.distances, np.where(near, free.distances, np.inf))
        np.testing.assert_array_equal(found.ids, np.where(near, free.ids, -1))


def test_categories_that_the_space_does_not_know_match_nothing(tmp_path: Path) -> None:
    schema = schema_of(g="categorical", h="categorical")
    known = make_table(schema, {"g": ["a", "b"], "h": ["u", "u"]})
    space = fit_space(schema, [known])
    strange = make_table(schema, {"g": ["strange", "a"], "h": ["u", "strange"]})
    path = write(strange.frame, tmp_path / "reference.parquet")
    found = nearest_in_parquet(space.encode(strange), path, space, schema, k=2, threads=1)
    np.testing.assert_array_equal(found.distances, [[1, 2], [1, 2]])
    np.testing.assert_array_equal(found.ids, [[0, 1], [1, 0]])


def test_progress_counts_every_pair_of_the_file_once(tmp_path: Path) -> None:
    path = write(random_frame(1000, 1), tmp_path / "reference.parquet")
    queries, space, schema = setting(random_frame(30, 2), path)
    counted: list[int] = []
    with batches_of(300):
        nearest_in_parquet(queries, path, space, schema, threads=1, tick=counted.append)
    assert sum(counted) == 30 * 1000


def peak(job: Any) -> int:
    """Return the most bytes that Python, numpy and Arrow held at once during a job."""
    pool = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(pool)
    pa.set_memory_pool(counting)
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1] + int(counting.max_memory() or 0)
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(pool)


@pytest.mark.parametrize("group", [1500, 10**6])
def test_memory_does_not_grow_with_the_file(group: int, tmp_path: Path) -> None:
    peaks = []
    for times in (1, 8):
        path = write(random_frame(5000 * times, 5), tmp_path / f"{times}.parquet", group)
        queries, space, schema = setting(random_frame(200, 6), path)

        def search(queries=queries, path=path, space=space, schema=schema) -> None:  # type: ignore[no-untyped-def]
            nearest_in_parquet(queries, path, space, schema, k=5, threads=1)

        with batches_of(2048):
            search()  # what is loaded and compiled once is not the file's
            peaks.append(peak(search))
    assert peaks[1] < 1.1 * peaks[0]


def wide(n: int, p: int, q: int, seed: int) -> Table:
    rng = randomness.generator(seed, "wide rows")
    columns = {f"x{i}": rng.random(n) for i in range(p)}
    words = np.array([f"word {i}" for i in range(9)], object)
    columns |= {f"g{i}": words[rng.integers(0, 9, n)] for i in range(q)}
    kinds = {name: "numeric" if name[0] == "x" else "categorical" for name in columns}
    return Table(pd.DataFrame(columns), schema_of(**kinds), "rows")


@pytest.mark.parametrize(
    ("m", "n", "p", "q", "k"),
    [(500, 20_000, 6, 9, 2), (9000, 9000, 3, 3, 2), (9000, 500, 2, 2, 50), (300, 20_000, 1, 1, 5),
     (500, 5000, 40, 0, 2), (500, 5000, 0, 40, 2)],
)  # fmt: skip
def test_the_memory_foretold_is_that_taken_within_a_factor_of_two(
    m: int, n: int, p: int, q: int, k: int
) -> None:
    asked, reference = wide(m, p, q, 1), wide(n, p, q, 2)
    space = fit_space(asked.schema, [asked, reference])

    def search() -> None:
        nearest_records(space.encode(asked), space.encode(reference), k=k, threads=1)

    search()
    assert 0.5 < cost.cost(m, n, p + q, k, 1).memory / peak(search) < 2


@pytest.mark.parametrize(("m", "k", "p", "q"), [(200, 2, 3, 3), (20_000, 50, 2, 2)])
def test_the_memory_foretold_for_a_file_is_that_taken_within_a_factor_of_two(
    m: int, k: int, p: int, q: int, tmp_path: Path
) -> None:
    asked, reference = wide(m, p, q, 1), wide(20_000, p, q, 2)
    space = fit_space(asked.schema, [asked, reference])
    queries = space.encode(asked)
    path = write(reference.frame, tmp_path / "reference.parquet", 9000)

    def search() -> None:
        nearest_in_parquet(queries, path, space, asked.schema, k=k, threads=1)

    with batches_of(8192):
        search()
        foretold = cost.streamed_cost(m, 20_000, p + q, k, 1).memory
        assert 0.5 < foretold / peak(search) < 2


def test_the_cost_of_a_search_grows_with_every_one_of_its_sizes() -> None:
    for estimate in (cost.cost, cost.streamed_cost):
        base = estimate(1000, 2000, 10, 2, 1)
        assert base.pairs == 2_000_000 and base.seconds > 0
        sizes = {"queries": 1000, "reference": 2000, "columns": 10, "k": 2, "threads": 1}
        for name in ("queries", "reference", "columns", "k"):
            more = estimate(**{**sizes, name: 2 * sizes[name]})
            assert more.seconds > base.seconds and more.memory >= base.memory
            assert more.memory > base.memory or name == "k"  # while little is kept of each query
    huge = cost.streamed_cost(1000, 10**9, 10, 2, 1)
    assert huge.memory == cost.streamed_cost(1000, 10**8, 10, 2, 1).memory < 500e6


def test_a_search_beyond_the_memory_allowed_is_refused_with_what_to_do() -> None:
    needed = cost.cost(100_000, 10**8, 15, 2, 2)
    cost.check_memory(needed, None)
    cost.check_memory(needed, needed.memory)
    with pytest.raises(InputError, match=r"needs about [\d,]+ MB of memory, and 500 MB are") as no:
        cost.check_memory(needed, 500_000_000)
    for what in ("Parquet", "fewer rows", "--max-memory", "10,000,000,000,000 pairs"):
        assert what in str(no.value)


@pytest.fixture
def example(tmp_path: Path) -> tuple[Path, Records, Space, Schema]:
    path = write(random_frame(100, 1), tmp_path / "reference.parquet", 30)
    return path, *setting(random_frame(5, 2), path)


def refused(path: Path, queries: Records, space: Space, schema: Schema, **options: Any) -> str:
    with batches_of(40), pytest.raises(InputError) as no:
        nearest_in_parquet(queries, path, space, schema, threads=1, **options)
    assert SECRET not in str(no.value)
    assert no.value.__suppress_context__ or no.value.__context__ is None
    return str(no.value)


@pytest.mark.parametrize("k", [0, -1, 101])
def test_more_neighbours_than_the_file_has_rows_are_refused(k: int, example: Any) -> None:
    assert f"between 1 and the file's 100 rows, not {k}" in refused(*example, k=k)


def test_memory_is_refused_before_the_rows_are_read(example: Any) -> None:
    text = refused(*example, max_memory=1000)
    assert "1 kB are allowed" in text and "--max-memory" in text and "Parquet" not in text


@pytest.mark.parametrize("kept", [0, 3, 200, 0.5, 0.99])
def test_a_file_that_ends_in_the_middle_is_refused(kept: float, example: Any) -> None:
    path, *rest = example
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if kept < 1 else int(kept)])
    assert "not a Parquet file, or one that ends in the middle" in refused(path, *rest)


def test_a_file_whose_pages_are_damaged_is_refused(example: Any) -> None:
    path, *rest = example
    frame = random_frame(5000, 1)
    data = write(frame, path, 100, write_page_checksum=True).read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + bytes(2000) + data[middle + 2000 :])
    assert "not a Parquet file, or one that ends in the middle" in refused(path, *rest)


def test_a_path_that_leads_to_no_file_is_refused(example: Any) -> None:
    path, *rest = example
    assert "no such file" in refused(path.parent / "elsewhere.parquet", *rest)
    assert "folder" in refused(path.parent, *rest)


def test_columns_that_are_not_there_are_named(example: Any) -> None:
    path, *rest = example
    write(random_frame(50, 1).drop(columns=["g", "b"]), path)
    assert "missing: 'g', 'b'" in refused(path, *rest)
    write(random_frame(50, 1).add_prefix("other "), path)
    assert "no column in common" in refused(path, *rest)


def test_kinds_that_differ_are_refused(example: Any) -> None:
    path, queries, space, schema = example
    other = schema_of(**{**KINDS, "x": "categorical"})
    assert "'x' is categorical in the schema" in refused(path, queries, space, other)
    assert "'x' is compared" in refused(path, queries, space, schema.without({"x"}))
    narrow = fit_space(schema.without({"x"}), [read(path, schema).without({"x"})])
    assert "another space" in refused(path, queries, narrow, schema)
    frame = random_frame(50, 1)
    frame["x"] = [[0.5]] * 50
    assert "plain cells" in refused(write(frame, path), queries, space, schema)


@pytest.mark.parametrize("row", [1, 40, 41, 100])
def test_a_bad_cell_is_refused_with_its_row_in_the_whole_file(row: int, example: Any) -> None:
    path, *rest = example
    frame = random_frame(100, 1)
    frame["x"] = [SECRET if i == row - 1 else "0.5" for i in range(100)]
    text = refused(write(frame, path, 30), *rest)
    assert f"(first in row {row}," in text and "are no numeric values" in text


def test_a_cell_outside_the_declared_categories_is_refused_with_its_row(tmp_path: Path) -> None:
    schema = Schema(columns=(Column(name="g", kind="categorical", categories=("a", "b")),))
    table = make_table(schema, {"g": ["a", "b"]})
    space = fit_space(schema, [table])
    frame = pd.DataFrame({"g": ["a"] * 70 + [SECRET]})
    text = refused(write(frame, tmp_path / "r.parquet"), space.encode(table), space, schema)
    assert "row 71," in text and "declared categories" in text
