"""Gaussian copula of SDV: each column's own distribution, and how the columns move together."""

from types import MappingProxyType

from privsynth.synthesizers._sdv import SdvSynthesizer

synthesizer = SdvSynthesizer(
    name="gaussian_copula",
    engine="GaussianCopulaSynthesizer",
    home=__name__,
    options=MappingProxyType({"distribution": "auto"}),
)
