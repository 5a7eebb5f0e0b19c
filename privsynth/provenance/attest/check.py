"""Who signed a release, whether the signatures hold, and whether they are about these files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from privsynth.errors import IntegrityError, PrivsynthError
from privsynth.policy.review import Review
from privsynth.provenance.attest.envelope import read_envelope, read_payload
from privsynth.provenance.attest.keys import Public, load_public
from privsynth.provenance.attest.predicates import PREDICATES, facts
from privsynth.provenance.attest.statements import (
    ATTESTATIONS,
    REVIEWS,
    SIGNS,
    Signer,
    Statement,
    Subject,
    all_files,
    read_statement,
    reviewed_files,
    state,
)

LARGEST = 1 << 25
"""Bytes that a file of envelopes may have to be read."""
UNSIGNED = (
    "UNSIGNED: the record proves no author and no time, and whoever alters a file can make every "
    "digest here agree with it"
)


@dataclass(frozen=True)
class Signed:
    """One line of the answer; ``vouched``: its key is among those that the reader gave."""

    name: str
    ok: bool
    detail: str
    kind: str = ""
    signer: Signer | None = None
    vouched: bool = False
    review: Review | None = None


def check_signatures(folder: Path, keys: Sequence[Path] = ()) -> list[Signed]:
    """Return one line an envelope of a release, and one for what is not there.

    An unsigned release is legal. A key that is given must have signed, since whoever can alter a
    folder can also take its signatures away. A signature under a key that was not given is checked
    against the key that it carries: that finds damage, and does not say whose key it is.
    Raises ``InputError`` for a key file that is none.
    """
    given = {key.key_id: key for key in map(load_public, keys)}
    found = [*_lines(folder, REVIEWS, given), *_lines(folder, ATTESTATIONS, given)]
    used = {one.signer.key_id for one in found if one.ok and one.signer is not None}
    for key_id in given:
        if key_id not in used:
            found.append(Signed("signature", False, f"the given key {key_id[:16]} signed nothing"))
    if not (folder / ATTESTATIONS).exists():
        found.append(Signed("signature", True, UNSIGNED))
    return found


def opened(line: bytes) -> Statement:
    """Return the statement in an envelope whose one signature is that of the key in its payload.

    Every bit of the line counts: ``IntegrityError`` says what was altered, or is missing.
    """
    envelope = read_envelope(line)
    raw = read_payload(envelope)
    found = read_statement(raw)
    by = found.signer
    if set(envelope.signatures) != {by.key_id}:
        raise IntegrityError("the signature is of another key than the payload names")
    if not envelope.signed_by(by.public):
        raise IntegrityError("the signature does not fit the payload: one of them was altered")
    if found.document() != raw:
        raise IntegrityError("the statement is not written the one way that it is signed in")
    return found


def missing_signatures(required: Mapping[str, int], found: Sequence[Signed]) -> list[str]:
    """Return a sentence for each role of which fewer have signed than a policy asks for.

    Counts keys that the reader vouches for; a key counts in the first of its roles only.
    """
    roles: dict[str, str] = {}
    for one in found:
        if one.ok and one.vouched and one.signer is not None and one.kind != "review":
            roles.setdefault(one.signer.key_id, one.signer.role)
    counts = {role: list(roles.values()).count(role) for role in required}
    return [
        f"the policy asks for {n} signature{'s' if n != 1 else ''} of a {role}; {counts[role]} "
        "under a key that was given"
        for role, n in sorted(required.items())
        if counts[role] < n
    ]


def read_reviews(folder: Path) -> list[Review]:
    """Return the reviews of a release in their order; ``IntegrityError`` if one does not hold."""
    found = list(_lines(folder, REVIEWS, {}))
    for one in found:
        if not one.ok:
            raise IntegrityError(f"{one.name}: {one.detail}")
    return [one.review for one in found if one.review is not None]


def _lines(folder: Path, name: str, given: Mapping[str, Public]) -> Iterator[Signed]:
    path = folder / name
    if not path.exists():
        return
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        yield Signed(name, False, "is no file of signatures")
        return
    data = path.read_bytes()
    if not data.endswith(b"\n") or b"" in data[:-1].split(b"\n"):
        yield Signed(name, False, "has an empty line, or no end: it is cut off or altered")
        return
    try:
        maker = _Maker(folder, name)
    except PrivsynthError as error:
        yield Signed(name, False, str(error))
        return
    seen: set[tuple[str, str]] = set()
    whole = True
    for number, line in enumerate(data[:-1].split(b"\n"), start=1):
        here = f"{name} line {number}"
        try:
            one, by = _envelope(line, maker, given)
        except IntegrityError as error:
            yield Signed(here, False, str(error))
            whole = False
            continue
        if (by.key_id, one.kind) in seen and one.kind != "review":
            one = replace(one, ok=False, detail="the same key states the same twice")
        seen.add((by.key_id, one.kind))
        yield replace(one, name=here)
    builders = {key for key, kind in seen if kind in SIGNS["builder"]}
    for key_id in sorted(builders if whole else ()):
        for kind in SIGNS["builder"]:
            if (key_id, kind) not in seen:
                yield Signed(name, False, f"the builder's {kind} is missing (key {key_id[:16]})")


class _Maker:
    """What statements about a folder must say, from its files as they are here."""

    def __init__(self, folder: Path, name: str) -> None:
        self.reviews = name == REVIEWS
        self.subjects = reviewed_files(folder) if self.reviews else all_files(folder)
        self._facts = None if self.reviews else facts(folder)

    def again(self, found: Statement, by: Signer) -> dict[str, Any] | None:
        """Return the statement made anew; None where another version made it, or it is a review."""
        if self._facts is None or by.tool != Signer.model_fields["tool"].default:
            return None
        said = PREDICATES[found.kind](self._facts, by)
        return state(found.kind, self.subjects, said, by).document()


def _envelope(line: bytes, maker: _Maker, given: Mapping[str, Public]) -> tuple[Signed, Signer]:
    """Return what an envelope says, and who signs it; ``IntegrityError`` unless it all holds."""
    found = opened(line)
    by, raw = found.signer, found.document()
    kinds = ("review",) if maker.reviews else SIGNS[by.role]
    if found.kind not in kinds:
        raise IntegrityError(f"a {found.kind} does not belong here under the role {by.role}")
    if different := _different(found.subject, maker.subjects):
        raise IntegrityError(f"signed for other files than those here: {different}")
    again = maker.again(found, by)
    if again is not None and again != raw:
        raise IntegrityError(f"the {found.kind} says other things than the signed files")
    review = found.review if maker.reviews else None
    vouched = by.key_id in given
    who = f"{found.kind} signed as {by.role} on {by.time} (self-declared)"
    if review is not None:
        who = f"{review.name}, {review.role}, decided to {review.decision} on {by.time}"
    whose = "which was given" if vouched else "not given: it does not say who"
    detail = f"{who}; valid under key {by.key_id[:16]}, {whose}"
    if again is None and review is None:
        detail += f"; stated by {by.tool}, so its content was not compared"
    return Signed("", True, detail, found.kind, by, vouched, review), by


def _different(signed: Sequence[Subject], here: Sequence[Subject]) -> str:
    """Return the names of files that a statement and the folder do not share, "" if they do."""
    pairs = [{(one.name, one.digest.get("sha256")) for one in some} for some in (signed, here)]
    names = ", ".join(sorted({name for name, _ in pairs[0] ^ pairs[1]}))
    return names if names or tuple(signed) == tuple(here) else "one is named twice"
