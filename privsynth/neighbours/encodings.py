"""The same rows measured otherwise: as points (E1), by ranks (E3), with rare values dearer (E4).

Each encoding is fitted once, on all real rows together (symmetric in membership), and used for
every table; ``Space`` itself is E2 (Gower).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from privsynth.neighbours.dense import Points, join
from privsynth.tables.encode import Records, concat

GOWER, RANK, FREQ, STD = "gower", "rank", "freq", "std"
"""E2, E3, E4 and E1 of the field's usual list."""
LEVELS = 50
"""Categories of a column that get a coordinate of their own in E1, the most frequent ones."""
MIN_HELD = 10
"""Rarer categories than this share the origin of their column."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """E3: every number becomes its mid-rank among the real ones, in [0, 1]; categories stay.

    Heavy tails lose their pull: half of a column's people lie within half of its range.
    """

    sorted_columns: tuple[Any, ...]

    def encode(self, rows: Records) -> Records:
        """Return the rows with ranks for numbers; missing and unreadable cells stay as they are."""
        numbers = rows.numbers.copy()
        for j, known in enumerate(self.sorted_columns):
            values = rows.numbers[:, j]
            readable = np.isfinite(values)
            low = np.searchsorted(known, values[readable], side="left")
            high = np.searchsorted(known, values[readable], side="right")
            numbers[readable, j] = (low + high) / (2 * max(len(known), 1))
        return replace(rows, numbers=numbers, parts=tuple(self.encode(p) for p in rows.parts))


def fit_ranks(real: Records) -> Ranks:
    """Return the rank encoding of these real rows (train, holdout and reference together)."""
    columns = []
    for j in range(real.numbers.shape[1]):
        values = real.numbers[:, j]
        columns.append(np.sort(values[np.isfinite(values)]))
    return Ranks(tuple(columns))


@dataclass(frozen=True, eq=False)
class Frequencies:
    """E4: as E3, and a mismatch costs -log of how often the query's value occurs, at most 1.

    Costs are divided by the largest of their column, that of a value which nobody holds: sharing a
    rare value brings two rows nearer than sharing a common one.
    """

    ranks: Ranks
    counts: tuple[tuple[Any, Any], ...]
    n: int

    def encode(self, rows: Records) -> Records:
        """Return the rows with ranks, and weights ``(n, q)`` that count where they ask."""
        ranked = self.ranks.encode(rows)
        weights = np.empty(rows.codes.shape)
        largest = np.log(self.n + 1) - np.log(0.5)
        for j, (known, counts) in enumerate(self.counts):
            place = np.minimum(np.searchsorted(known, rows.codes[:, j]), len(known) - 1)
            held = np.where(known[place] == rows.codes[:, j], counts[place], 0)
            weights[:, j] = (np.log(self.n + 1) - np.log(held + 0.5)) / largest
        parts = tuple(self.encode(part) for part in rows.parts)
        return replace(ranked, weights=weights, parts=parts)


def fit_frequencies(real: Records) -> Frequencies:
    """Return the frequency encoding of these real rows."""
    counts = tuple(
        np.unique(real.codes[:, j], return_counts=True) for j in range(real.codes.shape[1])
    )
    return Frequencies(fit_ranks(real), counts, len(real))


@dataclass(frozen=True, eq=False)
class Standard:
    """E1: numbers less their mean, over their standard deviation; one-hot categories times √½.

    A missing number lies at the mean and one unit away in a coordinate of its own; an unreadable
    one, five units away. Categories beyond the 50 most frequent, or held fewer than 10 times, lie
    at the origin of their column.
    """

    mean: Any
    spread: Any
    with_gaps: Any
    levels: tuple[Any, ...]

    def encode(self, rows: Records) -> Points:
        """Return the rows as points, shape ``(n, d)`` float32."""
        scaled = (rows.numbers - self.mean) / self.spread
        gaps = np.isnan(rows.numbers) + 5.0 * np.isinf(rows.numbers)
        blocks = [np.where(np.isfinite(scaled), scaled, 0.0), gaps[:, self.with_gaps]]
        blocks += [
            (rows.codes[:, j, None] == known) * np.sqrt(0.5) for j, known in enumerate(self.levels)
        ]
        return Points(np.hstack(blocks).astype(np.float32))


def fit_standard(real: Records) -> Standard:
    """Return the standardised encoding of these real rows."""
    numbers = np.where(np.isfinite(real.numbers), real.numbers, np.nan)
    known = ~np.isnan(numbers).all(axis=0)
    mean, spread = np.zeros(numbers.shape[1]), np.ones(numbers.shape[1])
    if len(numbers):
        mean[known] = np.nanmean(numbers[:, known], axis=0)
        spread[known] = np.nanstd(numbers[:, known], axis=0)
    levels = []
    for j in range(real.codes.shape[1]):
        found, counts = np.unique(real.codes[:, j], return_counts=True)
        often = np.lexsort((found, -counts))[:LEVELS]
        levels.append(np.sort(found[often[counts[often] >= min(MIN_HELD, len(real))]]))
    gaps = np.flatnonzero(~np.isfinite(real.numbers).all(axis=0))
    return Standard(mean, np.where(spread > 0, spread, 1.0), gaps, tuple(levels))


class Encodings:
    """Every encoding of one audit, fitted when first asked for; tables are encoded once each.

    Joined rows are encoded part by part, so that the search finds their parts again.
    """

    def __init__(self, real: Records) -> None:
        self._real = real
        self._fitted: dict[str, Any] = {}
        self._done: dict[tuple[str, int], tuple[Records, Any]] = {}

    def encode(self, name: str, rows: Records) -> Any:
        """Return the rows in that encoding: ``Points`` for ``std``, else ``Records``."""
        if name == GOWER:
            return rows
        key = (name, id(rows))
        if key not in self._done:
            if rows.parts:
                glue = join if name == STD else concat
                found = glue(*(self.encode(name, part) for part in rows.parts))
            else:
                found = self._fit(name).encode(rows)
            self._done[key] = (rows, found)  # holding the rows keeps their id from reuse
        return self._done[key][1]

    def _fit(self, name: str) -> Any:
        if name not in self._fitted:
            fit = {RANK: fit_ranks, FREQ: fit_frequencies, STD: fit_standard}[name]
            self._fitted[name] = fit(self._real)
        return self._fitted[name]
