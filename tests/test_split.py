"""The split is disjoint by unit, of the declared shares, and blind to every value."""

from math import comb
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_example import QUICK, make_table, schema_of

from privsynth import randomness
from privsynth.errors import InputError
from privsynth.tables import Schema, Split, Table, halve, split
from privsynth.tables.split import MIN_UNITS

PARTS = ("train", "holdout", "reference")


def rng(seed: int = 0) -> np.random.Generator:
    return randomness.generator(seed, "split test")


def rows_table(values: list[Any]) -> Table:
    return make_table(schema_of(x="numeric"), {"x": values}, "source")


def people_table(people: list[str]) -> Table:
    schema = Schema(columns=schema_of(who="categorical", x="numeric").columns, entity="who")
    return make_table(schema, {"who": people, "x": [float(i) for i in range(len(people))]})


def sides(parts: Split, n: int) -> list[str]:
    """Return the part that each row of the source went to."""
    out = [""] * n
    for part, rows in parts.rows.items():
        for row in rows:
            assert out[row] == "", "a row in two parts"
            out[row] = part
    return out


@QUICK
@given(n=st.integers(MIN_UNITS, 90), seed=st.integers(0, 10**6))
def test_every_row_goes_to_exactly_one_part_and_is_not_changed(n: int, seed: int) -> None:
    table = rows_table([float(i) for i in range(n)])
    parts = split(table, rng(seed))
    assert "" not in sides(parts, n)
    for name in PARTS:
        part = getattr(parts, name)
        assert part.name == name and part.schema == table.schema
        pd.testing.assert_frame_equal(
            part.frame, table.frame.iloc[parts.rows[name]].reset_index(drop=True)
        )


@QUICK
@given(more=st.lists(st.integers(0, 60), max_size=100))
def test_all_rows_of_a_person_stay_together(more: list[int]) -> None:
    people = [f"p{i}" for i in [*range(MIN_UNITS), *more]]
    parts = split(people_table(people), rng())
    placed: dict[str, str] = {}
    for person, part in zip(people, sides(parts, len(people)), strict=True):
        assert placed.setdefault(person, part) == part
    assert parts.unit == "who"
    counts = [list(placed.values()).count(part) for part in PARTS]
    wanted = [len(placed) / 2, len(placed) / 4, len(placed) / 4]
    assert all(abs(count - want) <= 1 for count, want in zip(counts, wanted, strict=True))


@pytest.mark.parametrize("shares", [(0.5, 0.25, 0.25), (0.8, 0.1, 0.1), (0.34, 0.33, 0.33)])
@pytest.mark.parametrize("n", [20, 23, 100, 1001])
def test_parts_have_the_declared_shares_to_within_one_row(
    n: int, shares: tuple[float, float, float]
) -> None:
    parts = split(rows_table([1.0] * n), rng(), shares)
    for name, share in zip(PARTS, shares, strict=True):
        assert abs(len(getattr(parts, name)) - share * n) <= 1
    assert parts.unit == "row"


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    table = rows_table([float(i) for i in range(100)])
    first, same, other = (sides(split(table, rng(seed)), 100) for seed in (1, 1, 2))
    assert first == same != other  # equal by chance: 1 in 100! / (50! 25! 25!)


def test_no_value_moves_a_row() -> None:
    """Duplicates are treated like any other rows: contents permuted, the sides are the same."""
    values = [float(i // 4) for i in range(80)]
    plain = split(rows_table(values), rng(5))
    assert sides(plain, 80) == sides(split(rows_table([0.0] * 80), rng(5)), 80)
    assert sides(plain, 80) == sides(split(rows_table(values[::-1]), rng(5)), 80)


def test_copies_of_one_row_fall_on_the_sides_independently() -> None:
    """Two copies are both in train as often as any two rows: 10·9 / (20·19) of the splits.

    Of 2,000 seeds such a share is off by 0.065 with probability 2·exp(-2·2000·0.065²) = 9e-8.
    Rows that stay together, those of one person, must fail the same check.
    """

    def shares(table: Table) -> tuple[float, float]:
        pairs = [sides(split(table, rng(seed)), len(table))[:2] for seed in range(2000)]
        together = np.mean([pair == ["train", "train"] for pair in pairs])
        return float(together), float(np.mean([set(p) == {"train", "holdout"} for p in pairs]))

    together, apart = shares(rows_table([7.0] * 20))
    assert abs(together - comb(10, 2) / comb(20, 2)) < 0.065
    assert abs(apart - 10 * 5 / comb(20, 2)) < 0.065
    together, apart = shares(people_table(["a", "a", *(f"p{i}" for i in range(19))]))
    assert together > comb(10, 2) / comb(20, 2) + 0.065 and apart == 0.0


def test_too_few_units_are_refused() -> None:
    with pytest.raises(InputError, match="source: 19 units are too few"):
        split(rows_table([float(i) for i in range(MIN_UNITS - 1)]), rng())
    many_rows_of_few = people_table([f"p{i % 19}" for i in range(500)])
    with pytest.raises(InputError, match="19 units are too few"):
        split(many_rows_of_few, rng())


@pytest.mark.parametrize(
    "shares",
    [
        (0.5, 0.5, 0.5),
        (1.0, 0.0, 0.0),
        (1.2, -0.1, -0.1),
        (float("nan"), 0.5, 0.5),
        (0.5, 0.2, 0.2),
    ],
)
def test_shares_that_are_none_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="above 0 and sum to 1"):
        split(rows_table([1.0] * 50), rng(), shares)


def test_a_share_that_leaves_a_part_empty_is_refused() -> None:
    with pytest.raises(InputError, match=r"gets none of the 20 units"):
        split(rows_table([1.0] * 20), rng(), (0.98, 0.01, 0.01))


@QUICK
@given(n=st.integers(1, 60), seed=st.integers(0, 10**6))
def test_halves_are_disjoint_and_the_first_is_larger_by_at_most_one(n: int, seed: int) -> None:
    table = rows_table([float(i) for i in range(n)])
    first, second = halve(table, rng(seed), ("a", "b"))
    assert (first.name, second.name) == ("a", "b")
    assert sorted([*first.frame["x"], *second.frame["x"]]) == list(range(n))
    assert len(first) - len(second) == n % 2


def test_halves_keep_people_together() -> None:
    people = [f"p{i % 11}" for i in range(70)]
    first, second = halve(people_table(people), rng(), ("a", "b"))
    assert not set(first.frame["who"]) & set(second.frame["who"])
    assert len(set(first.frame["who"])) == 6 and len(first) + len(second) == 70
