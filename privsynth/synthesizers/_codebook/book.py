"""The one private preprocessing: every column as a few bins, and a value drawn within each bin.

Each column is counted once on a fine grid inside its domain, through the ledger, and the noisy
counts decide everything else: how fine the grid is, where values repeat, which cells are merged
into bins, and how values are spread within a bin. What follows works on bins alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from privsynth.privacy import Domain, Noise
from privsynth.synthesizers._codebook.bins import lumped, run_together, spread
from privsynth.synthesizers._codebook.cells import Fine, fine_cells, price
from privsynth.tables.table import Table

MOST = 32
"""Bins a column, where the caller does not say."""


@dataclass(frozen=True)
class Codebook:
    """Which bin each fine cell belongs to, column by column; the cells are noisy, so it is too.

    ``sizes`` bins per column; ``counts`` unbiased noisy counts of the bins, one array a column,
    and ``variances`` of their noise (0 without noise). ``outside`` counts the cells of the
    training table that are beyond their domain, by column: exact, for the data holder's eyes only.
    """

    columns: tuple[Fine, ...]
    bins: tuple[Any, ...]
    outside: dict[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return tuple(column.domain.name for column in self.columns)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Bins per column, at least 1; a missing cell is a bin of its own where there is one."""
        return tuple(int(bins.max()) + 1 for bins in self.bins)

    @property
    def counts(self) -> tuple[Any, ...]:
        """Noisy counts of the bins of each column, float64 ``(bins,)``; they may be negative."""
        pairs = zip(self.columns, self.bins, strict=True)
        return tuple(np.bincount(bins, column.counts) for column, bins in pairs)

    @property
    def variances(self) -> tuple[Any, ...]:
        """Variances of the noise in ``counts``, or a bound on them where a bin cuts a cell."""
        pairs = zip(self.columns, self.bins, strict=True)
        return tuple(spread(column, bins) for column, bins in pairs)

    @property
    def weights(self) -> tuple[Any, ...]:
        """Non-negative estimates of ``counts``: what ``decode`` would draw bins by."""
        pairs = zip(self.columns, self.bins, strict=True)
        return tuple(np.bincount(bins, column.weights) for column, bins in pairs)

    def codes(self, frame: pd.DataFrame) -> Any:
        """Return the bin of every cell, int32 ``(rows, columns)``.

        Numbers beyond their bounds are in the bin of the bound; a missing cell or an unknown
        category for which there is no bin is in the heaviest one.
        """
        out = np.empty((len(frame), len(self.columns)), np.int32)
        for j, (column, bins) in enumerate(zip(self.columns, self.bins, strict=True)):
            out[:, j] = bins[column.find(frame[column.domain.name])]
        return out

    def decode(self, codes: Any, rng: np.random.Generator) -> pd.DataFrame:
        """Return cells drawn within the bins ``codes (rows, columns)``, in canonical types."""
        out = {}
        for j, (column, bins) in enumerate(zip(self.columns, self.bins, strict=True)):
            cells = _within(codes[:, j], bins, column, rng)
            out[column.domain.name] = column.draw(cells, rng)
        return pd.DataFrame(out, columns=list(self.names))

    def coarser(self, most: int | Sequence[int]) -> "Codebook":
        """Return the codebook with at most so many bins (a column): the same cells, merged anew."""
        limits = np.broadcast_to(np.asarray(most), len(self.columns)).tolist()
        pairs = zip(self.columns, limits, strict=True)
        return replace(self, bins=tuple(_bins(column, limit) for column, limit in pairs))


def learn_codebook(
    train: Table, domain: Domain, noise: Noise, rho: float, most: int | Sequence[int] = MOST
) -> Codebook:
    """Return the codebook of a table for at most ``rho``; what is not needed stays unspent.

    ``most`` bounds the bins of a column, or of each column. A column with more cells gets more of
    ``rho``, by the cube root, where the summed error of all columns is least.
    """
    prices = np.array([price(column) for column in domain])
    shares = rho * prices / prices.sum()
    columns, outside = [], {}
    for column, share in zip(domain, shares, strict=True):
        fine, beyond = fine_cells(train.frame[column.name], column, noise, float(share))
        columns.append(fine)
        if beyond:
            outside[column.name] = beyond
    return Codebook(tuple(columns), (), outside).coarser(most)


def _bins(column: Fine, most: int) -> Any:
    """Return the bin of each fine cell; one that is never drawn shares the bin of the heaviest."""
    bins = np.zeros(len(column.weights), np.int64)
    values, has_missing = column.kept[:-1], bool(column.kept[-1])
    limit = max(most - has_missing, 1)
    if values.any():
        weights = column.weights[:-1][values]
        if column.is_ordered:
            found = run_together(weights, limit, column.noise > 0)
        else:
            found = lumped(weights, limit)
        bins[:-1][values] = found
        bins[~column.kept] = found[np.argmax(weights)]
        bins[-1] = found.max() + 1 if has_missing else bins[-1]
    return bins


def _within(codes: Any, bins: Any, column: Fine, rng: np.random.Generator) -> Any:
    """Return a fine cell drawn within the bin of each row by the weights, int64 ``(rows,)``.

    The draws of a bin are spread evenly over its cells (one in each equal part of their weight, at
    random among the rows), so that a sample does not add noise of its own.
    """
    # A bin whose counts all drowned in noise is filled evenly.
    weights = np.where(np.bincount(bins, column.weights)[bins] > 0, column.weights, column.kept)
    weights = np.where(np.bincount(bins, weights)[bins] > 0, weights, 1.0)
    order = np.argsort(bins, kind="stable")
    upper = np.cumsum(weights[order])
    ends = np.searchsorted(bins[order], np.arange(bins.max() + 1), side="right")
    top = upper[ends - 1]
    bottom = np.append(0.0, top[:-1])
    rows = rng.permutation(len(codes))
    rows = rows[np.argsort(codes[rows], kind="stable")]
    numbers = np.bincount(codes, minlength=len(top))
    rank = np.empty(len(codes))
    rank[rows] = np.arange(len(codes)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    part = (rank + rng.random(len(codes))) / numbers[codes]
    place = np.searchsorted(upper, bottom[codes] + part * (top - bottom)[codes], side="right")
    # Rounding may reach the end of a bin: its last cell that has a weight is meant then.
    heavy = np.maximum.accumulate(np.where(weights[order] > 0, np.arange(len(order)), 0))
    return order[np.minimum(place, heavy[ends - 1][codes])]
