"""Who is a member and who is not, and which rows belong to one person."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

DRAWS = 1999
"""Permutations and bootstrap draws: p-values come in steps of 1/2000."""
_CELLS = 4_000_000


def pieces(width: int) -> list[int]:
    """Return how many draws of ``width`` numbers to make at a time, ``DRAWS`` in all."""
    step = max(1, _CELLS // width)
    return [min(step, DRAWS - start) for start in range(0, DRAWS, step)]


@dataclass(frozen=True, eq=False)
class Game:
    """The membership game over counted rows: labels ``(n,)`` bool and unit numbers ``(n,)``.

    A unit (an entity where one is declared, else a row) is wholly on one side. Membership is
    exchangeable between units, and everything here that permutes or sums does so by unit. Where
    ``blocks (units,)`` are given, labels are permuted within each of them only.
    """

    is_member: Any
    units: Any
    blocks: Any = None

    @classmethod
    def of(cls, members: Any, non_members: Any) -> "Game":
        """Return the game of two arrays of unit numbers, one entry a row, members first."""
        first = np.unique(members, return_inverse=True)[1]
        second = np.unique(non_members, return_inverse=True)[1] + int(first.max(initial=-1)) + 1
        labels = np.r_[np.ones(len(first), bool), np.zeros(len(second), bool)]
        return cls(labels, np.r_[first, second])

    @cached_property
    def unit_is_member(self) -> Any:
        """Labels by unit, shape ``(units,)``."""
        out = np.zeros(int(self.units.max()) + 1, bool)
        out[self.units] = self.is_member
        return out

    @property
    def by_row(self) -> bool:
        """Whether every row is its own unit."""
        return len(self.unit_is_member) == len(self.units)

    @property
    def n_members(self) -> int:
        """Member units."""
        return int(self.unit_is_member.sum())

    @property
    def n_non_members(self) -> int:
        """Non-member units."""
        return len(self.unit_is_member) - self.n_members

    def unit_sums(self, values: Any) -> Any:
        """Return the sum of row values over each unit, shape ``(units,)``."""
        return np.bincount(self.units, weights=values, minlength=len(self.unit_is_member))

    def unit_max(self, scores: Any) -> Any:
        """Return the largest row score of each unit, shape ``(units,)``."""
        if self.by_row:
            out = np.empty(len(scores))
            out[self.units] = scores
            return out
        out = np.full(len(self.unit_is_member), -np.inf)
        np.maximum.at(out, self.units, scores)
        return out

    def within(self, chosen: Any) -> "Part":
        """Return the game of the units marked in ``chosen (units,)``."""
        rows = np.asarray(chosen, bool)[self.units]
        numbered = np.cumsum(chosen) - 1
        return Part(chosen, rows, Game(self.is_member[rows], numbered[self.units[rows]]))

    @cached_property
    def parts(self) -> tuple[Any, ...]:
        """The unit numbers of each block; all of them where there are no blocks."""
        if self.blocks is None:
            return (np.arange(len(self.unit_is_member)),)
        return tuple(np.flatnonzero(self.blocks == block) for block in np.unique(self.blocks))

    def permutations(self, rng: np.random.Generator, width: int | None = None) -> Iterator[Any]:
        """Yield ``DRAWS`` permutations of the unit labels, some ``(times, units)`` at a time.

        ``width`` is how many numbers the caller makes of each, where that is more than the units.
        """
        for times in pieces(width or len(self.unit_is_member)):
            yield self.permuted_labels(rng, times)

    def permuted_labels(self, rng: np.random.Generator, times: int) -> Any:
        """Return permuted unit labels as 0/1 floats, shape ``(times, units)``, float32."""
        if len(self.parts) == 1:
            return _shuffled(self.unit_is_member, rng, times)
        labels = np.empty((times, len(self.unit_is_member)), np.float32)
        for part in self.parts:
            labels[:, part] = _shuffled(self.unit_is_member[part], rng, times)
        return labels


@dataclass(frozen=True, eq=False)
class Part:
    """Some units of a game: ``chosen (units,)``, their ``rows (n,)``, and the game over them."""

    chosen: Any
    rows: Any
    game: Game


def _shuffled(labels: Any, rng: np.random.Generator, times: int) -> Any:
    # The n1 units with the smallest of random keys: ten times faster than shuffling each row.
    members = int(labels.sum())
    if members in (0, len(labels)):
        return np.broadcast_to(labels.astype(np.float32), (times, len(labels)))
    keys = rng.random((times, len(labels)))
    cut = np.partition(keys, members - 1, axis=1)[:, members - 1 : members]
    out = (keys <= cut).astype(np.float32)
    for row in np.flatnonzero(out.sum(axis=1) != members):  # two keys were equal
        out[row] = rng.permutation(labels.astype(np.float32))
    return out
