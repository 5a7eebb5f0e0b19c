"""The values an ordered column may take, as whole ticks, and the first cells to count them in.

A number of so many decimals, an integer and a datetime of so coarse a step all are ``k`` ticks for
a whole ``k`` between two bounds. Cells are runs of ticks, so that their edges lie half a tick from
every value: a value never sits on an edge (the grid decides more than the mechanism).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.privacy import ColumnDomain

FINEST = 2**50
"""Ticks stay below this, so that a float counts them one by one."""

SINGLE = 64
"""Up to so many ticks each is a cell of its own."""

_UNIFORM = 12
_LOGARITHMIC = 12
_DECADES = 5

STEPS = (86_400_000_000, 1_000_000, 1)
"""A datetime is counted in days, seconds or microseconds."""


@dataclass(frozen=True)
class Line:
    """The values ``k * step / parts`` for ``first <= k <= last``, within ``low`` and ``high``."""

    low: float
    high: float
    step: float
    parts: float
    first: int
    last: int
    is_time: bool = False
    is_public: bool = True

    def ticks(self, values: Any) -> Any:
        """Return the nearest ticks within the bounds, int64; the values hold no NaN."""
        inside = np.clip(values, self.low, self.high)
        return np.clip(np.rint(inside / self.step * self.parts), self.first, self.last).astype(
            np.int64
        )

    def values(self, ticks: Any) -> Any:
        """Return the values of ticks, float64: the same double as the decimal's own text gives."""
        with np.errstate(over="ignore"):  # the last tick of all floats may lie beyond them
            return np.clip(ticks * self.step / self.parts, self.low, self.high)


def line(domain: ColumnDomain, fineness: int | None) -> Line:
    """Return the ticks of an ordered column.

    ``fineness`` is the number of decimals of a number, or the place of a datetime's step in
    ``STEPS``; None asks for the finest that can be counted (15 digits or so).
    """
    low, high = float(domain.low or 0.0), float(domain.high or 0.0)
    reach = max(abs(low), abs(high))
    if domain.kind == "datetime":
        wished = 2 if fineness is None else fineness
        # From the year 2255 on a float does not tell microseconds apart.
        step, parts = float(STEPS[wished if reach < 2**53 else min(wished, 1)]), 1.0
    else:
        finest = math.floor(math.log10(FINEST) - math.log10(reach)) if reach else 0
        wished = finest if fineness is None else fineness
        decimals = max(min(finest, wished if domain.kind == "numeric" else 0, 300), -300)
        step, parts = (1.0, 10.0**decimals) if decimals >= 0 else (10.0**-decimals, 1.0)
    first, last = _tick(low / step * parts, math.ceil), _tick(high / step * parts, math.floor)
    if first > last:  # no multiple of the step lies between the bounds
        first = last = round((low / 2 + high / 2) / step * parts)
    is_time, is_public = domain.kind == "datetime", domain.source != "read"
    return Line(low, high, step, parts, first, last, is_time, is_public)


def _tick(place: float, towards: Callable[[float], int]) -> int:
    """Return the tick at ``place``, or the next one inwards if there is none."""
    nearest = round(place)
    return nearest if abs(place - nearest) <= 4 * math.ulp(place) else towards(place)


def first_ticks(line: Line) -> Any:
    """Return the first tick of each cell to begin with, ascending int64 ``(cells,)``.

    Few ticks are a cell each. Many are cut evenly and, but for datetimes, evenly on a log scale
    around zero as well; zero and both bounds, where values gather, have cells of their own (bounds
    that were read from the rows do not: that cell would hold nobody but the one on the bound).
    """
    first, last = line.first, line.last
    if last - first < SINGLE:
        return np.arange(first, last + 1)
    edges: list[Any] = [np.linspace(first, last + 1, _UNIFORM + 1)]
    if line.is_public:
        edges.append([first + 1, last])
    if not line.is_time:
        low, high = _bent(np.array([first, last + 1]), line)
        scale = np.linspace(low, high, _LOGARITHMIC + 1)
        edges += [np.sign(scale) * _bend(line) * np.expm1(np.abs(scale)), [0, 1]]
    starts = np.unique(np.round(np.concatenate(edges)).astype(np.int64))
    return starts[(starts >= first) & (starts <= last)]


def reference(line: Line, starts: Any) -> Any:
    """Return how much of the column each cell would hold if nothing were known, ``(cells,)``.

    Half is spread evenly over the ticks, half evenly over the log scale (datetimes and few ticks:
    all evenly).
    """
    if line.last - line.first < SINGLE:
        return np.full(len(starts), 1 / len(starts))
    edges = np.append(starts, line.last + 1).astype(np.float64)
    even = np.diff(edges) / (edges[-1] - edges[0])
    if line.is_time:
        return even
    bent = np.diff(_bent(edges, line))
    return (even + bent / bent.sum()) / 2


def _bend(line: Line) -> float:
    """Return the ticks around zero within which the log scale is nearly even."""
    return float(max(1.0, max(abs(line.first), abs(line.last)) / 10.0**_DECADES))


def _bent(ticks: Any, line: Line) -> Any:
    return np.sign(ticks) * np.log1p(np.abs(ticks) / _bend(line))


def cut(starts: Any, widths: Any, ways: int) -> tuple[Any, Any]:
    """Return the first ticks of the pieces of runs, each cut into ``ways``, and their numbers.

    Runs narrower than ``ways`` ticks are cut into single ticks. Shapes: the first ``(pieces,)``,
    the second ``(runs,)``.
    """
    pieces = np.minimum(widths, ways)
    place = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    offset = np.repeat(widths, pieces) * place // np.repeat(pieces, pieces)
    return np.repeat(starts, pieces) + offset, pieces


def shortest(first: int, last: int) -> int:
    """Return the tick from ``first`` to ``last`` with the fewest digits, the lowest of equals."""
    if first <= 0 <= last:
        return 0
    unit = 1
    while True:
        wider = unit * 10
        if -(-first // wider) * wider > last:
            return -(-first // unit) * unit
        unit = wider


def decimals_needed(values: Any, most: int) -> Any:
    """Return how many decimals each value needs, ``(n,)``; ``most + 1`` for more than ``most``."""
    needed = np.full(len(values), most + 1)
    left = np.arange(len(values))
    for places in range(most + 1):
        power = 10.0**places
        exact = np.rint(values[left] * power) / power == values[left]
        needed[left[exact]] = places
        left = left[~exact]
    return needed


def step_needed(values: Any) -> Any:
    """Return the place in ``STEPS`` of the coarsest step that each datetime is a multiple of."""
    return np.where(values % STEPS[0] == 0, 0, np.where(values % STEPS[1] == 0, 1, 2))
