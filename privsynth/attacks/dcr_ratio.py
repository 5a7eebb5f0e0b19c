"""Distance ratio: nearer to a synthetic row than to other people's rows, so probably a member.

Calibrated GAN-Leaks (Chen et al. 2020, arXiv:1909.03935, section 4.4), as a log ratio, in four
encodings.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._near import closest, log_distance
from privsynth.neighbours import FREQ, GOWER, RANK, STD


def score(targets: Any, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return log d(x, reference) - log d(x, synthetic), each the distance to the nearest row.

    A distance below a millionth of the median one counts as that, so that copies stay finite.
    """
    near, usual = closest(targets, view)
    return log_distance(usual) - log_distance(near)


attack = Attack(
    name="dcr_ratio",
    home=__name__,
    title="Distance ratio, calibrated by other people's rows",
    source="calibrated GAN-Leaks, Chen et al. 2020 (arXiv:1909.03935), section 4.4; log ratio",
    threat=WITH_REFERENCE,
    blind_to="values replayed column by column; leaks spread over many rows",
    score=score,
    encodings=(GOWER, RANK, FREQ, STD),
)
