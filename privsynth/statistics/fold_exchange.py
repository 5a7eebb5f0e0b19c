"""Exact tests over K tables that rest on one fact: the folds could have been dealt otherwise."""

from typing import Any

import numpy as np

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.folds import Folds, whole_above, whole_below
from privsynth.statistics.game import DRAWS


def fold_difference(
    name: str, hits: Any, folds: Folds, alpha: float, rng: np.random.Generator
) -> Estimate:
    """Return how much more often units are hit as members than as non-members, with a p.

    ``hits (K, units)`` bool. ``p``: the folds of the units dealt anew, hits as they are. Bounds:
    Clopper-Pearson of both rates at alpha / 2, members averaged over their K - 1 games and the sum
    rounded outward.
    """
    n, k = len(folds.fold), folds.k
    others = int(hits[folds.fold, np.arange(n)].sum())
    members = float((hits.sum() - others) / (k - 1))
    drawn = np.concatenate(
        [sum(((d == j) & hits[j]).sum(axis=1) for j in range(k)) for d in folds.permuted(rng)]
    )
    half = alpha / 2
    return Estimate(
        name=name,
        value=(members - others) / n,
        low=lower(whole_below(members), n, half) - upper(others, n, half),
        high=upper(whole_above(members), n, half) - lower(others, n, half),
        confidence=1 - 2 * alpha,
        method="folds dealt anew",
        n=n,
        expected=0.0,
        p=float((1 + (drawn <= others).sum()) / (1 + DRAWS)),
    )


def fold_share(credit: Any, folds: Folds, alpha: float, rng: np.random.Generator) -> Estimate:
    """Return the share of synthetic rows closer to members, over all K tables, ties split.

    ``credit (K, units)`` is what each unit received from each table (``share_closer``). Expected
    is the members' share of the units; bounds and ``p`` come from dealing the folds anew.
    """
    sizes = np.bincount(folds.fold, minlength=folds.k)
    n = len(folds.fold)
    shares = credit / credit.sum()
    value = 1 - float(shares[folds.fold, np.arange(n)].sum())
    expected = 1 - float((shares.sum(axis=1) * sizes).sum() / n)
    drawn = 1 - np.concatenate(
        [sum((d == k) @ shares[k] for k in range(folds.k)) for d in folds.permuted(rng)]
    )
    above, below = np.quantile(drawn, [1 - alpha, alpha])
    return Estimate(
        name="share_closer_to_train",
        value=value,
        low=max(min(value - (float(above) - expected), value), 0.0),
        high=min(max(value + (expected - float(below)), value), 1.0),
        confidence=1 - 2 * alpha,
        method="folds dealt anew",
        n=round(float(credit.sum())),
        expected=expected,
        p=float((1 + (drawn >= value - 1e-9).sum()) / (1 + DRAWS)),
    )
