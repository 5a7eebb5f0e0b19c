"""AUC with DeLong's interval, by unit, and an exact fallback where DeLong is falsely sure."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import norm, rankdata

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import Game

MIN_ABOVE_MODE = 20
"""With fewer members above the modal score, DeLong's variance rests on too few rows."""


@dataclass(frozen=True, eq=False)
class Auc:
    """AUC of one score, its standard error, and the influence of each unit, ``(units,)``."""

    value: float
    error: float
    influence: Any
    degenerate: bool


def delong(scores: Any, game: Game) -> Auc:
    """Return the Mann-Whitney AUC (ties one half) with the variance of DeLong et al. 1988.

    With several rows a unit it is the clustered form of Obuchowski 1997, where every unit is
    wholly on one side: placement values are summed by unit.
    """
    members, others = scores[game.is_member], scores[~game.is_member]
    n1, n0 = len(members), len(others)
    ranks = rankdata(scores)
    place_1 = (ranks[game.is_member] - rankdata(members)) / n0
    place_0 = 1 - (ranks[~game.is_member] - rankdata(others)) / n1
    value = float(place_1.mean())
    deviation = np.empty(len(scores))
    deviation[game.is_member] = (place_1 - value) / n1
    deviation[~game.is_member] = (place_0 - value) / n0
    influence = game.unit_sums(deviation)
    variance = 0.0
    for side, units in ((True, game.n_members), (False, game.n_non_members)):
        squares = float((influence[game.unit_is_member == side] ** 2).sum())
        variance += squares * units / max(units - 1, 1)
    degenerate = variance <= 0 or not 0 < value < 1 or _nearly_constant(scores, game)
    return Auc(value, float(np.sqrt(variance)), influence, degenerate)


def _nearly_constant(scores: Any, game: Game) -> bool:
    levels, counts = np.unique(scores, return_counts=True)
    if len(levels) <= 2:
        return True
    mode = levels[counts.argmax()]
    above = game.unit_is_member & (game.unit_max(scores) > mode)
    return bool(counts.max() > 1 and above.sum() < MIN_ABOVE_MODE)


def auc(scores: Any, game: Game, alpha: float, *, name: str = "auc") -> Estimate:
    """Return the AUC with one-sided bounds at ``1 - alpha``: DeLong on the logit scale.

    Binary and nearly constant scores get the wider of that and the exact bounds of
    ``exact_bounds`` (gate-statistics 2): for them DeLong's standard error is near 0.
    """
    found = delong(scores, game)
    low, high = logit_bounds(found, alpha)
    method = "delong-logit"
    if found.degenerate:
        exact_low, exact_high = exact_bounds(scores, game, alpha)
        low, high = min(low, exact_low, found.value), max(high, exact_high, found.value)
        method = "clopper-pearson-auc"
    return Estimate(
        name=name,
        value=found.value,
        low=low,
        high=high,
        confidence=1 - 2 * alpha,
        method=method,
        n=len(game.unit_is_member),
        expected=0.5,
    )


def logit_bounds(found: Auc, alpha: float) -> tuple[float, float]:
    """Return DeLong's bounds on the logit scale; the value itself where the error is 0."""
    if found.error == 0 or not 0 < found.value < 1:
        return found.value, found.value
    logit = np.log(found.value / (1 - found.value))
    width = norm.ppf(1 - alpha) * found.error / (found.value * (1 - found.value))
    return float(1 / (1 + np.exp(width - logit))), float(1 / (1 + np.exp(-width - logit)))


def exact_bounds(scores: Any, game: Game, alpha: float) -> tuple[float, float]:
    """Return bounds of the AUC of the score cut into below, at and above its modal value.

    The AUC of three levels is the area under a ROC of two points, rising in both true-positive
    rates and falling in both false-positive rates; each of the four gets its exact bound at
    ``alpha / 4`` (``alpha / 2`` for two levels, which is ½(1 + U_TPR - L_FPR) of attacks.md 6.1).
    A unit counts with its largest score.
    """
    levels, counts = np.unique(scores, return_counts=True)
    mode = levels[counts.argmax()]
    best = game.unit_max(scores)
    cuts = [cut for cut in (best > mode, best >= mode) if 0 < cut.sum() < len(cut)]
    share = alpha / (2 * max(len(cuts), 1))
    ends = []
    for member_bound, other_bound in ((lower, upper), (upper, lower)):
        points = [(0.0, 0.0)]
        for cut in cuts or [best > mode]:
            tpr = member_bound(int(cut[game.unit_is_member].sum()), game.n_members, share)
            fpr = other_bound(int(cut[~game.unit_is_member].sum()), game.n_non_members, share)
            points.append((max(fpr, points[-1][0]), max(tpr, points[-1][1])))
        points.append((1.0, 1.0))
        ends.append(sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points)))
    return ends[0], ends[1]
