"""Who stands out: the members whom the worst attacks are surest of, under pseudonyms.

For the holder of the rows alone, who asked for it; nothing of it is evidence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.statistics import Scored
from privsynth.tables import Table

WORST = 5
"""Attacks that are listed: those with the largest AUC."""
TOP = 0.01


@dataclass(frozen=True)
class Standing:
    """One member: the ``attacks`` that score at most 1 % of the others as high.

    ``percentile`` is the share of the others (people who were not trained on), in per cent, whom
    the surest of the worst attacks scores lower.
    """

    pseudonym: str
    percentile: float
    attacks: tuple[str, ...]


def most_exposed(
    scores: Mapping[str, Scored], train: Table, commit: Callable[[str], str]
) -> tuple[Standing, ...]:
    """Return the members whom any of the five worst attacks puts above 99 % of the others.

    Those come first whom most attacks find. Of a clean table, each attack lists 1 % of the members.

    ``train`` holds the rows of the members in the order of the scores' targets. A pseudonym is
    ``commit`` of the table's digest and the entity's name, or the row's number from 1 on where no
    entity is declared: who holds the rows and the key finds the person, and nobody else.
    """
    worst = sorted(scores, key=lambda name: (-scores[name].delong.value, name))[:WORST]
    above = {name: _scored_lower(scores[name]) for name in worst}
    found = []
    for unit, identity in enumerate(_identities(train)):
        shares = {name: float(share[unit]) for name, share in above.items()}
        sure = tuple(name for name, share in shares.items() if share >= 1 - TOP)
        if sure:
            pseudonym = commit(f"exposed {train.digest} {identity}")
            found.append(
                Standing(pseudonym, round(100 * max(shares[name] for name in sure), 2), sure)
            )
    return tuple(sorted(found, key=lambda one: (-len(one.attacks), -one.percentile, one.pseudonym)))


def _scored_lower(one: Scored) -> Any:
    """Return by unit the share of non-members that score lower, NaN where it does not count."""
    scores, game = one.counted
    best = game.unit_max(scores)
    others = np.sort(best[~game.unit_is_member])
    lower = np.searchsorted(others, best, side="left") / len(others)
    out = np.full(len(one.game.unit_is_member), np.nan)
    out[slice(None) if one.part is None else one.part.chosen] = lower
    return out


def _identities(train: Table) -> list[str]:
    """Return what names each unit of the table, in the order in which a game numbers them."""
    rows = np.unique(train.units, return_index=True)[1]
    entity = train.schema.entity
    if entity is None:
        return [f"row {row + 1}" for row in rows]
    return [f"entity {train.frame[entity].iloc[row]}" for row in rows]
