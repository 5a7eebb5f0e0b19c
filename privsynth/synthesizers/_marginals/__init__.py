"""A graphical model of bins from noisy marginals: what ``mst`` and ``tan`` share."""

from privsynth.synthesizers._marginals.learn import BINS, FittedMarginals, learn_marginals

__all__ = ["BINS", "FittedMarginals", "learn_marginals"]
