"""What a measure is given and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from privsynth import randomness
from privsynth.evidence import Evidence
from privsynth.neighbours import Encodings, Search
from privsynth.statistics import Estimate, Game
from privsynth.tables import Records, Schema, Space, Table, concat


@dataclass(frozen=True)
class Material:
    """The encoded tables of one audit, the membership game over them, and the level of its bounds.

    ``holdout`` and ``reference`` are None when the audit has no holdout: then there is no game.
    ``tables`` are the same rows before encoding, by role, with the columns that nothing encodes.
    """

    schema: Schema
    space: Space
    train: Records
    synthetic: Records
    holdout: Records | None
    reference: Records | None
    search: Search
    alpha: float
    seed: int
    tables: dict[str, Table]

    @cached_property
    def targets(self) -> Records:
        """Counted rows: train, then holdout."""
        return concat(self.train, self.need_holdout())

    @cached_property
    def game(self) -> Game:
        """Who of the targets is a member."""
        return Game.of(self.train.units, self.need_holdout().units)

    def need_holdout(self) -> Records:
        """Return the holdout; only measures that declare ``needs_holdout`` may ask."""
        if self.holdout is None:
            raise LookupError("this audit has no holdout")
        return self.holdout

    def need_reference(self) -> Records:
        """Return the reference rows; only measures that declare ``needs_holdout`` may ask."""
        if self.reference is None:
            raise LookupError("this audit has no reference")
        return self.reference

    @cached_property
    def encodings(self) -> Encodings:
        """Every encoding, fitted on all real rows together."""
        real = [self.train, self.holdout, self.reference]
        return Encodings(concat(*(rows for rows in real if rows is not None)))

    def rng(self, *label: str) -> np.random.Generator:
        """Return the generator that belongs to a probe."""
        return randomness.generator(self.seed, "audit", *label)


@dataclass(frozen=True)
class Found:
    """What a measure found: estimates, series for figures, notes."""

    estimates: tuple[Estimate, ...] = ()
    series: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    not_run: str | None = None


@dataclass(frozen=True)
class Measure:
    """One measure; ``run`` returns what it found, or the reason why it could not."""

    name: str
    home: str
    title: str
    source: str
    run: Callable[[Material], Found]
    needs_holdout: bool = True
    version: str = "1"
    costly: bool = False

    def evidence(self, material: Material, left_out: str | None = None) -> Evidence:
        """Return the measure's entry for ``evidence.json``; ``left_out`` says why it is not run."""
        if left_out is not None:
            found = Found(not_run=left_out)
        elif self.needs_holdout and material.holdout is None:
            found = Found(not_run="needs a holdout: rows of the source that were not trained on")
        else:
            found = self.run(material)
        return Evidence(
            id=self.name,
            kind="measure",
            version=self.version,
            title=self.title,
            source=self.source,
            estimates=tuple(estimate.rounded() for estimate in found.estimates),
            series=found.series or {},
            options=found.options or {},
            notes=found.notes,
            not_run=found.not_run,
        )


MIN_CELL = 11
"""Counts below this are not shown (the cell-size rule of the US CMS; peers use 3 to 20)."""


def shown_counts(values: Any, edges: Any) -> list[int | None]:
    """Return a histogram with small cells suppressed; the last bin takes all that lies beyond."""
    counts = np.histogram(np.minimum(values, edges[-1]), edges)[0]
    return [int(count) if count >= MIN_CELL else None for count in counts]


def quantile(name: str, values: Any, q: float, alpha: float) -> Estimate:
    """Return a quantile with distribution-free bounds from order statistics, each at 1 - alpha."""
    from scipy.stats import binom

    ordered = np.sort(values)
    n = len(ordered)
    low = int(binom.ppf(alpha, n, q)) - 1
    high = int(binom.isf(alpha, n, q))
    value = float(np.quantile(ordered, q, method="inverted_cdf"))
    return Estimate(
        name=name,
        value=value,
        low=min(float(ordered[low]) if low >= 0 else float(ordered[0]), value),
        high=max(float(ordered[min(high, n - 1)]), value),
        confidence=1 - 2 * alpha,
        method="order statistics",
        n=n,
    )
