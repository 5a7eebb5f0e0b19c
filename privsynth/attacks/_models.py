"""What models of attacks are taught with: plain features, and a sample blind to row order."""

from typing import Any

import numpy as np

from privsynth.attacks._order import canonical
from privsynth.tables import Records

MOST = 5000
"""Rows of each table that a model is fitted on."""


def features(rows: Records) -> Any:
    """Return ``(n, p + q)`` float64: numbers, then codes; missing numbers -1, unreadable ones 2."""
    numbers = np.where(np.isnan(rows.numbers), -1.0, rows.numbers)
    numbers = np.where(np.isinf(numbers), 2.0, numbers)
    return np.hstack([numbers, rows.codes.astype(np.float64)])


def sample(rows: Records, rng: np.random.Generator) -> Records:
    """Return at most 5,000 of the rows, in an order that does not depend on how they came."""
    order = canonical(rows)
    if len(order) > MOST:
        order = order[np.sort(rng.choice(len(order), MOST, replace=False))]
    return rows.take(order)
