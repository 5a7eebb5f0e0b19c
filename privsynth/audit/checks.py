"""Which tables can be compared at all, and what is said of each table and column."""

from collections.abc import Callable
from typing import Any

from privsynth.errors import InputError
from privsynth.evidence import ColumnFacts, TableFacts
from privsynth.tables import Records, Space, Table, check_informative
from privsynth.tables.split import MIN_UNITS

MIN_SIDE = 5
"""Fewer units than this on either side support no statement."""


def check_tables(
    train: Table, synthetic: Table, holdout: Table | None, reference: Table | None,
    *, own_split: bool = False,
) -> tuple[str, ...]:  # fmt: skip
    """Return warnings; ``InputError`` for tables that no audit can compare.

    Parts of the tool's own split may hold one value where the source, checked before, has two.
    """
    if not own_split:
        check_informative(train)
    others = {"holdout": holdout, "reference": reference}
    real = {"train": train, **{role: t for role, t in others.items() if t is not None}}
    for role, table in real.items():
        if table.schema != train.schema:
            raise InputError(f"the {role} table's schema differs from the training table's")
    units = sum(len(set(table.units)) for table in real.values())
    if units < MIN_UNITS:
        raise InputError(
            f"{units} units in all are too few for any statement; at least {MIN_UNITS} are needed"
        )
    if holdout is not None and len(set(holdout.units)) < MIN_SIDE:
        raise InputError(f"the holdout has fewer than {MIN_SIDE} units: too few for any statement")
    _disjoint(real)
    notes = [note for table in (*real.values(), synthetic) for note in table.notes]
    for column, mask in synthetic.unreadable.items():
        notes.append(
            f"synthetic: column {column!r} has {int(mask.sum())} of {len(synthetic)} unreadable "
            "cells; they match nothing"
        )
    if len(train) < 100:
        notes.append(
            f"{len(train)} training rows: a generator can hardly learn, an audit hardly see"
        )
    return tuple(notes)


def _disjoint(real: dict[str, Table]) -> None:
    roles = list(real)
    for i, first in enumerate(roles):
        for second in roles[i + 1 :]:
            a, b = real[first], real[second]
            if a.digest == b.digest:
                raise InputError(
                    f"{first} and {second} are the same table; give rows not trained on"
                )
            entity = a.schema.entity
            if entity is not None:
                shared = set(a.frame[entity].map(str)) & set(b.frame[entity].map(str))
                if shared:
                    raise InputError(
                        f"{first} and {second} share {len(shared)} entities (column {entity!r}); a "
                        "person must be on one side only"
                    )


def table_facts(
    tables: dict[str, Table], commit: Callable[[str], str], reference_note: str, equal_rows: int
) -> dict[Any, TableFacts]:
    """Return rows, units and digests by role; digests of real tables are keyed."""
    out = {}
    for role, table in tables.items():
        digest = f"sha256:{table.digest}" if role == "synthetic" else commit(table.digest)
        note = reference_note if role == "reference" else ""
        if role == "holdout":
            note = f"{equal_rows} distinct rows also occur in train; they stay in the game"
        out[role] = TableFacts(
            rows=len(table), units=len(set(table.units)), digest=digest, note=note
        )
    return out


def column_facts(
    train: Table, synthetic: Table, records: Records, space: Space
) -> tuple[ColumnFacts, ...]:
    """Return what the audit made of each column, and how much of the released one it could read."""
    unseen = {
        column.name: int((records.codes[:, j] == -1).sum()) for j, column in enumerate(space.coded)
    }
    facts = []
    for column in train.schema.columns:
        bad = synthetic.unreadable.get(column.name)
        unreadable = 0 if bad is None else int(bad.sum())
        is_entity = column.name == train.schema.entity
        facts.append(
            ColumnFacts(
                name=column.name,
                kind="entity" if is_entity else column.kind,
                read=column.name in space.names,
                domain="declared" if column.has_declared_domain else "inferred",
                released=column.name in synthetic.schema.names,
                unreadable=unreadable,
                unseen=max(unseen.get(column.name, 0) - unreadable, 0),
                note=column.reason or "",
            )
        )
    return tuple(facts)
