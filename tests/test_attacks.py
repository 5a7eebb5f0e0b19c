"""Contract tests over every attack and every score it gives.

Clean tables are judged at p < 1e-6 or with bounds whose false-alarm probability stands beside them.
"""

from dataclasses import replace

import numpy as np
import pytest
from population import SCHEMA, people

from privsynth.attacks import AttackerView, base_name, catalogue, score_all
from privsynth.errors import PrivsynthError
from privsynth.neighbours import Encodings, Search
from privsynth.registry import summary
from privsynth.statistics import Game, auc
from privsynth.tables import Records, concat, fit_space

ATTACKS = catalogue()
N = 400
ALPHA = 1e-6
WEAK = {"conditional_error": 0.5, "density_ratio": 0.5}
"""Attacks that need many related rows: the memorizer is caught with a bound above this."""
ELSEWHERE = {"extremes": "only holders of extreme values; test_attacks_leaks has its generator"}


class Tables:
    """Train, holdout and reference of one population, in one space."""

    def __init__(self, seed: int, n: int = N) -> None:
        rng = np.random.default_rng(seed)
        tables = [people(n, rng) for _ in range(4)]
        self.space = fit_space(SCHEMA, tables[:3])
        self.hold(*map(self.space.encode, tables))

    def hold(self, train, holdout, reference, fresh) -> None:
        self.train, self.holdout, self.reference, self.fresh = train, holdout, reference, fresh
        self.targets = concat(train, holdout)
        self.game = Game.of(train.units, holdout.units)
        self.encodings = Encodings(concat(train, holdout, reference))
        self.search = Search(threads=1)

    def changed(self, change) -> "Tables":
        """Return the same tables with every one of them changed."""
        out = object.__new__(Tables)
        out.hold(*map(change, (self.train, self.holdout, self.reference, self.fresh)))
        return out

    def view(self, synthetic) -> AttackerView:
        return AttackerView(synthetic, self.reference, self.search, self.encodings)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables(1)


def scores(name: str, tables: Tables, synthetic, targets=None) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    chosen = {name: ATTACKS[name]}
    return score_all(chosen, targets or tables.targets, tables.view(synthetic), rng)


def score(name: str, tables: Tables, synthetic, targets=None) -> np.ndarray:
    return scores(base_name(name), tables, synthetic, targets)[name]


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in ELSEWHERE])
def test_every_attack_catches_the_memorizer(name, tables):
    found = scores(name, tables, tables.train)
    assert max(auc(one, tables.game, ALPHA).low for one in found.values()) > WEAK.get(name, 0.6)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_score_is_silent_on_fresh_people(name, tables):
    """A clean table is below the one-sided bound at 1e-6: that often this fails by chance."""
    for key, found in scores(name, tables, tables.fresh).items():
        assert auc(found, tables.game, ALPHA).low <= 0.5, key


@pytest.mark.parametrize("name", ATTACKS)
def test_every_score_is_blind_to_row_order(name, tables):
    order = np.random.default_rng(2).permutation(len(tables.targets))
    straight = scores(name, tables, tables.train)
    shuffled = scores(
        name, tables, tables.train.take(order[order < N]), targets=tables.targets.take(order)
    )
    for key, found in straight.items():
        np.testing.assert_allclose(shuffled[key], found[order], atol=1e-12, err_msg=key)


@pytest.fixture(scope="module")
def beside_others(tables) -> dict[str, np.ndarray]:
    """Return every score of the memorizer, the attacks in the opposite order."""
    backwards = dict(reversed(ATTACKS.items()))
    view = tables.view(tables.train)
    return score_all(backwards, tables.targets, view, np.random.default_rng(0))


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_gives_the_same_scores_alone_and_beside_others(name, tables, beside_others):
    for key, found in scores(name, tables, tables.train).items():
        np.testing.assert_array_equal(beside_others[key], found)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_names_what_it_is(name):
    attack = ATTACKS[name]
    assert attack.name == name
    assert summary(attack).endswith(".")
    assert attack.source
    assert attack.blind_to
    assert attack.threat.data_knowledge


def one_row(tables: Tables) -> tuple[Tables, Records]:
    return tables, tables.fresh.take(np.array([0]))


def constant_columns(tables: Tables) -> tuple[Tables, Records]:
    """Return tables with a number, a code, a missing and an unreadable column besides."""

    def change(rows: Records) -> Records:
        n = len(rows)
        numbers = [np.full(n, 0.3), np.full(n, np.nan), np.full(n, np.inf)]
        codes = np.c_[rows.codes, np.full(n, 1), np.full(n, -1)]
        cells = np.c_[rows.cells, np.full((n, 5), 7)]
        return Records(np.c_[rows.numbers, np.array(numbers).T], codes, cells, rows.units)

    changed = tables.changed(change)
    return changed, changed.train


def all_ties(tables: Tables) -> tuple[Tables, Records]:
    def change(rows: Records) -> Records:
        first = tables.train.take(np.zeros(len(rows), int))
        return replace(first, units=rows.units)

    changed = tables.changed(change)
    return changed, changed.train


def one_column(tables: Tables) -> tuple[Tables, Records]:
    """Return tables of a single column, in which all synthetic rows have one value."""

    def change(rows: Records) -> Records:
        n = len(rows)
        return Records(rows.numbers[:, :1], np.empty((n, 0), int), rows.cells[:, :1], rows.units)

    changed = tables.changed(change)
    return changed, changed.train.take(np.zeros(N, int))


def ten_times_more(tables: Tables) -> tuple[Tables, Records]:
    few = tables.changed(lambda rows: rows.take(np.arange(60)))
    fresh = [tables.space.encode(people(600, np.random.default_rng(8)))]
    return few, concat(*fresh)


CASES = [one_row, constant_columns, all_ties, one_column, ten_times_more]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_answers_for_odd_tables(name, case, tables):
    """``score_all`` refuses scores that are not finite; here they must not even warn."""
    odd, synthetic = case(tables)
    for key, found in scores(name, odd, synthetic).items():
        assert found.shape == (len(odd.targets),), key
        if case is all_ties:
            assert (found == found[0]).all(), key


def test_an_attack_that_is_not_finite_stops_the_run(tables):
    broken = replace(ATTACKS["dcr"], score=lambda targets, view, rng: np.full(len(targets), np.nan))
    with pytest.raises(PrivsynthError, match="dcr"):
        score_all(
            {"dcr": broken}, tables.targets, tables.view(tables.fresh), np.random.default_rng(0)
        )


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


def test_an_attack_that_leans_on_row_order_fails_the_contract(tables):
    """Planted bug: members come first, and a score that knows it looks like a perfect one."""
    cheat = replace(ATTACKS["dcr"], score=lambda targets, view, rng: -np.arange(len(targets)))
    order = np.random.default_rng(2).permutation(len(tables.targets))
    straight, shuffled = (
        score_all({"dcr": cheat}, targets, tables.view(tables.fresh), np.random.default_rng(0))
        for targets in (tables.targets, tables.targets.take(order))
    )
    assert auc(straight["dcr"], tables.game, ALPHA).low > 0.5
    assert not np.allclose(shuffled["dcr"], straight["dcr"][order])
