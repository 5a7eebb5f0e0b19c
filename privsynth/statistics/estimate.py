"""A number that never travels without its interval."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

DIGITS = 4
"""Decimals of the evidence; ``rounded`` widens the interval to them, never narrows it."""


class Estimate(BaseModel):
    """A value with its interval: ``low`` and ``high`` are each a one-sided bound.

    ``confidence`` is that of the two-sided interval, so each end alone is a one-sided bound at
    ``(1 + confidence) / 2`` (0.90 makes two 95 % bounds; gate-statistics 2). ``expected`` is what
    a clean table would give, ``adjusted_low`` the lower bound after correction over everything
    tried, ``p`` a p-value of the test named in ``method``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    value: float
    low: float
    high: float
    confidence: float
    method: str
    n: int
    expected: float | None = None
    adjusted_low: float | None = None
    p: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.name}: low <= value <= high does not hold")
        if not 0 < self.confidence < 1:
            raise ValueError(f"{self.name}: confidence must lie between 0 and 1")
        return self

    def rounded(self) -> "Estimate":
        """Return it at ``DIGITS`` decimals, bounds rounded outward and p upward."""
        return self.outward(DIGITS).model_copy(
            update={
                "expected": None if self.expected is None else round(self.expected, DIGITS) + 0.0,
                "p": None if self.p is None else _up(self.p, DIGITS),
            }
        )

    def outward(self, digits: int) -> "Estimate":
        """Return it with value and bounds at so many decimals, each bound at least as careful."""
        value = round(self.value, digits) + 0.0
        floor = self.adjusted_low
        return self.model_copy(
            update={
                "value": value,
                "low": min(_down(self.low, digits), value),
                "high": max(_up(self.high, digits), value),
                "adjusted_low": None if floor is None else _down(floor, digits),
            }
        )


def _down(x: float, digits: int) -> float:
    scale = 10.0**digits
    return math.floor(round(x * scale, 6)) / scale + 0.0


def _up(x: float, digits: int) -> float:
    scale = 10.0**digits
    steps = math.ceil(round(x * scale, 6))
    # What is above 0 stays above it: a p-value of 1e-12 is not 0.
    return (max(steps, 1) if x > 0 else steps) / scale + 0.0
