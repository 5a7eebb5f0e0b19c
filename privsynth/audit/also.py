"""Earlier releases of the same source: an attacker holds all of them, not only the newest."""

from collections.abc import Sequence
from dataclasses import dataclass

from privsynth.errors import InputError
from privsynth.evidence import Audits, Earlier
from privsynth.tables import Table

UNION = "@union"
"""Ends the names of scores that were computed on this file and earlier releases together."""


@dataclass(frozen=True)
class Also:
    """A table of the same source that was released before, and what is known of it."""

    table: Table
    facts: Earlier


def check_counted(also: Sequence[object], *, has_holdout: bool) -> None:
    """Refuse earlier releases where no attack is counted on them."""
    if also and not has_holdout:
        raise InputError(
            "earlier releases (--also) without a holdout: no attack can be counted on them; an "
            "audit by folds has none either"
        )


def check_also(synthetic: Table, also: Sequence[Also], *, has_holdout: bool) -> None:
    """Refuse earlier releases that nothing could be counted on, or that are given twice.

    The same rows in another order, or another format, are the same table.
    """
    check_counted(also, has_holdout=has_holdout)
    seen = {synthetic.fingerprint: "the audited table itself"}
    for one in also:
        if one.table.schema.read != synthetic.schema.read:
            raise InputError(
                f"{one.facts.name}: an earlier release is compared in the schema of the audited "
                "table; its columns differ"
            )
        if (known := seen.get(one.table.fingerprint)) is not None:
            raise InputError(f"{one.facts.name}: as an earlier release it is {known}")
        seen[one.table.fingerprint] = f"the same table as {one.facts.name}"


def rows_of(also: Sequence[Also]) -> int:
    """Return how many rows the earlier releases have together."""
    return sum(len(one.table) for one in also)


def doubts(also: Sequence[Also], audits: Audits) -> tuple[str, ...]:
    """Return what may be missing in the union, a sentence each."""
    told = []
    if audits.unjoined:
        told.append(
            f"this source was released before: {audits.released_before} tables, and this audit "
            f"lacks {audits.unjoined}; whoever holds several can average over them: audit their "
            "union with --also"
        )
    for one in also:
        if one.facts.same_rows is False:
            told.append(
                f"{one.facts.name}: its label names other training rows than these, or another "
                "schema; if some lie in the holdout, the union shows less than an attacker sees"
            )
        elif one.facts.same_rows is None:
            told.append(
                f"{one.facts.name}: no label says which rows it was made from; if some lie in the "
                "holdout, the union shows less than an attacker sees"
            )
    return tuple(told)
