"""Neighbours for attacks: one search a pair of tables and encoding, as deep as any attack asks."""

from typing import Any

import numpy as np

from privsynth.attacks._base import AttackerView
from privsynth.neighbours import GOWER, RANK

DEPTHS = {GOWER: 50, RANK: 20}
"""Neighbours found at once, as many as any attack asks; by Gower an audit's searches are that deep
already. Of points, and where frequencies weigh, only the nearest two are asked for."""
SHALLOW = 2
FLOOR = 1e-6
"""Distances below this share of their median count as that (attacks.md 2)."""


def nearest(targets: Any, rows: Any, view: AttackerView) -> Any:
    """Return the nearest ``rows`` of each target: 50 by Gower, 20 by rank, else 2."""
    return view.search.nearest(targets, rows, DEPTHS.get(view.encoding, SHALLOW))


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
