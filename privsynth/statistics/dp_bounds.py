"""Lower bounds of epsilon, and tests of a claimed privacy profile, from attacks on many runs.

The game: one of two tables that differ by one unit is drawn, the mechanism runs on it, and the
attack guesses which it was. n1 runs saw the unit (tp of them were guessed so), n0 did not (fp
were). Each bound holds with probability 1 - alpha, if whatever the attack chose (its score, its
threshold) was chosen on other runs. All of them can refute a claim; none can confirm one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtri
from scipy.stats import beta

from privsynth.statistics.binomial import lower, upper

Profile = Callable[[Any], Any]
"""Delta at each epsilon, ``(m,)`` to ``(m,)``: what a claim admits, not only at its one epsilon."""

MAX_EPSILON = 500.0
"""Where searches for epsilon end; exp of it is still a number."""
STEP = 0.05
"""Distance of the epsilons at which a profile is looked at."""


def epsilon_from_rates(
    tp: int, n1: int, fp: int, n0: int, delta: float, alpha: float
) -> float:  # fmt: skip
    """Return a lower bound of epsilon at ``delta``, at least 0 (Jagielski et al. 2020, section 3).

    (epsilon, delta) bounds TPR by exp(epsilon) FPR + delta and TNR by exp(epsilon) FNR + delta;
    the Clopper-Pearson bounds of TPR and FPR, at alpha / 2 each, serve both.
    """
    tpr, fpr = lower(tp, n1, alpha / 2), upper(fp, n0, alpha / 2)
    found = [
        math.log((hit - delta) / miss)
        for hit, miss in ((tpr, fpr), (1 - fpr, 1 - tpr))
        if hit > delta and miss > 0
    ]
    return max([0.0, *found])


def epsilon_gdp(tp: int, n1: int, fp: int, n0: int, delta: float, alpha: float) -> float:
    """Return a lower bound of epsilon at ``delta`` UNDER THE GDP ASSUMPTION, at least 0.

    It holds only for mechanisms whose trade-off curve is that of two Gaussians (mu-GDP: Dong, Roth
    and Su 2022, eq. 6 and Cor. 2.13; Nasr et al. 2023): mu >= PPF(1 - FPR) - PPF(FNR), with
    Clopper-Pearson bounds of both rates at alpha / 2. A negative mu says that the attack guessed
    worse than a coin, and bounds nothing: it counts as 0, never by its absolute value.
    """
    tpr, fpr = lower(tp, n1, alpha / 2), upper(fp, n0, alpha / 2)
    mu = ndtri(1 - fpr) - ndtri(1 - tpr)
    return gdp_epsilon(float(mu), delta) if mu > 0 else 0.0


def gdp_delta(mu: float, epsilon: Any) -> Any:
    """Return the delta of a mu-GDP mechanism at ``epsilon``, in [0, 1] (Dong et al., Cor. 2.13)."""
    epsilon = np.asarray(epsilon, np.float64)
    first, second = (log_ndtr(-epsilon / mu + mu / 2), epsilon + log_ndtr(-epsilon / mu - mu / 2))
    # The difference of both in logarithms: it survives where each is 1e-300.
    return np.exp(first) * -np.expm1(np.minimum(second - first, 0.0))


def gdp_epsilon(mu: float, delta: float) -> float:
    """Return the epsilon of a mu-GDP mechanism at ``delta``: 0 if its total variation is below."""
    if mu <= 0 or gdp_delta(mu, 0.0) <= delta:
        return 0.0
    if gdp_delta(mu, MAX_EPSILON) > delta:
        return MAX_EPSILON
    return float(brentq(lambda e: float(gdp_delta(mu, e)) - delta, 0.0, MAX_EPSILON, xtol=1e-9))


def gdp_mu(epsilon: float, delta: float) -> float:
    """Return the mu whose Gaussian mechanism is exactly (epsilon, delta)-DP; 0 < delta < 1."""
    high = 1.0
    while gdp_delta(high, epsilon) < delta:
        high *= 2
    return float(brentq(lambda m: float(gdp_delta(m, epsilon)) - delta, 1e-12, high, xtol=1e-12))


@dataclass(frozen=True)
class Refutation:
    """Whether the evaluation runs refute a claimed profile, and where the excess is largest.

    ``margin`` is the largest of TPR_low - exp(epsilon) FPR_high - delta(epsilon) and the same of
    TNR and FNR, over all epsilons; above 0 refutes. Rates are those of "score >= threshold".
    """

    refuted: bool
    margin: float
    threshold: float
    epsilon: float
    tpr: float
    fpr: float
    tpr_low: float
    fpr_high: float
    alpha: float


def refutation(
    in_train: Any, out_train: Any, scores_in: Any, scores_out: Any, profile: Profile, alpha: float
) -> Refutation:
    """Return the test of a whole privacy profile (gate-statistics 10) at level ``alpha``.

    Scores ``(runs,)``: higher means that the unit was in. The threshold is the one that leaves
    the largest margin if the evaluation runs fall as the separate ``*_train`` runs did. Then both
    rates are bounded at alpha / 2 each; the bounds hold together, so every epsilon and both
    directions may be tried on them without a further correction.
    """
    n1, n0 = len(scores_in), len(scores_out)
    if min(len(in_train), len(out_train), n1, n0) == 0:
        raise ValueError("each side needs runs to choose the threshold on, and others to count")
    epsilons = np.arange(0, math.log(max(n1, n0)) + STEP, STEP)  # beyond: exp(eps) FPR_high > 1
    deltas = np.asarray(profile(epsilons), np.float64)
    thresholds = np.unique(np.concatenate([in_train, out_train]))
    tpr, fpr = (_share_above(scores, thresholds) for scores in (in_train, out_train))
    expected = _margins(*_bounds(tpr, fpr, n1, n0, alpha), epsilons, deltas)
    threshold = float(thresholds[expected.max(axis=1).argmax()])
    at = np.asarray([threshold])
    tpr, fpr = (_share_above(scores, at) for scores in (scores_in, scores_out))
    tpr_low, fpr_high = _bounds(tpr, fpr, n1, n0, alpha)
    margins = _margins(tpr_low, fpr_high, epsilons, deltas)[0]
    best = int(margins.argmax())
    return Refutation(
        refuted=bool(margins[best] > 0),
        margin=float(margins[best]),
        threshold=threshold,
        epsilon=float(epsilons[best]),
        tpr=float(tpr[0]),
        fpr=float(fpr[0]),
        tpr_low=float(tpr_low[0]),
        fpr_high=float(fpr_high[0]),
        alpha=alpha,
    )


def best_threshold(
    in_train: Any, out_train: Any, n1: int, n0: int, bound: Callable[[int, int], float]
) -> float:
    """Return the threshold at which ``bound(tp, fp)`` is largest if n1 + n0 runs fall likewise.

    For a bound of epsilon at one threshold, which is then counted on those other runs.
    """
    thresholds = np.unique(np.concatenate([in_train, out_train]))
    tp, fp = (
        np.rint(_share_above(scores, thresholds) * n).astype(int)
        for scores, n in ((in_train, n1), (out_train, n0))
    )
    found = [bound(int(hits), int(alarms)) for hits, alarms in zip(tp, fp, strict=True)]
    return float(thresholds[int(np.argmax(found))])


def _share_above(scores: Any, thresholds: Any) -> Any:
    """Return the share of scores at or above each threshold, shape ``(thresholds,)``."""
    ordered = np.sort(np.asarray(scores, np.float64))
    return (len(ordered) - np.searchsorted(ordered, thresholds, side="left")) / len(ordered)


def _bounds(tpr: Any, fpr: Any, n1: int, n0: int, alpha: float) -> tuple[Any, Any]:
    """Return Clopper-Pearson's lower bounds of TPR and upper bounds of FPR, at alpha / 2 each."""
    tp, fp = tpr * n1, fpr * n0
    with np.errstate(invalid="ignore"):
        low = np.where(tp > 0, beta.ppf(alpha / 2, np.maximum(tp, 1e-9), n1 - tp + 1), 0.0)
        high = np.where(fp < n0, beta.ppf(1 - alpha / 2, fp + 1, np.maximum(n0 - fp, 1e-9)), 1.0)
    return low, high


def _margins(low: Any, high: Any, epsilons: Any, deltas: Any) -> Any:
    """Return the larger of both directions' excess over the profile, ``(thresholds, epsilons)``."""
    grown = np.exp(epsilons)[None, :]
    forth = low[:, None] - grown * high[:, None]
    back = (1 - high)[:, None] - grown * (1 - low)[:, None]
    return np.maximum(forth, back) - deltas[None, :]
