"""Noisy counts into weights: never negative, and even where the noise leaves nothing to see."""

from typing import Any

import numpy as np

FEW = 16
"""So few cells of a column are never smoothed, merged or left out for the noise in their counts."""

_STEP = 3.0
"""Variances of the noise by which a cut must lower the squared error."""

_END = 2.5
_INSIDE = 1.5


def smooth(noisy: Any, reference: Any, scale: float) -> Any:
    """Return weights of neighbouring cells, float64 ``(m,)``, from counts with noise of ``scale``.

    Runs of cells that may hold rows in proportion to ``reference`` are given so. A first or last
    run that does not stand clear of its noise is given nothing: far cells of noise would move a
    mean and a correlation more than the few rows that are cut off. A run inside is cut off sooner.
    """
    if scale == 0:
        return noisy
    if len(noisy) <= FEW:
        return nearest_weights(noisy, float(noisy.sum()))
    firsts = _runs(noisy, reference, _STEP * scale**2)
    total = np.add.reduceat(noisy, firsts)
    sizes = np.diff(np.append(firsts, len(noisy)))
    clear = np.full(len(total), _INSIDE)
    clear[[0, -1]] = _END
    total[total < clear * scale * np.sqrt(sizes)] = 0.0
    return np.repeat(total / np.add.reduceat(reference, firsts), sizes) * reference


def _runs(noisy: Any, reference: Any, step: float) -> Any:
    """Return the first cell of each run, of all ways to cut the one of least squared error.

    Each run costs ``step`` besides the squared error of its best multiple of ``reference`` (least
    squares with a penalty per jump, solved exactly by dynamic programming: Friedrich et al. 2008).
    """
    m = len(noisy)
    yy, yr, rr = (
        np.append(0.0, np.cumsum(product))
        for product in (noisy**2, noisy * reference, reference**2)
    )
    error = (yy[None, 1:] - yy[:-1, None]) - (yr[None, 1:] - yr[:-1, None]) ** 2 / np.maximum(
        rr[None, 1:] - rr[:-1, None], 1e-300
    )
    best, before = np.append(0.0, np.empty(m)), np.empty(m, np.int64)
    for last in range(m):
        costs = best[: last + 1] + error[: last + 1, last]
        before[last] = int(np.argmin(costs))
        best[last + 1] = costs[before[last]] + step
    firsts, last = [], m
    while last > 0:
        last = int(before[last - 1])
        firsts.append(last)
    return np.array(firsts[::-1])


def nearest_weights(counts: Any, total: float) -> Any:
    """Return the non-negative weights with this sum that are nearest to ``counts`` in L2.

    Projection onto a simplex (Duchi et al. 2008, Fig. 1); zeros where ``total`` is not positive.
    """
    if total <= 0 or not len(counts):
        return np.zeros(len(counts))
    falling = np.sort(counts)[::-1]
    over = (np.cumsum(falling) - total) / np.arange(1, len(counts) + 1)
    return np.maximum(counts - over[np.flatnonzero(falling > over)[-1]], 0.0)
