"""Broken tools (attacks.md 9.8): each mutation turns a test red that is green without it.

The guards are tests of this suite where there is one. Chance plays no part here beyond theirs.
"""

import sys
from dataclasses import replace

import numpy as np
import pytest
import test_measures
import test_statistics
import test_strata
from population import SCHEMA, people
from scipy.stats import binom, rankdata

from privsynth.audit import Request, scoring
from privsynth.measures import Measure
from privsynth.neighbours import Search
from privsynth.statistics import Game, delong
from privsynth.statistics.estimate import Estimate
from privsynth.tables import fit_space


def symmetric_ranges() -> None:
    """Ranges do not depend on which real table is train (exchangeability rests on it)."""
    module = sys.modules["privsynth.audit.audit"]
    rng = np.random.default_rng(0)
    free = SCHEMA.model_copy(
        update={"columns": tuple(c.model_copy(update=BOUNDLESS) for c in SCHEMA.columns)}
    )
    tables = {role: people(200, rng, role) for role in ("train", "holdout", "reference")}
    tables["holdout"].frame["height"] *= 3
    tables = {role: replace(table, schema=free) for role, table in tables.items()}
    swapped = {**tables, "train": tables["holdout"], "holdout": tables["train"]}
    widths = []
    for one in (tables, swapped):
        request = Request(**one, synthetic=tables["reference"], seed=1, commit=str)
        widths.append(module.material_of(module.prepare(request), request, Search()).space.width)
    np.testing.assert_array_equal(*widths)


BOUNDLESS = {"low": None, "high": None}


def ties_count_half() -> None:
    """A score that says nothing has an AUC of exactly one half."""
    assert delong(np.zeros(60), test_statistics.rows(40, 20)).value == 0.5


def learned_is_silent() -> None:
    """On fresh people the learned attack stays below its one-sided bound at 1e-6."""
    what = test_strata.material()
    found = scoring.attack(test_strata.FAST, what, {}).probes
    learned = next(probe for probe in found if probe.id == "learned")
    assert learned.estimate("auc").low <= 0.5


def swap_labels(patch: pytest.MonkeyPatch) -> None:
    straight = Game.of
    patch.setattr(Game, "of", classmethod(lambda cls, a, b: _inverted(straight(a, b))))


def _inverted(game: Game) -> Game:
    return Game(~game.is_member, game.units)


def fit_encoder_on_train(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        sys.modules["privsynth.audit.audit"],
        "fit_space",
        lambda s, tables: fit_space(s, tables[:1]),
    )


def learn_from_the_counted(patch: pytest.MonkeyPatch) -> None:
    honest = scoring.learned_scores

    def leaky(scores, targets, view, game, teach, rng):
        return honest(scores, targets, view, game, np.ones_like(teach), rng)

    patch.setattr(scoring, "learned_scores", leaky)


def drop_ties(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        sys.modules["privsynth.statistics.auc"], "rankdata", lambda x: rankdata(x, method="ordinal")
    )


def subsample_train(patch: pytest.MonkeyPatch) -> None:
    honest = Measure.evidence

    def on_a_tenth(self, material, left_out=None):
        kept = np.random.default_rng(0).permutation(len(material.train))[
            : len(material.train) // 10
        ]
        return honest(self, replace(material, train=material.train.take(np.sort(kept))), left_out)

    patch.setattr(Measure, "evidence", on_a_tenth)


def binomial_interval(patch: pytest.MonkeyPatch) -> None:
    def textbook(credit, game, alpha, rng) -> Estimate:
        found = HONEST_SHARE(credit, game, alpha, rng)
        p = binom.sf(round(found.value * found.n) - 1, found.n, found.expected)
        return found.model_copy(update={"p": max(float(p), 1e-12)})

    patch.setattr(test_statistics, "share_closer", textbook)


HONEST_SHARE = test_statistics.share_closer
MUTATIONS = {
    "labels swapped": (swap_labels, test_measures.test_half_copies_move_the_share_as_theory_says),
    "encoder fitted on train": (fit_encoder_on_train, symmetric_ranges),
    "counted labels leak into calibration": (learn_from_the_counted, learned_is_silent),
    "ties dropped": (drop_ties, ties_count_half),
    "train subsampled to a tenth": (
        subsample_train, test_measures.test_half_copies_move_the_share_as_theory_says,
    ),
    "binomial interval": (
        binomial_interval,
        test_statistics.test_a_mode_collapsed_table_does_not_alarm_and_a_binomial_interval_would,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_tool_turns_a_test_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, guard = MUTATIONS[name]
    guard()
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        guard()
