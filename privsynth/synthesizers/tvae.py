"""TVAE of SDV: a variational autoencoder for tables (arXiv:1907.00503)."""

from privsynth.synthesizers._sdv import SdvSynthesizer, epochs

synthesizer = SdvSynthesizer(
    name="tvae", engine="TVAESynthesizer", home=__name__, options=epochs(300)
)
