"""The one private preprocessing: every column as a few bins, by noisy counts alone."""

from privsynth.synthesizers._codebook.book import MOST, Codebook, learn_codebook

__all__ = ["MOST", "Codebook", "learn_codebook"]
