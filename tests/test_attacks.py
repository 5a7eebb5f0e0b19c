"""Contract tests over every attack, and closed forms of what planted leaks give.

Clean tables are judged at p < 1e-6 or with bounds whose false-alarm probability stands beside them.
"""

import numpy as np
import pytest
from population import SCHEMA, people

from privsynth.attacks import AttackerView, catalogue, score_all
from privsynth.errors import PrivsynthError
from privsynth.neighbours import Search
from privsynth.registry import summary
from privsynth.statistics import Game, auc, delong
from privsynth.tables import concat, fit_space

ATTACKS = catalogue()
N = 400
ALPHA = 1e-6


class Tables:
    """Train, holdout and reference of one population, in one space."""

    def __init__(self, seed: int, n: int = N) -> None:
        rng = np.random.default_rng(seed)
        tables = [people(n, rng) for _ in range(4)]
        self.space = fit_space(SCHEMA, tables[:3])
        self.train, self.holdout, self.reference, self.fresh = map(self.space.encode, tables)
        self.targets = concat(self.train, self.holdout)
        self.game = Game.of(self.train.units, self.holdout.units)

    def view(self, synthetic) -> AttackerView:
        return AttackerView(synthetic, self.reference, Search())


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables(1)


def score(name: str, tables: Tables, synthetic, targets=None) -> np.ndarray:
    rng = np.random.default_rng(0)
    chosen = {name: ATTACKS[name]}
    return score_all(chosen, targets or tables.targets, tables.view(synthetic), rng)[name]


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_catches_the_memorizer(name, tables):
    found = score(name, tables, tables.train)
    assert auc(found, tables.game, ALPHA).low > 0.6


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_is_silent_on_fresh_people(name, tables):
    """A clean table is below the one-sided bound at 1e-6: that often this fails by chance."""
    found = score(name, tables, tables.fresh)
    assert auc(found, tables.game, ALPHA).low <= 0.5


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_is_blind_to_row_order(name, tables):
    order = np.random.default_rng(2).permutation(len(tables.targets))
    straight = score(name, tables, tables.train)
    shuffled = score(
        name, tables, tables.train.take(order[order < N]), targets=tables.targets.take(order)
    )
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-12)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_gives_the_same_scores_twice(name, tables):
    np.testing.assert_array_equal(
        score(name, tables, tables.train), score(name, tables, tables.train)
    )


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_names_what_it_is(name):
    attack = ATTACKS[name]
    assert attack.name == name
    assert summary(attack).endswith(".")
    assert attack.source
    assert attack.blind_to
    assert attack.threat.data_knowledge


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_answers_for_one_synthetic_row(name, tables):
    assert np.isfinite(score(name, tables, tables.fresh.take(np.array([0])))).all()


def test_an_attack_that_is_not_finite_stops_the_run(tables):
    from dataclasses import replace

    broken = replace(ATTACKS["dcr"], score=lambda targets, view, rng: np.full(len(targets), np.nan))
    with pytest.raises(PrivsynthError, match="dcr"):
        score_all(
            {"dcr": broken}, tables.targets, tables.view(tables.fresh), np.random.default_rng(0)
        )


def test_a_share_of_copies_gives_the_auc_of_theory():
    """p of the members copied: exact_copy has AUC ½ + p/2 exactly (attacks.md 9.1)."""
    tables = Tables(3)
    copied = concat(tables.train.take(np.arange(80)), tables.fresh.take(np.arange(320)))
    found = delong(score("exact_copy", tables, copied), tables.game)
    assert found.value == pytest.approx(0.5 + 0.2 / 2)
    for name in ("dcr", "dcr_ratio"):
        near = delong(score(name, tables, copied), tables.game)
        # 5 standard errors: 3e-7 one-sided; the copies' own share is exact, the rest is chance.
        assert abs(near.value - 0.6) < 5 * near.error


def test_resampled_columns_are_seen_by_values_and_not_by_distances():
    """Unique columns k, n_S rows: AUC = 1 - ½·e^(-k·n_S/n) (attacks.md 9.5), here k = 2 of 5 %.

    Weights miss in 5 % of rows; the bound leaves room for that and for 5 standard errors.
    """
    tables = Tables(4)
    rng = np.random.default_rng(5)
    picks = rng.integers(0, N, (N, tables.train.cells.shape[1]))
    p = tables.train.numbers.shape[1]
    from privsynth.tables import Records

    synthetic = Records(
        np.take_along_axis(tables.train.numbers, picks[:, :p], axis=0),
        np.take_along_axis(tables.train.codes, picks[:, p:], axis=0),
        np.take_along_axis(tables.train.cells, picks, axis=0),
        np.arange(N),
    )
    seen = delong(score("value_match", tables, synthetic), tables.game)
    expected = 1 - 0.5 * np.exp(-2)
    assert abs(seen.value - expected) < 5 * seen.error + 0.02
    blind = auc(score("dcr", tables, synthetic), tables.game, ALPHA)
    assert blind.low <= 0.5


def test_rare_values_weigh_more_than_common_ones():
    tables = Tables(6)
    found = score("value_match", tables, tables.train)
    assert found.min() >= 0
    common = tables.train.take(np.arange(1))
    assert score("value_match", tables, common, targets=tables.train)[0] > 0


def test_labels_swapped_turn_the_catch_around(tables):
    """The partner of the contract: swapped labels would be seen at once."""
    found = score("dcr", tables, tables.train)
    swapped = Game(~tables.game.is_member, tables.game.units)
    assert auc(found, swapped, ALPHA).high < 0.5
