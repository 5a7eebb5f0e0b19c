"""What values each column may hold, and who says so: the public frame of a private look."""

from dataclasses import dataclass
from typing import Literal

from privsynth.tables.schema import Kind

Source = Literal["declared", "learnt", "read"]


@dataclass(frozen=True)
class ColumnDomain:
    """The values one column may hold; datetimes are bounded in microseconds since 1970."""

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
