"""Every interval and test, against enumeration, closed forms or brute force.

Draws are seeded; where a tolerance meets chance, the false-alarm probability over fresh seeds is
computed beside it and at most 1e-6. Each statistical test has a partner: a planted bug it catches.
"""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import beta, binom, norm

from privsynth.statistics import (
    Game,
    Scored,
    advantage,
    auc,
    copied_excess,
    delong,
    family,
    headline,
    max_t,
    min_detectable_auc,
    min_detectable_copies,
    permutation_aucs,
    permutation_variance,
    proportion,
    roc,
    share_closer,
    tpr_at_fpr,
)
from privsynth.statistics.binomial import upper
from privsynth.statistics.family import family_low, quantile
from privsynth.statistics.game import DRAWS
from privsynth.statistics.rates import fail_rank, pass_rank

ALPHA = 0.05


def rows(n1: int, n0: int) -> Game:
    return Game.of(np.arange(n1), np.arange(n0))


def mann_whitney(members: np.ndarray, others: np.ndarray) -> float:
    gaps = members[:, None] - others[None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


# --- binomial ---------------------------------------------------------------------------------


def test_clopper_pearson_covers_every_rate_at_each_end():
    """Exact: the mass of the outcomes whose one-sided bound misses p is at most 5 %."""
    for n in (7, 50):
        found = [proportion("x", k, n, ALPHA) for k in range(n + 1)]
        for p in (0.001, 0.03, 0.2, 0.5, 0.97):
            mass = binom.pmf(np.arange(n + 1), n, p)
            assert sum(m for m, e in zip(mass, found, strict=True) if e.low > p) <= ALPHA
            assert sum(m for m, e in zip(mass, found, strict=True) if e.high < p) <= ALPHA


def test_a_wald_interval_would_not_cover():
    """The partner: the textbook interval misses far more, so the test above can fail."""
    n, p = 50, 0.03
    k = np.arange(n + 1)
    high = k / n + 1.645 * np.sqrt(k / n * (1 - k / n) / n)
    assert binom.pmf(k, n, p)[high < p].sum() > 0.2


# --- AUC --------------------------------------------------------------------------------------

scores_with_ties = st.lists(st.integers(0, 6), min_size=8, max_size=30)


@given(scores_with_ties, st.integers(2, 6))
def test_auc_is_the_mann_whitney_probability_with_half_ties(values, n1):
    scores = np.array(values, float)
    game = rows(n1, len(values) - n1)
    assert delong(scores, game).value == pytest.approx(mann_whitney(scores[:n1], scores[n1:]))


@given(scores_with_ties, st.integers(2, 6))
def test_delong_variance_is_that_of_the_placement_values(values, n1):
    scores = np.array(values, float)
    n0 = len(values) - n1
    found = delong(scores, rows(n1, n0))
    gaps = scores[:n1][:, None] - scores[n1:][None, :]
    psi = (gaps > 0) + 0.5 * (gaps == 0)
    brute = psi.mean(axis=1).var(ddof=1) / n1 + psi.mean(axis=0).var(ddof=1) / n0
    assert found.error**2 == pytest.approx(brute, abs=1e-12)


def test_auc_bounds_hold_and_naive_ones_on_repeated_rows_do_not():
    """People with 1 to 9 rows each, clean: by-unit bounds alarm at 5 %, by-row ones far more.

    400 tables: more than 48 alarms have probability binom.sf(48, 400, 0.05) = 2e-9 at 5 % exactly,
    and 7e-7 at 5.8 % (DeLong is asymptotic).
    """
    rng = np.random.default_rng(1)
    by_unit = by_row = 0
    for _ in range(400):
        sizes = rng.integers(1, 10, 120)
        units = np.repeat(np.arange(120), sizes)
        scores = rng.normal(size=120)[units] + 0.1 * rng.normal(size=len(units))
        member = units < 60
        clustered = Game(member, units)
        flat = Game(member, np.arange(len(units)))
        by_unit += auc(scores, clustered, ALPHA).low > 0.5
        by_row += auc(scores, flat, ALPHA).low > 0.5
    assert binom.sf(48, 400, 0.058) < 1e-6
    assert by_unit <= 48
    assert by_row > 48


def test_binary_scores_get_exact_bounds_that_cover():
    """Exact enumeration over both counts: each end misses the true AUC in at most 5 %."""
    n1, n0 = 12, 9
    game = rows(n1, n0)
    ends = np.empty((n1 + 1, n0 + 1, 2))
    for a in range(n1 + 1):
        for b in range(n0 + 1):
            scores = np.r_[np.arange(n1) < a, np.arange(n0) < b].astype(float)
            estimate = auc(scores, game, ALPHA)
            ends[a, b] = estimate.low, estimate.high
    for tpr in (0.0, 0.05, 0.3, 0.9, 1.0):
        for fpr in (0.0, 0.02, 0.4):
            mass = np.outer(binom.pmf(range(n1 + 1), n1, tpr), binom.pmf(range(n0 + 1), n0, fpr))
            truth = (1 + tpr - fpr) / 2
            assert mass[ends[:, :, 0] > truth + 1e-12].sum() <= ALPHA
            assert mass[ends[:, :, 1] < truth - 1e-12].sum() <= ALPHA


def test_no_match_at_all_is_not_certainty():
    """DeLong's error is 0 for a constant score; the bound must not be."""
    game = rows(300, 300)
    scores = np.zeros(600)
    assert delong(scores, game).error == 0
    estimate = auc(scores, game, ALPHA)
    assert estimate.low < 0.5 < estimate.high
    assert estimate.high >= (1 + upper(0, 300, ALPHA / 2)) / 2 - 1e-12


def test_a_mode_at_the_top_does_not_hide_what_lies_below_it():
    """Every member copied, half of the others not: AUC 0.75 though no score exceeds the mode."""
    scores = np.r_[np.zeros(200), np.zeros(100), -np.ones(50), -2 * np.ones(50)]
    estimate = auc(scores, rows(200, 200), ALPHA)
    assert estimate.value == pytest.approx(0.75)
    assert estimate.low > 0.6
    assert estimate.high >= 0.75


# --- TPR at a false-positive rate -------------------------------------------------------------


def missed(n1: int, n0: int, fpr: float, power: float, rank: int, level: float) -> float:
    """Return how often Clopper-Pearson above the rank-th score misses TPR(f) = f**power.

    Exact: non-members are uniform, so the false-positive rate at the rank-th largest score is
    Beta(rank, n0 - rank + 1), and the members above it are binomial given that.
    """
    bounds = np.array([upper(k, n1, level) for k in range(n1 + 1)])
    missing = bounds < fpr**power

    def density(u: float) -> float:
        return float(
            beta.pdf(u, rank, n0 - rank + 1) * binom.pmf(range(n1 + 1), n1, u**power)[missing].sum()
        )

    return float(integrate.quad(density, 0, 1, points=[rank / n0, fpr], limit=200)[0])


@pytest.mark.parametrize("power", [1.0, 0.5, 0.2])
def test_the_upper_bound_of_tpr_holds_although_the_threshold_is_estimated(power):
    n1, n0, fpr = 200, 400, 0.05
    rank = pass_rank(n0, fpr, ALPHA)
    assert rank is not None
    assert missed(n1, n0, fpr, power, rank, ALPHA / 2) <= ALPHA


def test_a_conformal_threshold_with_a_plain_interval_would_miss():
    """The partner: with many members the threshold's error is all there is (24 to 53 % missed)."""
    assert missed(2000, 400, 0.05, 0.2, int(0.05 * 401), ALPHA) > 0.24
    rank = pass_rank(400, 0.05, ALPHA)
    assert rank is not None
    assert missed(2000, 400, 0.05, 0.2, rank, ALPHA / 2) <= ALPHA


@given(st.integers(20, 3000), st.sampled_from([0.1, 0.01, 0.001]), st.floats(0.001, 0.2))
def test_ranks_are_the_extreme_ones_of_their_definition(n0, fpr, alpha):
    """Definitions of gate-statistics 2, checked at the rank and at its neighbour."""
    low, high = fail_rank(n0, fpr, alpha), pass_rank(n0, fpr, alpha)
    if high is not None:
        assert binom.sf(high - 1, n0, fpr) <= alpha / 2
        assert high == 1 or binom.sf(high - 2, n0, fpr) > alpha / 2
    if low is not None:
        assert binom.cdf(low - 1, n0, fpr) <= alpha / 2 < binom.cdf(low, n0, fpr)
    else:
        assert binom.cdf(0, n0, fpr) > alpha / 2


def test_tpr_is_not_given_where_it_cannot_be():
    scores = np.random.default_rng(3).normal(size=600)
    assert tpr_at_fpr(scores, rows(300, 300), 0.001, ALPHA) is None
    assert tpr_at_fpr(scores, rows(300, 300), 0.1, ALPHA) is not None


def test_copies_are_found_at_low_false_positive_rates():
    """Share p of members far above all others: TPR at any f is p + (1 - p)·f."""
    rng = np.random.default_rng(4)
    scores = np.r_[np.full(200, 9.0), rng.normal(size=800), rng.normal(size=1000)]
    estimate = tpr_at_fpr(scores, rows(1000, 1000), 0.01, ALPHA)
    assert estimate is not None
    assert estimate.low <= 0.208 <= estimate.high
    assert estimate.low > 0.15


def test_roc_rises_from_zero_to_one_and_shows_no_single_person():
    scores = np.random.default_rng(5).normal(size=900)
    curve = roc(scores, rows(400, 500))
    assert curve["fpr"][0] == curve["tpr"][0] == 0
    assert curve["fpr"][-1] == curve["tpr"][-1] == 1
    assert np.all(np.diff(curve["fpr"]) > 0)
    assert np.all(np.diff(curve["tpr"]) >= 0)
    assert curve["fpr"][1] >= 5 / 500


def test_advantage_is_the_largest_gap_and_its_band_holds_on_clean_scores():
    rng = np.random.default_rng(6)
    clean = advantage(rng.normal(size=1000), rows(500, 500), ALPHA)
    assert clean.low == 0
    copied = advantage(np.r_[np.ones(500), np.zeros(500)], rows(500, 500), ALPHA)
    assert copied.value == 1
    assert copied.low > 0.8


# --- the family -------------------------------------------------------------------------------


def test_the_standardised_statistic_has_mean_zero_and_variance_one_over_all_labelings():
    """Exact: all 70 labelings of 8 units, with ties."""
    scores = np.array([0, 1, 1, 2, 3, 3, 3, 5.0])
    values = []
    for chosen in combinations(range(8), 4):
        order = [*chosen, *(i for i in range(8) if i not in chosen)]
        one = Scored(scores[order], rows(4, 4))
        observed, _ = permutation_aucs([one], np.random.default_rng(0))
        values.append(observed[0])
    assert np.mean(values) == pytest.approx(0, abs=1e-6)
    assert np.var(values) == pytest.approx(1)


def noise_family(rng: np.random.Generator, n: int, m: int) -> dict[str, np.ndarray]:
    common = rng.normal(size=n)
    return {str(j): 0.5 * common + rng.normal(size=n) for j in range(m)}


def test_a_clean_family_alarms_at_its_level_and_an_uncorrected_one_does_not():
    """Family-wise error of ``family_low`` and of max-T over 300 clean families of six scores.

    At 5 % more than 36 of 300 have probability binom.sf(36, 300, 0.05) = 4e-7; 36 is also 5e-5 at
    6.5 %. The uncorrected lower bound alarms more than 36 times.
    """
    assert binom.sf(36, 300, 0.05) < 1e-6
    rng = np.random.default_rng(7)
    game = rows(150, 150)
    corrected = permuted = naive = 0
    for _ in range(300):
        scores = noise_family(rng, 300, 6)
        tried = list(family(scores, game).values())
        corrected += family_low(tried, quantile(tried, ALPHA, rng), ALPHA / 6) > 0.5
        permuted += max_t(*permutation_aucs(tried, rng)) <= ALPHA
        naive += max(auc(score, game, ALPHA).low for score in scores.values()) > 0.5
    assert corrected <= 36
    assert permuted <= 36
    assert naive > 36


def test_the_headline_is_the_worst_and_its_low_is_corrected():
    rng = np.random.default_rng(8)
    scores = noise_family(rng, 2000, 3)
    scores["leak"] = np.r_[rng.normal(1, 1, 1000), rng.normal(0, 1, 1000)]
    scores["binary"] = np.r_[rng.random(1000) < 0.1, np.zeros(1000)].astype(float)
    game = rows(1000, 1000)
    worst, c = headline(family(scores, game), ALPHA, rng)
    assert norm.isf(ALPHA) < c < norm.isf(ALPHA / 5) + 0.1
    entry = worst["auc"]
    assert entry.attack == "leak"
    assert entry.estimate.value == max(auc(s, game, ALPHA).value for s in scores.values())
    assert entry.estimate.high == max(auc(s, game, ALPHA).high for s in scores.values())
    assert entry.estimate.low < auc(scores["leak"], game, ALPHA).low
    assert entry.estimate.low > 0.7
    assert entry.estimate.p == pytest.approx(1 / (1 + DRAWS))
    assert entry.expected_if_clean is not None
    assert 0.5 < entry.expected_if_clean < 0.53
    assert set(worst) == {"auc", "tpr_at_fpr_0.1", "tpr_at_fpr_0.01"}


def test_degenerate_scores_alone_still_have_a_headline():
    scores = {"none": np.zeros(200), "few": np.r_[np.ones(3), np.zeros(197)]}
    tried = family(scores, rows(100, 100))
    worst = headline(tried, ALPHA, np.random.default_rng(0))[0]["auc"]
    assert worst.estimate.low <= 0.5 <= worst.estimate.high


def test_a_score_of_some_units_is_that_of_a_game_of_its_own():
    rng = np.random.default_rng(9)
    scores, game = rng.normal(size=400), rows(200, 200)
    chosen = rng.random(400) < 0.4
    inside = Scored(scores, game, game.within(chosen))
    alone = Scored(scores[chosen], Game(game.is_member[chosen], np.arange(chosen.sum())))
    assert inside.auc(ALPHA) == alone.auc(ALPHA)
    assert inside.delong.error == alone.delong.error
    # Elsewhere it counts nothing, so that it can stand in one family with the others.
    assert not inside.influence()[~chosen].any()
    assert not inside.centred_ranks()[~chosen].any()


def test_labels_move_within_their_blocks_only():
    blocks = np.r_[np.zeros(30, int), np.ones(20, int)]
    game = Game(np.arange(50) < 25, np.arange(50), blocks)
    drawn = game.permuted_labels(np.random.default_rng(0), 500)
    assert (drawn[:, :30].sum(axis=1) == 25).all()
    assert not drawn[:, 30:].any()


def test_strata_beside_the_headline_widen_its_family():
    rng = np.random.default_rng(10)
    game = rows(500, 500)
    scores = family(noise_family(rng, 1000, 3), game)
    thirds = np.arange(1000) % 10
    beside = {
        f"{name}/{i}": Scored(one.scores, game, game.within(thirds == i))
        for name, one in scores.items()
        for i in range(10)
    }
    alone = headline(scores, ALPHA, np.random.default_rng(1))
    wide = headline(scores, ALPHA, np.random.default_rng(1), beside)
    assert wide[1] > alone[1] + 0.5
    assert wide[0]["auc"].estimate.low < alone[0]["auc"].estimate.low
    assert wide[0]["auc"].estimate.high == alone[0]["auc"].estimate.high


# --- exchangeability --------------------------------------------------------------------------


def test_fishers_p_is_the_share_of_labelings_with_as_many_copied_members():
    """Exact: all labelings of 7 units, 4 of them members."""
    hit = np.array([1, 1, 0, 1, 0, 0, 0], bool)
    p = copied_excess(hit, rows(4, 3), ALPHA).p
    as_many = [sum(hit[list(chosen)]) >= 3 for chosen in combinations(range(7), 4)]
    assert p == pytest.approx(np.mean(as_many))


def test_thirty_of_thirty_against_none_of_fifteen_is_proof():
    hit = np.r_[np.ones(30, bool), np.zeros(15, bool)]
    assert copied_excess(hit, rows(30, 15), ALPHA).p < 1e-9


def test_copies_that_populations_share_are_no_proof():
    hit = np.r_[np.arange(200) < 100, np.arange(100) < 50]
    assert copied_excess(hit, rows(200, 100), ALPHA).p > 0.3


@settings(deadline=None)
@given(st.lists(st.floats(0, 9), min_size=7, max_size=7).filter(lambda c: sum(c) > 0.1))
def test_share_closer_has_the_stated_mean_and_variance_over_all_labelings(credit):
    """Exact: all 35 labelings of 7 rows, any credits and ties (attacks.md 7.2)."""
    credit = np.array(credit)
    shares = [credit[list(chosen)].sum() / credit.sum() for chosen in combinations(range(7), 4)]
    game = rows(4, 3)
    assert np.mean(shares) == pytest.approx(4 / 7)
    assert np.var(shares) == pytest.approx(permutation_variance(credit, game), abs=1e-12)
    found = share_closer(credit, game, ALPHA, np.random.default_rng(0))
    assert found.expected == pytest.approx(4 / 7)
    assert found.value == pytest.approx(credit[:4].sum() / credit.sum())


def test_a_mode_collapsed_table_does_not_alarm_and_a_binomial_interval_would():
    """60 centres take all credit: 300 clean tables, as for the family above.

    The binomial test alarms on most of them (attacks.md 7.2 measured 73 %).
    """
    rng = np.random.default_rng(9)
    game = rows(200, 200)
    permuted = binomial = 0
    for _ in range(300):
        credit = np.zeros(400)
        credit[rng.permutation(400)[:60]] = rng.exponential(size=60)
        credit *= 2000 / credit.sum()
        found = share_closer(credit, game, ALPHA, rng)
        permuted += found.p <= ALPHA
        binomial += binom.sf(round(found.value * 2000) - 1, 2000, 0.5) <= ALPHA
    assert permuted <= 36
    assert binomial > 80


# --- power ------------------------------------------------------------------------------------


def test_power_matches_the_published_figures():
    """gate-statistics 6: 0.537 at 2,500/1,250 for c + 0.84 = 3.64; attacks.md: 8 copies at 2:1."""
    game = rows(2500, 1250)
    error = ((3751) / (12 * 2500 * 1250)) ** 0.5
    assert round(0.5 + (2.8 + 0.84) * error, 3) == 0.536
    assert min_detectable_auc(game, 2.8) == pytest.approx(0.5 + 3.6416 * error, abs=1e-4)
    assert min_detectable_copies(game, ALPHA) == 8
    assert min_detectable_copies(rows(100, 100), ALPHA) == 5
    assert min_detectable_auc(rows(5, 5), 2.3) == 1.0
