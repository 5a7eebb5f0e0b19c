"""Marginals on a tree and beyond: noisy counts of linked columns, one graphical model.

After MST and AIM (McKenna et al., arXiv:2108.04978 and 2201.12677), with exact inference.
"""

from types import MappingProxyType

import numpy as np

from privsynth.privacy import Domain, Noise
from privsynth.progress import Progress
from privsynth.synthesizers._marginals import BINS, FittedMarginals, learn_marginals
from privsynth.synthesizers._private import Private
from privsynth.tables.table import Table


def learn(
    train: Table, domain: Domain, noise: Noise, rng: np.random.Generator, progress: Progress,
    *, bins: int,
) -> FittedMarginals:  # fmt: skip
    """Return the model of ``train``: every column alone, then pairs, all alike."""
    return learn_marginals(train, domain, noise, rng, progress, bins=bins, target=None, name="mst")


synthesizer = Private("mst", __name__, learn, MappingProxyType({"bins": BINS}))
