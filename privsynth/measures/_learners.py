"""Two learners that guess a secret: the nearest row, and boosted trees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.neighbours import Neighbours, merge, nearest_records
from privsynth.tables import Records

TIES = 5
"""Nearest rows among which ties are looked for; a success is their mean."""
MOST_ROWS = 5000
MOST_CLASSES = 12
"""Rarer classes are never guessed by the trees: each class costs as much as a model."""
MOST_CATEGORIES = 250
ITERATIONS = 60
DEPTH = 4


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest teaching rows of each target and the secrets ``(rows,)`` those hold."""

    near: Neighbours
    secret: Any

    @classmethod
    def of(cls, asked: Records, rows: Records, secret: Any, threads: int | None) -> "Nearest":
        """Return the nearest of ``rows`` over the columns that both have (Gower)."""
        return cls(nearest_records(asked, rows, k=TIES, threads=threads), secret)

    def joined(self, other: "Nearest") -> "Nearest":
        """Return the nearest among the rows of both."""
        near = merge([self.near, other.near], [len(self.secret), len(other.secret)])
        return Nearest(near, np.concatenate([self.secret, other.secret]))

    def success(self, judge: Callable[[Any, Any], Any], truth: Any) -> Any:
        """Return ``(n,)`` mean success of the rows tied for nearest; a missing secret is none."""
        tied = (self.near.ids >= 0) & (self.near.distances == self.near.distances[:, :1])
        guesses = np.append(self.secret, np.nan)[self.near.ids]  # -1 is the appended NaN
        hits = judge(guesses, truth[:, None]) * tied
        return hits.sum(axis=1) / np.maximum(tied.sum(axis=1), 1)


def trees(
    rows: Records, secret: Any, asked: Records, vocabulary: list[int], rng: np.random.Generator,
    *, classes: bool,
) -> Any:  # fmt: skip
    """Return a guess for each of ``asked``, shape ``(n,)``, NaN where nothing could be learnt.

    Histogram gradient boosting with 60 trees of depth 4 on at most 5,000 random ``rows`` whose
    secret is known. ``vocabulary`` is the number of categories of each coded column.
    """
    known = np.flatnonzero(~np.isnan(secret))
    if classes and len(known):
        values, counts = np.unique(secret[known], return_counts=True)
        common = values[np.argsort(-counts, kind="stable")[:MOST_CLASSES]]
        known = known[np.isin(secret[known], common)]
    known = np.sort(rng.permutation(known)[:MOST_ROWS])
    if len(known) == 0:
        return np.full(len(asked), np.nan)
    x, y = _features(rows)[known], secret[known]
    values, coded, counts = np.unique(y, return_inverse=True, return_counts=True)
    held = ~np.isnan(x).all(axis=0)
    if len(values) < 2 or not held.any():
        return np.full(len(asked), values[counts.argmax()] if classes else np.median(y))
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    is_category = [False] * rows.numbers.shape[1] + [n < MOST_CATEGORIES for n in vocabulary]
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = kind(
        max_iter=ITERATIONS, max_depth=DEPTH, early_stopping=False, random_state=0,
        categorical_features=np.array(is_category)[held],
    )  # fmt: skip
    with threadpool_limits(limits=1):
        guess = model.fit(x[:, held], coded if classes else y).predict(_features(asked)[:, held])
    return values[guess] if classes else guess


def _features(rows: Records) -> Any:
    numbers = np.where(np.isfinite(rows.numbers), rows.numbers, np.nan)
    return np.hstack([numbers, np.where(rows.codes > 0, rows.codes, np.nan)])
