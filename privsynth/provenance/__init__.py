"""Where the data came from: keyed digests, labels, the manifest, and the check of all of them."""

from privsynth.provenance.keys import Keeper, home, keeper
from privsynth.provenance.label import SDV_LICENCE, Label, label, label_of
from privsynth.provenance.manifest import Manifest, build
from privsynth.provenance.origin import origin
from privsynth.provenance.spending import book, check_total
from privsynth.provenance.verify import Check, verify

__all__ = [
    "SDV_LICENCE",
    "Check",
    "Keeper",
    "Label",
    "Manifest",
    "book",
    "build",
    "check_total",
    "home",
    "keeper",
    "label",
    "label_of",
    "origin",
    "verify",
]
