"""Every formula against a slow double loop over few rows, and what each attack does with ties."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from privsynth.attacks import AttackerView, catalogue, density_ratio, near_copy, score_all
from privsynth.attacks._density import densities, log_means
from privsynth.attacks._near import log_distance
from privsynth.neighbours import Encodings, Search
from privsynth.tables import Records, concat

ATTACKS = catalogue()


def rows(numbers, codes=None) -> Records:
    numbers = np.atleast_2d(np.asarray(numbers, float))
    codes = np.empty((len(numbers), 0), int) if codes is None else np.asarray(codes)
    cells = np.c_[np.ascontiguousarray(numbers).view(np.int64), codes]
    return Records(numbers, codes, cells, np.arange(len(numbers)))


def run(name, targets, synthetic, reference) -> dict[str, np.ndarray]:
    view = AttackerView(
        synthetic, reference, Search(threads=1), Encodings(concat(targets, reference))
    )
    return score_all({name: ATTACKS[name]}, targets, view, np.random.default_rng(0))


class Small:
    """Thirty rows a table in three related columns, and densities by double loop."""

    def __init__(self, n: int = 30, d: int = 3) -> None:
        rng = np.random.default_rng(5)
        mix = rng.normal(size=(d, d)) / 12
        self.targets, self.synthetic, self.reference = (
            rows(np.clip(0.5 + rng.normal(size=(n, d)) @ mix, 0, 1)) for _ in range(3)
        )
        encodings = Encodings(concat(self.targets, self.reference))
        points = [
            encodings.encode("std", one).values.astype(float)
            for one in (self.targets, self.synthetic, self.reference)
        ]
        self.x, self.s, self.r = points
        silverman = (4 / ((d + 2) * n)) ** (1 / (d + 4))
        self.covariance = np.cov(np.vstack([self.s, self.r]).T, ddof=0) * silverman**2

    def kernels(self, points, centres, width=1.0) -> np.ndarray:
        """Return every kernel, one call for every pair."""
        cov = self.covariance * width**2
        return np.array([[multivariate_normal.pdf(x, c, cov) for c in centres] for x in points])

    def run(self, name) -> dict[str, np.ndarray]:
        return run(name, self.targets, self.synthetic, self.reference)


@pytest.fixture(scope="module")
def small() -> Small:
    return Small()


def test_domias_is_the_log_ratio_of_both_densities(small):
    p_s, p_r = (small.kernels(small.x, c).mean(axis=1) for c in (small.s, small.r))
    np.testing.assert_allclose(small.run("domias")["domias"], np.log(p_s / p_r), atol=2e-4)


@pytest.mark.parametrize("divisor", [1, 2, 4])
def test_calibrated_density_is_the_z_score_of_the_tilted_bootstrap(small, divisor):
    k_s, k_r = (small.kernels(small.x, c, 1 / divisor) for c in (small.s, small.r))
    wide = [small.kernels(small.x, c, 2.0).mean(axis=1) for c in (small.s, small.r)]
    tilt = wide[0] / wide[1]
    peak = multivariate_normal.pdf(np.zeros(3), np.zeros(3), small.covariance / divisor**2)
    variance = tilt * k_r.var(axis=1) + 0.5 * peak**2 / 30
    z = (k_s.mean(axis=1) - tilt * k_r.mean(axis=1)) / np.sqrt(variance / 30)
    found = small.run("calibrated_density")[f"calibrated_density@h{divisor}"]
    np.testing.assert_allclose(found, z, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("divisor", [1, 2, 4])
def test_weighted_density_divides_by_the_population_at_each_released_row(small, divisor):
    density = small.kernels(small.s, small.r, 2.0).mean(axis=1)  # three axes: the wide bandwidth
    weights = 1 / (density + 1e-3 * density.mean())
    weighted = (small.kernels(small.x, small.s, 1 / divisor) * weights).sum(axis=1)
    peak = multivariate_normal.pdf(np.zeros(3), np.zeros(3), small.covariance / divisor**2)
    expected = np.log(weighted / peak / weights.sum())
    found = small.run("weighted_density")[f"weighted_density@h{divisor}"]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_the_bootstrap_has_the_mean_and_variance_of_the_closed_form(small):
    """Draw what the closed form replaces: 5 standard errors of 20,000 draws, 6e-7 a target."""
    rng = np.random.default_rng(3)
    k = small.kernels(small.x[:5], small.r)
    drawn = k[:, rng.integers(0, 30, (20_000, 30))].mean(axis=2)
    error = k.std(axis=1) / np.sqrt(30 * 20_000)
    assert (abs(drawn.mean(axis=1) - k.mean(axis=1)) < 5 * error).all()
    np.testing.assert_allclose(drawn.var(axis=1), k.var(axis=1) / 30, rtol=0.06)


@pytest.mark.parametrize("k", [1, 10, 50])
def test_gen_lra_is_the_gain_of_refitting_with_the_target_added(small, k):
    """The closed form equals a density refitted with one more row, row by row."""
    kernels, own = small.kernels(small.x, small.s), small.kernels(small.s, small.r)
    for x, found in zip(kernels, small.run("gen_lra")[f"gen_lra@k{k}"], strict=True):
        near = np.argsort(-x)[:k]
        before = own[near].mean(axis=1)
        after = (own[near].sum(axis=1) + x[near]) / 31
        assert found == pytest.approx(np.log(after / before).sum(), abs=2e-4)


@pytest.mark.parametrize(
    "name",
    ["calibrated_density", "classifier", "conditional_error", "dcr_difference", "dcr_ratio",
     "density_ratio", "domias"],
)  # fmt: skip
def test_calibrated_scores_are_0_where_both_tables_are_the_same_rows(small, name):
    """What is calibrated compares: no target gets evidence from two equal tables."""
    shuffled = small.reference.take(np.random.default_rng(4).permutation(30))
    for key, found in run(name, small.targets, shuffled, small.reference).items():
        np.testing.assert_allclose(found, 0.0, atol=1e-9, err_msg=key)


def test_conditional_errors_are_those_of_trees_taught_on_either_table():
    """One column is the other's sign in the synthetic table and noise in the reference."""
    rng = np.random.default_rng(6)
    x = rng.random((400, 1))
    told = rows(x, np.where(x > 0.5, 2, 1))
    noise = rows(x, rng.integers(1, 3, (400, 1)))
    targets = rows([[0.9], [0.9], [0.1]], [[2], [1], [1]])
    right, wrong, other = run("conditional_error", targets, told, noise)["conditional_error"]
    assert right > wrong + 2
    assert other > wrong + 2


def test_densities_stay_finite_however_far_a_target_lies():
    centres = np.zeros((2, 40), np.float32)
    found = log_means(np.array([[0, 0], [3e3, 0]], np.float32), centres, 8)
    np.testing.assert_allclose(found[:, 0], 0.0, atol=1e-6)
    np.testing.assert_allclose(found[:, 1], -(2.0 ** np.arange(8)) * 4.5e6, rtol=1e-6)


def test_densities_are_computed_once_for_all_attacks(small):
    view = AttackerView(small.synthetic, small.reference, Search(), seed=1)
    targets = view.encode("std", small.targets)
    points = view.encoded("std")
    assert densities(targets, points) is densities(targets, view.encoded("std"))


def test_far_copies_score_high_in_calibrated_density_and_low_without(small):
    """Where no reference row lies near a copy still counts, and nothing is infinite."""
    rng = np.random.default_rng(1)
    crowd = rng.normal(0.2, 0.01, (300, 2))
    targets = rows([[0.9, 0.9], [0.9, 0.1], [0.2, 0.2]])
    found = run("calibrated_density", targets, rows(np.r_[crowd, [[0.9, 0.9]]]), rows(crowd))
    for label, z in found.items():
        assert z[0] == pytest.approx(np.sqrt(2), abs=0.02), label
        assert abs(z[1]) < 1e-6, label


def test_neighbour_shares_are_fair_to_ties():
    inf = np.inf
    near = np.array([[0.1, 0.2, 0.2, inf], [0.5, 0.5, 0.5, 0.5]])
    usual = np.array([[0.2, 0.2, 0.2, 0.3], [0.5, 0.5, 0.6, 0.6]])
    s, r = density_ratio.shares(near, usual, 3, (3, 4))
    # First row: 1 nearer one, then 2 places for 2 + 3 tied rows; second: 3 places for 4 + 2.
    np.testing.assert_allclose(s, [1 + 2 * 2 / 5, 3 * 4 / 6])
    np.testing.assert_allclose(s + r, 3)


def test_neighbour_shares_are_neutral_where_both_lists_end_in_ties():
    tied = np.zeros((1, 50))
    s, r = density_ratio.shares(tied, tied, 20, (300, 100))
    assert (s / r)[0] == pytest.approx(3)


def test_neighbour_shares_of_fewer_rows_than_asked_for_are_all_of_them():
    s, r = density_ratio.shares(np.array([[0.3, np.inf]]), np.array([[0.1, 0.4]]), 20, (1, 2))
    assert (s[0], r[0]) == (1, 2)


def test_two_copies_are_no_isolated_one():
    found = run("nndr", rows([[0.1], [0.5]]), rows([[0.1], [0.1], [0.5], [0.9]]), rows([[0.3]]))
    np.testing.assert_allclose(found["nndr"], [-1.0, 0.0])


def test_a_ball_counts_rows_and_orders_equal_counts_by_distance():
    targets = rows([[0.10], [0.50], [0.80]])
    found = run("ball", targets, rows([[0.10], [0.11], [0.52], [0.90]]), rows([[0.3]]))["ball"]
    # Nearest distances 0, 0.02 and 0.1; their median 0.02 is the radius.
    np.testing.assert_allclose(found, [2 + 1, 1 + 0.5, 0.02 / 0.12])


def test_the_threshold_of_near_copies_leaves_each_reference_row_out():
    values = np.r_[0.0, 0.001, np.linspace(0.1, 0.9, 98)][:, None]
    view = AttackerView(rows([[0.5]]), rows(values), Search())
    assert near_copy.threshold(view) == pytest.approx(0.001)
    alone = AttackerView(rows([[0.5]]), rows([[0.4]]), Search())
    assert near_copy.threshold(alone) == 0.0


def test_extremes_count_ends_and_outside_and_skip_ends_of_a_scale():
    reference = rows(np.c_[np.linspace(0, 1, 200), np.repeat([0.0, 1.0], 100), np.full(200, 0.5)])
    synthetic = rows([[0.203, 0.0, 0.5], [0.807, 1.0, 0.5], [0.5, 1.0, 0.5]])
    targets = rows([[0.203, 1.0, 0.5], [0.1, 0.0, 0.5], [0.4, 1.0, 0.5], [np.nan, 0.0, 0.7]])
    found = run("extremes", targets, synthetic, reference)["extremes"]
    np.testing.assert_array_equal(found, [1, -1, 0, 0])


def test_logs_of_distances_are_guarded_by_their_median_alone():
    found = log_distance(np.array([0.0, 1e-9, 1.0, 3.0]))
    assert found[0] == found[1] == pytest.approx(np.log(1e-6))
    assert np.isfinite(log_distance(np.zeros(3))).all()


def test_distance_scores_are_what_they_say():
    targets, synthetic, reference = rows([[0.2], [0.6]]), rows([[0.3], [0.9]]), rows([[0.0], [0.7]])
    assert run("dcr", targets, synthetic, reference)["dcr"] == pytest.approx([-0.1, -0.3])
    found = run("dcr_difference", targets, synthetic, reference)
    assert found["dcr_difference"] == pytest.approx([0.2 - 0.1, 0.1 - 0.3])
    found = run("dcr_ratio", targets, synthetic, reference)["dcr_ratio"]
    assert found == pytest.approx([np.log(2), -np.log(3)])
