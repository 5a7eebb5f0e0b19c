"""Neighbours for attacks: one search a pair of tables and encoding, as deep as any attack asks."""

from typing import Any

import numpy as np

from privsynth.attacks._base import AttackerView
from privsynth.neighbours import Points

DEPTH = 50
"""Neighbours found at once among records; the searches of an audit are that deep already."""
SHALLOW = 2
"""Neighbours of points, and where frequencies weigh: only the nearest two are asked for there."""
FLOOR = 1e-6
"""Distances below this share of their median count as that (attacks.md 2)."""


def nearest(targets: Any, rows: Any, view: AttackerView) -> Any:
    """Return the nearest ``rows`` of each target: 50 by Gower or rank, else 2."""
    flat = isinstance(rows, Points) or rows.weights is not None
    return view.search.nearest(targets, rows, SHALLOW if flat else DEPTH)


def closest(targets: Any, view: AttackerView) -> tuple[Any, Any]:
    """Return distances to the nearest synthetic and the nearest reference row, each ``(n,)``."""
    near = nearest(targets, view.synthetic, view).distances[:, 0]
    usual = nearest(targets, view.reference, view).distances[:, 0]
    return near, usual


def log_distance(distances: Any) -> Any:
    """Return log(max(d, 10⁻⁶ · median of the positive d)), so that copies stay finite."""
    positive = distances[distances > 0]
    floor = FLOOR * (float(np.median(positive)) if len(positive) else 1.0)
    return np.log(np.maximum(distances, floor))
