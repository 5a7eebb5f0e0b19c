"""The label that stands beside a table: what it is, what made it, from what, how it was decided."""

import hashlib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

import privsynth
from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import Generator, Model, read_model
from privsynth.privacy import Claim, NoClaim
from privsynth.provenance.hint import hint_problem
from privsynth.provenance.keys import Keeper, keeper
from privsynth.provenance.lineage import (
    Depth,
    Filter,
    Line,
    Origin,
    Parent,
    Share,
    contradictions,
)

SDV_LICENCE = (
    "sdv, rdt, copulas and ctgan are under the Business Source License 1.1, which forbids offering "
    "them to others as a commercial synthetic-data service"
)
SeedPolicy = Literal[
    "seeded, seed kept private",
    "seeded, seed published",
    "operating-system entropy",
    "not stated",
]
NOTE = (
    "Synthetic rows. They are not records of people, and they may still tell something about "
    "the people whose records they were made from: read the evidence. UNSIGNED, as any label: "
    "`privsynth verify` says which signatures the release has."
)
NOTES: dict[Origin, str] = {
    "human": "People's records. The digests are keyed: without the key nobody can confirm a guess.",
    "synthetic": NOTE,
    "mixed": "People's records and synthetic rows together: treat the table as people's records.",
    "unknown": "Nobody knows where these rows come from: treat the table as people's records.",
}
ENDING = ".label.json"
RECORDED = frozenset(
    {
        "schema_version", "origin", "file", "sha256", "logical_digest", "rows", "columns",
        "generator", "claim", "training_table", "verdict", "evidence",
    }
)  # fmt: skip
"""What evidence, verdict and table of a release say too; the rest stands in the label alone."""


class Label(Model):
    """``TABLE.label.json``: the history of one table, without seed and without cells.

    Digests are plain (``sha256:``, or hexadecimal for the file's) of a synthetic table and keyed
    (``hmac-sha256:``) of any that may hold people's records. A label that contradicts itself
    cannot be made or read.
    """

    schema_version: Literal["1"] = "1"
    origin: Origin = "synthetic"
    file: str
    sha256: str
    logical_digest: str
    rows: int
    columns: tuple[str, ...]
    generator: Generator | None = None
    generator_version: str = ""
    seed_policy: SeedPolicy = "not stated"
    filters: tuple[Filter, ...] | None = Field(
        None, description="of its rows, after they were made; none: nobody said"
    )
    parents: tuple[Parent, ...] = Field((), description="what it was trained on, or joined from")
    generation_depth: Depth | None = Field(
        None, description="0 human, 1 trained on human, 2 trained on that; none: not known"
    )
    real_fraction: Share | None = Field(None, description="share of rows that are human records")
    human_review: tuple[Line, ...] = Field((), description="where reviews before this one stand")
    licences: tuple[Line, ...] = Field((), description="of the table, as its holder states them")
    claim: Claim = NoClaim()
    made_by: str = f"privsynth {privsynth.__version__}"
    training_table: str = ""
    verdict: str = "not audited"
    evidence: str = ""
    note: str = NOTE

    @model_validator(mode="after")
    def _one_story(self) -> Self:
        found = contradictions(self)
        if found:
            raise ValueError("; ".join(found))
        return self

    @property
    def stated(self) -> dict[str, Any]:
        """What nothing else in a release can confirm: it is as true as whoever signs it."""
        return {key: value for key, value in self if key not in RECORDED}


def label_path(table: Path) -> Path:
    """Return where the label of a table file stands."""
    return table.with_name(f"{table.name}{ENDING}")


def label_of(table: Path, keep: Keeper | None = None) -> Label | None:
    """Return the label beside a table file, None where there is none or it names other bytes.

    A keyed digest is compared under the key of ``keep`` (default: the user's). Raises
    ``IntegrityError`` for a damaged label, and where a Parquet file itself says something else.
    """
    beside = label_path(table)
    if not beside.is_file():
        return None
    found = read_model(Label, beside, "label")
    if file_digest(table.read_bytes(), found.origin, keep) != found.sha256:
        return None
    problem = hint_problem(table, found)
    if problem:
        raise IntegrityError(f"{table}: {problem}")
    return found


def file_digest(data: bytes, origin: Origin, keep: Keeper | None = None) -> str:
    """Return the digest of a file: plain for synthetic rows, else keyed, so none can be guessed."""
    plain = hashlib.sha256(data).hexdigest()
    return plain if origin == "synthetic" else (keep or keeper()).commit(f"file {plain}")


def table_digest(digest: str, origin: Origin, keep: Keeper | None = None) -> str:
    """Return the logical digest of a table as it may be told, keyed as ``file_digest`` is."""
    return f"sha256:{digest}" if origin == "synthetic" else (keep or keeper()).commit(digest)


def label(file: str, data: bytes, table: Any, generator: Generator | None, **more: Any) -> Label:
    """Return the label of a table file whose bytes are ``data``; ``more`` are entries of it.

    ``InputError`` names all that contradicts itself.
    """
    origin: Origin = more.pop("origin", "synthetic")
    keep: Keeper | None = more.pop("keep", None)
    try:
        return Label(
            origin=origin,
            file=file,
            sha256=file_digest(data, origin, keep),
            logical_digest=table_digest(table.digest, origin, keep),
            rows=len(table),
            columns=table.schema.names,
            generator=generator,
            **{"note": NOTES[origin], **more},
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        told = first["msg"].removeprefix("Value error, ")
        raise InputError(f"label of {file}: {where + ': ' if where else ''}{told}") from None
