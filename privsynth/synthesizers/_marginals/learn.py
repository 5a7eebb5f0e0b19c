"""From a table to a graphical model of its bins, by noisy marginals: what mst and tan share.

The budget: ``ALONE`` of it counts each column alone (the codebook); without a target up to the
higher share, where noise would drown most of what lies beyond, as a noisy number of rows tells for
``ROWS``. With a target, ``STAR`` of the rest measures every feature with it. What is left goes
evenly to marginals that are picked one by one: first a tree of links between features, then
batches beyond the tree, picked against the model so far, as many as the noise allows. ``PICK`` of
each share picks, the rest measures. All of this depends on the budget, the bins and the noisy
number of rows alone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from privsynth.errors import InputError
from privsynth.privacy import Domain, Noise
from privsynth.progress import Progress
from privsynth.synthesizers._codebook import Codebook, learn_codebook
from privsynth.synthesizers._marginals.estimate import Answer, estimate, total_of
from privsynth.synthesizers._marginals.markov import Array, Clique, Model
from privsynth.synthesizers._marginals.structure import (
    Candidate,
    Rows,
    candidates,
    pick_forest,
    pick_more,
    scores,
)
from privsynth.tables.table import Table

BINS = 12
"""Bins a column, unless asked otherwise; tables of few rows have fewer."""

MOST_BINS = 64

ROWS, ALONE, STAR, PICK = 0.005, (0.3, 0.6), 0.35, 0.1
"""Shares of the budget, as told above."""

BLURRED = 50.0
"""The share of columns alone is so many times the noise of a column (deviation over rows)."""

FINE_ENOUGH = 0.003
"""More marginals are measured as long as the noise in a cell is below this share of all rows."""

FEWEST = 4
"""Bins a column has at least."""

BATCHES = 6
"""Batches beyond the tree at most, each half as many links as the tree has."""

STEPS = 100
LAST_STEPS = 300
"""Steps of an estimate between batches, and of the last one."""


@dataclass(frozen=True)
class FittedMarginals:
    """A model of the bins and the codebook to decode them; ``links`` are the measured marginals."""

    book: Codebook
    model: Model
    links: tuple[Clique, ...]
    notes: tuple[str, ...] = ()

    @property
    def outside(self) -> dict[str, int]:
        """How many training cells lay outside their domain, by column: for the holder's eyes."""
        return self.book.outside

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return ``n`` new rows in canonical types."""
        return self.book.decode(self.model.sample(n, rng), rng)


def learn_marginals(
    train: Table, domain: Domain, noise: Noise, rng: np.random.Generator, progress: Progress,
    *, bins: int, target: str | None, name: str, notes: tuple[str, ...] = (),
) -> FittedMarginals:  # fmt: skip
    """Return the model of ``train`` learnt through ``noise``; all of the budget is spent.

    At most ``bins`` bins a column; ``InputError`` for more than ``MOST_BINS``.
    """
    if bins > MOST_BINS:
        raise InputError(f"synthesizer {name!r}: option 'bins' must be at most {MOST_BINS}")
    progress(f"fitting {name}", 0.0)
    share = _alone(train, noise) if target is None else ALONE[0]
    book = learn_codebook(train, domain, noise, share * noise.remaining, bins)
    book = book.coarser(min(bins, _bins(book)))
    search = _Search(Rows(book.codes(train.frame), book.sizes), noise, rng)
    search.answers += [
        Answer((i,), counts, variance)
        for i, (counts, variance) in enumerate(zip(book.counts, book.variances, strict=True))
    ]
    search.fit(STEPS)
    aim = book.names.index(target) if target in book.names else None
    for done in search.run(aim):
        progress(f"fitting {name}", done)
    links = tuple(answer.columns for answer in search.answers if len(answer.columns) > 1)
    return FittedMarginals(book, search.model, links, notes)


@dataclass
class _Search:
    """The answers so far, and the model that they speak for."""

    rows: Rows
    noise: Noise
    rng: np.random.Generator
    answers: list[Answer] = field(default_factory=list)
    theta: Array = field(default_factory=lambda: np.zeros(0))
    model: Any = None

    def fit(self, steps: int) -> None:
        """Estimate the model anew, from the parameters that it had."""
        self.model, self.theta = estimate(self.rows.sizes, self.answers, self.theta, steps)

    def measure(self, cliques: Sequence[Clique], rho: float) -> None:
        """Add noisy counts of marginals, for ``rho`` in all, and estimate."""
        each = rho / len(cliques)
        known = {answer.columns: k for k, answer in enumerate(self.answers)}
        for columns in cliques:
            exact = self.rows.counts(columns)
            what = "marginal of columns " + ", ".join(str(i + 1) for i in columns)
            noisy = self.noise.histogram(exact.ravel(), what, each)
            counts = np.asarray(noisy, np.float64).reshape(exact.shape)
            answer = Answer(columns, counts, self.noise.scale(each) ** 2)
            if columns in known:
                k = known[columns]
                self.answers[k] = self.answers[k].joined(answer)
            else:
                self.answers.append(answer)
        self.fit(STEPS)

    def run(self, target: int | None) -> Iterator[float]:
        """Measure what is worth it until the budget is spent; yield the share that is done."""
        sizes = self.rows.sizes
        features = [i for i, size in enumerate(sizes) if size > 1 and i != target]
        if target is not None and sizes[target] > 1 and features:
            star = [(min(i, target), max(i, target)) for i in features]
            self.measure(star, STAR * self.noise.remaining)
        else:
            target = None
        options = candidates(features, target)
        counts = self._plan(len(features))
        left, planned = self.noise.remaining, sum(counts)
        for batch, count in enumerate(counts):
            yield (batch + 1) / (len(counts) + 2)
            self._batch(options, count, left * count / planned, batch == 0)
        if 0 < self.noise.remaining < math.inf:
            # Nothing more was worth a question of its own.
            self.measure(self._asked(), self.noise.remaining)
        self.fit(LAST_STEPS)

    def _plan(self, features: int) -> list[int]:
        """Return how many links to look for: those of a tree, then those of each batch."""
        tree = max(features - 1, 0)
        if not tree:
            return []
        total = total_of(self.answers)
        left = self.noise.remaining
        enough = math.inf if math.isinf(left) else 2 * left * (FINE_ENOUGH * total) ** 2
        batch = math.ceil(tree / 2)
        pairs = features * (features - 1) // 2
        more = int(min(max(enough - tree, 0), BATCHES * batch, pairs))
        return [tree, *(min(batch, more - k) for k in range(0, more, batch))]

    def _batch(self, options: list[Candidate], count: int, rho: float, is_tree: bool) -> None:
        """Pick and measure up to ``count`` marginals for ``rho``."""
        measuring = (1 - PICK) * rho
        gains = scores(
            self.rows, self.model, total_of(self.answers), options,
            self.noise.scale(measuring / count), self.rng,
        )  # fmt: skip
        if is_tree:
            chosen = pick_forest(options, gains, self.noise, PICK * rho, count)
        else:
            measured = [answer.columns for answer in self.answers]
            chosen = pick_more(
                options, gains, self.rows.sizes, measured, self.noise, PICK * rho, count
            )
        if chosen:
            self.measure([option.columns for option in chosen], measuring)

    def _asked(self) -> list[Clique]:
        """Return the links that were measured, or the columns alone if there are none."""
        columns = [answer.columns for answer in self.answers]
        return [clique for clique in columns if len(clique) > 1] or columns


def _alone(train: Table, noise: Noise) -> float:
    """Return how much of the budget the columns alone should have, by a noisy number of rows."""
    asked = ROWS * noise.remaining
    rows = max(float(noise.histogram(np.array([len(train)]), "number of rows", asked)[0]), 1.0)
    blur = noise.scale(noise.remaining) * math.sqrt(len(train.schema.names)) / rows
    return min(max(BLURRED * blur, ALONE[0]), ALONE[1])


def _bins(book: Codebook) -> int:
    """Return how many bins a column should have: at most the root of the number of rows over 4."""
    rows = max(float(np.mean([counts.sum() for counts in book.counts])), 1.0)
    return max(int(math.sqrt(rows) / 4), FEWEST)
