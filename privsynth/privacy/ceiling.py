"""What an attack can reach at most against a ledger: AUC, and TPR at a false-positive rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from privsynth.privacy import accounting
from privsynth.privacy.claim import Ceiling
from privsynth.privacy.events import DpSgd, Event

EPSILONS = np.concatenate([np.linspace(0, 20, 401), np.linspace(20.5, 200, 360)])
RATES = np.concatenate([np.logspace(-6, -1, 400), np.linspace(0.101, 1, 900)])
MARGIN = 1e-4
"""Rounded up by this much: the curve is a sum over a grid."""


def ceiling(events: Sequence[Event]) -> Ceiling:
    """Return the largest AUC and TPR at 1 % FPR that any attack reaches when one unit is exchanged.

    A test of two tables obeys TPR <= exp(e) FPR + d(e) and 1 - FPR <= exp(e) (1 - TPR) + d(e) at
    every e (Kairouz, Oh, Viswanath 2015, Theorem 2.1), d(e) being the profile of the events. The
    membership game exchanges a unit; gradient steps, whose profile is for units that come and go,
    are followed by themselves: the curve of two units is that of one applied twice (Dong, Roth, Su
    2022, Theorem 2.14).
    """
    steps = any(isinstance(e, DpSgd) for e in events)
    profile = accounting.deltas(events, EPSILONS, "add_remove" if steps else "replace_one")

    def reach(rates: Any) -> Any:
        once = _reach(rates, profile)
        return _reach(once, profile) if steps else once

    rates = np.concatenate([[0.0], RATES])
    # The curve is concave: the sum over the upper ends of its steps lies above its area.
    area = float((np.diff(rates) * reach(rates)[1:]).sum())
    return Ceiling(
        auc=min(area + MARGIN, 1.0),
        tpr_at_fpr_001=min(float(reach(np.array([0.01]))[0]) + MARGIN, 1.0),
    )


def _reach(rates: Any, profile: Any) -> Any:
    """Return the largest true-positive rate at each false-positive rate."""
    growth = np.exp(EPSILONS)[:, None]
    left = growth * rates + profile[:, None]
    right = 1 - (1 - profile[:, None] - rates) / growth
    return np.clip(np.minimum(left, right).min(axis=0), rates, 1.0)
