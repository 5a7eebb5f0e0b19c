"""Where the data came from: keyed digests, labels, the manifest, and the check of all of them."""

from privsynth.provenance.exposed import check_private, write_exposed
from privsynth.provenance.hint import hint_problem, hints
from privsynth.provenance.keys import Keeper, home, keeper
from privsynth.provenance.label import SDV_LICENCE, Label, label, label_of
from privsynth.provenance.lineage import Origin, Parent, joined, next_depth, release_problem
from privsynth.provenance.manifest import Manifest, build
from privsynth.provenance.origin import check_known, origin, parent_of
from privsynth.provenance.releases import Made, before, counted, let_go, read_also
from privsynth.provenance.spending import book, check_total, spent
from privsynth.provenance.verify import Check, verify

__all__ = [
    "SDV_LICENCE",
    "Check",
    "Keeper",
    "Label",
    "Made",
    "Manifest",
    "Origin",
    "Parent",
    "before",
    "book",
    "build",
    "check_known",
    "check_private",
    "check_total",
    "counted",
    "hint_problem",
    "hints",
    "home",
    "joined",
    "keeper",
    "label",
    "label_of",
    "let_go",
    "next_depth",
    "origin",
    "parent_of",
    "read_also",
    "release_problem",
    "spent",
    "verify",
    "write_exposed",
]
