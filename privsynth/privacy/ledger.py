"""Where noise is drawn: every answer about private rows is booked in the call that gives it."""

import math
from typing import Any, Protocol

import numpy as np

from privsynth.errors import BudgetError
from privsynth.privacy import accounting, noise
from privsynth.privacy.budget import Budget
from privsynth.privacy.events import DpSgd, Event, Gaussian, Selection, Threshold

TOLERANCE = 1e-9
"""Relative room for the rounding of sums: nothing that a noise scale could hide in."""


class Noise(Protocol):
    """Answers about private rows: ``Ledger`` gives noisy ones and books them, ``NoNoise`` exact."""

    @property
    def remaining(self) -> float:
        """The zero-concentrated rho that is left; infinite without noise."""
        ...

    def scale(self, rho: float, sensitivity: float = 1.0) -> float:
        """Return the standard deviation of the noise that ``rho`` buys."""
        ...

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        """Return counts ``(m,)`` of a histogram in which a row lies in one cell at most."""
        ...

    def select(self, scores: Any, what: str, rho: float, sensitivity: float = 1.0) -> int:
        """Return the index of the largest of ``(m,)`` scores that one row moves by so much."""
        ...

    def threshold(self, counts: dict[str, int], what: str, rho: float, delta: float) -> Any:
        """Return the counts of the keys that enough rows hold; the keys were unknown."""
        ...

    def noise_multiplier(self, sampling_rate: float, steps: int) -> float:
        """Return the smallest noise, over the clipping norm, that the rest of the budget buys."""
        ...

    def train(self, sampling_rate: float, noise_multiplier: float, steps: int, what: str) -> None:
        """Book gradient steps, before the first of them is taken."""
        ...


class NoNoise:
    """Exact answers, booked nowhere: nothing may be claimed of what is learnt through it."""

    remaining = math.inf
    budget = None

    def scale(self, rho: float, sensitivity: float = 1.0) -> float:
        """Return 0."""
        return 0.0

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        """Return the counts as they are."""
        return np.array(counts, np.int64)

    def select(self, scores: Any, what: str, rho: float, sensitivity: float = 1.0) -> int:
        """Return the index of the largest score, the first of equals."""
        return int(np.argmax(scores))

    def threshold(self, counts: dict[str, int], what: str, rho: float, delta: float) -> Any:
        """Return the counts as they are."""
        return dict(counts)

    def noise_multiplier(self, sampling_rate: float, steps: int) -> float:
        """Return 0."""
        return 0.0

    def train(self, sampling_rate: float, noise_multiplier: float, steps: int, what: str) -> None:
        """Book nothing."""


class Ledger:
    """The one way to private rows: what an answer costs is checked, booked, and only then drawn.

    ``BudgetError`` is raised before any draw when the budget does not afford an answer. Costs are
    those of OpenDP's maps under zero-concentrated divergence; the sum may be spent adaptively,
    since the limit is fixed (Feldman and Zrnic 2021). A unit of k rows moves a histogram by k in
    L2, all of its rows in one cell, and a score by k times what one row moves.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.events: list[Event] = []

    @property
    def epsilon(self) -> float:
        """What is spent so far, at the budget's delta and for its neighbours."""
        return accounting.epsilon(self.events, self.budget.delta, relation=self.budget.neighbours)

    @property
    def remaining(self) -> float:
        """The rho that is left, at least 0."""
        steps = tuple(e for e in self.events if isinstance(e, DpSgd))
        afforded = accounting.rho_within(self.budget.epsilon, self._left_delta, steps)
        return max(afforded - self._rho, 0.0)

    def scale(self, rho: float, sensitivity: float = 1.0) -> float:
        """Return the standard deviation of the noise that ``rho`` buys."""
        return self._distance(sensitivity) / math.sqrt(2 * rho)

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        """Return counts ``(m,)`` with discrete Gaussian noise for ``rho``; they may be negative."""
        self._check(rho, what)
        scale = self.scale(rho)
        answer, cost = noise.gaussian(scale)
        rows = float(self.budget.rows_per_unit)
        self._book(Gaussian(
            what=what, sensitivity=rows, scale=scale, rho=cost(rows),
            rho_replace_one=cost(math.sqrt(2) * rows), answers=len(counts),
        ))  # fmt: skip
        return answer(counts)

    def select(self, scores: Any, what: str, rho: float, sensitivity: float = 1.0) -> int:
        """Return the index of the noisily largest of scores ``(m,)``: the exponential mechanism."""
        self._check(rho, what)
        moved = self.budget.rows_per_unit * sensitivity
        reach = moved * (2 if self.budget.neighbours == "replace_one" else 1)
        scale = (math.ceil(reach * noise.UNITS) + 1) / noise.UNITS / math.sqrt(2 * rho)
        answer, cost = noise.noisy_max(scale)
        self._book(Selection(
            what=what, sensitivity=moved, scale=scale, rho=cost(moved),
            rho_replace_one=cost(2 * moved), candidates=len(scores),
        ))  # fmt: skip
        return answer(scores)

    def threshold(
        self, counts: dict[str, int], what: str, rho: float, delta: float
    ) -> dict[str, int]:
        """Return noisy counts of the keys above a threshold that one unit passes with ``delta``."""
        self._check(rho, what)
        if not 0 < delta < self._left_delta:
            raise BudgetError(f"{what}: delta {delta:g} is not left; nothing was drawn")
        scale, rows = self.scale(rho), self.budget.rows_per_unit
        limit = math.ceil(math.sqrt(2) * rows)
        while True:  # the smallest threshold that keeps delta, by doubling steps of the noise
            answer, cost = noise.thresholded(scale, limit)
            if max(cost(rows, rows)[1], cost(2 * rows, math.sqrt(2) * rows)[1]) <= delta:
                break
            limit += max(math.ceil(scale / 8), 1)
        (one, missed), (two, missed_two) = cost(rows, rows), cost(2 * rows, math.sqrt(2) * rows)
        self._book(Threshold(
            what=what, sensitivity=float(rows), scale=scale, threshold=float(limit), rho=one,
            rho_replace_one=two, delta=missed, delta_replace_one=missed_two,
        ))  # fmt: skip
        return answer(counts)

    def noise_multiplier(self, sampling_rate: float, steps: int) -> float:
        """Return the smallest noise multiplier that the rest of the budget affords."""
        self._check_gradients()
        found = accounting.noise_multiplier_within(
            self.budget.epsilon, self._left_delta, self._rho, sampling_rate, steps
        )
        if math.isinf(found):
            raise BudgetError("the budget is spent: no noise makes a gradient step affordable")
        return found

    def train(self, sampling_rate: float, noise_multiplier: float, steps: int, what: str) -> None:
        """Book gradient steps, before the first of them is taken."""
        self._check_gradients()
        self._book(DpSgd(
            what=what, sampling_rate=sampling_rate, noise_multiplier=noise_multiplier, steps=steps
        ))  # fmt: skip

    @property
    def _rho(self) -> float:
        return accounting.rho_of(self.events, self.budget.neighbours)

    @property
    def _left_delta(self) -> float:
        return self.budget.delta - accounting.spent_delta(self.events, self.budget.neighbours)

    def _distance(self, sensitivity: float) -> float:
        """Return how far, in L2, one unit moves a histogram whose rows count so much."""
        moved = self.budget.rows_per_unit * sensitivity
        return moved * (math.sqrt(2) if self.budget.neighbours == "replace_one" else 1.0)

    def _check(self, rho: float, what: str) -> None:
        if not 0 < rho < math.inf:
            raise BudgetError(f"{what}: rho must be a finite number above zero to be spent")

    def _check_gradients(self) -> None:
        """Refuse units and neighbours that clipped gradients do not hide."""
        if self.budget.rows_per_unit > 1:
            raise BudgetError(
                "gradients are clipped row by row, so that an entity of several rows is not "
                "covered: ask for one row per entity, or for tan or mst"
            )
        if self.budget.neighbours == "replace_one":
            raise BudgetError("gradient steps are accounted for add_remove neighbours only")

    def _book(self, event: Event) -> None:
        """Append the event if the budget still holds with it; ``BudgetError`` otherwise."""
        after, budget = [*self.events, event], self.budget
        steps = tuple(e for e in after if isinstance(e, DpSgd))
        left = budget.delta - accounting.spent_delta(after, budget.neighbours)
        afforded = accounting.rho_within(budget.epsilon, left, steps)
        if accounting.rho_of(after, budget.neighbours) > afforded * (1 + TOLERANCE):
            raise BudgetError(
                f"{event.what}: the budget of epsilon {budget.epsilon:g} does not afford this "
                f"(epsilon {self.epsilon:.4g} is spent already); nothing was drawn"
            )
        self.events.append(event)
