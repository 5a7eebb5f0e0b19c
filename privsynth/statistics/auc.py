"""AUC with DeLong's interval, by unit, and an exact fallback where DeLong is falsely sure."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import norm, rankdata

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import Game

MIN_OFF_MODE = 20
"""With fewer members off the modal score, DeLong's variance rests on too few of them."""


@dataclass(frozen=True, eq=False)
class Auc:
    """AUC of one score, its standard error, and the influence of each unit, ``(units,)``.

    ``degenerate`` marks scores for which the standard error says too little.
    """

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
    off = game.unit_is_member & (game.unit_max(scores) != levels[counts.argmax()])
    return bool(off.sum() < MIN_OFF_MODE)


def auc(
    scores: Any, game: Game, alpha: float, *, name: str = "auc", found: Auc | None = None
) -> Estimate:
    """Return the AUC with one-sided bounds at ``1 - alpha``: DeLong on the logit scale.

    Binary scores, and those where fewer than 20 members differ from the modal score, get the
    wider of that and ``exact_bounds`` (gate-statistics 2): DeLong's error is near 0 for them.
    ``found`` is what ``delong`` gave for the same scores, where it is known.
    """
    found = found or delong(scores, game)
    low, high = logit_bounds(found, alpha)
    method = "delong-logit"
    if found.degenerate:
        exact_low, exact_high = exact_bounds(scores, game, alpha)
        low, high = min(low, exact_low), max(high, exact_high)
        method = "exact-auc"
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
    """Return bounds of a degenerate score's AUC that need no large numbers; they hold the value.

    Nearly constant scores: see ``_levels``. Perfectly separated ones: a ROC through a point with
    TPR - FPR = J has an area of at least J, and J has a Dvoretzky-Kiefer-Wolfowitz-Massart band.
    """
    value = delong(scores, game).value
    if _nearly_constant(scores, game):
        low, high = _levels(scores, game, alpha)
    else:
        sides = (game.n_members, game.n_non_members)
        band = sum(float(np.sqrt(np.log(2 / alpha) / (2 * n))) for n in sides)
        low, high = (1 - band, 1.0) if value > 0.5 else (0.0, band)
    return min(max(low, 0.0), value), max(min(high, 1.0), value)


def _levels(scores: Any, game: Game, alpha: float) -> tuple[float, float]:
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
