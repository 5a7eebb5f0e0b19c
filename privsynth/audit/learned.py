"""A learned attack: how to combine every other score, taught by people whose side is known.

30 % of the units of each side (calibration) teach it; the other 70 % are scored and counted, and
permuted without refitting (gate-statistics 1). It stands for an attacker who knows of some people
that they were in the table.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from privsynth.attacks import Attack, AttackerView, log_distance
from privsynth.audit.effort import DEPTH
from privsynth.evidence import Threat
from privsynth.statistics import Game
from privsynth.tables import Records

CALIBRATION = 0.3
MIN_CALIBRATION = 100
"""Units a side below which nothing is learned but noise."""
MAX_ROWS = 6000
DEPTHS = (1, 2, 5, 10, 20, 50)


def calibration(game: Game, rng: np.random.Generator) -> Any:
    """Return which units teach, shape ``(units,)`` bool: 30 % of each side, none of small sides."""
    teach = np.zeros(len(game.unit_is_member), bool)
    sides = [np.flatnonzero(game.unit_is_member == side) for side in (True, False)]
    if min(len(side) for side in sides) * CALIBRATION < MIN_CALIBRATION:
        return teach
    for side in sides:
        teach[rng.permutation(side)[: round(CALIBRATION * len(side))]] = True
    return teach


def learned_scores(
    scores: Mapping[str, Any], targets: Records, view: AttackerView, game: Game, teach: Any,
    rng: np.random.Generator,
) -> Any:  # fmt: skip
    """Return the log-odds of membership of every target, shape ``(n,)``, from a boosted model.

    Features: all other scores, and log distances to the 1st to 50th nearest released and reference
    rows and their differences. Only units marked in ``teach`` are learned from, at most
    6,000 rows of them.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    features = np.column_stack([*scores.values(), *_distances(targets, view)])
    rows = np.flatnonzero(teach[game.units])
    if len(rows) > MAX_ROWS:
        rows = np.sort(rng.permutation(rows)[:MAX_ROWS])
    model = HistGradientBoostingClassifier(
        max_depth=4, learning_rate=0.05, max_iter=80, min_samples_leaf=50, l2_regularization=5.0,
        early_stopping=False, random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    model.fit(features[rows], game.is_member[rows])
    return model.decision_function(features)


def _distances(targets: Records, view: AttackerView) -> list[Any]:
    found = []
    for table in (view.synthetic, view.reference):
        near = view.search.nearest(targets, table, DEPTH).distances
        held = min(len(table), DEPTH)
        found.append(log_distance(near[:, [min(k, held) - 1 for k in DEPTHS]]))
    return [found[0], found[1], found[1] - found[0]]


def _not_a_plugin(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    raise NotImplementedError("the learned attack needs labels: see learned_scores")


LEARNED = Attack(
    name="learned",
    home=__name__,
    title="Learned combination of all attacks",
    source="boosted trees on every other score and on neighbour distances, taught on 30 % of the "
    "units (as in the MIDST challenge, SaTML 2025)",
    threat=Threat(
        goal="membership: was this person's row used to make the table?",
        generator_access="none",
        data_knowledge="the released table, the target's full row, other rows of the population, "
        "and of three people in ten whether they were in the table",
        level="L1",
    ),
    blind_to="what no other attack sees in any way",
    score=_not_a_plugin,
    costly=True,
)
