"""Train, holdout and reference: disjoint by unit, seeded, without a look at any value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.errors import InputError
from privsynth.tables.table import Table

MIN_UNITS = 20
"""Below this number of units no statement can be made; ``split`` refuses."""


@dataclass(frozen=True)
class Split:
    """Three tables that share no unit, and for each the row numbers it took from the source."""

    train: Table
    holdout: Table
    reference: Table
    rows: dict[str, Any]
    unit: str


def split(
    table: Table, rng: np.random.Generator, shares: tuple[float, float, float] = (0.5, 0.25, 0.25)
) -> Split:
    """Return a random split by unit (entity where declared, else row).

    ``shares`` are those of train, holdout and reference and sum to 1. Equal rows are treated like
    any others, whichever side they fall on (gate-statistics 1).
    """
    if not (min(shares) > 0 and abs(sum(shares) - 1) <= 1e-9):
        raise InputError(
            "the split shares of train, holdout and reference must be above 0 and sum to 1"
        )
    units = table.units
    order = rng.permutation(int(units.max()) + 1)
    if len(order) < MIN_UNITS:
        raise InputError(
            f"{table.name}: {len(order)} units are too few for any statement; "
            f"at least {MIN_UNITS} are needed"
        )
    cuts = np.round(np.cumsum(shares[:2]) * len(order)).astype(int)
    if not 0 < cuts[0] < cuts[1] < len(order):
        raise InputError(
            f"{table.name}: with these split shares one of train, holdout and reference gets none "
            f"of the {len(order)} units"
        )
    names = ("train", "holdout", "reference")
    rows = {
        name: np.flatnonzero(np.isin(units, part))
        for name, part in zip(names, np.split(order, cuts), strict=True)
    }
    parts = {name: table.take(index, name) for name, index in rows.items()}
    return Split(**parts, rows=rows, unit=table.schema.entity or "row")


def halve(table: Table, rng: np.random.Generator, names: tuple[str, str]) -> tuple[Table, Table]:
    """Return two tables with half of the units each, the first one larger by at most one unit."""
    units = table.units
    order = rng.permutation(int(units.max()) + 1)
    first = np.isin(units, order[: (len(order) + 1) // 2])
    return (
        table.take(np.flatnonzero(first), names[0]),
        table.take(np.flatnonzero(~first), names[1]),
    )
