"""The K games of an audit by folds, and every attack's scores in all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.attacks import Attack, AttackerView, score_all
from privsynth.measures import Material
from privsynth.neighbours import Encodings, Search
from privsynth.statistics.folds import Folds, FoldScored
from privsynth.tables import Records


@dataclass(frozen=True, eq=False)
class Worlds:
    """The encoded tables, one a fold, and who is in which fold.

    ``material`` holds all units twice, as train and as holdout: so each is both in ``game``, and
    sizes and groups come out right; labels are those of ``folds``. ``encodings`` are fitted on
    all units and the reference.
    """

    material: Material
    folds: Folds
    tables: tuple[Records, ...]
    encodings: Encodings

    @property
    def rows(self) -> Records:
        """All rows that are attacked."""
        return self.material.train

    @property
    def search(self) -> Search:
        """The one search of all games."""
        return self.material.search

    def view(
        self, synthetic: Records, reference: Records | None = None, search: Search | None = None
    ) -> AttackerView:
        """Return what an attacker holds; the whole reference where none is given.

        A ``search`` of its own forgets planted rows when it goes: they are searched for once.
        """
        known = self.material.need_reference() if reference is None else reference
        return AttackerView(synthetic, known, search or self.search, self.encodings)

    def score(
        self, attacks: Mapping[str, Attack], view_of: Callable[[int], AttackerView], *label: str
    ) -> dict[str, FoldScored]:
        """Return the scores of all rows against each table, by score id; ``view_of`` its number."""
        return self.joined(
            [self.against(k, attacks, view_of(k), *label) for k in range(self.folds.k)]
        )

    def against(
        self, k: int, attacks: Mapping[str, Attack], view: AttackerView, *label: str
    ) -> dict[str, Any]:
        """Return the scores of all rows ``(n,)`` in game k, by score id."""
        rng = self.material.rng(*label, f"fold {k}")
        return score_all(attacks, self.rows, view, rng)

    def joined(self, found: list[dict[str, Any]]) -> dict[str, FoldScored]:
        """Return scores of all games, one entry a game, as scores over the folds."""
        return {
            name: FoldScored(np.stack([one[name] for one in found]), self.folds)
            for name in found[0]
        }

    def members(self, k: int) -> Any:
        """Return the unit numbers of the members of game k, in rising order."""
        return np.flatnonzero(self.folds.fold != k)
