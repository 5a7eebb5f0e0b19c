"""Marginals around the target: every column with it, then links between columns with it.

A tree-augmented naive Bayes (Friedman et al. 1997) that is measured with noise and may grow beyond
its tree. Without a target it is mst.
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
    """Return the model of ``train`` that keeps what each column says about the target."""
    target = train.schema.target
    notes = () if target else ("no column is named as target: tan has learnt what mst would",)
    return learn_marginals(
        train, domain, noise, rng, progress, bins=bins, target=target, name="tan", notes=notes
    )


synthesizer = Private("tan", __name__, learn, MappingProxyType({"bins": BINS}))
