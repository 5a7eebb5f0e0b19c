"""What an attack can reach at most against a ledger: AUC, and TPR at a false-positive rate."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from privsynth.privacy import accounting
from privsynth.privacy.budget import Relation
from privsynth.privacy.claim import Ceiling
from privsynth.privacy.events import DpSgd, Event

EPSILONS = np.concatenate([np.linspace(0, 20, 401), np.linspace(20.5, 200, 360)])


def ceiling(events: Sequence[Event]) -> Ceiling:
    """Return the largest AUC and TPR at 1 % FPR that any attack reaches when one unit is exchanged.

    A test of two tables obeys TPR <= exp(e) FPR + d(e) and 1 - FPR <= exp(e) (1 - TPR) + d(e) at
    every e (Kairouz, Oh, Viswanath 2015, Theorem 2.1), d(e) being the profile of the events. The
    membership game exchanges a unit; gradient steps, whose profile is for units that come and go,
    are followed by themselves: the curve of two units is that of one applied twice (Dong, Roth, Su
    2022, Theorem 2.14). AUC: "x scores above y" is a test of whether x or y was a member, whose
    TPR is the AUC and whose FPR is 1 - AUC. Both hold on average over tables.
    """
    steps = any(isinstance(e, DpSgd) for e in events)
    profile = accounting.deltas(events, EPSILONS, "add_remove" if steps else "replace_one")

    def reach(rate: float) -> float:
        once = _reach(rate, profile)
        return _reach(once, profile) if steps else once

    low, high = 0.5, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reach(1 - middle) > middle else (low, middle)
    return Ceiling(auc=_up(high), tpr_at_fpr_001=_up(reach(0.01)))


def ceiling_of(epsilon: float, delta: float, neighbours: Relation) -> Ceiling:
    """Return the same for a bare (epsilon, delta), of which no events are known.

    The inequalities at one point, in closed form. Units that come and go are exchanged in two
    steps: 2 e and (1 + exp(e)) d (group privacy, Dwork and Roth 2014, 2.2).
    """
    epsilon = min(epsilon, 300.0)
    if neighbours == "add_remove":
        epsilon, delta = 2 * epsilon, (1 + math.exp(epsilon)) * delta
    growth, missed = math.exp(epsilon), max(1 - delta, 0.0)
    tpr = min(growth * 0.01 + delta, 1 - (missed - 0.01) / growth, 1.0)
    return Ceiling(auc=min((growth + delta) / (1 + growth), 1.0), tpr_at_fpr_001=tpr)


def _reach(rate: float, profile: Any) -> float:
    """Return the largest true-positive rate at a false-positive rate."""
    growth = np.exp(EPSILONS)
    left = growth * rate + profile
    right = 1 - (1 - profile - rate) / growth
    return float(np.clip(np.minimum(left, right).min(), rate, 1.0))


def _up(rate: float) -> float:
    """Return it at six decimals, never below it."""
    return min(math.ceil(rate * 1e6) / 1e6, 1.0)
