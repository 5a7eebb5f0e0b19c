"""Distance ratio: nearer to a synthetic row than to other people's rows, so probably a member.

Calibrated GAN-Leaks (Chen et al. 2020, arXiv:1909.03935, section 4.4), as a log ratio.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.tables import Records


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return log d(x, reference) - log d(x, synthetic), each the distance to the nearest row.

    A distance below a millionth of the median one counts as that, so that copies stay finite.
    """
    near = view.search.nearest(targets, view.synthetic).distances[:, 0]
    usual = view.search.nearest(targets, view.reference).distances[:, 0]
    return _log(usual) - _log(near)


def _log(distances: Any) -> Any:
    positive = distances[distances > 0]
    floor = 1e-6 * (float(np.median(positive)) if len(positive) else 1.0)
    return np.log(np.maximum(distances, floor))


attack = Attack(
    name="dcr_ratio",
    home=__name__,
    title="Distance ratio, calibrated by other people's rows",
    source="calibrated GAN-Leaks, Chen et al. 2020 (arXiv:1909.03935); log ratio",
    threat=WITH_REFERENCE,
    blind_to="values replayed column by column; leaks spread over many rows",
    score=score,
)
