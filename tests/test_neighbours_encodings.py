"""Ranks (E3) and rare values (E4) on the same engine, against plain loops over the definitions."""

import numpy as np
import pytest
from population import SCHEMA, people

from privsynth.neighbours import fit_frequencies, fit_ranks, nearest_records
from privsynth.tables import concat, fit_space


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    tables = [people(150, rng) for _ in range(3)]
    space = fit_space(SCHEMA, tables)
    return [space.encode(table) for table in tables]


def plain_loops(asked, given, weights) -> np.ndarray:
    """Return all Gower sums, written out cell by cell; a mismatch costs the asking row's weight."""
    out = np.zeros((len(asked), len(given)))
    for i in range(len(asked)):
        for r in range(len(given)):
            for j in range(asked.numbers.shape[1]):
                a, b = asked.numbers[i, j], given.numbers[r, j]
                if np.isnan(a) or np.isnan(b):
                    out[i, r] += not (np.isnan(a) and np.isnan(b))
                else:
                    out[i, r] += min(abs(a - b), 1)
            for j in range(asked.codes.shape[1]):
                out[i, r] += weights[i, j] * (asked.codes[i, j] != given.codes[r, j])
    return out


def test_a_rank_is_the_share_below_plus_half_the_share_of_equals(rows):
    real = concat(*rows)
    ranked = fit_ranks(real).encode(rows[0])
    for j in range(real.numbers.shape[1]):
        known = real.numbers[:, j][np.isfinite(real.numbers[:, j])]
        for i in range(0, 150, 7):
            value = rows[0].numbers[i, j]
            if np.isfinite(value):
                share = (known < value).mean() + (known == value).mean() / 2
                assert ranked.numbers[i, j] == pytest.approx(share)
            else:
                assert np.isnan(ranked.numbers[i, j])


def test_ranks_do_not_change_with_a_monotone_scale(rows):
    from dataclasses import replace

    bent = [replace(part, numbers=part.numbers**3) for part in rows]
    straight = fit_ranks(concat(*rows)).encode(rows[0])
    np.testing.assert_allclose(fit_ranks(concat(*bent)).encode(bent[0]).numbers, straight.numbers)


def test_rare_values_cost_more_and_nothing_costs_more_than_one(rows):
    real = concat(*rows)
    weights = fit_frequencies(real).encode(rows[0]).weights
    for j in range(real.codes.shape[1]):
        held = np.array([(real.codes[:, j] == code).sum() for code in rows[0].codes[:, j]])
        expected = np.log((len(real) + 1) / (held + 0.5)) / np.log((len(real) + 1) / 0.5)
        np.testing.assert_allclose(weights[:, j], expected)
    assert ((weights > 0) & (weights <= 1)).all()


@pytest.mark.parametrize("fit", [fit_ranks, fit_frequencies])
def test_the_engine_gives_what_plain_loops_give(fit, rows):
    encoding = fit(concat(*rows))
    asked, given = encoding.encode(rows[0].take(np.arange(30))), encoding.encode(rows[1])
    weights = np.ones(asked.codes.shape) if asked.weights is None else asked.weights
    sums = plain_loops(asked, given, weights)
    found = nearest_records(asked, given, k=3, threads=2)
    order = np.lexsort((np.broadcast_to(np.arange(len(given)), sums.shape), sums), axis=1)[:, :3]
    np.testing.assert_allclose(found.distances, np.take_along_axis(sums, order, 1), atol=1e-12)
    np.testing.assert_array_equal(found.ids, order)


@pytest.mark.parametrize("fit", [fit_ranks, fit_frequencies])
def test_copies_stay_at_distance_zero(fit, rows):
    encoded = fit(concat(*rows)).encode(rows[0])
    assert (nearest_records(encoded, encoded, k=1).distances == 0).all()


def test_joined_records_are_encoded_part_by_part(rows):
    encoding = fit_frequencies(concat(*rows))
    joined = encoding.encode(concat(rows[0], rows[1]))
    assert len(joined.leaves) == 2
    np.testing.assert_array_equal(joined.leaves[1].weights, joined.weights[150:])
