"""How far marginals and pairs of columns are from fresh real rows, beside floor and ceiling."""

from typing import Any

import numpy as np
from scipy.stats import norm

from privsynth.measures._base import Found, Material, Measure
from privsynth.measures._distortion import column_facts, invented, tail_coverage
from privsynth.statistics import Estimate
from privsynth.tables import Records, concat

BINS = 10
LEVELS = 30
GROUPS = 20
MAX_CELLS = 1000
"""Cells of all columns together: with many columns each is cut into fewer, at least three."""


def run(material: Material) -> Found:
    """Return mean total variation distances to the holdout over columns and pairs; 0 is equal.

    Beside them ``*_floor``: training columns shuffled independently (what any marginal model
    reaches), and ``*_ceiling``: other real rows (what sampling alone leaves). All compare equally
    many rows. Numbers are cut into 10 bins at quantiles of all real rows.

    Further: how much of the tails is kept, how many rows hold a pair of cells that neither train
    nor reference has, and of each column what a distance does not say (``_distortion``).
    """
    rng = material.rng("measure", "fidelity")
    holdout, reference = material.need_holdout(), material.need_reference()
    cutter = _Cutter([material.train, holdout, reference])
    among = _Counts(cutter.codes(concat(material.train, reference)), cutter).total
    n = min(len(material.synthetic), len(reference), len(material.train))
    rows = {
        "": _draw(cutter.codes(material.synthetic), n, rng),
        "_floor": _shuffled(_draw(cutter.codes(material.train), n, rng), rng),
        "_ceiling": _draw(cutter.codes(reference), n, rng),
    }
    real = _Counts(cutter.codes(holdout), cutter)
    distances = {suffix: _Distances(_Counts(codes, cutter), real) for suffix, codes in rows.items()}
    estimates = tuple(
        found.estimate(f"{what}_tvd{suffix}", what, material.alpha)
        for what in ("marginals", "pairs")
        for suffix, found in distances.items()
    )
    facts = column_facts(material)
    pairs_of = {**rows, "_ceiling": _draw(cutter.codes(holdout), n, rng)}
    if len(facts) > 1:
        estimates += tuple(
            invented(f"invented_pairs{suffix}", codes, among, real.offsets, material.alpha)
            for suffix, codes in pairs_of.items()
        )
    estimates += tail_coverage(material)
    columns = [
        {
            "name": name,
            **{
                key: round(float(distances[suffix].columns[c]), 4)
                for key, suffix in (("tvd", ""), ("floor", "_floor"), ("ceiling", "_ceiling"))
            },
            **facts[c],
        }
        for c, name in enumerate(material.space.names)
    ]
    return Found(estimates, {"columns": columns}, {"rows": n, "bins": cutter.bins})


class _Cutter:
    """Columns cut into few cells: quantile bins or the commonest categories, and missing."""

    def __init__(self, real: list[Records]) -> None:
        numbers = np.concatenate([rows.numbers for rows in real])
        codes = np.concatenate([rows.codes for rows in real])
        share = MAX_CELLS // max(numbers.shape[1] + codes.shape[1], 1)
        self.bins, levels = (max(3, min(most, share - 3)) for most in (BINS, LEVELS))
        self.edges = [_edges(numbers[:, j], self.bins) for j in range(numbers.shape[1])]
        self.kept = [_commonest(codes[:, j], levels) for j in range(codes.shape[1])]
        self.widths = [len(edges) + 3 for edges in self.edges]
        self.widths += [len(kept) + 1 for kept in self.kept]

    def codes(self, rows: Records) -> Any:
        """Return cell numbers, shape ``(n, columns)``."""
        out = []
        for j, edges in enumerate(self.edges):
            values = rows.numbers[:, j]
            cut = np.searchsorted(edges, values, side="right")
            cut = np.where(np.isnan(values), len(edges) + 1, cut)
            out.append(np.where(np.isinf(values), len(edges) + 2, cut))
        for j, kept in enumerate(self.kept):
            place = np.minimum(np.searchsorted(kept, rows.codes[:, j]), len(kept) - 1)
            out.append(np.where(kept[place] == rows.codes[:, j], place, len(kept)))
        return np.stack(out, axis=1)


def _edges(values: Any, bins: int) -> Any:
    present = values[~np.isnan(values)]
    if not len(present):
        return np.array([0.5])
    return np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)[1:-1]))


def _commonest(codes: Any, levels: int) -> Any:
    known, counts = np.unique(codes, return_counts=True)
    return np.sort(known[np.argsort(-counts, kind="stable")[:levels]])


class _Counts:
    """Joint counts of all pairs of cells, ``(cells, cells)``, for each of 20 groups of rows."""

    def __init__(self, codes: Any, cutter: _Cutter) -> None:
        offsets = np.concatenate([[0], np.cumsum(cutter.widths)])
        self.offsets, self.n = offsets, len(codes)
        group = np.arange(len(codes)) % GROUPS
        self.groups = np.empty((GROUPS, offsets[-1], offsets[-1]), np.float32)
        self.sizes = np.bincount(group, minlength=GROUPS)
        for g in range(GROUPS):
            hot = np.zeros((self.sizes[g], offsets[-1]), np.float32)
            rows = codes[group == g] + offsets[:-1]
            hot[np.arange(len(rows))[:, None], rows] = 1
            self.groups[g] = hot.T @ hot
        self.total = self.groups.sum(axis=0, dtype=np.float64)

    def shares(self, without: int | None = None) -> Any:
        """Return joint shares, of all rows or of all but one group."""
        if without is None:
            return self.total / self.n
        return (self.total - self.groups[without]) / max(self.n - self.sizes[without], 1)


class _Distances:
    """Total variation distances between two tables of counts, with a delete-group jackknife."""

    def __init__(self, table: _Counts, real: _Counts) -> None:
        self.table, self.real = table, real
        self.columns, self.pairs = self._at(None, None)

    def _at(self, left: int | None, right: int | None) -> tuple[Any, Any]:
        gap = np.abs(self.table.shares(left) - self.real.shares(right))
        starts = self.table.offsets[:-1]
        blocks = np.add.reduceat(np.add.reduceat(gap, starts, axis=0), starts, axis=1) / 2
        upper = np.triu_indices(len(starts), k=1)
        return np.diag(blocks), blocks[upper]

    def estimate(self, name: str, what: str, alpha: float) -> Estimate:
        """Return the mean distance over columns or pairs with jackknife bounds."""
        pick = 0 if what == "marginals" else 1
        value = (
            float((self.columns, self.pairs)[pick].mean()) if len(self.pairs) or not pick else 0.0
        )
        variance = 0.0
        for side in ("left", "right"):
            again = [
                self._at(g if side == "left" else None, g if side == "right" else None)[pick]
                for g in range(GROUPS)
            ]
            means = np.array([part.mean() if len(part) else 0.0 for part in again])
            variance += (GROUPS - 1) / GROUPS * float(((means - means.mean()) ** 2).sum())
        width = float(norm.ppf(1 - alpha)) * variance**0.5
        return Estimate(
            name=name,
            value=value,
            low=max(value - width, 0.0),
            high=min(value + width, 1.0),
            confidence=1 - 2 * alpha,
            method="delete-group jackknife",
            n=self.table.n,
        )


def _draw(codes: Any, n: int, rng: np.random.Generator) -> Any:
    return codes[rng.permutation(len(codes))[:n]]


def _shuffled(codes: Any, rng: np.random.Generator) -> Any:
    return np.stack([rng.permutation(codes[:, j]) for j in range(codes.shape[1])], axis=1)


measure = Measure(
    name="fidelity",
    home=__name__,
    title="Fidelity of columns and pairs",
    source="mean total variation distance of 1- and 2-way marginals, binned; tails and pairs",
    run=run,
)
