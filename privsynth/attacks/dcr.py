"""Distance to the closest record: the nearer a synthetic row, the likelier a member.

GAN-Leaks without calibration (Chen et al. 2020, arXiv:1909.03935, section 4), in three encodings.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import TABLE_ONLY, Attack, AttackerView
from privsynth.attacks._near import nearest
from privsynth.neighbours import GOWER, RANK, STD


def score(targets: Any, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return minus the distance of each target to its nearest synthetic row, at most 0."""
    return -nearest(targets, view.synthetic, view).distances[:, 0]


attack = Attack(
    name="dcr",
    home=__name__,
    title="Distance to the closest record",
    source="GAN-Leaks, Chen et al. 2020 (arXiv:1909.03935), section 4",
    threat=TABLE_ONLY,
    blind_to="values replayed column by column; noise larger than the spacing of the rows",
    score=score,
    encodings=(GOWER, RANK, STD),
)
