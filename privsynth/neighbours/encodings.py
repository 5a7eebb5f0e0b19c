"""The same rows measured otherwise: by ranks (E3), and with rare values counting more (E4).

Encodings of attacks.md section 2 on the one engine. Each is fitted once, on all real rows together,
and used for every table; ``Space`` itself is E2 (Gower).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from privsynth.tables.encode import Records


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
