"""Predicates made of released rows, and whom of the attacked people they match.

Nothing here looks at train or holdout before the predicates stand: they are narrowed on reference
rows alone. Conditions are comparisons of arrays, never texts to be parsed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.tables import Records, Space

MOST = 2000
WINDOW = 0.015
"""Half the width of a condition on a number, as a share of its spread from 10 to 90 %."""
_MISSING, _NEVER = 5.0, 9.0
Match = tuple[Any, Any, Any]
"""Predicates of one kind: how many, and (predicate, row) pairs of the attacked rows."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Rows as one float column-major matrix ``(n, d)`` in which a condition is |x - s| <= width.

    Missing is a value of its own; unreadable cells match nothing. ``units (n,)`` count from 0.
    """

    values: Any
    cells: Any
    units: Any
    n_units: int

    @classmethod
    def of(cls, rows: Records) -> "Grid":
        """Return the matrix of these rows, numbers first."""
        numbers = np.where(np.isnan(rows.numbers), _MISSING, rows.numbers)
        numbers = np.where(np.isinf(rows.numbers), _NEVER, numbers)
        codes = np.where(rows.codes < 0, -_NEVER, rows.codes).astype(float)
        units = np.unique(rows.units, return_inverse=True)[1]
        values = np.asfortranarray(np.hstack([numbers, codes]))
        return cls(values, np.asfortranarray(rows.cells), units, int(units.max(initial=-1)) + 1)

    def usable(self, row: int) -> Any:
        """Return the columns in which this row can make a condition."""
        return np.flatnonzero(np.abs(self.values[row]) != _NEVER)

    def narrowed(self, rows: Any, column: int, value: float, width: float) -> Any:
        """Return which of ``rows`` (None: all) meet the condition."""
        if rows is None:
            return np.flatnonzero(np.abs(self.values[:, column] - value) <= width)
        return rows[np.abs(self.values[rows, column] - value) <= width]


@dataclass(frozen=True, eq=False)
class Probe:
    """Who is attacked and by what: released, reference and attacked rows, widths, and the size.

    A predicate is specific when the reference expects it to match fewer than one of ``size`` units.
    """

    released: Grid
    reference: Grid
    attacked: Grid
    widths: Any
    size: int

    def specific(self, rows: Any) -> bool:
        """Return whether a predicate that matches these reference rows is specific."""
        matched = len(np.unique(self.reference.units[rows]))
        return matched * self.size < self.reference.n_units


def widths(reference: Records, space: Space) -> Any:
    """Return half-widths of conditions by column, ``(p + q,)``: equality for all but numbers."""
    out = np.full(len(space.ordered) + len(space.coded), 1e-9)
    for j, column in enumerate(space.ordered):
        known = reference.numbers[np.isfinite(reference.numbers[:, j]), j]
        if column.kind != "ordinal" and len(known):
            out[j] += WINDOW * float(np.subtract(*np.quantile(known, [0.9, 0.1])))
    return out


def conjunctions(probe: Probe, rng: np.random.Generator) -> dict[str, Match]:
    """Return predicates of random distinct released rows: ``few`` columns, and ``all`` of them.

    Conditions join in random order until the predicate is specific; that is ``few``. One that is
    not with all columns is dropped.
    """
    keys = np.unique(probe.released.cells, axis=0, return_index=True)[1]
    chosen = rng.permutation(np.sort(keys))[:MOST]
    found: dict[str, list[Any]] = {"few": [], "all": []}
    for row in chosen:
        order = rng.permutation(probe.released.usable(row))
        mine: Any = None
        theirs: Any = None
        stopped = False
        for column in order:
            value, width = probe.released.values[row, column], probe.widths[column]
            theirs = probe.attacked.narrowed(theirs, column, value, width)
            if not stopped:
                mine = probe.reference.narrowed(mine, column, value, width)
                if probe.specific(mine):
                    stopped = True
                    found["few"].append(theirs)
        if stopped:
            found["all"].append(theirs)
    return {kind: _pairs(rows) for kind, rows in found.items()}


def single_columns(probe: Probe, n_numbers: int, rng: np.random.Generator) -> Match:
    """Return predicates on one column: a value that occurs once in the table, or beyond its ends.

    Only specific ones, at most ``MOST``, drawn at random.
    """
    candidates: list[tuple[int, str, Any]] = []
    for j in range(probe.released.values.shape[1]):
        values, first, counts = np.unique(
            probe.released.cells[:, j], return_index=True, return_counts=True
        )
        readable = np.abs(probe.released.values[first, j]) != _NEVER
        candidates += [(j, "equal", value) for value in values[(counts == 1) & readable]]
        if j < n_numbers:
            known = probe.released.values[:, j]
            known = known[known <= 1]
            if len(known):
                candidates += [(j, "below", known.min()), (j, "above", known.max())]
    order = rng.permutation(len(candidates))
    reference, attacked = _Lookup(probe.reference), _Lookup(probe.attacked)
    found: list[Any] = []
    for i in order:
        if len(found) == MOST:
            break
        if probe.specific(reference.rows(*candidates[i])):
            found.append(attacked.rows(*candidates[i]))
    return _pairs(found)


class _Lookup:
    """Rows of a grid by exact cell, each column sorted once."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._sorted: dict[int, tuple[Any, Any]] = {}

    def rows(self, column: int, how: str, value: Any) -> Any:
        values = self.grid.values[:, column]
        if how == "below":
            return np.flatnonzero(values <= value)
        if how == "above":
            return np.flatnonzero((values >= value) & (values <= 1))
        if column not in self._sorted:
            order = np.argsort(self.grid.cells[:, column], kind="stable")
            self._sorted[column] = (order, self.grid.cells[order, column])
        order, cells = self._sorted[column]
        return order[np.searchsorted(cells, value) : np.searchsorted(cells, value, side="right")]


def _pairs(rows: list[Any]) -> Match:
    sizes = np.array([len(one) for one in rows], np.int64)
    empty = np.empty(0, np.int64)
    return len(rows), np.repeat(np.arange(len(rows)), sizes), np.concatenate([empty, *rows])
