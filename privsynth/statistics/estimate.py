"""A number that never travels without its interval."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

DIGITS = 4
"""Decimals that leave the house; ``rounded`` widens the interval to them, never narrows it."""
SCALE = 10.0**DIGITS


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
        return self.model_copy(
            update={
                "value": _nearest(self.value),
                "low": min(_down(self.low), _nearest(self.value)),
                "high": max(_up(self.high), _nearest(self.value)),
                "expected": None if self.expected is None else _nearest(self.expected),
                "adjusted_low": None if self.adjusted_low is None else _down(self.adjusted_low),
                "p": None if self.p is None else _up(self.p),
            }
        )


def _nearest(x: float) -> float:
    return round(x, DIGITS) + 0.0


def _down(x: float) -> float:
    return math.floor(round(x * SCALE, 6)) / SCALE + 0.0


def _up(x: float) -> float:
    steps = math.ceil(round(x * SCALE, 6))
    # What is above 0 stays above it: a p-value of 1e-12 is not 0.
    return (max(steps, 1) if x > 0 else steps) / SCALE + 0.0
