"""Exact tests of what comes back: do members' rare things reappear more than non-members'?"""

from typing import Any

import numpy as np
from scipy.stats import hypergeom

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import DRAWS, Game, pieces


def reappearing_excess(name: str, rarity: Any, hit: Any, game: Game, alpha: float) -> Estimate:
    """Return by how much more often members' rare things reappear, with an exact p, in [-1, 1].

    ``rarity (units,)`` int is how many counted units hold the rarest thing of each unit (0: it
    holds none), ``hit (units,)`` bool whether that thing reappears in the released table. Neither
    depends on who is a member. So, given how many members there are of each rarity, the number of
    members hit is a sum of independent hypergeometric numbers, and ``p`` its exact one-sided tail:
    Fisher's test in strata (Zelen 1971), at any sizes, entities and ties. A thing that many hold
    reappears for everybody, and its stratum says nothing instead of drowning the others.
    ``value`` is the difference of both shares among units that hold something rare (``n``);
    bounds: Clopper-Pearson of both shares at alpha / 2.
    """
    held, labels = rarity > 0, game.unit_is_member
    tail, above = np.ones(1), 0
    for level in np.unique(rarity[held]):
        inside = rarity == level
        n, n1 = int(inside.sum()), int(labels[inside].sum())
        total, seen = int(hit[inside].sum()), int((hit & labels)[inside].sum())
        least, most = max(0, total - (n - n1)), min(total, n1)
        if least < most:
            tail = np.convolve(tail, hypergeom.pmf(np.arange(least, most + 1), n, total, n1))
            above += seen - least
    n1, n0 = int((held & labels).sum()), int((held & ~labels).sum())
    k1, k0 = int((hit & held & labels).sum()), int((hit & held & ~labels).sum())
    half = alpha / 2
    if not held.any():
        return _nothing(name, alpha, "fisher exact, in strata")
    return Estimate(
        name=name,
        value=k1 / max(n1, 1) - k0 / max(n0, 1),
        low=lower(k1, n1, half) - upper(k0, n0, half),
        high=upper(k1, n1, half) - lower(k0, n0, half),
        confidence=1 - 2 * alpha,
        method="fisher exact, in strata",
        n=n1 + n0,
        expected=0.0,
        p=min(max(float(tail[above:].sum()), 1e-300), 1.0),
    )


End = tuple[Any, Any]
"""Of one end of one column: units beyond the released extreme, and units that hold it."""


def extreme_hits(ends: list[End], labels: Any) -> Any:
    """Return for how many ends the released extreme is that of exactly one unit of a side.

    ``labels (draws, units)`` marks the units of that side; the result is ``(draws,)``. It is so if
    none of the side's units lies beyond it and just one of them holds it.
    """
    found = np.zeros(len(labels), int)
    for beyond, at in ends:
        found += (labels[:, beyond].sum(axis=1) == 0) & (labels[:, at].sum(axis=1) == 1)
    return found


def extreme_excess(
    name: str, ends: list[End], n_ends: int, game: Game, alpha: float, rng: np.random.Generator
) -> Estimate:
    """Return by how much more often a released extreme is a single member's, in [-1, 1].

    ``ends`` holds unit numbers for those of the ``n_ends`` ends (two a column) at which a counted
    unit holds the released extreme. ``value`` is the share of ends at which it is the extreme of
    one member, minus the share at which it is that of one non-member; ``expected`` what random
    labels give (not 0 at unequal sizes). Interval and ``p`` come from drawing the labels of the
    units named in ``ends`` anew: valid at any dependence between columns, sizes and ties.
    """
    method = "unit permutation"
    if not n_ends:
        return _nothing(name, alpha, method)
    involved = np.unique(np.concatenate([np.zeros(0, int), *(u for end in ends for u in end)]))
    local = [tuple(np.searchsorted(involved, units) for units in end) for end in ends]
    labels = game.unit_is_member[involved].astype(bool)
    n1, n0 = game.n_members, game.n_non_members
    several = pieces(len(involved) + 1)
    draws = np.concatenate(
        [_difference(local, _drawn(rng, n1, n0, len(involved), times)) for times in several]
    )
    seen = int(_difference(local, labels[None, :])[0])
    value, expected = seen / n_ends, float(draws.mean()) / n_ends
    above, below = np.quantile(draws / n_ends, [1 - alpha, alpha])
    return Estimate(
        name=name,
        value=value,
        low=max(min(value - (float(above) - expected), value), -1.0),
        high=min(max(value + (expected - float(below)), value), 1.0),
        confidence=1 - 2 * alpha,
        method=method,
        n=n_ends,
        expected=expected,
        p=float((1 + (draws >= seen).sum()) / (1 + DRAWS)),
    )


def _difference(ends: list[Any], labels: Any) -> Any:
    return extreme_hits(ends, labels) - extreme_hits(ends, ~labels)


def _drawn(rng: np.random.Generator, n1: int, n0: int, units: int, times: int) -> Any:
    """Return labels ``(times, units)`` of these units as they fall if n1 of n1 + n0 are drawn."""
    members = rng.hypergeometric(n1, n0, units, size=times) if units else np.zeros(times, int)
    order = np.argsort(rng.random((times, units)), axis=1).argsort(axis=1)
    return order < members[:, None]


def _nothing(name: str, alpha: float, method: str) -> Estimate:
    """Return that there was nothing that could have come back."""
    return Estimate(
        name=name, value=0.0, low=0.0, high=0.0, confidence=1 - 2 * alpha, method=method, n=0,
        expected=0.0, p=1.0,
    )  # fmt: skip
