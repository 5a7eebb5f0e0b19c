"""Where tables come from: the labels beside them, hints in them, or what their holder states."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from privsynth.errors import InputError
from privsynth.evidence import Generator
from privsynth.privacy import Claim, DpClaim, NoClaim, compose
from privsynth.privacy.lint import read_statement
from privsynth.provenance.hint import PREFIX, read_hints
from privsynth.provenance.keys import Keeper
from privsynth.provenance.label import Label, label_of, label_path, table_digest
from privsynth.provenance.lineage import UNKNOWN, Basis, Origin, Parent, next_depth, share_of
from privsynth.report.details import Lineage
from privsynth.tables import read

ELSEWHERE = Generator(synthesizer="made elsewhere")
TRAINING = "training table"
"""What a parent is called that may hold people's records: the name of its file stays at home."""


def origin(
    tables: Sequence[Path], training_table: str, statement: Path | None = None
) -> tuple[Generator, Claim]:
    """Return what made the tables, and what is claimed of their privacy.

    From the label that stands beside each and names its bytes; ``training_table`` is the keyed
    digest of the rows they are audited against. Tables without labels were made elsewhere, and
    ``statement`` says what their maker claims. ``InputError`` when both say something.
    """
    labels = [found for table in tables if (found := label_of(table)) is not None]
    if statement is not None:
        if any(label.claim.kind != "none" for label in labels):
            raise InputError(f"{statement}: the table's own label holds a claim; give no other")
        return _generator(labels, tables, training_table), read_statement(statement)
    claims = [label.claim for label in labels if isinstance(label.claim, DpClaim)]
    whole = compose(claims) if len(claims) == len(tables) else None
    return _generator(labels, tables, training_table), whole or NoClaim()


def _generator(labels: list[Label], tables: Sequence[Path], training_table: str) -> Generator:
    if len(labels) != len(tables):
        return ELSEWHERE
    first = labels[0]
    alike = all(label.generator == first.generator for label in labels)
    found = first.generator if alike else Generator(synthesizer="several generators")
    found = found or ELSEWHERE
    doubts = [
        f"its label says that its origin is {label.origin}, not synthetic"
        for label in labels if label.origin != "synthetic"
    ][:1]  # fmt: skip
    named = {label.training_table for label in labels}
    if "" in named:
        doubts.append("its label names no training table")
    if named - {"", training_table}:
        doubts.append(
            "its label names another training table, or another schema, than the audited one"
        )
    return found.model_copy(update={"notes": (*found.notes, *doubts)}) if doubts else found


def parent_of(path: Path, digest: str, stated: Origin | None, keep: Keeper) -> Parent:
    """Return the table in ``path`` as the parent of what is made from it; ``digest`` is logical.

    Its origin is what its label says, else what the file itself hints at, else what was stated.
    Where nobody says anything these are taken for people's records, and marked as assumed. Raises
    ``InputError`` when what is stated differs from label or hint, or the label names other bytes.
    """
    found = own_label(path, keep)
    if found is not None:
        _agree(path, stated, found.origin, "its label")
        name = found.file if found.origin == "synthetic" else TRAINING
        return _labelled(found, name, table_digest(digest, found.origin, keep))
    hinted = hinted_parent(path, digest, keep)
    if hinted is not None:
        _agree(path, stated, hinted.origin, "the file itself")
        return hinted
    basis: Basis = "stated" if stated else "assumed"
    return Parent(
        name=TRAINING, digest=table_digest(digest, "human", keep), origin=stated or "human",
        basis=basis, generation_depth=0 if stated in (None, "human") else None,
    )  # fmt: skip


def listed_parent(path: Path, keep: Keeper) -> Parent:
    """Return a file that somebody names as a parent, by its name; without a label it is unknown."""
    found = own_label(path, keep)
    if found is not None:
        return _labelled(found, path.name, found.logical_digest)
    digest = read(path).digest
    hinted = hinted_parent(path, digest, keep)
    return hinted or Parent(
        name=path.name, digest=table_digest(digest, "unknown", keep), origin="unknown",
        basis="unlabelled",
    )  # fmt: skip


def own_label(path: Path, keep: Keeper) -> Label | None:
    """Return the label beside a table, None without one; ``InputError`` if it is another's."""
    found = label_of(path, keep)
    if found is None and label_path(path).exists():
        raise InputError(
            f"{label_path(path)} names other bytes than {path.name}, or was made under another "
            "key; label the table again, or take the label away"
        )
    return found


def hinted_parent(path: Path, digest: str, keep: Keeper) -> Parent | None:
    """Return what a Parquet file without its label tells of itself, None where it tells nothing."""
    found = read_hints(path)
    origin, depth = found.get(f"{PREFIX}origin"), found.get(f"{PREFIX}generation_depth", "")
    if origin not in get_args(Origin):
        return None
    known = cast(Origin, origin)
    plain = depth.isdecimal() and len(depth) < 4 and known != "unknown"
    return Parent(
        name=path.name if known == "synthetic" else TRAINING,
        digest=table_digest(digest, known, keep), origin=known, basis="hinted",
        generation_depth=int(depth) if plain else None,
    )  # fmt: skip


def _labelled(found: Label, name: str, digest: str) -> Parent:
    return Parent(
        name=name,
        digest=digest,
        origin=found.origin,
        basis="labelled",
        generation_depth=found.generation_depth,
        real_fraction=found.real_fraction,
    )


def check_known(path: Path, parent: Parent, stated: Lineage | None = None) -> None:
    """Refuse a source of unknown origin, and details that tell another history than its label.

    Nothing could be released of the first; of the second, report and label would not agree.
    """
    if parent.origin == "unknown":
        raise InputError(f"{path.name}: {UNKNOWN}")
    if stated is None:
        return
    origin = stated.origin.lower()
    for what, told, found in (
        ("origin", "human" if origin == "real" else origin or None, parent.origin),
        ("generation_depth", stated.generation_depth, next_depth([parent])),
        ("real_fraction", stated.real_fraction, share_of(parent)),
    ):
        known = what != "origin" or told in get_args(Origin)
        if known and told is not None and found is not None and told != found:
            raise InputError(
                f"the details say lineage.{what} {told}, and {path.name} gives {found} (known: "
                f"{parent.basis}); label the table, or correct the details"
            )


def _agree(path: Path, stated: Origin | None, said: Origin, who: str) -> None:
    if stated not in (None, said):
        raise InputError(f"{path.name}: you say {stated}, and {who} says {said}")
