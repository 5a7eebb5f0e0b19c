"""CTGAN of SDV: a conditional generative adversarial network for tables (arXiv:1907.00503)."""

from privsynth.synthesizers._sdv import SdvSynthesizer, epochs

synthesizer = SdvSynthesizer(
    name="ctgan", engine="CTGANSynthesizer", home=__name__, options=epochs(300)
)
