"""Lower bounds of epsilon from a single run that holds many canaries.

Each of ``canaries`` records is put into the training table by its own fair coin: inclusion must be
independent, Bernoulli(1/2) - a fixed half does not satisfy the theorems. The attack then names
``guesses`` of them in or out, abstains on the others, and ``correct`` of its guesses are right.
Which canaries it guesses must not depend on the coins but through the mechanism's answers.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import expit, ndtr, ndtri
from scipy.stats import binom

from privsynth.statistics.dp_bounds import MAX_EPSILON, gdp_mu


def epsilon_one_run(correct: int, guesses: int, canaries: int, delta: float, alpha: float) -> float:
    """Return a lower bound of epsilon at ``delta``, at least 0, that holds with 1 - alpha.

    The largest epsilon at which so many correct guesses have a probability of at most ``alpha``
    (Steinke, Nasr and Jagielski 2023, Theorem 5.2).
    """
    _check(correct, guesses, canaries)
    return _largest(lambda e: one_run_p(correct, guesses, canaries, e, delta) <= alpha)


def one_run_p(correct: int, guesses: int, canaries: int, epsilon: float, delta: float) -> float:
    """Return a bound of P(at least ``correct`` right guesses) under (epsilon, delta)-DP."""
    right = expit(epsilon)
    tail = float(binom.sf(correct - 1, guesses, right))
    if delta == 0 or correct == 0:
        return tail
    fewer = np.arange(1, correct + 1)
    steepest = float(((binom.sf(correct - fewer - 1, guesses, right) - tail) / fewer).max())
    return min(1.0, tail + 2 * canaries * delta * steepest)


def epsilon_one_run_fdp(
    correct: int, guesses: int, canaries: int, delta: float, alpha: float
) -> float:
    """Return a lower bound of epsilon at ``delta`` UNDER THE GDP ASSUMPTION, at least 0.

    Tests, for each epsilon, the trade-off curve of the Gaussian mechanism that is exactly
    (epsilon, delta)-DP (Mahloujifar, Melis and Chaudhuri 2025, Algorithm 3); the largest epsilon
    whose curve is refuted at ``alpha``. Tighter than ``epsilon_one_run`` for Gaussian mechanisms,
    and no bound at all for others.
    """
    _check(correct, guesses, canaries)
    return _largest(lambda e: curve_refuted(correct, guesses, canaries, gdp_mu(e, delta), alpha))


def curve_refuted(correct: int, guesses: int, canaries: int, mu: float, alpha: float) -> bool:
    """Return whether so many correct guesses refute mu-GDP at level ``alpha``."""
    right, wrong = alpha * correct / canaries, alpha * (guesses - correct) / canaries
    for i in range(correct - 1, -1, -1):
        grown = max(wrong, float(ndtr(ndtri(min(right, 1.0)) - mu)))
        if grown == wrong:
            break  # neither can change any more
        right += i / (guesses - i) * (grown - wrong)
        wrong = grown
    return right + wrong > guesses / canaries


def _check(correct: int, guesses: int, canaries: int) -> None:
    if not 0 <= correct <= guesses <= canaries:
        raise ValueError("correct guesses are some of the guesses, and these of the canaries")


def _largest(refuted: Callable[[float], bool]) -> float:
    """Return the largest epsilon found refuted, by bisection to 1e-6; 0 if 0 is not."""
    if not refuted(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while refuted(high):
        low, high = high, 2 * high
        if high > MAX_EPSILON:
            return low
    for _ in range(math.ceil(math.log2((high - low) / 1e-6))):
        middle = (low + high) / 2
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return low
