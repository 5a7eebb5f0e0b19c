"""Which marginals to measure: picked through the ledger, against what the model says already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi, prod, sqrt
from typing import Any

import numpy as np

from privsynth.privacy import Noise
from privsynth.synthesizers._marginals.markov import Array, Clique, Model, junction_tree

CELLS = 40_000
"""Beyond its tree of links, a model is grown to about so many cells."""

PENALTY = 0.5
"""How much of the noise counts against a marginal: non-negativity takes about half of it away."""

_DRAWN = (1_000, 50_000)


@dataclass(frozen=True)
class Rows:
    """The coded rows of a table, and exact counts of its marginals: for ``noise`` to answer."""

    codes: Any
    sizes: tuple[int, ...]
    _seen: dict[Clique, Array] = field(default_factory=dict)

    def counts(self, columns: Clique) -> Array:
        """Return how many rows lie in each cell of a marginal, shaped by its columns."""
        if columns not in self._seen:
            self._seen[columns] = tabulate(self.codes, self.sizes, columns)
        return self._seen[columns]


def tabulate(codes: Array, sizes: Sequence[int], columns: Clique) -> Array:
    """Return the number of rows in each cell over ``columns``, shaped by their sizes."""
    cells = np.zeros(len(codes), np.int64)
    for i in columns:
        cells = cells * sizes[i] + codes[:, i]
    shape = [sizes[i] for i in columns]
    return np.bincount(cells, minlength=prod(shape)).reshape(shape)


@dataclass(frozen=True)
class Candidate:
    """A marginal that links two features; with the target as a third column where there is one."""

    link: tuple[int, int]
    columns: Clique


def candidates(features: Sequence[int], target: int | None) -> list[Candidate]:
    """Return every pair of features, and every pair with the target as well."""
    links = [(i, j) for a, i in enumerate(features) for j in features[a + 1 :]]
    found = [Candidate(link, link) for link in links]
    if target is not None:
        found += [Candidate(link, tuple(sorted((*link, target)))) for link in links]
    return found


def scores(
    rows: Rows,
    model: Model,
    total: float,
    options: Sequence[Candidate],
    deviation: float,
    rng: np.random.Generator,
) -> Array:
    """Return what is to be gained from measuring each marginal, in rows, ``(options,)``.

    The L1 distance between its counts and the model's, which one row more moves by at most 1, less
    what would be expected without any error of the model: by chance among independent rows (so
    that without noise a marginal with too many cells for the number of rows is not taken), by the
    sample that stands for the model, and by the noise that is to come.
    """
    drawn = int(np.clip(5 * total, *_DRAWN))
    sample = model.sample(drawn, rng)
    out = []
    for option in options:
        expected = tabulate(sample, rows.sizes, option.columns) * (total / drawn)
        chance = expected * (1 + total / drawn) + (PENALTY * deviation) ** 2
        apart = np.abs(rows.counts(option.columns) - expected).sum()
        out.append(apart - sqrt(2 / pi) * np.sqrt(chance).sum())
    return np.array(out)


def pick_forest(
    options: Sequence[Candidate], gains: Array, noise: Noise, rho: float, most: int
) -> list[Candidate]:
    """Return up to ``most`` marginals whose links make no cycle, the best first, for ``rho``.

    McKenna et al. 2021 (arXiv:2108.04978), Kruskal's tree by the exponential mechanism; here the
    last choice is to take none, which ends the search.
    """
    part = {i: i for option in options for i in option.link}
    chosen: list[Candidate] = []
    while len(chosen) < most:
        open_ = [k for k, o in enumerate(options) if part[o.link[0]] != part[o.link[1]]]
        k = _pick(gains, open_, noise, "a link of the tree", rho / most)
        if k is None:
            break
        chosen.append(options[k])
        one, other = (part[i] for i in options[k].link)
        part = {i: one if p == other else p for i, p in part.items()}
    return chosen


def pick_more(
    options: Sequence[Candidate],
    gains: Array,
    sizes: Sequence[int],
    measured: Sequence[Clique],
    noise: Noise,
    rho: float,
    most: int,
) -> list[Candidate]:
    """Return up to ``most`` marginals that keep the junction tree at about ``CELLS``, for ``rho``.

    Links may close cycles; one link is taken once. As in AIM (arXiv:2201.12677), in batches.
    """
    chosen: list[Candidate] = []
    links: set[tuple[int, int]] = set()
    while len(chosen) < most:
        tree = junction_tree(sizes, [*measured, *(option.columns for option in chosen)])
        grown = tree.cells + tree.growth()
        open_ = [
            k for k, option in enumerate(options)
            if option.link not in links and grown[option.link] <= CELLS
        ]  # fmt: skip
        k = _pick(gains, open_, noise, "a link beyond the tree", rho / most)
        if k is None:
            break
        chosen.append(options[k])
        links.add(options[k].link)
    return chosen


def _pick(gains: Array, open_: list[int], noise: Noise, what: str, rho: float) -> int | None:
    """Return the (noisily) best of the open options, or None when none is worth its noise."""
    if not open_:
        return None
    k = noise.select(np.append(gains[open_], 0.0), what, rho)
    return open_[k] if k < len(open_) else None
