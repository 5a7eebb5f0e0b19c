"""A person's decision into a release: signed, printed in the report, listed in the manifest."""

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privsynth.errors import InputError
from privsynth.policy.review import Review
from privsynth.provenance.attest.folder import list_again, replaced, travelling
from privsynth.provenance.attest.keys import Public
from privsynth.provenance.attest.signing import append, check_intact, stamp
from privsynth.provenance.attest.statements import (
    ATTESTATIONS,
    REVIEWS,
    reviewed_files,
    signer,
    state,
)
from privsynth.tables.schema import validated


def review(
    folder: Path,
    key: Ed25519PrivateKey,
    stated: Mapping[str, Any],
    moment: datetime.datetime,
    rerender: Callable[[Path], None],
    *,
    force: bool = False,
) -> Review:
    """Add a decision (the entries of ``Review`` but time and key) to a release, and return it.

    ``rerender(folder)`` writes the report of a folder anew, with the reviews that it holds. The
    folder is as before until everything is done. Raises ``IntegrityError`` when it is not intact,
    ``InputError`` when it is signed already: a review changes report and manifest, so signatures
    would break; with ``force`` they are taken away, and so is a seal in the PDF.
    """
    folder = travelling(folder)
    public = Public(key.public_key())
    by = signer(public, "reviewer", stamp(moment))
    made = validated(Review, {**stated, "time": by.time, "key_id": by.key_id}, "the review")
    if made.next_review is not None and made.next_review < by.time[:10]:
        raise InputError(f"the next review, {made.next_review}, is in the past")
    for one in check_intact(folder):
        if one.signer is not None and one.signer.key_id == by.key_id and one.kind != "review":
            raise InputError("this key has signed this release; a review takes a key of its own")
    if (folder / ATTESTATIONS).exists() and not force:
        raise InputError(
            f"{folder} is signed, and a review changes what was signed; --force adds it and takes "
            "the signatures away, so that everybody has to sign again"
        )
    said = made.model_dump(mode="json", exclude={"time", "key_id"}, exclude_none=True)
    with replaced(folder) as stage:
        (stage / ATTESTATIONS).unlink(missing_ok=True)
        append(stage / REVIEWS, [state("review", reviewed_files(stage), said, by)], key)
        rerender(stage)
        list_again(stage)
    return made
