"""The releases of a source: what a verdict let go of it, so that their union can be audited."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from privsynth.audit import Also
from privsynth.errors import IntegrityError
from privsynth.evidence import Audits, Earlier
from privsynth.privacy import Claim, NoClaim
from privsynth.provenance.keys import Keeper, kept, locked, write_own
from privsynth.provenance.label import label_of
from privsynth.tables import Schema, Table, read

NAME = "releases.json"
LET_GO = ("pass", "pass_with_waivers")
"""Verdicts under which a table leaves the house."""


class Made(BaseModel):
    """One released table: keyed digests, and what a person knows it by; no cell and no path.

    ``sources`` are the whole table and the part of it that was trained on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    sources: tuple[str, ...]
    name: str
    date: str
    verdict: str
    epsilon: float | None = None
    delta: float | None = None


_Book = TypeAdapter(list[Made])


def let_go(
    keep: Keeper, sources: Sequence[Table], table: Table, name: str, date: str, verdict: str,
    claim: Claim,
) -> None:  # fmt: skip
    """Remember a table that is about to leave; one that a verdict holds back is not remembered.

    The same table is remembered once, with what was said of it first.
    """
    if verdict not in LET_GO:
        return
    said = {} if isinstance(claim, NoClaim) else {"epsilon": claim.epsilon, "delta": claim.delta}
    made = Made(
        table=_table(keep, table), sources=tuple(_source(keep, one) for one in sources),
        name=name, date=date, verdict=verdict, **said,
    )  # fmt: skip
    with kept(keep.folder), locked(keep.folder):
        known = _read(keep)
        if all((one.table, one.sources) != (made.table, made.sources) for one in known):
            text = json.dumps(_Book.dump_python([*known, made], mode="json"), indent=1)
            write_own(keep.folder / NAME, text.encode())


def before(keep: Keeper, source: Table, table: Table) -> tuple[Made, ...]:
    """Return the releases of a source before this table, the first one first.

    For a table that was released itself those before it: making it again changes nothing.
    """
    with kept(keep.folder), locked(keep.folder):
        known = _read(keep)
    named, own = _source(keep, source), _table(keep, table)
    found = [one for one in known if named in one.sources]
    place = next((i for i, one in enumerate(found) if one.table == own), len(found))
    return tuple(found[:place])


def counted(keep: Keeper, audits: Audits, earlier: Sequence[Made], also: Sequence[Also]) -> Audits:
    """Return the count of audits with that of releases, and of those not given with ``also``."""
    given = {_table(keep, one.table) for one in also}
    missing = sum(one.table not in given for one in earlier)
    return audits.model_copy(update={"released_before": len(earlier), "unjoined": missing})


def read_also(paths: Sequence[Path], schema: Schema, train: str, keep: Keeper) -> tuple[Also, ...]:
    """Return tables released earlier, with what the labels beside them say.

    ``train`` is the logical digest of the rows that the audited table was made from. Raises
    ``InputError`` for a file that cannot be read in the audit's schema.
    """
    return tuple(_also(path, schema, train, keep) for path in paths)


def _also(path: Path, schema: Schema, train: str, keep: Keeper) -> Also:
    table = read(path, schema, role="synthetic", name=path.name)
    label = label_of(path, keep)
    facts = Earlier(name=path.name, rows=len(table), digest=f"sha256:{table.digest}")
    if label is None:
        return Also(table, facts)
    said: dict[str, object] = {}
    if label.training_table:
        said["same_rows"] = label.training_table == keep.commit(train)
    if not isinstance(label.claim, NoClaim):
        said |= {"epsilon": label.claim.epsilon, "delta": label.claim.delta}
    return Also(table, facts.model_copy(update=said))


def _source(keep: Keeper, table: Table) -> str:
    return keep.commit(f"source {table.fingerprint}")


def _table(keep: Keeper, table: Table) -> str:
    return keep.commit(f"released {table.fingerprint}")


def _read(keep: Keeper) -> list[Made]:
    path = keep.folder / NAME
    if not path.exists():
        return []
    try:
        return _Book.validate_json(path.read_bytes())
    except ValidationError:
        raise IntegrityError(
            f"{path} is damaged; restore it from a backup: without it nobody knows what was "
            "released of a source before"
        ) from None
