"""What the measures of disclosure share: which columns, which people, bins and planted copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.measures._base import Material
from privsynth.statistics import Estimate, Game
from privsynth.tables import Records, Space, concat

MOST_ROWS = 5000
"""Targets a side that are attacked one by one; more are drawn at random, by unit."""
SECRETS = 6
BINS = 10
LEFT = 0.2
"""A risk is printed where at least this share of the others stays safe."""
PLANTED = 0.2
"""Share of the training rows that a positive control adds to the released ones, verbatim."""


@dataclass(frozen=True, eq=False)
class People:
    """Targets, members first, and their game; ``units`` are whole and on one side."""

    rows: Records
    game: Game

    def known(self, mask: Any) -> "People":
        """Return the rows under ``mask (n,)`` and the game of what is left of each unit."""
        members = self.game.is_member
        units = self.game.units
        game = Game.of(units[mask & members], units[mask & ~members])
        return People(self.rows.take(np.flatnonzero(mask)), game)


def sample(material: Material, label: str, most: int = MOST_ROWS) -> People:
    """Return at most ``most`` rows of each side, drawn by unit and at random, at least one unit."""
    rng = material.rng("measure", label, "targets")
    sides = [_drawn(rows, most, rng) for rows in (material.train, material.need_holdout())]
    return People(concat(*sides), Game.of(sides[0].units, sides[1].units))


def _drawn(rows: Records, most: int, rng: np.random.Generator) -> Records:
    if len(rows) <= most:
        return rows
    inverse = np.unique(rows.units, return_inverse=True)[1]
    sizes = np.bincount(inverse)
    order = rng.permutation(len(sizes))
    n = max(int((np.cumsum(sizes[order]) <= most).sum()), 1)
    return rows.take(np.flatnonzero(np.isin(inverse, order[:n])))


def planted(material: Material, label: str) -> Records:
    """Return verbatim copies of a random fifth of the training rows, at least one."""
    rng = material.rng("measure", label, "control")
    n = max(1, round(PLANTED * len(material.train)))
    return material.train.take(np.sort(rng.permutation(len(material.train))[:n]))


def judged(low: float) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return options and notes of a positive control whose excess has this lower bound."""
    options = {"control": "seen" if low > 0 else "missed", "control_planted": PLANTED}
    if low > 0:
        return options, ()
    return options, (
        f"no information: with {PLANTED:.0%} of the training rows added verbatim this measure saw "
        "no excess either, so its silence says nothing about this table",
    )


def risk(name: str, excess: Estimate, low: float, others: float) -> tuple[Estimate, ...]:
    """Return (r_M - r_N) / (1 - r_N), unclipped, or nothing where less than 0.2 is left.

    The form of Giomi et al. 2022: which part of what is not known of ``others`` (their rate r_N)
    the table gives away of members. ``low`` is the bound of the excess after correction. For
    readers, never for a gate: it explodes where nearly everything is known anyway.
    """
    left = 1 - others
    if left < LEFT:
        return ()
    ends = {"value": excess.value, "low": min(low, excess.value), "high": excess.high}
    scaled = {end: value / left for end, value in ends.items()}
    more = {"name": name, "method": "newcombe by unit, divided", "adjusted_low": None, "p": None}
    return (excess.model_copy(update={**scaled, **more}),)


def only(rows: Records, space: Space, names: Sequence[str]) -> Records:
    """Return the rows with these columns alone, in the order of the space."""
    ordered = [j for j, column in enumerate(space.ordered) if column.name in names]
    coded = [j for j, column in enumerate(space.coded) if column.name in names]
    places = [*ordered, *(len(space.ordered) + j for j in coded)]
    return Records(
        np.ascontiguousarray(rows.numbers[:, ordered]),
        np.ascontiguousarray(rows.codes[:, coded]),
        np.ascontiguousarray(rows.cells[:, places]),
        rows.units,
    )


@dataclass(frozen=True, eq=False)
class Bins:
    """Every column as whole numbers: categories as they are, numbers in up to ten quantile bins.

    Ordinals and numbers of up to ten values keep their values. Edges are fitted to real rows of
    both sides together, or to the reference alone, so nothing depends on membership.
    """

    edges: tuple[Any, ...]

    @classmethod
    def fit(cls, real: Records, space: Space) -> "Bins":
        """Return the bins of these real rows."""
        edges = []
        for j, column in enumerate(space.ordered):
            known = np.unique(real.numbers[np.isfinite(real.numbers[:, j]), j])
            if column.kind == "ordinal" or len(known) <= BINS:
                edges.append((known[:-1] + known[1:]) / 2)
            else:
                values = real.numbers[np.isfinite(real.numbers[:, j]), j]
                edges.append(np.unique(np.quantile(values, np.arange(1, BINS) / BINS)))
        return cls(tuple(edges))

    def codes(self, rows: Records) -> Any:
        """Return int64 ``(n, p + q)``: 0 missing, -1 unreadable or unknown, else the bin."""
        numbers = np.empty(rows.numbers.shape, np.int64)
        for j, edges in enumerate(self.edges):
            values = rows.numbers[:, j]
            numbers[:, j] = 1 + np.searchsorted(edges, values, side="right")
            numbers[np.isnan(values), j] = 0
            numbers[np.isinf(values), j] = -1
        return np.hstack([numbers, rows.codes])


def by_information(material: Material) -> tuple[str, ...]:
    """Return the names of the columns, most informative first, equal ones in the schema's order.

    The entropy of the binned column among the reference rows: membership plays no part in it.
    """
    reference = material.need_reference()
    codes = Bins.fit(reference, material.space).codes(reference)
    bits = {}
    for name, column in zip(material.space.names, codes.T, strict=True):
        counts = np.unique(column, return_counts=True)[1]
        bits[name] = -float((counts / counts.sum() * np.log2(counts / counts.sum())).sum())
    order = [column.name for column in material.schema.read]
    return tuple(sorted(order, key=lambda name: (-round(bits[name], 9), order.index(name))))


def secrets(material: Material) -> tuple[str, ...]:
    """Return the declared secrets, else the target and then the most informative, six in all."""
    if material.schema.secrets:
        return material.schema.secrets
    ranked = by_information(material)
    target = material.schema.target
    first = (target,) if target in material.space.names else ()
    return (*first, *(name for name in ranked if name not in first))[:SECRETS]


def real_rows(material: Material) -> Records:
    """Return all real rows: train, holdout, reference."""
    return concat(material.train, material.need_holdout(), material.need_reference())
