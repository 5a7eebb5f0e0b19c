"""Nearest-neighbour distance ratio: one synthetic row stands out as the target's own.

NNDR, the ratio test of Lowe (2004, section 7.1) as a membership score: a copy among rows that are
farther away.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import TABLE_ONLY, Attack, AttackerView
from privsynth.attacks._near import nearest
from privsynth.neighbours import GOWER, RANK


def score(targets: Any, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return -d₁/d₂ of the two nearest synthetic rows, in [-1, 0]; two at distance 0 give -1.

    Two copies of one row are no evidence that an own row was kept, so 0/0 counts as 1. With a
    single synthetic row every score is 0.
    """
    found = nearest(targets, view.synthetic, view).distances
    first, second = found[:, 0], found[:, 1]
    return -np.divide(first, second, out=np.ones(len(first)), where=second > 0)


attack = Attack(
    name="nndr",
    home=__name__,
    title="Nearest-neighbour distance ratio",
    source="ratio of the two nearest distances, Lowe 2004 (IJCV 60:91), section 7.1",
    threat=TABLE_ONLY,
    blind_to="rows released twice; crowded tables; values replayed column by column",
    score=score,
    encodings=(GOWER, RANK),
)
