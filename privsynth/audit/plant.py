"""Leaks made on purpose, to see whether the audit sees them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from privsynth.statistics import Game
from privsynth.tables import Records, Table
from privsynth.tables.convert import microseconds

JITTER = 0.005
"""Standard deviation of planted noise, as a share of the spread between the 10 and 90 % quantiles.

Not of the range: in a heavy-tailed column half a percent of the range is many people wide, and
what was planted would be no near-copy any more.
"""
SWAPPED = 0.01
"""Share of planted category cells that are replaced by somebody else's."""


@dataclass(frozen=True)
class Limits:
    """What the registered policy tolerates: the positive control plants a leak of that size."""

    auc: float = 0.60
    tpr: float = 0.05

    def planted_share(self, game: Game) -> float:
        """Return the share of members to copy: 2·AUC - 1 at the limit plus 1.5 standard errors.

        A bound at 95 % lets a leak exactly at the limit pass in 5 % of audits by definition; that
        much more makes it under 1 %, so that the control does not disturb clean audits.
        """
        n1, n0 = game.n_members, game.n_non_members
        error = math.sqrt((n1 + n0 + 1) / (12 * n1 * n0))
        return min(max(2 * (self.auc + 1.5 * error) - 1, 0.01), 1.0)


def jittered_copies(train: Table, pool: Table, rng: np.random.Generator) -> Table:
    """Return the training rows with half a percent of noise and 1 % of the categories replaced.

    Noise is relative to the spread of a column between its 10 and 90 % quantiles; replacements are
    drawn from ``pool`` (other people's rows). Missing cells stay missing.
    """
    frame = train.frame.copy()
    for column in train.schema.read:
        cells = frame[column.name]
        if column.kind in ("numeric", "integer", "datetime"):
            noise = rng.normal(0, JITTER * _spread(cells, column.kind), len(cells))
            frame[column.name] = _moved(cells, column.kind, noise)
        else:
            swap = rng.random(len(cells)) < SWAPPED
            others = pool.frame[column.name].to_numpy(object)
            drawn = others[rng.integers(0, len(others), len(cells))]
            swap &= cells.notna().to_numpy()
            mixed = np.where(swap, drawn, cells.to_numpy(object))
            frame[column.name] = pd.Series(mixed, index=cells.index).astype(cells.dtype)
    return Table(frame, train.schema, "planted")


def _spread(cells: pd.Series, kind: str) -> float:
    """Return the distance between the 10 and 90 % quantiles, in the column's own unit (or µs)."""
    present = cells.dropna()
    if not len(present):
        return 0.0
    values = microseconds(present) if kind == "datetime" else present.to_numpy(np.float64)
    low, high = np.quantile(values, [0.1, 0.9])
    return float(high - low)


def _moved(cells: pd.Series, kind: str, noise: Any) -> pd.Series:
    if kind == "numeric":
        return cells + noise
    if kind == "integer":
        return (cells.astype("Float64") + noise).round().astype("Int64")
    return cells + pd.to_timedelta(np.round(noise), unit="us")


def exact_copies(train: Records, share: float, rng: np.random.Generator) -> Records:
    """Return verbatim copies of a random share of the training rows, at least one."""
    n = max(1, round(share * len(train)))
    return train.take(np.sort(rng.permutation(len(train))[:n]))


def resampled_columns(train: Records, rng: np.random.Generator) -> Records:
    """Return rows whose every column is drawn on its own from the training rows, with replacement.

    No row is a copy and no row is near one, yet every value belongs to a member (attacks.md 9.5).
    """
    n = len(train)

    def drawn(values: Any, picks: Any) -> Any:
        return np.take_along_axis(values, picks, axis=0)

    p, q = train.numbers.shape[1], train.codes.shape[1]
    picks = rng.integers(0, n, (n, p + q))
    return Records(
        drawn(train.numbers, picks[:, :p]),
        drawn(train.codes, picks[:, p:]),
        drawn(train.cells, picks),
        np.arange(n),
    )
