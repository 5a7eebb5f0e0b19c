"""Sign a finished release folder; what is signed has been verified right before."""

import datetime
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privsynth.errors import InputError, IntegrityError
from privsynth.provenance.attest.check import Signed, check_signatures
from privsynth.provenance.attest.envelope import seal
from privsynth.provenance.attest.folder import list_again, replaced, travelling
from privsynth.provenance.attest.keys import Public
from privsynth.provenance.attest.predicates import PREDICATES, facts
from privsynth.provenance.attest.statements import (
    ATTESTATIONS,
    SIGNS,
    Role,
    Signer,
    Statement,
    all_files,
    signer,
    state,
)
from privsynth.provenance.verify import verify_record
from privsynth.tables.write import write_bytes


def sign(
    folder: Path,
    key: Ed25519PrivateKey,
    role: Role,
    moment: datetime.datetime,
    seal: Callable[[bytes], bytes] | None = None,
) -> Signer:
    """Add what a role states about a release to its signatures; return who has signed.

    A builder states how it was made, how it was tested and what was decided; a reviewer or owner
    that they stand behind it. ``seal`` returns the report with a signature in the PDF itself: it
    comes before all others, since it changes what they sign. Raises ``IntegrityError`` when the
    folder is not intact and ``InputError`` when this key has signed or reviewed it already.
    """
    folder = travelling(folder)
    found = check_intact(folder)
    by = signer(Public(key.public_key()), role, stamp(moment))
    for one in found:
        if one.signer is not None and one.signer.key_id == by.key_id:
            _check_again(one, role)
    if seal is None:
        _state(folder, key, by)
        return by
    if (folder / ATTESTATIONS).exists():
        raise InputError(f"{folder} is signed, and a seal changes the report; seal it first")
    with replaced(folder) as stage:
        report = stage / "report.pdf"
        write_bytes(report, seal(report.read_bytes()))
        list_again(stage)
        _state(stage, key, by)
    return by


def _state(folder: Path, key: Ed25519PrivateKey, by: Signer) -> None:
    """Add what the role of a signer states about a folder."""
    said, subjects = facts(folder), all_files(folder)
    made = [state(kind, subjects, PREDICATES[kind](said, by), by) for kind in SIGNS[by.role]]
    append(folder / ATTESTATIONS, made, key)


def _check_again(one: Signed, role: Role) -> None:
    assert one.signer is not None
    if one.kind != "review" and one.signer.role == role:
        raise InputError(f"this key has signed this release as {role} already")
    if one.kind != "review" or role == "builder":
        before = "reviewed this release" if one.kind == "review" else f"signed as {one.signer.role}"
        raise InputError(
            f"this key has {before}; another role takes another key, or one pair of eyes would "
            "count as two"
        )


def check_intact(folder: Path) -> list[Signed]:
    """Return the signatures of a release; ``IntegrityError`` names what is not as it was."""
    signed = check_signatures(folder)
    wrong = [f"{one.name}: {one.detail}" for one in signed if not one.ok]
    wrong += [f"{one.name}: {one.detail}" for one in verify_record(folder) if not one.ok]
    if wrong:
        more = f" (and {len(wrong) - 1} more, see `privsynth verify`)" if len(wrong) > 1 else ""
        raise IntegrityError(f"{folder} is not intact, so nothing was signed: {wrong[0]}{more}")
    return signed


def append(path: Path, made: list[Statement], key: Ed25519PrivateKey) -> None:
    """Add statements to a file of envelopes, all of them or none."""
    before = path.read_bytes() if path.exists() else b""
    lines = b"".join(seal(one.document(), key) + b"\n" for one in made)
    write_bytes(path, before + lines)


def stamp(moment: datetime.datetime) -> str:
    """Return a time as statements hold it: ISO 8601 in UTC, to the second."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds")
