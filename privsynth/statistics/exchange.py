"""Exact tests that rest on one fact alone: membership labels could have been dealt otherwise."""

from typing import Any

import numpy as np
from scipy.stats import hypergeom

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import DRAWS, Game


def copied_excess(hit: Any, game: Game, alpha: float) -> Estimate:
    """Return by how much more often members are copied than non-members, with an exact p.

    ``hit (n,)`` says which counted rows occur in the synthetic table. A unit counts as copied if
    any of its rows does. Given the hits, the number of copied members is hypergeometric: ``p`` is
    Fisher's exact one-sided test. Bounds: Clopper-Pearson of both rates at alpha / 2.
    """
    copied = game.unit_max(hit.astype(float)) > 0
    members = int(copied[game.unit_is_member].sum())
    others = int(copied.sum()) - members
    n1, n0 = game.n_members, game.n_non_members
    p = float(hypergeom.sf(members - 1, n1 + n0, members + others, n1))
    half = alpha / 2
    return Estimate(
        name="copied_units_excess",
        value=members / n1 - others / n0,
        low=lower(members, n1, half) - upper(others, n0, half),
        high=upper(members, n1, half) - lower(others, n0, half),
        confidence=1 - 2 * alpha,
        method="fisher exact",
        n=n1 + n0,
        expected=0.0,
        p=min(max(p, 1e-300), 1.0),  # so small that the sum underflows, and yet not 0
    )


def share_closer(credit: Any, game: Game, alpha: float, rng: np.random.Generator) -> Estimate:
    """Return the share of synthetic rows closer to train than to holdout, ties split.

    ``credit (n,)`` is what each counted row received: 1/ties from each synthetic row it is nearest
    to (attacks.md 7.2). Without a leak the expectation is n1 / (n1 + n0) by exchangeability, at any
    sizes and ties. Bounds and ``p`` come from permuting unit labels: a binomial interval alarms on
    up to three quarters of clean, mode-collapsed tables.
    """
    by_unit = game.unit_sums(credit)
    total = float(by_unit.sum())
    n1, n0 = game.n_members, game.n_non_members
    expected = n1 / (n1 + n0)
    value = float(by_unit[game.unit_is_member].sum() / total)
    draws = np.concatenate([labels @ (by_unit / total) for labels in game.permutations(rng)])
    above, below = np.quantile(draws, 1 - alpha), np.quantile(draws, alpha)
    return Estimate(
        name="share_closer_to_train",
        value=value,
        low=max(min(value - (above - expected), value), 0.0),
        high=min(max(value + (expected - below), value), 1.0),
        confidence=1 - 2 * alpha,
        method="unit permutation",
        n=round(total),
        expected=expected,
        p=float((1 + (draws >= value - 1e-9).sum()) / (1 + DRAWS)),
    )


def permutation_variance(credit: Any, game: Game) -> float:
    """Return the exact permutation variance of ``share_closer`` (attacks.md 7.2, by unit)."""
    by_unit = game.unit_sums(credit)
    n1, n0 = game.n_members, game.n_non_members
    spread = float(((by_unit - by_unit.mean()) ** 2).sum())
    return n1 * n0 / ((n1 + n0) * (n1 + n0 - 1)) * spread / float(by_unit.sum()) ** 2
