"""The fine cells of one column, counted through the ledger: where a value lies, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from privsynth.privacy import ColumnDomain, Noise
from privsynth.privacy.domain import OTHER
from privsynth.synthesizers._codebook.descent import Cells, survey
from privsynth.synthesizers._codebook.grid import SINGLE, Line, decimals_needed, line, step_needed
from privsynth.synthesizers._codebook.smooth import nearest_weights
from privsynth.tables.convert import microseconds
from privsynth.tables.distinct import distinct
from privsynth.tables.schema import ORDERED

DECIMALS = 9
"""Numbers that need more decimals than this are counted as finely as floats go."""

_LEARN = 0.1
"""Of a column's share, what it takes to learn its decimals or its step."""

_CLEAR = 2.5
"""Deviations of the noise above which missing cells are taken to be there: 0.6 % by chance.

Not more, since to lose a real share of missing cells costs more than a bin that turns out empty.
"""

_STRANGE = 5.0
"""The same for unknown categories, of which a declared domain should have none."""

_SEEN = 3.0
"""The same of values that need so many decimals: 1.2 % by chance, nine times 0.13 %."""

_WHOLE = 2.0**63 - 1024
"""The largest double below 2^63."""


@dataclass(frozen=True)
class Fine:
    """Fine cells of a column in order, the missing one last, and noisy counts of each.

    ``line`` and ``cells`` place numbers and datetimes, ``labels`` everything else. ``weights`` are
    non-negative estimates of the counts, ``kept`` marks the cells that may be drawn, and ``noise``
    is the standard deviation of the noise in the first counts.
    """

    domain: ColumnDomain
    counts: Any
    variances: Any
    weights: Any
    kept: Any
    origin: Any
    origin_variances: Any
    noise: float
    line: Line | None = None
    cells: Cells | None = None
    labels: tuple[Any, ...] = ()

    @property
    def is_ordered(self) -> bool:
        """Whether neighbouring cells hold neighbouring values."""
        return self.domain.kind in ORDERED or self.domain.kind == "ordinal"

    def find(self, cells: pd.Series) -> Any:
        """Return the fine cell of every value, int64 ``(rows,)``."""
        if self.line is None:
            return _places(cells, self.labels)
        assert self.cells is not None
        values = numbers(cells)
        missing = np.isnan(values)
        ticks = self.line.ticks(np.where(missing, self.line.low, values))
        return np.where(
            missing, len(self.cells), np.searchsorted(self.cells.starts, ticks, side="right") - 1
        )

    def draw(self, found: Any, rng: np.random.Generator) -> pd.Series:
        """Return a value of each of these fine cells, in the column's canonical type."""
        missing = found == len(self.weights) - 1
        if self.line is None:
            table = np.array([*self.labels, None], dtype=object)
            if self.domain.kind != "boolean":
                return pd.Series(table[found], dtype=object)
            truth = pd.arrays.BooleanArray((found == 1) & ~missing, missing)
            return pd.Series(truth)
        assert self.cells is not None
        place = np.where(missing, 0, found)
        ticks = rng.integers(self.cells.low[place], self.cells.high[place], endpoint=True)
        values = self.line.values(ticks)
        if self.domain.kind == "numeric":
            return pd.Series(np.where(missing, np.nan, values))
        whole = np.clip(np.rint(values), -_WHOLE, _WHOLE).astype(np.int64)
        if self.domain.kind == "integer":
            return pd.Series(pd.arrays.IntegerArray(whole, missing))
        return pd.Series(np.where(missing, np.datetime64("NaT", "us"), whole.astype("M8[us]")))


def price(domain: ColumnDomain) -> float:
    """Return how much of the budget a column needs, relative to the others.

    The error of a column with m cells goes with the root of m over the root of rho: the sum over
    columns is least where rho goes with the cube root of m.
    """
    if domain.kind == "boolean":
        return float(np.cbrt(2))
    if domain.kind not in ORDERED:
        return float(np.cbrt(len(domain.categories or ()) + 1))
    if domain.kind == "integer":
        return float(np.cbrt(min((domain.high or 0) - (domain.low or 0) + 1, 2 * SINGLE)))
    return float(np.cbrt(2 * SINGLE))


def fine_cells(
    cells: pd.Series, domain: ColumnDomain, noise: Noise, rho: float
) -> tuple[Fine, int]:
    """Return the fine cells of a column for at most ``rho``, and how many values are outside.

    Missing cells are counted with the values unless there can be none. Where their noisy count, or
    that of unknown categories, does not stand clear of the noise, none is ever drawn.
    """
    if domain.kind in ORDERED:
        return _ordered(cells, domain, noise, rho)
    return _coded(cells, domain, noise, rho)


def _coded(cells: pd.Series, domain: ColumnDomain, noise: Noise, rho: float) -> tuple[Fine, int]:
    labels = _labels(domain)
    exact = np.bincount(_places(cells, labels), minlength=len(labels) + 1)
    asked = exact if domain.nullable else exact[:-1]
    scale = noise.scale(rho)
    counts = np.zeros(len(exact))
    counts[: len(asked)] = noise.histogram(asked, f"histogram of {domain.name}", rho)
    weights, special = counts.copy(), np.zeros(len(counts), bool)
    special[-1], special[:-1] = True, [label == OTHER for label in labels]
    clear = np.where(np.arange(len(counts)) == len(counts) - 1, _CLEAR, _STRANGE)
    kept = ~special | (counts > clear * scale)
    weights[~kept] = 0.0
    if scale:
        weights[kept] = nearest_weights(counts[kept], counts[kept].sum())
    variances = np.full(len(counts), scale**2)
    fine = Fine(
        domain=domain,
        counts=counts,
        variances=variances,
        weights=weights,
        kept=kept if scale else kept & (counts > 0),
        origin=np.arange(len(counts)),
        origin_variances=variances,
        noise=scale,
        labels=labels,
    )
    beyond = OTHER in labels and OTHER not in (domain.categories or ())
    gone = 0 if domain.nullable else int(exact[-1])
    return fine, gone + (int(exact[-2]) if beyond else 0)


def _labels(domain: ColumnDomain) -> tuple[Any, ...]:
    if domain.kind == "boolean":
        return (False, True)
    known = domain.categories or ()
    return known if OTHER in known else (*known, OTHER)


def _ordered(cells: pd.Series, domain: ColumnDomain, noise: Noise, rho: float) -> tuple[Fine, int]:
    values = numbers(cells)
    missing = np.isnan(values)
    present = values[~missing]
    fineness, spent = _fineness(present, domain, noise, rho * _LEARN)
    places = line(domain, fineness)
    gone = int(missing.sum())
    asked = [gone] if domain.nullable else []
    ticks, name = places.ticks(present), domain.name
    found, answer, scale = survey(places, ticks, asked, noise, name, rho - spent)
    empty = float(answer.sum())
    kept = empty > _CLEAR * scale
    first = int(found.origin.max()) + 1
    fine = Fine(
        domain=domain,
        counts=np.append(found.counts, empty),
        variances=np.append(found.variances, scale**2),
        weights=np.append(found.weights, empty if kept else 0.0),
        kept=np.append((found.weights > 0) | (scale > 0), kept),
        origin=np.append(found.origin, first),
        origin_variances=np.full(first + 1, scale**2),
        noise=scale,
        line=places,
        cells=found,
    )
    outside = (present < places.low) | (present > places.high)
    return fine, int(outside.sum()) + (0 if domain.nullable else gone)


def _fineness(
    present: Any, domain: ColumnDomain, noise: Noise, rho: float
) -> tuple[int | None, float]:
    """Return the decimals of a number or the step of a datetime, and the rho it took to ask.

    The finest that a number of values need which stands clear of the noise; None where that is
    more decimals than are asked for.
    """
    if domain.kind == "integer" or domain.decimals is not None:
        return domain.decimals, 0.0
    dates = domain.kind == "datetime"
    most = 2 if dates else DECIMALS
    needed = step_needed(present) if dates else decimals_needed(present, most)
    exact = np.bincount(needed, minlength=3 if dates else most + 2)
    what = f"{'step' if dates else 'decimals'} of {domain.name}"
    counts = noise.histogram(exact, what, rho)
    clear = np.flatnonzero(counts > _SEEN * noise.scale(rho))
    found = int(clear[-1]) if len(clear) else int(np.argmax(counts))
    return (found if found <= most else None), rho


def numbers(cells: pd.Series) -> Any:
    """Return ordered cells as floats, datetimes in microseconds since 1970, NaN where missing."""
    if cells.dtype.kind == "M":
        return microseconds(cells)
    return cells.to_numpy(np.float64, na_value=np.nan)


def _places(cells: pd.Series, labels: tuple[Any, ...]) -> Any:
    """Return the place of each value in ``labels``: of ``OTHER`` if unknown, beyond if none."""
    known, values = distinct(cells.astype(object))
    order = {label: place for place, label in enumerate(labels)}
    table = [order.get(value, order.get(OTHER, len(labels))) for value in values]
    return np.array([*table, len(labels)])[known]
