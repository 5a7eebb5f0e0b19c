"""The graphical model that noisy marginals speak for (Private-PGM, arXiv:1901.09136)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from privsynth.synthesizers._marginals.markov import (
    Array,
    Clique,
    JunctionTree,
    Model,
    junction_tree,
)

LOOSENESS = 0.01
"""How far, relative to its noise, an answer gives way to the simpler model."""

_FLOOR = 1e-3
"""Variance of an exact count: cells that nobody is in stay finite."""


@dataclass(frozen=True)
class Answer:
    """Noisy counts of a marginal, shaped by its ``columns`` (rising), and their noise's variance.

    ``variance`` is a number, or one for each cell.
    """

    columns: Clique
    counts: Array
    variance: Any

    @property
    def variances(self) -> Array:
        """The variance of every cell, in the shape of ``counts``."""
        return np.broadcast_to(self.variance, self.counts.shape)

    def joined(self, other: "Answer") -> "Answer":
        """Return one answer for two to the same question, each by its precision."""
        one, two = (a.variances + _FLOOR for a in (self, other))
        counts = (self.counts * two + other.counts * one) / (one + two)
        return Answer(self.columns, counts, one * two / (one + two))


@dataclass(frozen=True)
class _Place:
    """Where the parameters of an answer are: in a clique's table, and in the vector of all."""

    home: int
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    part: slice


def total_of(answers: Sequence[Answer]) -> float:
    """Return the number of rows, at least 1: the answers' sums, weighted by their precision."""
    sums = np.array([float(answer.counts.sum()) for answer in answers])
    weights = 1 / np.array([float(answer.variances.sum()) + _FLOOR for answer in answers])
    return max(float(weights @ sums / weights.sum()), 1.0)


def estimate(
    sizes: Sequence[int], answers: Sequence[Answer], start: Array, steps: int
) -> tuple[Model, Array]:
    """Return the model that explains the answers, and its parameters, one a cell of every answer.

    Among all distributions p over the columns, N p keeps close to the answers y, cell by cell in
    units of the noise, and takes as few bits beyond independence as that allows: the minimum of
    log sum exp(theta) - theta y / N + sum (LOOSENESS variance / 2 N) theta^2, whose gradient is
    the distance of the marginals from the answers. Convex; L-BFGS in at most ``steps`` steps from
    ``start``, the parameters of the first answers, or those of independent columns.
    """
    from scipy.optimize import minimize

    tree = junction_tree(sizes, [answer.columns for answer in answers])
    places, total = _places(tree, answers), total_of(answers)
    shares = np.concatenate([answer.counts.ravel() for answer in answers]) / total
    spread = np.concatenate([answer.variances.ravel() for answer in answers])
    ridge = (LOOSENESS * spread + _FLOOR) / total

    def tables(theta: Array) -> tuple[list[Array], float]:
        logs = [np.zeros(tree.shape(clique)) for clique in tree.cliques]
        for place in places:
            logs[place.home] += theta[place.part].reshape(place.shape)
        return tree.calibrate(logs)

    def marginals(found: list[Array]) -> Array:
        return np.concatenate([found[p.home].sum(axis=p.axes).ravel() for p in places])

    first = _start(answers, places, shares, total)
    first[: len(start)] = start
    # Parameters in units in which the curvature is about 1.
    unit = 1 / np.sqrt(marginals(tables(first)[0]) + ridge)

    def objective(scaled: Array) -> tuple[float, Array]:
        theta = scaled * unit
        found, log_sum = tables(theta)
        value = log_sum - shares @ theta + ridge @ (theta * theta) / 2
        return float(value), (marginals(found) - shares + ridge * theta) * unit

    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-10, "gtol": 1e-7}
    result = minimize(objective, first / unit, jac=True, method="L-BFGS-B", options=options)
    theta = result.x * unit
    return Model(tree, tuple(tables(theta)[0])), theta


def _start(
    answers: Sequence[Answer], places: Sequence[_Place], shares: Array, total: float
) -> Array:
    """Return the parameters of independent columns, by what is known of each column alone."""
    first = np.zeros(len(shares))
    seen: set[Clique] = set()
    for answer, place in zip(answers, places, strict=True):
        if len(answer.columns) == 1 and answer.columns not in seen:
            seen.add(answer.columns)
            first[place.part] = np.log(np.maximum(shares[place.part], 0.5 / total))
    return first


def _places(tree: JunctionTree, answers: Sequence[Answer]) -> list[_Place]:
    places, begin = [], 0
    for answer in answers:
        home = tree.home(answer.columns)
        clique, n = tree.cliques[home], prod(answer.counts.shape)
        axes = tuple(axis for axis, i in enumerate(clique) if i not in answer.columns)
        shape = tuple(tree.sizes[i] if i in answer.columns else 1 for i in clique)
        places.append(_Place(home, axes, shape, slice(begin, begin + n)))
        begin += n
    return places
