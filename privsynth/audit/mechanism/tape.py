"""What a mechanism gave out, and how likely it was to give that out of another table.

Everything private goes through ``Noise``. ``Recorder`` stands before the real ledger and keeps each
answer; ``Replay`` runs the same code on another table, hands it those answers again, and keeps
what it asks of that table. How likely the answers are of either is the best score there is (Neyman
and Pearson 1933), however each question depended on the answers before it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from privsynth.privacy import Ledger

FARTHEST = 1e6
"""Stands for an infinite ratio: answers that one of two tables cannot have given."""


@dataclass(frozen=True)
class Given:
    """One answer: of which kind, to what, and with how much noise (0 where nothing was drawn)."""

    kind: str
    what: str
    answer: Any
    scale: float = 0.0
    size: int = 0

    @property
    def is_gaussian(self) -> bool:
        """Whether its noise is a Gaussian's but for 1e-8: a discrete one, not narrower than 1."""
        return self.kind == "histogram" and self.scale >= 1

    def log_likelihood(self, exact: Any) -> float:
        """Return how likely the answer is if these are the counts, or the scores, but for a sum."""
        if self.kind == "histogram":
            off = (self.answer - exact) / self.scale
            return -float(off @ off) / 2
        scaled = exact / self.scale  # the exponential mechanism
        return float(scaled[self.answer] - logsumexp(scaled))


Asked = list[tuple[Given, Any]]
"""Histograms and choices with the exact counts or scores behind them."""


class Recorder:
    """A ledger that keeps what it gives out, in order, on ``tape``, and what was ``asked``."""

    strayed = False

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.budget = ledger.budget
        self.tape: list[Given] = []
        self.asked: Asked = []

    @property
    def rho(self) -> float:
        """What the Gaussian answers are to cost by their noise, if a row moves a cell by one."""
        return math.fsum(1 / (2 * given.scale**2) for given in self.tape if given.is_gaussian)

    @property
    def remaining(self) -> float:
        """The rho that is left."""
        return float(self._kept(Given("remaining", "", self.ledger.remaining)).answer)

    def scale(self, rho: float, sensitivity: float = 1.0) -> float:
        """Return the standard deviation of the noise that ``rho`` buys."""
        return self.ledger.scale(rho, sensitivity)

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        """Return the ledger's noisy counts."""
        answer = self.ledger.histogram(counts, what, rho)
        given = Given("histogram", what, answer, self.ledger.scale(rho), len(counts))
        return self._kept(given, counts).answer.copy()

    def select(self, scores: Any, what: str, rho: float, sensitivity: float = 1.0) -> int:
        """Return the ledger's choice."""
        answer = self.ledger.select(scores, what, rho, sensitivity)
        given = Given("select", what, answer, self.ledger.scale(rho, sensitivity), len(scores))
        return int(self._kept(given, scores).answer)

    def threshold(self, counts: dict[str, int], what: str, rho: float, delta: float) -> Any:
        """Return the ledger's noisy counts of unknown keys."""
        answer = self.ledger.threshold(counts, what, rho, delta)
        return dict(self._kept(Given("threshold", what, answer)).answer)

    def noise_multiplier(self, sampling_rate: float, steps: int) -> float:
        """Return the noise multiplier that the ledger affords."""
        found = self.ledger.noise_multiplier(sampling_rate, steps)
        return float(self._kept(Given("noise_multiplier", "", found)).answer)

    def train(self, sampling_rate: float, noise_multiplier: float, steps: int, what: str) -> None:
        """Book gradient steps."""
        self.ledger.train(sampling_rate, noise_multiplier, steps, what)
        self._kept(Given("train", what, None))

    def _kept(self, given: Given, exact: Any = None) -> Given:
        self.tape.append(given)
        if exact is not None:
            self.asked.append((given, np.array(exact, np.float64)))
        return given


class Replayed(Exception):
    """Every answer whose likelihood is known was asked for again, or something else was."""


class Replay:
    """Gives the answers of a tape again, whatever the table, and keeps what it was ``asked``.

    Ends by ``Replayed`` after the last answer on the tape, at gradient steps (whose noise is not on
    it), and where another question is asked than then, or none: it has ``strayed``, such a table
    could not have given these answers.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.budget = recorder.budget
        self.asked: Asked = []
        self.strayed = False
        self._ledger = recorder.ledger
        answers = [i for i, g in enumerate(recorder.tape) if g.kind in ("histogram", "select")]
        self._tape = recorder.tape[: answers[-1] + 1] if answers else []
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Whether every answer was asked for."""
        return self._at == len(self._tape)

    @property
    def remaining(self) -> float:
        """The rho that was left."""
        return float(self._next("remaining", "").answer)

    def scale(self, rho: float, sensitivity: float = 1.0) -> float:
        """Return the standard deviation of the noise that ``rho`` buys."""
        return self._ledger.scale(rho, sensitivity)

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        """Return the noisy counts that were given."""
        return self._again(self._next("histogram", what, len(counts)), counts).copy()

    def select(self, scores: Any, what: str, rho: float, sensitivity: float = 1.0) -> int:
        """Return the choice that was given."""
        return int(self._again(self._next("select", what, len(scores)), scores))

    def threshold(self, counts: dict[str, int], what: str, rho: float, delta: float) -> Any:
        """Return the counts that were given; they are left out of the ratio."""
        return dict(self._next("threshold", what).answer)

    def noise_multiplier(self, sampling_rate: float, steps: int) -> float:
        """Return the noise multiplier that was given."""
        return float(self._next("noise_multiplier", "").answer)

    def train(self, sampling_rate: float, noise_multiplier: float, steps: int, what: str) -> None:
        """End: of gradients nothing was kept."""
        raise Replayed

    def _next(self, kind: str, what: str, size: int = 0) -> Given:
        if self.is_over:
            raise Replayed
        given = self._tape[self._at]
        if (given.kind, given.what, given.size) != (kind, what, size):
            self.strayed = True
            raise Replayed
        self._at += 1
        return given

    def _again(self, given: Given, exact: Any) -> Any:
        self.asked.append((given, np.array(exact, np.float64)))
        if self.is_over:
            raise Replayed
        return given.answer


def ratio(inside: Recorder | Replay, outside: Recorder | Replay, gaussian: bool = False) -> float:
    """Return the log-likelihood ratio of the answers, in to out, within +-``FARTHEST``.

    Of those with Gaussian noise alone, where ``gaussian`` says so.
    """
    if inside.strayed or outside.strayed:
        return FARTHEST * (outside.strayed - inside.strayed)
    pairs = zip(inside.asked, outside.asked, strict=False)  # the tape may go on after a replay
    found = math.fsum(
        given.log_likelihood(ins) - given.log_likelihood(outs)
        for (given, ins), (_, outs) in pairs
        if given.is_gaussian or not gaussian
    )
    return float(np.clip(found, -FARTHEST, FARTHEST))
