"""Signed statements about a release: keys, envelopes, what is stated, and the check of all of it.

``signing`` and ``reviewing`` make them; they stand above ``verify``, which reads this package.
"""

from privsynth.provenance.attest.check import (
    Signed,
    check_signatures,
    missing_signatures,
    read_reviews,
)
from privsynth.provenance.attest.keys import keygen, load_private, load_public, passphrase
from privsynth.provenance.attest.statements import ATTESTATIONS, REVIEWS, Role

__all__ = [
    "ATTESTATIONS",
    "REVIEWS",
    "Role",
    "Signed",
    "check_signatures",
    "keygen",
    "load_private",
    "load_public",
    "missing_signatures",
    "passphrase",
    "read_reviews",
]
