"""The parts of the codebook against brute force: ticks, cells, smoothing, bins."""

import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from privsynth.privacy import ColumnDomain
from privsynth.synthesizers._codebook.bins import lumped, run_together
from privsynth.synthesizers._codebook.grid import (
    STEPS,
    cut,
    decimals_needed,
    first_ticks,
    line,
    reference,
    shortest,
    step_needed,
)
from privsynth.synthesizers._codebook.smooth import FEW, nearest_weights, smooth


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_a_tick_is_the_double_of_the_decimal_itself(digits: int, places: int) -> None:
    value = float(Decimal(digits).scaleb(-places))
    ticks = line(ColumnDomain("x", "numeric", -1e9, 1e9, decimals=places), places)
    assert ticks.values(ticks.ticks(np.array([value])))[0] == value


@given(
    st.sampled_from(["numeric", "integer", "datetime"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.one_of(st.none(), st.integers(0, 9)),
    st.floats(0, 1),
)
def test_ticks_stay_within_the_bounds_and_come_back_as_themselves(
    kind: Any, one: float, two: float, fineness: int | None, part: float
) -> None:
    if kind != "numeric":
        one, two = (float(np.clip(np.rint(end), -(2.0**62), 2.0**62)) for end in (one, two))
    if kind == "datetime" and fineness is not None:
        fineness = min(fineness, 2)
    ticks = line(ColumnDomain("x", kind, min(one, two), max(one, two)), fineness)
    starts = first_ticks(ticks)
    assert starts[0] == ticks.first and (np.diff(starts) > 0).all() and starts[-1] <= ticks.last
    assert reference(ticks, starts).sum() == pytest.approx(1)
    chosen = ticks.first + int(part * (ticks.last - ticks.first))
    for tick in (ticks.first, chosen, ticks.last):
        value = ticks.values(np.array([tick]))
        assert ticks.low <= value[0] <= ticks.high
        assert ticks.ticks(value)[0] == tick


def test_zero_and_both_bounds_have_cells_of_their_own() -> None:
    ticks = line(ColumnDomain("x", "numeric", -50, 1000), 3)
    starts = set(first_ticks(ticks).tolist())
    assert {-50_000, -49_999, 0, 1, 1_000_000} <= starts and len(starts) < 64


@given(st.lists(st.tuples(st.integers(1, 10**13), st.integers(0, 50)), min_size=1, max_size=20))
def test_a_run_is_cut_into_even_pieces(runs: list[tuple[int, int]]) -> None:
    widths = np.array([width for width, _ in runs])
    starts = np.cumsum(widths + np.array([gap for _, gap in runs])) - widths
    firsts, pieces = cut(starts, widths, 64)
    ends = np.append(firsts[1:], 0)
    ends[np.cumsum(pieces) - 1] = starts + widths
    sizes = ends - firsts
    for start, width, part in zip(
        starts, widths, np.split(sizes, np.cumsum(pieces)[:-1]), strict=True
    ):
        assert part.sum() == width and part.max() - part.min() <= 1 and part.min() >= 1
        assert len(part) == min(width, 64) and start in firsts


@given(st.integers(-(10**6), 10**6), st.integers(0, 3000))
def test_the_shortest_tick_has_the_most_trailing_zeros(first: int, width: int) -> None:
    def zeros(k: int) -> int:
        return 99 if k == 0 else len(str(k)) - len(str(k).rstrip("0"))

    found = shortest(first, first + width)
    assert first <= found <= first + width
    assert zeros(found) == max(zeros(k) for k in range(first, first + width + 1))


@given(st.decimals(-(10**6), 10**6, places=6).map(lambda d: d.normalize()))
def test_decimals_are_those_that_are_written(value: Decimal) -> None:
    written = max(-int(value.as_tuple().exponent), 0)
    assert decimals_needed(np.array([float(value)]), 9)[0] == written
    assert decimals_needed(np.array([float(value)]), 2)[0] == min(written, 3)


def test_a_date_needs_the_coarsest_step_it_is_a_multiple_of() -> None:
    day, second, _ = STEPS
    values = np.array([0.0, -3 * day, day + second, 5 * second, second + 1, -1])
    assert step_needed(values).tolist() == [0, 0, 1, 1, 2, 2]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8), st.floats(0.1, 500))
def test_the_nearest_weights_are_nearest(counts: list[float], total: float) -> None:
    """Karush-Kuhn-Tucker: a constant is taken off wherever a weight is left, and no less is."""
    values = np.array(counts)
    weights = nearest_weights(values, total)
    assert weights.sum() == pytest.approx(total) and (weights >= 0).all()
    taken = values - weights
    assert np.ptp(taken[weights > 0]) < 1e-9 * (1 + total)
    assert (taken[weights == 0] <= taken[weights > 0].min() + 1e-9).all()
    assert (nearest_weights(values, -1.0) == 0).all()


def brute(noisy: Any, even: Any, step: float) -> float:
    """Return the least squared error plus ``step`` a run, over all ways to cut into runs."""
    best, m = np.inf, len(noisy)
    for cuts in itertools.product([False, True], repeat=m - 1):
        edges = [0, *(k + 1 for k, is_cut in enumerate(cuts) if is_cut), m]
        error = step * (len(edges) - 1)
        for a, b in itertools.pairwise(edges):
            fit = noisy[a:b] @ even[a:b] / (even[a:b] @ even[a:b])
            error += ((noisy[a:b] - fit * even[a:b]) ** 2).sum()
        best = min(best, error)
    return float(best)


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_the_best_of_all_ways_to_cut(seed: int) -> None:
    from privsynth.synthesizers._codebook.smooth import _runs

    rng = np.random.default_rng(seed)
    noisy = np.repeat(rng.normal(0, 20, 4), 3) + rng.normal(0, 5, 12)
    even, step = rng.uniform(0.5, 2, 12), rng.uniform(10, 100)
    firsts = [*_runs(noisy, even, step).tolist(), 12]
    error = step * (len(firsts) - 1)
    for a, b in itertools.pairwise(firsts):
        fit = noisy[a:b] @ even[a:b] / (even[a:b] @ even[a:b])
        error += ((noisy[a:b] - fit * even[a:b]) ** 2).sum()
    assert error == pytest.approx(brute(noisy, even, step))


def test_smoothing_takes_noise_away_and_leaves_what_stands_clear() -> None:
    """200 tables of a step and a spike; a false alarm has probability 4e-7.

    The squared error left is 0.407 of the noise, with a deviation of 0.009 over seeds: 0.5 is ten
    of them. A spike is off by 60, six deviations, in one of 200 with 4e-7. Planted: runs that cost
    nothing leave every cell on its own, 0.90 of the error.
    """
    rng = np.random.default_rng(0)
    truth = np.repeat([0.0, 50.0, 20.0, 0.0], [10, 15, 10, 5])
    truth[20] = 400
    even, noisy = np.ones(40), truth + rng.normal(0, 10, (200, 40))
    found = np.array([smooth(row, even, 10.0) for row in noisy])
    assert ((found - truth) ** 2).sum() < 0.5 * ((noisy - truth) ** 2).sum()
    assert (np.abs(found[:, 20] - 400) < 60).all()
    assert (found[:, :8].sum(axis=1) < 60).mean() > 0.9 and (found >= 0).all()
    assert (smooth(noisy[0], even, 0.0) == noisy[0]).all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("privsynth.synthesizers._codebook.smooth._STEP", 0.0)
        single = np.array([smooth(row, even, 10.0) for row in noisy])
    assert ((single - truth) ** 2).sum() > 0.7 * ((noisy - truth) ** 2).sum()


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1000)), min_size=1, max_size=60),
    st.integers(1, 20),
    st.booleans(),
)
def test_neighbours_are_merged_into_bins_in_order(
    weights: list[float], most: int, is_noisy: bool
) -> None:
    values = np.array(weights)
    bins = run_together(values, most, is_noisy)
    assert bins[0] == 0 and set(np.diff(bins).tolist()) <= {0, 1} and bins.max() < most
    held = np.bincount(bins, values)
    if (values > 0).sum() <= most:
        assert np.bincount(bins, values > 0).max() <= 1
    if not (is_noisy and len(values) <= FEW) and values.sum():
        assert (held > 0).all()


def test_equal_weights_make_equal_bins() -> None:
    bins = run_together(np.ones(100), 10, False)
    assert np.bincount(bins).tolist() == [10] * 10
    heavy = np.array([1.0] * 30 + [60.0] + [1.0] * 30)
    held = np.bincount(run_together(heavy, 10, False), heavy)
    assert held.max() == 60 and len(held) >= 5


def test_rare_categories_share_the_last_bin() -> None:
    weights = np.array([1.0, 50, 2, 70, 0, 3])
    assert lumped(weights, 3).tolist() == [2, 0, 2, 1, 2, 2]
    assert lumped(weights, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert lumped(weights, 1).tolist() == [0] * 6


def test_the_price_is_where_the_summed_error_is_least() -> None:
    """Error of a column: root of m over root of rho. The cube roots must be the best shares."""
    cells = np.array([2.0, 16, 128])
    best = minimize(
        lambda x: (np.sqrt(cells) / np.sqrt(np.exp(x) / np.exp(x).sum())).sum(), np.zeros(3)
    )
    shares = np.exp(best.x) / np.exp(best.x).sum()
    assert shares == pytest.approx(np.cbrt(cells) / np.cbrt(cells).sum(), rel=1e-3)
