"""Where the data came from: keyed digests, labels, the manifest, and the check of all of them."""

from privsynth.provenance.keys import Keeper, home, keeper
from privsynth.provenance.label import SDV_LICENCE, Label, label
from privsynth.provenance.manifest import Manifest, build
from privsynth.provenance.verify import Check, verify

__all__ = [
    "SDV_LICENCE",
    "Check",
    "Keeper",
    "Label",
    "Manifest",
    "build",
    "home",
    "keeper",
    "label",
    "verify",
]
