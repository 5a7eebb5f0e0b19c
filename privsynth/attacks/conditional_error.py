"""Conditional error: each cell is easier to guess from the synthetic table than from other people.

After MIA-EPT (Cyber@BGU, MIDST challenge 2025), which feeds per-column prediction errors of models
taught on the synthetic table to a classifier; here the same errors under the reference calibrate
them, so that no labelled release is needed.
"""

from typing import Any

import numpy as np

from privsynth import randomness
from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._models import features, sample
from privsynth.tables import Records

LEAF = 20
"""Rows in a leaf at least."""


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return the sum over columns of (error under the reference's tree - under the synthetic's).

    Each column is predicted from all others by a decision tree on at most 5,000 rows. Errors are
    -log probability for categories, |x - prediction| over the column's spread in the reference for
    numbers; a missing or unreadable number adds nothing.
    """
    sides = sample(view.reference, rng), sample(view.synthetic, rng)
    seed = randomness.integer_seed(rng)
    inputs = features(targets)
    taught = [(rows, features(rows)) for rows in sides]
    total = np.zeros(len(targets))
    p = targets.numbers.shape[1]
    for c in range(inputs.shape[1]):
        others = np.delete(np.arange(inputs.shape[1]), c)
        if not len(others):
            continue
        for (rows, given), sign in zip(taught, (1.0, -1.0), strict=True):
            x, asked = given[:, others], inputs[:, others]
            if c < p:
                spread = _spread(sides[0].numbers[:, c])
                error = _number_error(
                    x, rows.numbers[:, c], asked, targets.numbers[:, c], spread, seed
                )
            else:
                error = _code_error(x, rows.codes[:, c - p], asked, targets.codes[:, c - p], seed)
            total += sign * error
    return total


def _spread(values: Any) -> float:
    """Return the standard deviation of the readable values, 1 where there is none."""
    known = values[np.isfinite(values)]
    spread = float(known.std()) if len(known) else 0.0
    return spread if spread > 0 else 1.0


def _number_error(x: Any, y: Any, asked: Any, truth: Any, spread: float, seed: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    known = np.isfinite(y)
    if not known.any():
        return np.zeros(len(truth))
    tree = DecisionTreeRegressor(min_samples_leaf=LEAF, random_state=seed)
    guess = tree.fit(x[known], y[known]).predict(asked)
    gap = np.abs(np.where(np.isfinite(truth), truth, guess) - guess)
    return gap / spread


def _code_error(x: Any, y: Any, asked: Any, truth: Any, seed: int) -> Any:
    """Return -log probability of the true code: one row spread over all codes joins each leaf."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(min_samples_leaf=LEAF, random_state=seed).fit(x, y)
    held = tree.tree_.n_node_samples[tree.apply(asked)]
    known = tree.classes_
    place = np.minimum(np.searchsorted(known, truth), len(known) - 1)
    given = tree.predict_proba(asked)[np.arange(len(asked)), place]
    given = np.where(known[place] == truth, given, 0.0)
    return -np.log((given * held + 1 / (len(known) + 1)) / (held + 1))


attack = Attack(
    name="conditional_error",
    home=__name__,
    title="Prediction errors, column by column",
    source="after MIA-EPT (Cyber@BGU, MIDST 2025); calibrated by the reference (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="columns that say nothing of each other; single copies among many rows",
    score=score,
    costly=True,
)
