"""What values each column may hold, and who says so: the public frame of a private look."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from privsynth.errors import InputError
from privsynth.privacy.ledger import Ledger
from privsynth.tables.convert import microseconds
from privsynth.tables.schema import ORDERED, Column, Kind, Schema, microsecond
from privsynth.tables.table import Table

Source = Literal["declared", "learnt", "read"]

OTHER = "__other__"
"""Stands for every category that is not in the domain."""

LEARN_DELTA = 0.1
"""Of delta, what learning the categories of all undeclared columns may use."""

FALSE_CELL = 1e-3
"""Chance that any bound of any column is set by noise where there are no rows."""

_POWERS = (-64, 127)
_YEARS = (1800, 2200)


@dataclass(frozen=True)
class ColumnDomain:
    """The values one column may hold; datetimes are bounded in microseconds since 1970.

    ``decimals`` None: not known. ``source`` read: bounds or categories come from the rows
    themselves, so that no claim covers them.
    """

    name: str
    kind: Kind
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] | None = None
    decimals: int | None = None
    nullable: bool = True
    source: Source = "declared"


Domain = tuple[ColumnDomain, ...]
"""One entry a column, in the order of the table."""


def domain_of(schema: Schema) -> Domain:
    """Return what the schema says of each column that is read.

    ``InputError`` names every column without bounds or categories, and says what to do.
    """
    lacking = [repr(c.name) for c in schema.read if not _has_domain(c)]
    if lacking:
        raise InputError(
            f"no bounds or categories are declared for {', '.join(lacking)}: write low and high, "
            "or categories, from public knowledge into the schema; or learn them privately "
            "(--learn-domain), which takes a tenth of the budget: at epsilon 1 about as much is "
            "left for everything else as epsilon 0.95 would buy"
        )
    return tuple(_declared(column) for column in schema.read)


def read_domain(table: Table) -> Domain:
    """Return the declared domains, and what the rows hold where none is declared: noise off."""
    return tuple(
        _declared(column) if _has_domain(column) else _read(table, column)
        for column in table.schema.read
    )


def learn_domain(table: Table, schema: Schema, ledger: Ledger, rho: float) -> Domain:
    """Return the declared domains, and private ones where none is declared, for ``rho`` in all.

    Numbers: cells between powers of two, of either sign (datetimes: years), counted with noise;
    from the first to the last cell that stands so far above it that one without rows does with
    probability 1e-3 over all columns, and one cell more. Categories: those whose noisy count
    passes a threshold, for a tenth of delta in all; every other one becomes ``__other__``. Domains
    that were read from the rows count as undeclared.
    """
    asked = [c.name for c in schema.read if not (c.has_declared_domain or c.kind == "boolean")]
    coded = [c for c in schema.read if c.name in asked and c.kind not in ORDERED]
    share = rho / max(len(asked), 1)
    delta = ledger.budget.delta * LEARN_DELTA / max(len(coded), 1)
    found = []
    for column in schema.read:
        if column.name not in asked:
            found.append(_declared(column))
        elif column.kind in ORDERED:
            low, high = _bounds(table.frame[column.name], column, ledger, share, len(asked))
            found.append(_domain(column, "learnt", low=low, high=high))
        else:
            counts = table.frame[column.name].value_counts().to_dict()
            frequent = ledger.threshold(counts, f"categories of {column.name}", share, delta)
            names = sorted(str(name) for name in frequent if name != OTHER)
            found.append(_domain(column, "learnt", categories=(*names, OTHER)))
    return tuple(found)


def _has_domain(column: Column) -> bool:
    bounds = column.low is not None and column.high is not None
    return column.kind == "boolean" or bounds or column.categories is not None


def _declared(column: Column) -> ColumnDomain:
    low, high = column.ends
    public = column.has_declared_domain or column.kind == "boolean"
    source: Source = "declared" if public else "read"
    return _domain(column, source, low=low, high=high, categories=column.categories)


def _domain(column: Column, source: Source, **entries: Any) -> ColumnDomain:
    """Return a domain with the public entries of ``column``: what was inferred is not known."""
    decimals = None if "decimals" in column.inferred else column.decimals
    nullable = None if "nullable" in column.inferred else column.nullable
    return ColumnDomain(
        column.name, column.kind, **entries,
        decimals=decimals, nullable=nullable is not False, source=source,
    )  # fmt: skip


def _read(table: Table, column: Column) -> ColumnDomain:
    cells = table.frame[column.name]
    if column.kind not in ORDERED:
        return _domain(column, "read", categories=tuple(sorted(set(cells.dropna()))))
    values = _numbers(cells)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    # A bound that is declared alone stays.
    ends = [r if end is None else end for end, r in zip(column.ends, (low, high), strict=True)]
    return _domain(column, "read", low=min(ends), high=max(ends))


def _numbers(cells: Any) -> Any:
    if cells.dtype.kind == "M":
        return microseconds(cells)
    return cells.to_numpy(np.float64, na_value=np.nan)


def _bounds(
    cells: Any, column: Column, ledger: Ledger, rho: float, columns: int
) -> tuple[float, float]:
    """Return private bounds: those of the first and last cell that holds rows; 0 and 0 for none.

    One more cell on either side takes in most of what is too rare to be seen, but none beyond
    zero, which many a column cannot pass.
    """
    from scipy.special import ndtri

    edges = _edges(column)
    values = _numbers(cells)
    values = np.clip(values[~np.isnan(values)], edges[0], np.nextafter(edges[-1], 0))
    exact = np.histogram(values, edges)[0]
    noisy = ledger.histogram(exact, f"bounds of {column.name}", rho)
    limit = -ndtri(FALSE_CELL / columns / len(exact)) * ledger.scale(rho)
    held = np.flatnonzero(noisy > limit)
    if not len(held):
        return 0.0, 0.0
    zero = -1 if column.kind == "datetime" else len(exact) // 2
    first, last, whole = int(held[0]), int(held[-1]), column.kind == "integer"
    grows = last < len(exact) - 1
    if last == zero:
        grows = whole and first == zero  # a flag that is rarely set
    elif whole and last == zero + 1:
        grows = False  # a flag
    first, last = first - (first not in (0, zero)), last + grows
    low, high = float(edges[first]), float(edges[last + 1])
    if whole:
        return float(math.ceil(low)) + 0.0, float(math.floor(high))
    return 0.0 if first == zero else low, 0.0 if last == zero else high


def _edges(column: Column) -> Any:
    """Return the edges of the cells: powers of two of either sign around zero, or years.

    Integers lie half a step from them: 0, 1, 2 and 3, 4 to 7, and so on are a cell each.
    """
    if column.kind == "datetime":
        return np.array([microsecond(str(year)) for year in range(_YEARS[0], _YEARS[1] + 1)])
    if column.kind == "integer":
        powers = np.minimum(2.0 ** np.arange(64) - 0.5, 2.0**63 - 1024)
    else:
        powers = 2.0 ** np.arange(_POWERS[0], _POWERS[1] + 1)
    return np.concatenate([-powers[::-1], powers])
