"""CopulaGAN of SDV: CTGAN on columns that a copula has made normal."""

from privsynth.synthesizers._sdv import SdvSynthesizer, epochs

synthesizer = SdvSynthesizer(
    name="copulagan", engine="CopulaGANSynthesizer", home=__name__, options=epochs(300)
)
