"""Rows as points in Euclidean space, and their nearest ones: matrix products, winners re-checked.

Encoding E1 of attacks.md section 2. Exact to float32 for which row is nearest, to float64 for how
far it is; an exact copy is at distance 0, which the product alone would miss.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.neighbours.search import Neighbours, Tick

_CELLS = 4_000_000
RUN = 64
SPARE = 4
"""Candidates beyond k that are re-checked: rounding may swap rows that are almost equally near."""


@dataclass(frozen=True, eq=False)
class Points:
    """Rows as ``values (n, d)`` float32; ``parts`` are the pieces they were joined of."""

    values: Any
    parts: tuple["Points", ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def leaves(self) -> tuple["Points", ...]:
        """The pieces that were encoded as such, in row order."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) or (self,)

    def take(self, rows: Any) -> "Points":
        """Return these rows, in this order."""
        return Points(self.values[rows])


def join(*parts: Points) -> Points:
    """Return the parts below each other."""
    return Points(np.concatenate([part.values for part in parts]), parts)


def nearest_points(
    queries: Points, reference: Points, k: int = 2, tick: Tick | None = None
) -> Neighbours:
    """Return the k nearest ``reference`` points of each query by Euclidean distance.

    Ties go to the smaller row number among the candidates that were re-checked in float64. Where
    the reference has fewer than k rows the rest is infinity and -1.
    """
    m, n = len(queries), len(reference)
    distances, ids = np.full((m, k), np.inf), np.full((m, k), -1, np.int64)
    if not m or not n:
        return Neighbours(distances, ids)
    others = reference.values
    runs = -(-n // RUN)
    # Rows at infinity fill the last run, so that nothing is copied below.
    filled = np.zeros((runs * RUN, others.shape[1]), np.float32)
    filled[:n] = others
    norms = np.full(runs * RUN, np.inf, np.float32)
    norms[:n] = np.einsum("ij,ij->i", others, others)
    kept, wanted = min(k, n), min(k + SPARE, n)
    for start in range(0, m, step := max(1, _CELLS // n)):
        part = queries.values[start : start + step]
        half = (-2 * part) @ filled.T
        half += norms  # less |q|², which is the same for a whole row
        found = _smallest(half, wanted)
        gaps = part[:, None, :].astype(np.float64) - others[found]
        exact = np.sqrt((gaps**2).sum(axis=2))
        order = np.lexsort((found, exact), axis=1)[:, :kept]
        distances[start : start + step, :kept] = np.take_along_axis(exact, order, axis=1)
        ids[start : start + step, :kept] = np.take_along_axis(found, order, axis=1)
        if tick is not None:
            tick(len(part) * n)
    return Neighbours(distances, ids)


def _smallest(values: Any, k: int) -> Any:
    """Return the columns of the ``k`` smallest values of each row, in no order.

    They lie in the k runs of 64 columns whose own minima are smallest: only those are searched.
    """
    m, runs = len(values), values.shape[1] // RUN
    if runs <= 2 * k:
        return np.argpartition(values, k - 1, axis=1)[:, :k]
    # A run holds every ``runs``-th column, so that minima are taken over whole stretches at once.
    blocks = values.reshape(m, RUN, runs)
    best = np.argpartition(blocks.min(axis=1), k - 1, axis=1)[:, None, :k]
    few = np.take_along_axis(blocks, best, axis=2).reshape(m, RUN * k)
    place = np.argpartition(few, k - 1, axis=1)[:, :k]
    return place // k * runs + np.take_along_axis(best[:, 0], place % k, axis=1)
