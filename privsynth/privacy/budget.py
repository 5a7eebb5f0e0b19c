"""What may be spent: epsilon and delta, for whom, and against which neighbouring table."""

import math
from dataclasses import dataclass
from typing import Literal

from privsynth.errors import InputError

Unit = Literal["row", "entity"]
Relation = Literal["add_remove", "replace_one"]
UNITS = {"row": "rows", "entity": "entities"}


@dataclass(frozen=True)
class Budget:
    """A privacy budget: the whole release is to be (epsilon, delta)-differentially private.

    ``unit`` says whose presence is hidden: one row, or one entity with at most ``rows_per_unit``
    rows. ``neighbours``: tables that differ by one unit more or less (``add_remove``), or by one
    unit exchanged for another (``replace_one``). ``InputError`` says what is no budget.
    """

    epsilon: float
    delta: float = 1e-5
    unit: Unit = "row"
    rows_per_unit: int = 1
    neighbours: Relation = "add_remove"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.epsilon) and self.epsilon > 0):
            raise InputError("epsilon must be a finite number above zero")
        if not 0 < self.delta < 1:
            raise InputError("delta must lie between 0 and 1; 1e-5 is usual, below 1 / rows")
        if self.rows_per_unit < 1 or (self.unit == "row" and self.rows_per_unit != 1):
            raise InputError("rows per entity must be at least 1, and need an entity as unit")
        for name, value, known in (
            ("unit", self.unit, ("row", "entity")),
            ("neighbours", self.neighbours, ("add_remove", "replace_one")),
        ):
            if value not in known:
                raise InputError(f"{name} must be one of {', '.join(known)}")

    def check_units(self, units: int) -> None:
        """Refuse a delta that is no protection for a table of so many units (rows or entities)."""
        if self.delta * units >= 1:
            raise InputError(
                f"delta {self.delta:g} is not below 1 / {units:,} {UNITS[self.unit]}: it would "
                "allow the whole record of somebody to be handed out; ask for less than "
                f"{1 / units:.1g}"
            )
