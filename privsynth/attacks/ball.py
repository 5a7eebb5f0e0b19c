"""Ball count: how many synthetic rows lie within a usual distance of the target.

Monte Carlo attack of Hilprecht et al. (2019, PoPETs 2019(4), section 4.1) with the median
heuristic for the radius; a baseline.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import TABLE_ONLY, Attack, AttackerView
from privsynth.attacks._near import nearest
from privsynth.tables import Records


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return how many synthetic rows lie within ε of each target, plus a fraction in (0, 1].

    ε is the median over all targets of the distance to the nearest synthetic row; counts stop at
    50. Equal counts are ordered by the nearest distance d, through the fraction ε₊ / (ε₊ + d) with
    ε₊ = max(ε, 10⁻⁶): half of all targets would be tied at count 0 or 1 otherwise.
    """
    found = nearest(targets, view.synthetic, view).distances
    first = found[:, 0]
    radius = float(np.median(first))
    scale = max(radius, 1e-6)
    return (found <= radius).sum(axis=1) + scale / (scale + first)


attack = Attack(
    name="ball",
    home=__name__,
    title="Synthetic rows within a ball",
    source="Monte Carlo attack, Hilprecht et al. 2019 (PoPETs 2019:4), section 4.1",
    threat=TABLE_ONLY,
    blind_to="isolated copies among crowds; whatever raises no count: there is no calibration",
    score=score,
)
