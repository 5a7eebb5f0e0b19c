"""Exact inference, estimation and sampling for graphical models over a few discrete columns.

A column of ``size`` bins holds 0 .. size - 1. A model is the product of one non-negative table per
clique of a junction tree (Lauritzen & Spiegelhalter 1988); everything here is exact up to floats.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

Array = Any
Clique = tuple[int, ...]


@dataclass(frozen=True)
class JunctionTree:
    """Maximal cliques, the root first and every parent before its children.

    ``separators[c]`` are the columns that clique ``c`` shares with ``parents[c]``; they are empty
    for the root and between parts of the graph that nothing connects.
    """

    sizes: tuple[int, ...]
    cliques: tuple[Clique, ...]
    parents: tuple[int, ...]
    separators: tuple[Clique, ...]

    @property
    def cells(self) -> int:
        """The number of table cells over all cliques."""
        return sum(prod(self.sizes[i] for i in clique) for clique in self.cliques)

    def shape(self, clique: Clique) -> tuple[int, ...]:
        """Return the shape of a table over ``clique``."""
        return tuple(self.sizes[i] for i in clique)

    def home(self, columns: Clique) -> int:
        """Return the smallest clique that holds all of ``columns``."""
        found = [c for c, clique in enumerate(self.cliques) if set(columns) <= set(clique)]
        return min(found, key=lambda c: prod(self.shape(self.cliques[c])))

    def growth(self) -> Array:
        """Return by how many cells, at most, a tree grows that gives each two columns a home.

        Shape ``(columns, columns)``: one of both joins every clique on the way to the other.
        """
        near: list[list[int]] = [[] for _ in self.cliques]
        for c, (p, kept) in enumerate(zip(self.parents, self.separators, strict=True)):
            if kept:
                near[c].append(p)
                near[p].append(c)
        cells = [prod(self.shape(clique)) for clique in self.cliques]
        out = np.multiply.outer(self.sizes, self.sizes).astype(float)
        for i, size in enumerate(self.sizes):
            cost = {c: 0 for c, clique in enumerate(self.cliques) if i in clique}
            ahead = list(cost)
            best = dict.fromkeys((j for c in cost for j in self.cliques[c]), 0)
            for c in ahead:
                for k in near[c]:
                    if k not in cost:
                        cost[k] = cost[c] + cells[k] * (size - 1)
                        ahead.append(k)
                        for j in self.cliques[k]:
                            best[j] = min(best.get(j, cost[k]), cost[k])
            out[i, list(best)] = list(best.values())
        return np.minimum(out, out.T)

    @cached_property
    def _plan(self) -> list[tuple[int, tuple[int, ...], tuple[int, ...], Any, Any]]:
        """Per clique below the root: its parent, axes to sum in both, and shapes to spread to."""
        plan = []
        for clique, p, kept in zip(self.cliques, self.parents, self.separators, strict=True):
            above = self.cliques[p]
            own, theirs = (_spread(part, kept, self.sizes) for part in (clique, above))
            plan.append((p, _axes(clique, kept), _axes(above, kept), own, theirs))
        return plan

    def calibrate(self, logs: Sequence[Array]) -> tuple[list[Array], float]:
        """Return the probability table of every clique, and the log of the sum over all cells.

        ``logs`` holds one table of log potentials per clique. Up the tree go log sums, down go
        probabilities, so that no potential is too large or too small.
        """
        logs, tables = list(logs), list(logs)
        log_sum = 0.0
        for c in range(len(logs) - 1, -1, -1):
            p, axes, _, _, shape = self._plan[c]
            top = logs[c].max(axis=axes, keepdims=True)
            cells = np.exp(logs[c] - top)
            sums = cells.sum(axis=axes, keepdims=True)
            tables[c] = cells / sums  # given what is shared with the parent
            message = top + np.log(sums)
            if c:
                logs[p] = logs[p] + message.reshape(shape)
            else:
                log_sum = float(message.item())
        for c in range(1, len(logs)):
            p, _, axes, shape, _ = self._plan[c]
            tables[c] = tables[c] * tables[p].sum(axis=axes).reshape(shape)
        return tables, log_sum


def junction_tree(sizes: Sequence[int], cliques: Iterable[Clique]) -> JunctionTree:
    """Return a junction tree in which every one of ``cliques`` and every column has a home.

    Columns are eliminated greedily, the one with the smallest table first.
    """
    near: dict[int, set[int]] = {i: set() for i in range(len(sizes))}
    for clique in cliques:
        for i in clique:
            near[i] |= set(clique) - {i}
    maximal: list[frozenset[int]] = []
    cost = {i: _table_size(i, near[i], sizes) for i in near}
    while near:
        i = min(near, key=lambda k: (cost[k], k))
        around = near.pop(i)
        grown = frozenset({i, *around})
        if not any(grown <= other for other in maximal):
            maximal.append(grown)
        for k in around:
            near[k] |= around
            near[k] -= {i, k}
            cost[k] = _table_size(k, near[k], sizes)
    return _joined(tuple(sizes), [tuple(sorted(clique)) for clique in maximal])


def _table_size(column: int, around: set[int], sizes: Sequence[int]) -> int:
    return prod((sizes[k] for k in around), start=sizes[column])


def _joined(sizes: tuple[int, ...], cliques: list[Clique]) -> JunctionTree:
    """Return the cliques on a spanning tree that shares as many columns as there can be shared."""
    order, parents, shared = [0], {0: -1}, {c: (-1, 0) for c in range(len(cliques))}
    while len(order) < len(cliques):
        for c in shared.keys() - parents.keys():
            n = len(set(cliques[c]) & set(cliques[order[-1]]))
            if n > shared[c][0]:
                shared[c] = (n, order[-1])
        c = max(shared.keys() - parents.keys(), key=lambda k: (shared[k][0], -k))
        parents[c] = shared[c][1]
        order.append(c)
    rank = {c: position for position, c in enumerate(order)}
    above = [rank.get(parents[c], -1) for c in order]
    ordered = [cliques[c] for c in order]
    kept = [
        tuple(sorted(set(clique) & set(ordered[p]))) if p >= 0 else ()
        for clique, p in zip(ordered, above, strict=True)
    ]
    return JunctionTree(sizes, tuple(ordered), tuple(above), tuple(kept))


def _axes(clique: Clique, kept: Clique) -> tuple[int, ...]:
    return tuple(axis for axis, i in enumerate(clique) if i not in kept)


def _spread(clique: Clique, kept: Clique, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that lays a table over ``kept`` along the axes of ``clique``."""
    return tuple(sizes[i] if i in kept else 1 for i in clique)


@dataclass(frozen=True)
class Model:
    """A distribution over all columns: the probability table of every clique of a junction tree."""

    tree: JunctionTree
    tables: tuple[Array, ...]

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return ``n`` rows of bin numbers, int32, shape ``(n, columns)``.

        Each clique is drawn given the columns it shares with its parent. The rows that agree on
        those are spread over the rest evenly (systematic sampling), so that the number of rows
        in a cell is the expected one rounded up or down.
        """
        out = np.zeros((n, len(self.tree.sizes)), np.int32)
        for clique, kept, table in zip(
            self.tree.cliques, self.tree.separators, self.tables, strict=True
        ):
            new = tuple(i for i in clique if i not in kept)
            given, drawn = self.tree.shape(kept), self.tree.shape(new)
            order = [clique.index(i) for i in (*kept, *new)]
            rest = np.transpose(table, order).reshape(prod(given), prod(drawn))
            state = np.ravel_multi_index(tuple(out[:, i] for i in kept), given) if kept else 0
            cells = _even_draw(rest, np.broadcast_to(state, n), rng)
            for i, codes in zip(new, np.unravel_index(cells, drawn), strict=True):
                out[:, i] = codes
        return out


def _even_draw(table: Array, state: Array, rng: np.random.Generator) -> Array:
    """Return one column number per entry of ``state``, drawn from that row of ``table``."""
    n, m = len(state), table.shape[1]
    counts = np.bincount(state, minlength=len(table))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    order = np.argsort(state + rng.random(n))
    ranked = state[order]
    rank = np.arange(n) - starts[ranked]
    where = (rank + rng.random(len(table))[ranked]) / counts[ranked]
    sums = table.cumsum(axis=1)
    # Rows without mass cannot be reached, but must still be a distribution.
    last = sums[:, -1:]
    sums = np.where(last > 0, sums / np.where(last > 0, last, 1.0), np.arange(1, m + 1) / m)
    ladder = (sums + np.arange(len(table))[:, None]).ravel()
    cells = np.searchsorted(ladder, ranked + where, side="right")
    out = np.empty(n, np.int64)
    out[order] = np.minimum(cells - ranked * m, m - 1)
    return out
