"""The private preprocessing without noise: what comes back, and what does not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from codebook_tables import consistent, counts, mixed, rng, table, tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from privsynth.privacy import ColumnDomain, NoNoise
from privsynth.privacy.domain import OTHER, read_domain
from privsynth.synthesizers._codebook import learn_codebook
from privsynth.synthesizers._codebook.cells import numbers
from privsynth.tables.table import Table


def there_and_back(rows: Table, **options: Any) -> pd.DataFrame:
    book = learn_codebook(rows, read_domain(rows), NoNoise(), 1.0, **options)
    return book.decode(book.codes(rows.frame), rng())


def test_without_noise_values_that_repeat_come_back_as_often() -> None:
    rows = mixed()
    back = there_and_back(rows)
    for name in ("few", "whole", "wave", "own", "town"):
        assert counts(back[name]) == counts(rows.frame[name]), name


def test_without_noise_other_columns_come_back_in_distribution() -> None:
    """One row in 200 is the limit; the planted bug, cells that are never cut, is beyond."""
    rows = mixed()
    back = there_and_back(rows)
    for name in ("heavy", "loss", "day", "at"):
        one, two = (numbers(f[name].dropna()) for f in (rows.frame, back))
        assert len(one) == len(two)
        assert ks_2samp(one, two, method="asymp").statistic <= 1 / 200, name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("privsynth.synthesizers._codebook.descent.levels", lambda line, is_noisy: 0)
        worse = there_and_back(rows)["heavy"].dropna()
    assert ks_2samp(rows.frame["heavy"].dropna(), worse, method="asymp").statistic > 1 / 100


def test_dates_stay_dates_and_decimals_stay_as_many() -> None:
    back = there_and_back(mixed())
    day, wave = back["day"].dropna(), back["wave"].dropna()
    assert (day == day.dt.normalize()).all()
    assert (back["at"].dropna() == back["at"].dropna().dt.floor("s")).all()
    assert (wave == wave.round(1)).all()
    assert back["heavy"].dropna().is_unique


def test_without_noise_nobody_is_known_to_the_last_digit() -> None:
    """2,000 values of 9 decimals below 1000: another draw equals one of them with 4e-9 a value."""
    rows = table({"x": "numeric"}, x=np.round(rng().random(2000) ** 3 * 1000, 9))
    back = there_and_back(rows)["x"]
    assert not back.isin(rows.frame["x"]).any()
    again = there_and_back(table({"x": "numeric"}, x=np.repeat(rows.frame["x"], 3)))["x"]
    assert again.isin(rows.frame["x"]).mean() > 0.1  # planted: values that three rows share


def test_bins_are_of_about_equal_weight_and_heavy_values_alone() -> None:
    book = learn_codebook(mixed(), read_domain(mixed()), NoNoise(), 1.0, most=10)
    assert all(size <= 10 for size in book.sizes)
    x = table({"x": "numeric"}, x=np.append(rng().random(6000), np.full(4000, 0.5)))
    book = learn_codebook(x, read_domain(x), NoNoise(), 1.0, most=10)
    (weights,) = book.weights
    assert weights.max() == pytest.approx(4000, abs=2) and len(weights) >= 6
    assert np.sort(weights)[1:-1].min() >= 900
    assert book.coarser(3).sizes <= (3,) and book.coarser(1).sizes == (1,)
    assert learn_codebook(mixed(), read_domain(mixed()), NoNoise(), 1.0, most=[5] * 9).sizes[0] == 5


def test_what_is_outside_is_counted_and_moved_into_the_domain() -> None:
    rows = table(
        {"x": "integer", "c": "categorical", "d": "categorical", "b": "boolean"},
        x=[-5, 3, 99, None] * 25,
        c=["A", "B", "strange", None] * 25,
        d=["A", OTHER, "strange", OTHER] * 25,
        b=[True, False, None, None] * 25,
    )
    domain = (
        ColumnDomain("x", "integer", 0, 10, nullable=False),
        ColumnDomain("c", "categorical", categories=("A", "B")),
        ColumnDomain("d", "categorical", categories=("A", OTHER)),
        ColumnDomain("b", "boolean"),
    )
    book = learn_codebook(rows, domain, NoNoise(), 1.0)
    assert book.outside == {"x": 75, "c": 25}
    back = book.decode(book.codes(rows.frame), rng())
    assert sum(counts(back["x"]).values()) == 100 and set(counts(back["x"])) == {0, 3, 10}
    assert counts(back["c"]) == {"A": 25, "B": 25, OTHER: 25, "missing": 25}
    assert counts(back["d"]) == {"A": 25, OTHER: 75}
    assert counts(back["b"]) == {True: 25, False: 25, "missing": 50}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.integers(1, 9))
def test_any_table_comes_back_without_noise(rows: Table, most: int) -> None:
    book = learn_codebook(rows, read_domain(rows), NoNoise(), 1.0, most=most)
    consistent(rows, book)
    assert all(size <= max(most, 2) for size in book.sizes)
    back = book.decode(book.codes(rows.frame), rng())
    for name in rows.schema.names:
        assert back[name].isna().sum() == rows.frame[name].isna().sum()
    for counted in book.counts:
        assert counted.sum() == len(rows)


def test_equal_seeds_give_equal_bytes_without_noise() -> None:
    rows = mixed(500)
    one, two, three = (
        learn_codebook(rows, read_domain(rows), NoNoise(), 1.0).decode(
            np.zeros((50, 9), np.int32), rng(seed)
        )
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(three)
