"""What an attacker gains at a false-positive rate that he can live with."""

from typing import Any

import numpy as np
from scipy.stats import binom

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import Game


def pass_rank(n0: int, fpr: float, alpha: float) -> int | None:
    """Return the smallest j with P[Bin(n0, fpr) >= j] <= alpha / 2, None when there is none.

    The j-th largest non-member score then lies below the true threshold of that false-positive
    rate, except with probability alpha / 2 (gate-statistics 2).
    """
    j = int(binom.isf(alpha / 2, n0, fpr)) + 1
    while j > 1 and binom.sf(j - 2, n0, fpr) <= alpha / 2:
        j -= 1
    return j if j <= n0 else None


def fail_rank(n0: int, fpr: float, alpha: float) -> int | None:
    """Return the largest j with P[Bin(n0, fpr) < j] <= alpha / 2, None when there is none.

    The j-th largest non-member score then lies above the true threshold, except with probability
    alpha / 2.
    """
    j = int(binom.ppf(alpha / 2, n0, fpr)) + 1
    while j >= 1 and binom.cdf(j - 1, n0, fpr) > alpha / 2:
        j -= 1
    return j if j >= 1 else None


def tpr_at_fpr(
    scores: Any, game: Game, fpr: float, alpha: float, *, n_scores: int = 1
) -> Estimate | None:
    """Return the true-positive rate at ``fpr``; its bounds hold though the threshold is estimated.

    ``high`` counts members strictly above the ``pass_rank``-th largest non-member score, ``low``
    those above the ``fail_rank``-th, each by Clopper-Pearson at alpha / 2; ``adjusted_low`` is
    ``low`` at alpha / n_scores. ``value`` is the rate at the largest attained false-positive rate
    not above ``fpr``. None when a rank cannot be found: too few non-members for this rate.
    Missed coverage is at most ``alpha`` (measured 0 to 0.6 %, gate-statistics 2).
    """
    best = game.unit_max(scores)
    members = best[game.unit_is_member]
    others = np.sort(best[~game.unit_is_member])[::-1]
    n1, n0 = len(members), len(others)
    wide, strict = pass_rank(n0, fpr, alpha), fail_rank(n0, fpr, alpha)
    if wide is None or strict is None:
        return None

    def above(rank: int) -> int:
        return int((members > others[rank - 1]).sum())

    adjusted = fail_rank(n0, fpr, alpha / n_scores)
    floor = 0.0
    if adjusted is not None:
        floor = lower(above(adjusted), n1, alpha / (2 * n_scores))
    value = above(int(np.floor(fpr * n0)) + 1) / n1
    return Estimate(
        name=f"tpr_at_fpr_{fpr:g}",
        value=value,
        low=min(lower(above(strict), n1, alpha / 2), value),
        high=max(upper(above(wide), n1, alpha / 2), value),
        confidence=1 - 2 * alpha,
        method="order-statistic clopper-pearson",
        n=n1 + n0,
        expected=fpr,
        adjusted_low=min(floor, value),
    )


def advantage(scores: Any, game: Game, alpha: float) -> Estimate:
    """Return the largest TPR - FPR over all thresholds, with bounds that hold for all at once.

    One-sided Dvoretzky-Kiefer-Wolfowitz-Massart bands at alpha / 2 for each side. The value is
    biased upwards, most so for small tables; read ``low``.
    """
    best = game.unit_max(scores)
    members, others = np.sort(best[game.unit_is_member]), np.sort(best[~game.unit_is_member])
    cuts = np.unique(best)
    tpr = 1 - np.searchsorted(members, cuts, side="right") / len(members)
    fpr = 1 - np.searchsorted(others, cuts, side="right") / len(others)
    value = max(float((tpr - fpr).max()), 0.0)
    band = sum(np.sqrt(np.log(2 / alpha) / (2 * n)) for n in (len(members), len(others)))
    return Estimate(
        name="advantage",
        value=value,
        low=max(value - band, 0.0),
        high=min(value + band, 1.0),
        confidence=1 - 2 * alpha,
        method="dkw",
        n=len(best),
        expected=0.0,
    )


def roc(scores: Any, game: Game, points: int = 60) -> dict[str, list[float]]:
    """Return the ROC on a fixed grid of false-positive rates, as lists ``fpr`` and ``tpr``.

    Between attained points it is the straight line of an attacker who breaks ties by a coin, so
    the area below it is the AUC. The grid starts where five non-members have been passed: finer
    steps would show single people. For pictures only; ``tpr_at_fpr`` interpolates nothing.
    """
    best = game.unit_max(scores)
    members, others = np.sort(best[game.unit_is_member]), np.sort(best[~game.unit_is_member])
    cuts = np.unique(best)[::-1]
    tpr = 1 - np.searchsorted(members, cuts, side="left") / len(members)
    fpr = 1 - np.searchsorted(others, cuts, side="left") / len(others)
    start = min(max(5 / len(others), 1e-3), 0.5)
    grid = np.unique(np.r_[np.geomspace(start, 1, points // 2), np.linspace(start, 1, points // 2)])
    # Several thresholds at one false-positive rate: the highest true-positive rate ends the step.
    attained, last = np.unique(fpr[::-1], return_index=True)
    curve = np.interp(grid, np.r_[0.0, attained], np.r_[0.0, tpr[::-1][last]])
    return {
        "fpr": [0.0, *np.round(grid, 4).tolist()],
        "tpr": [0.0, *np.round(curve, 4).tolist()],
    }
