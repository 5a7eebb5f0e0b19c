"""Does a release folder still say what it said? Recomputes digests, decision and label.

Nothing is written. Without signatures the record only agrees with itself: whoever alters it can
make the rest agree.
"""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import read_model
from privsynth.provenance.attest.check import UNSIGNED, check_signatures, missing_signatures
from privsynth.provenance.checks import Check
from privsynth.provenance.checks.attachments import check_attachments
from privsynth.provenance.checks.canonical import LARGEST
from privsynth.provenance.checks.decision import check_decision
from privsynth.provenance.checks.files import check_complete, check_digest, check_files
from privsynth.provenance.checks.folder import Folder, scan
from privsynth.provenance.checks.record import Parts, check_manifest_form, read_parts
from privsynth.provenance.checks.table import check_label, check_table
from privsynth.provenance.manifest import NAME, Manifest

__all__ = ["Check", "verify", "verify_record"]


def verify(
    folder: Path,
    keys: Sequence[Path] = (),
    table: Path | None = None,
    today: datetime.date | None = None,
) -> list[Check]:
    """Return one check a line; the record is intact when all are ok.

    ``folder`` is the travelling folder or the one that holds it as ``release/``; ``keys`` are
    public keys that must have signed; ``table`` is a file that may be the released table; waivers
    that expired before ``today`` (UTC) are told. Signatures that the policy asks for are missing
    unless their keys are given. Raises ``InputError`` when there is no release there, or no such
    key or table; ``IntegrityError`` when its manifest is broken.
    """
    found, parts, checks = _record(folder, today)
    if parts is None:
        return checks
    today = today or datetime.datetime.now(datetime.UTC).date()
    checks += _signatures(found, parts, keys, today)
    if table is not None:
        checks.append(check_table(table, found, parts))
    return checks


def verify_record(folder: Path) -> list[Check]:
    """Return the checks of a release before it is signed: all but those of signatures."""
    return _record(folder, None)[2]


def _record(
    folder: Path, today: datetime.date | None
) -> tuple[Folder, Parts | None, list[Check]]:  # fmt: skip
    folder = folder / "release" if (folder / "release").is_dir() else folder
    found = scan(folder)
    if not found.closed and NAME not in found.files:
        raise InputError(f"{folder}: no {NAME} here; name a release folder")
    checks = list(found.odd)
    if NAME not in found.files or (folder / NAME).stat().st_size > LARGEST:
        checks.append(Check(NAME, False, "is missing, or no file that can be read", "files"))
        return found, None, checks
    manifest = read_model(Manifest, folder / NAME, "manifest")
    checks += [check_digest(found), *check_files(found, manifest)]
    checks += [*check_manifest_form(folder / NAME, manifest), *check_complete(found, manifest)]
    if found.closed:
        checks.append(
            Check("record", False, "not read: first mend what is no file that can be read")
        )
        return found, None, checks
    checks += check_attachments(found)
    parts, read = read_parts(found)
    checks += [*read, *check_label(found, parts)]
    checks += check_decision(parts, today or datetime.datetime.now(datetime.UTC).date())
    return found, parts, checks


def _signatures(
    folder: Folder, parts: Parts, keys: Sequence[Path], today: datetime.date
) -> Iterator[Check]:
    """Yield who signed, who had to and did not, and whose review has run out."""
    try:
        signed = check_signatures(folder.path, keys)
    except IntegrityError as error:
        yield Check("signature", False, str(error), "signatures")
        return
    for one in signed:
        note = one.ok and (one.detail == UNSIGNED or not one.vouched)
        yield Check(one.name, one.ok, one.detail, "signatures", note)
        if one.review and one.review.next_review and one.review.next_review < today.isoformat():
            said = f"{one.review.name} asked to look again by {one.review.next_review}"
            yield Check("review", True, f"{said}, which has passed", "signatures", note=True)
    if parts.policy is not None:
        for said in missing_signatures(parts.policy.signatures, signed):
            hint = "" if keys else "; give their public keys with --key"
            yield Check("signature", False, f"{said}{hint}", "signatures")
