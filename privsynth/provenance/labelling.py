"""Labels for tables that were made elsewhere, or joined: what a person says, checked for sense."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from privsynth.errors import InputError
from privsynth.evidence import Generator
from privsynth.privacy import Claim, NoClaim
from privsynth.provenance.hint import PREFIX, hint_problem, read_hints
from privsynth.provenance.keys import Keeper
from privsynth.provenance.label import Label, SeedPolicy, label, table_digest
from privsynth.provenance.lineage import Filter, Joined, Origin, Parent, joined, next_depth
from privsynth.provenance.origin import listed_parent, own_label
from privsynth.tables import Table
from privsynth.tables.schema import validated

YES = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Said:
    """What a person says of a table; None and empty stand for what nobody says.

    ``parents`` are files that it was trained on or derived from, ``parts`` files that it was
    joined from.
    """

    origin: Origin | None = None
    generator: str = ""
    generator_version: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    seed_policy: SeedPolicy = "not stated"
    filters: tuple[Filter, ...] | None = None
    parents: tuple[Path, ...] = ()
    parts: tuple[Path, ...] = ()
    generation_depth: int | None = None
    real_fraction: float | None = None
    human_review: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    claim: Claim = field(default_factory=NoClaim)
    note: str = ""


def label_for(path: Path, table: Table, said: Said, keep: Keeper) -> Label:
    """Return the label of a table file from what a person says of it.

    What follows from parents or parts is filled in, and nothing else: an origin that nobody names
    is unknown. ``InputError`` says what contradicts what.
    """
    if said.parents and said.parts:
        raise InputError("a table is joined from parts or derived from parents; name one of them")
    if len(said.parts) == 1:
        raise InputError("a table is joined from two tables or more; name the others too")
    parents = tuple(listed_parent(one, keep) for one in (*said.parents, *said.parts))
    same = {table_digest(table.digest, kind, keep) for kind in ("human", "synthetic")}
    for one in parents:
        if one.digest in same:
            raise InputError(f"{path.name} holds the very rows of {one.name!r}, its parent")
    found = _joined(table, said, parents, keep) if said.parts else _derived(said, parents)
    generator = (
        Generator(synthesizer=said.generator, options=said.options) if said.generator else None
    )
    if generator is None and (said.options or said.generator_version):
        raise InputError("settings or a version without the generator that they are of; name it")
    made = label(
        path.name, path.read_bytes(), table, generator, keep=keep, origin=found.origin,
        generation_depth=found.generation_depth, real_fraction=found.real_fraction,
        parents=parents, generator_version=said.generator_version, seed_policy=said.seed_policy,
        filters=said.filters, human_review=said.human_review, licences=said.licences,
        claim=said.claim, **({"note": said.note} if said.note else {}),
    )  # fmt: skip
    problem = hint_problem(path, made)
    if problem:
        hinted = read_hints(path).get(f"{PREFIX}origin", "")
        raise InputError(f"{path.name}: {problem}: it calls itself {hinted or 'something else'}")
    return made


def _joined(table: Table, said: Said, parents: Sequence[Parent], keep: Keeper) -> Joined:
    """Return what the parts give; what was said must be the same."""
    labels = [own_label(part, keep) for part in said.parts]
    rows = [0 if one is None else one.rows for one in labels]
    stacked = sum(rows) == len(table) and all(
        one is not None and set(one.columns) == set(table.schema.names) for one in labels
    )
    found = joined(parents, rows if stacked else None)
    for what in ("origin", "generation_depth", "real_fraction"):
        told, given = getattr(said, what), getattr(found, what)
        if given is not None and told is not None and told != given:
            shown = what.replace("_", " ")
            raise InputError(f"you say {shown} {told}, and the parts give {given}")
    return Joined(
        found.origin,
        found.generation_depth if said.generation_depth is None else said.generation_depth,
        found.real_fraction if said.real_fraction is None else said.real_fraction,
    )


def _derived(said: Said, parents: Sequence[Parent]) -> Joined:
    """Return what a person says, with the depth and share that follow from it."""
    origin: Origin = said.origin or "unknown"
    depth, share = said.generation_depth, said.real_fraction
    if origin == "human":
        depth, share = depth or 0, 1.0 if share is None else share
    elif origin == "synthetic":
        trained = next_depth(parents) if parents else None
        depth, share = trained if depth is None else depth, 0.0 if share is None else share
    elif origin == "mixed" and parents and depth is None:
        depth = joined(parents).generation_depth
    return Joined(origin, depth, share)


def read_filter(text: str) -> Filter:
    """Return a filter from ``name, rows_in=120, rows_out=100, touches_real_data=no, key=value``."""
    name, *pairs = (part.strip() for part in text.split(","))
    raw: dict[str, Any] = {"name": name, "parameters": {}}
    for pair in pairs:
        key, sign, value = (piece.strip() for piece in pair.partition("="))
        if not sign or not key:
            raise InputError(f"--filter {name!r}: takes key=value after its name, not {pair!r}")
        known = key in ("rows_in", "rows_out", "touches_real_data")
        place = raw if known else raw["parameters"]
        if key in place:
            raise InputError(f"--filter {name!r}: {key} is given twice")
        place[key] = YES.get(value.lower(), value) if key == "touches_real_data" else value
    for key, hint in (
        ("rows_in", "how many rows it took"),
        ("rows_out", "how many rows it let out"),
        ("touches_real_data", "yes or no; it decides whether a privacy claim still holds"),
    ):
        if key not in raw:
            raise InputError(f"--filter {name!r}: say {key}: {hint}")
    if not isinstance(raw["touches_real_data"], bool):
        raise InputError(f"--filter {name!r}: touches_real_data is yes or no")
    return validated(Filter, raw, f"--filter {name!r}")
