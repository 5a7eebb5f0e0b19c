"""Fine cells merged into bins of about equal weight."""

from typing import Any

import numpy as np

from privsynth.synthesizers._codebook.cells import Fine
from privsynth.synthesizers._codebook.smooth import FEW


def run_together(weights: Any, most: int, is_noisy: bool) -> Any:
    """Return the bin of each cell when neighbours are merged into at most ``most`` bins.

    A cell as heavy as a bin should be is a bin of its own, and the others are merged from the left
    until they are. Cells without weight join a neighbour, unless all cells are few and noisy.
    """
    if is_noisy and len(weights) <= min(most, FEW):
        return np.arange(len(weights))
    drawn = np.flatnonzero(weights > 0)
    bins = np.zeros(len(weights), np.int64)
    if len(drawn) <= most:
        firsts = np.arange(len(drawn))
    else:
        upper = np.concatenate([[0.0], np.cumsum(weights[drawn])])
        target = upper[-1] / most
        firsts = _firsts(upper, target)
        while len(firsts) > most:
            target *= 1.05
            firsts = _firsts(upper, target)
    bins[drawn[firsts[1:]]] = 1
    return np.cumsum(bins)


def _firsts(upper: Any, target: float) -> Any:
    """Return the first cell of each bin; ``upper`` are cumulative weights with a leading 0."""
    cells = len(upper) - 1
    heavy = np.append(np.flatnonzero(np.diff(upper) >= target), cells)
    firsts, place, cell = [], 0, 0
    while cell < cells:
        firsts.append(cell)
        while heavy[place] < cell:
            place += 1
        if heavy[place] == cell:
            cell += 1
        else:
            full = int(np.searchsorted(upper, upper[cell] + target, side="left"))
            cell = min(max(full, cell + 1), int(heavy[place]))
    return np.array(firsts)


def lumped(weights: Any, most: int) -> Any:
    """Return the bin of each category: the heaviest alone, the others together in the last bin."""
    if len(weights) <= most:
        return np.arange(len(weights))
    bins = np.full(len(weights), most - 1)
    bins[np.sort(np.argsort(-weights, kind="stable")[: most - 1])] = np.arange(most - 1)
    return bins


def spread(column: Fine, bins: Any) -> Any:
    """Return the variance of the noise in each bin's count, float64 ``(bins,)``.

    Exact for whole first cells. For a part of one, the smaller of two bounds: the variances of its
    pieces together, or those of the whole and of all other pieces.
    """
    whole = column.origin_variances
    width = int(bins.max()) + 1
    pair, where = np.unique(bins * len(whole) + column.origin, return_inverse=True)
    inside = np.bincount(where, column.variances)
    origin = pair % len(whole)
    everything = np.bincount(column.origin, column.variances, minlength=len(whole))
    parts = np.bincount(origin, minlength=len(whole))
    bound = whole[origin] + everything[origin] - inside
    found = np.where(parts[origin] == 1, whole[origin], np.minimum(inside, bound))
    return np.bincount(pair // len(whole), found, minlength=width)
