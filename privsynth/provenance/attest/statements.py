"""What is signed: in-toto statements about the files of a release, and who says so.

Sources: in-toto Statement v1 (https://in-toto.io/Statement/v1); SLSA provenance v1; test-result
v0.1; SLSA verification summary v1. What we add to their predicates is named ``privsynth_…``.
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator

import privsynth
from privsynth.errors import IntegrityError
from privsynth.evidence import Model
from privsynth.policy.review import Review
from privsynth.provenance.attest.keys import Public, public_of

ATTESTATIONS = "attestations.intoto.jsonl"
REVIEWS = "reviews.intoto.jsonl"
STATEMENT = "https://in-toto.io/Statement/v1"
TYPES = {
    "generation": "https://slsa.dev/provenance/v1",
    "evidence": "https://in-toto.io/attestation/test-result/v0.1",
    "decision": "https://slsa.dev/verification_summary/v1",
    "endorsement": "urn:privsynth:endorsement:v1",
    "review": "urn:privsynth:review:v1",
}
SIGNS = {
    "builder": ("generation", "evidence", "decision"),
    "reviewer": ("endorsement",),
    "owner": ("endorsement",),
}
"""What each role signs over the finished folder; a review is signed before, by itself."""
BEFORE_REVIEWS = ("evidence.json", "verdict.json", "policy.json", "waivers.json")
"""What a review is about, together with the tables and their labels."""

M = TypeVar("M", bound=Model)
Role = Literal["builder", "reviewer", "owner"]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}\z")]
Time = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\z")]


class Signer(Model):
    """Who signs and when, inside the payload: the role cannot be changed without the key."""

    role: Role
    key_id: Digest
    public_key: str = Field(description="SubjectPublicKeyInfo in base64; its SHA-256 is the key id")
    time: Time
    time_source: Literal["self-declared"] = "self-declared"
    tool: str = f"privsynth {privsynth.__version__}"

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        der = base64.b64decode(self.public_key, validate=True)
        if hashlib.sha256(der).hexdigest() != self.key_id:
            raise ValueError("the key id is not that of the public key")
        public_of(der)
        return self

    @property
    def public(self) -> Public:
        """The key that the signer names; whether it is theirs, only others can say."""
        return public_of(base64.b64decode(self.public_key))


class Subject(Model):
    """One file, by its digest."""

    name: str
    digest: dict[Literal["sha256"], Digest]


class Statement(Model):
    """An in-toto statement about files of a release."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = Field(alias="predicateType")
    predicate: dict[str, Any]

    @property
    def kind(self) -> str:
        """What is stated: a key of ``TYPES``; ``IntegrityError`` where we know no such type."""
        for kind, uri in TYPES.items():
            if uri == self.predicate_type:
                return kind
        raise IntegrityError("the statement is of a type that this version does not know")

    @property
    def signer(self) -> Signer:
        """Who signs; ``IntegrityError`` when the payload does not say who, or in which role."""
        raw = self.predicate.get("privsynth_signer")
        if not isinstance(raw, dict) or "role" not in raw:
            raise IntegrityError("the payload states no role: nobody answers for it")
        return _valid(Signer, raw, "the signer")

    @property
    def review(self) -> Review:
        """The decision that a review states."""
        stated = {key: value for key, value in self.predicate.items() if key != "privsynth_signer"}
        at = {"time": self.signer.time, "key_id": self.signer.key_id}
        return _valid(Review, stated | at, "the review")

    def document(self) -> dict[str, Any]:
        """Return the statement as it is signed."""
        return self.model_dump(mode="json", by_alias=True)


def state(kind: str, subjects: Sequence[Subject], said: dict[str, Any], by: Signer) -> Statement:
    """Return a statement of one kind about files, in the name of a signer."""
    return _valid(
        Statement,
        {
            "_type": STATEMENT,
            "subject": [subject.model_dump() for subject in subjects],
            "predicateType": TYPES[kind],
            "predicate": said | {"privsynth_signer": by.model_dump(mode="json")},
        },
        "the statement",
    )


def read_statement(raw: Any) -> Statement:
    """Return the statement in a payload; ``IntegrityError`` where it is none."""
    return _valid(Statement, raw, "the statement")


def signer(key: Public, role: Role, time: str) -> Signer:
    """Return who signs with a key in a role at a time (ISO 8601, UTC)."""
    return Signer(
        role=role, key_id=key.key_id, public_key=base64.b64encode(key.der).decode(), time=time
    )


def all_files(folder: Path) -> tuple[Subject, ...]:
    """Return every file of a release but the signatures themselves."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return _subjects(folder, (name for name in names if name != ATTESTATIONS))


def reviewed_files(folder: Path) -> tuple[Subject, ...]:
    """Return what a review is about: all that was there before any review."""
    labels = [path.name for path in folder.glob("*.label.json")]
    names = {*BEFORE_REVIEWS, *labels, *(name.removesuffix(".label.json") for name in labels)}
    return _subjects(folder, (name for name in names if (folder / name).is_file()))


def _subjects(folder: Path, names: Any) -> tuple[Subject, ...]:
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    return tuple(
        Subject(name=name, digest={"sha256": digest}) for name, digest in sorted(digests.items())
    )


def _valid(model: type[M], raw: Any, what: str) -> M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step)[:40] for step in first["loc"]) or "top level"
        told = first["msg"].removeprefix("Value error, ")
        raise IntegrityError(f"{what} does not follow its schema at {where}: {told}") from None
