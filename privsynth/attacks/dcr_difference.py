"""Distance difference: how much nearer a synthetic row is than other people's rows.

DCR-Diff of Synth-MIA (arXiv:2509.18014), the difference form of calibrated GAN-Leaks (Chen et al.
2020, arXiv:1909.03935, section 4.4). Unlike the ratio it is moved most by isolated people.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._near import closest
from privsynth.neighbours import GOWER, STD


def score(targets: Any, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return d(x, reference) - d(x, synthetic), each the distance to the nearest row."""
    near, usual = closest(targets, view)
    return usual - near


attack = Attack(
    name="dcr_difference",
    home=__name__,
    title="Distance difference, calibrated by other people's rows",
    source="DCR-Diff, Synth-MIA (arXiv:2509.18014); Chen et al. 2020 (arXiv:1909.03935)",
    threat=WITH_REFERENCE,
    blind_to="leaks in crowded regions; values replayed column by column",
    score=score,
    encodings=(GOWER, STD),
)
