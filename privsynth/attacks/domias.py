"""Density ratio: the synthetic table is denser around the target than the population is.

DOMIAS (van Breugel et al. 2023, arXiv:2302.12580, equation 2) with Gaussian kernels, as a log
ratio.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._density import SILVERMAN, densities
from privsynth.neighbours import STD, Points


def score(targets: Points, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return log p_S(x) - log p_R(x), kernel densities of full covariance and equal bandwidth.

    Silverman's bandwidth, at most ten principal axes and 5,000 rows of each table. In log space
    throughout: a guard such as 1e-20 in the denominator makes another attack of it.
    """
    found = densities(targets, view)
    return found.synthetic[SILVERMAN] - found.reference[SILVERMAN]


attack = Attack(
    name="domias",
    home=__name__,
    title="Ratio of kernel densities",
    source="DOMIAS, van Breugel et al. 2023 (arXiv:2302.12580)",
    threat=WITH_REFERENCE,
    blind_to="leaks narrower than the bandwidth; more than about three related columns",
    score=score,
    encodings=(STD,),
    costly=True,
)
