"""Things that few people hold: who holds them, and whether they come back in a released table."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from privsynth.measures._base import MIN_CELL
from privsynth.statistics import Estimate, Game, reappearing_excess


@dataclass(frozen=True, eq=False)
class Things:
    """Things numbered from 0 (categories, patterns, texts), and the counted units that hold them.

    ``units (m,)`` and ``held (m,)`` are pairs of a unit and a thing it holds; ``back (things,)``
    says which things the released table holds, ``known (things,)`` which are public or occur in
    the reference. None of it depends on who is a member.
    """

    units: Any
    held: Any
    back: Any
    known: Any

    @classmethod
    def of(cls, units: Any, values: Any, released: Any, known: Any) -> Self:
        """Return the things that are the distinct ``values (m,)``, one value a holder."""
        distinct, held = np.unique(values, return_inverse=True)
        return cls(units, held.ravel(), np.isin(distinct, released), np.isin(distinct, known))

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the things of all parts, those of different parts being different things."""
        starts = np.cumsum([0, *(len(part.back) for part in parts)])[:-1]
        return cls(
            np.concatenate([np.zeros(0, int), *(part.units for part in parts)]),
            np.concatenate(
                [
                    np.zeros(0, int),
                    *(p.held + start for p, start in zip(parts, starts, strict=True)),
                ]
            ),
            np.concatenate([np.zeros(0, bool), *(part.back for part in parts)]),
            np.concatenate([np.zeros(0, bool), *(part.known for part in parts)]),
        )

    def excess(self, name: str, game: Game, alpha: float) -> Estimate:
        """Return how much more often members' rare things come back (``reappearing_excess``).

        Rare is what fewer than ``MIN_CELL`` counted units hold and nobody in the reference. Each
        unit counts once, by the rarest thing that it holds.
        """
        units, held, holders = self._pairs(game)
        rare = (holders < MIN_CELL) & ~self.known
        keep = rare[held]
        # The rarest first, and of equally rare things one that comes back.
        score = 2 * holders[held[keep]] + ~self.back[held[keep]]
        best = np.full(len(game.unit_is_member), 2 * MIN_CELL)
        np.minimum.at(best, units[keep], score)
        rarity = np.where(best < 2 * MIN_CELL, best // 2, 0)
        return reappearing_excess(name, rarity, (rarity > 0) & (best % 2 == 0), game, alpha)

    def counts(self, game: Game) -> dict[str, int]:
        """Return how many things came back that one side alone holds, fewer than 11 units of it."""
        units, held, holders = self._pairs(game)
        members = np.bincount(held, weights=game.unit_is_member[units], minlength=len(holders))
        others = holders - members
        back = self.back & ~self.known & (holders < MIN_CELL)
        return {
            "train": int((back & (members > 0) & (others == 0)).sum()),
            "holdout": int((back & (others > 0) & (members == 0)).sum()),
        }

    def _pairs(self, game: Game) -> tuple[Any, Any, Any]:
        width = max(len(self.back), 1)
        pairs = np.unique(self.units.astype(np.int64) * width + self.held)
        units, held = pairs // width, pairs % width
        return units, held, np.bincount(held, minlength=len(self.back))
