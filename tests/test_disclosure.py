"""Differences of success by unit, exactly; and keys and secrets against brute force.

Draws are seeded; where a tolerance meets chance, the false-alarm probability over fresh seeds is
computed beside it and at most 1e-6. Each statistical test has a partner that it must fail.
"""

import math

import numpy as np
import pytest
from disclosure_material import SURE, material
from scipy.stats import binom

from privsynth.measures import catalogue
from privsynth.measures.disclosure import _Keyed
from privsynth.statistics import Game, difference, largest_difference, rate
from privsynth.tables import Schema

ALPHA = 0.05
MEASURE = catalogue()["disclosure"]
RATES = (0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999)


def rows(n1: int, n0: int) -> Game:
    return Game.of(np.arange(n1), np.arange(n0))


def hits(k1: int, n1: int, k0: int, n0: int) -> np.ndarray:
    return np.r_[np.ones(k1), np.zeros(n1 - k1), np.ones(k0), np.zeros(n0 - k0)]


def misses(n1: int, n0: int, alpha: float) -> dict[tuple[float, float], float]:
    """Return the exact probability of each pair of rates that either end misses their difference.

    The larger of both ends: every outcome of two binomials, no draws.
    """
    game = rows(n1, n0)
    found = [
        [difference("x", hits(i, n1, j, n0), game, alpha) for j in range(n0 + 1)]
        for i in range(n1 + 1)
    ]
    low = np.array([[e.low for e in row] for row in found])
    high = np.array([[e.high for e in row] for row in found])
    out = {}
    for p1 in RATES:
        for p0 in RATES:
            mass = np.outer(binom.pmf(range(n1 + 1), n1, p1), binom.pmf(range(n0 + 1), n0, p0))
            truth = p1 - p0
            out[p1, p0] = max(mass[low > truth + 1e-12].sum(), mass[high < truth - 1e-12].sum())
    return out


# --- difference -------------------------------------------------------------------------------


@pytest.mark.parametrize(("n1", "n0"), [(1, 1), (2, 2), (2, 9), (5, 5), (10, 7), (30, 30)])
def test_the_difference_is_bounded_at_its_level_for_every_pair_of_rates(n1, n0):
    """Exact miss rate of each end at 5 %: at most 5 % up to 10 rows a side, 5.6 % for 30 and 30.

    Without a difference at most 3 %. Square-and-add has no guarantee; this is what it does.
    """
    found = misses(n1, n0, ALPHA)
    assert max(found.values()) <= (0.05 if n1 + n0 < 30 else 0.056)
    assert max(found[p, p] for p in RATES) <= 0.03


def test_the_difference_is_bounded_without_a_leak_at_any_level():
    """Exact: with equal rates an end misses at most 1.6 alpha, whatever alpha is."""
    for n1, n0 in ((40, 20), (60, 60)):
        for alpha in (0.05, 0.001, SURE):
            found = misses(n1, n0, alpha)
            assert max(found[p, p] for p in RATES) <= 1.6 * alpha


def test_a_wald_interval_of_the_difference_would_not_cover():
    """The partner: without a success the textbook interval is one point, and falsely sure."""
    n = 30
    k = np.arange(n + 1)
    first, second = k[:, None] / n, k[None, :] / n
    high = first - second + 1.645 * np.sqrt((first - first**2 + second - second**2) / n)
    mass = np.outer(binom.pmf(k, n, 0.03), binom.pmf(k, n, 0.001))
    assert mass[high < 0.03 - 0.001].sum() > 0.3


def test_all_or_no_successes_leave_room_on_both_sides():
    """No success among 20 of either side: the bound is that of Clopper and Pearson, not 0."""
    for k in (0, 20):
        found = difference("x", hits(k, 20, k, 20), rows(20, 20), ALPHA)
        assert found.value == 0
        assert found.high >= 1 - ALPHA ** (1 / 20)
        assert found.low <= -(1 - ALPHA ** (1 / 20))
    one = difference("x", np.array([1.0, 0.0]), rows(1, 1), ALPHA)
    assert one.low < 0 < one.value == 1


def test_a_difference_below_zero_is_not_cut():
    found = difference("x", hits(2, 100, 60, 100), rows(100, 100), ALPHA)
    assert found.value == pytest.approx(-0.58)
    assert found.high < 0


def test_rows_of_one_person_that_agree_count_as_one():
    """Exact: repeating every row nine times adds no knowledge, so it may not narrow anything."""
    once = difference("x", hits(30, 80, 20, 80), rows(80, 80), ALPHA)
    units = np.repeat(np.arange(80), 9)
    many = difference("x", np.repeat(hits(30, 80, 20, 80), 9), Game.of(units, units), ALPHA)
    assert many.value == pytest.approx(once.value)
    assert many.low <= once.low
    assert many.high >= once.high
    assert many.high - many.low < 1.05 * (once.high - once.low)


def test_several_rows_a_person_do_not_alarm_where_counting_rows_would():
    """400 clean games of 60 people a side with 1 to 9 equal rows each, bounds at 5 %.

    With alarms at 5 % more than 47 of 400 has probability binom.sf(47, 400, 0.05) = 6e-8. The
    partner counts rows and alarms more often than that.
    """
    assert binom.sf(47, 400, ALPHA) < 1e-6
    rng = np.random.default_rng(3)
    by_unit = by_row = 0
    for _ in range(400):
        sizes = rng.integers(1, 10, 120)
        success = np.repeat((rng.random(120) < 0.4).astype(float), sizes)
        first = np.repeat(np.arange(60), sizes[:60])
        second = np.repeat(np.arange(60), sizes[60:])
        by_unit += difference("x", success, Game.of(first, second), ALPHA).low > 0
        plain = rows(len(first), len(second))
        by_row += difference("x", success, plain, ALPHA).low > 0
    assert by_unit <= 47 < by_row


def test_a_single_person_of_many_rows_proves_nothing():
    units = np.zeros(500, int)
    found = difference("x", hits(500, 500, 0, 500), Game.of(units, units), ALPHA)
    assert found.value == 1
    assert found.low < 0


def test_the_worst_of_a_family_keeps_the_largest_high_and_corrects_the_low():
    game = rows(200, 200)
    family = {
        "a": (hits(90, 200, 80, 200), game),
        "b": (hits(120, 200, 80, 200), game),
        "c": (hits(4, 200, 1, 200), game),
    }
    worst, key = largest_difference("worst", family, ALPHA)
    alone = {name: difference(name, *entry, ALPHA) for name, entry in family.items()}
    assert key == "b"
    assert worst.value == alone["b"].value
    assert worst.high == max(one.high for one in alone.values())
    assert worst.low == difference("b", *family["b"], ALPHA / 3).low < alone["b"].low
    assert worst.adjusted_low == worst.low


def test_a_family_of_clean_scores_alarms_at_its_level():
    """300 clean games of 20 scores: uncorrected bounds alarm in most, corrected ones in 5 %.

    More than 37 of 300 at 5 % has probability binom.sf(37, 300, 0.05) = 4e-7.
    """
    assert binom.sf(37, 300, ALPHA) < 1e-6
    rng = np.random.default_rng(5)
    game = rows(150, 150)
    corrected = plain = 0
    for _ in range(300):
        family = {str(j): ((rng.random(300) < 0.3).astype(float), game) for j in range(20)}
        corrected += largest_difference("x", family, ALPHA)[0].low > 0
        plain += max(difference("x", *one, ALPHA).low for one in family.values()) > 0
    assert corrected <= 37 < 150 < plain


def test_a_rate_has_wilsons_interval_by_unit():
    """16 of 500: the centre of Wilson's two-sided 95 % interval is 0.0355682."""
    found = rate("x", hits(16, 500, 0, 0), np.arange(500), 0.025)
    z = 1.959964
    half = z / (500 + z**2) * math.sqrt(16 * 484 / 500 + z**2 / 4)
    assert found.low == pytest.approx(0.0355682 - half, abs=1e-6)
    assert found.high == pytest.approx(0.0355682 + half, abs=1e-6)
    assert found.n == 500


# --- keys and secrets -------------------------------------------------------------------------


def by_hand(real, secret, released, hidden):
    """Return repU, DiSCO, DCAP and TCAP hits of each original row, the slow way."""
    out = []
    for key, own in zip(real, secret, strict=True):
        same = [h for k, h in zip(released, hidden, strict=True) if (k == key).all()]
        alone = sum((other == key).all() for other in real) == 1
        sure = bool(same) and len(set(same)) == 1
        out.append(
            (
                alone and len(same) == 1,
                sure and same[0] == own,
                same.count(own) / len(same) if same else 0,
                sure,
            )
        )
    return np.array(out, float).T


@pytest.mark.parametrize("seed", range(6))
def test_the_measures_of_keys_equal_their_definitions(seed):
    rng = np.random.default_rng(seed)
    real, released = rng.integers(0, 4, (40, 2)), rng.integers(0, 4, (60, 2))
    secret, hidden = rng.integers(0, 3, 40), rng.integers(0, 3, 60)
    hidden[released[:, 0] == 1] = 2
    game = rows(20, 20)
    keyed = _Keyed.of(real, released)
    found = keyed.attributes("s", secret, hidden, game)
    sides = [by_hand(real[m], secret[m], released, hidden) for m in (slice(20), slice(20, 40))]
    unique, disco, dcap, sure = np.hstack(sides)
    np.testing.assert_array_equal(keyed.unique(game), unique)
    np.testing.assert_array_equal(found["disco[s]"][0], disco)
    np.testing.assert_allclose(found["dcap[s]"][0], dcap)
    np.testing.assert_array_equal(found["tcap[s]"][0], disco[sure > 0])


def test_a_cell_that_cannot_be_read_matches_no_key():
    real, released = np.array([[1, 2], [-1, 2]]), np.array([[1, 2], [-1, 2], [3, -1]])
    keyed = _Keyed.of(real, released)
    assert keyed.held().tolist() == [1, 0]
    assert keyed.unique(rows(1, 1)).tolist() == [1, 0]


def estimates(what):
    return {e.name: e for e in MEASURE.evidence(what).estimates}


@pytest.mark.parametrize("repeated", [False, True])
def test_keys_say_nothing_about_fresh_people(repeated):
    """Bounds at 1e-7 each: no alarm over fresh seeds, with 1 to 9 rows a person as well."""
    found = estimates(material(200, alpha=SURE, repeated=repeated, n_holdout=120))
    assert found["disclosure_excess_worst"].low <= 0
    assert all(e.low <= 0 for e in found.values() if e.expected == 0)


def test_keys_give_the_memorizer_away():
    found = estimates(material(copied=1.0))
    assert found["disclosure_excess_worst"].low > 0.3
    for name in ("repu_excess", "disco_excess[smokes]", "dcap_excess[smokes]"):
        assert found[name].low > 0.1
    assert found["tcap_train[smokes]"].value == 1


def test_sides_are_compared_at_equal_size():
    """A key is alone more often among few: unequal sides would make a leak out of nothing."""
    evidence = MEASURE.evidence(material(400, n_holdout=60, alpha=SURE))
    assert evidence.options["units_a_side"] == 60
    assert evidence.estimate("repu_excess").low <= 0
    assert evidence.estimate("repu_excess").n == 120


def test_declared_keys_and_secrets_are_used():
    schema = Schema(
        columns=material().schema.columns,
        quasi_identifiers=("region", "grade"),
        secrets=("smokes", "visits"),
    )
    evidence = MEASURE.evidence(material(schema=schema))
    assert evidence.options["keys"] == ["region", "grade"]
    assert evidence.estimate("dcap_excess[visits]") is not None
    assert set(evidence.series["base_cap"]) == {"smokes", "visits"}


def test_keys_need_a_column_beside_the_secret():
    columns = material().schema.columns
    assert "declare" in MEASURE.evidence(material(schema=Schema(columns=columns[:1]))).not_run
    all_keys = Schema(columns=columns[:2], quasi_identifiers=("height", "weight"))
    assert "declare" in MEASURE.evidence(material(schema=all_keys)).not_run
