"""K tables, each made without one fold: every unit is a non-member once and a member K - 1 times.

One unit stands in all K games, so its parts in them are summed before anything is squared: K
separate variances would count one person as K.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.stats import rankdata

from privsynth.statistics.auc import Auc, auc, delong, logit_bounds
from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import Game, pieces
from privsynth.statistics.rates import fail_rank, pass_rank, roc

MIN_IN_FOLD = 2
"""Units of each fold below which a fold has no variance of its own."""


@dataclass(frozen=True, eq=False)
class Folds:
    """Unit numbers of the rows, ``units (n,)``, and the fold ``fold (units,)`` of each unit.

    Table number i of ``k``, from 0, was made without the units of fold i. Folds were dealt at
    random, so any other deal into folds of these sizes was as likely: everything that permutes
    here permutes ``fold``.
    """

    units: Any
    fold: Any
    k: int

    @cached_property
    def games(self) -> tuple[Game, ...]:
        """The game of each table: the units of its fold are the non-members."""
        rows = self.fold[self.units]
        return tuple(Game(rows != k, self.units) for k in range(self.k))

    def within(self, chosen: Any) -> tuple["Folds", Any]:
        """Return the folds of the units marked in ``chosen (units,)``, and which rows are theirs.

        Folds that hold fewer than two of them are empty there: their table counts for nothing.
        """
        rows = np.asarray(chosen, bool)[self.units]
        numbered = np.cumsum(chosen) - 1
        return Folds(numbered[self.units[rows]], self.fold[chosen], self.k), rows

    def permuted(self, rng: np.random.Generator) -> Iterator[Any]:
        """Yield ``DRAWS`` other deals of the folds, some ``(times, units)`` at a time."""
        for times in pieces(len(self.fold)):
            yield rng.permuted(np.tile(self.fold.astype(np.int16), (times, 1)), axis=1)


@dataclass(frozen=True, eq=False)
class FoldScored:
    """One score of all rows against each of the K tables, ``scores (K, n)``, higher = member.

    Counted over the units marked in ``chosen (units,)``, all of them where it is None. What is
    estimated is the mean of the K AUCs, each weighted by its fold's share of the units.
    """

    scores: Any
    folds: Folds
    chosen: Any = None

    @cached_property
    def counted(self) -> tuple[Any, Folds]:
        """The scores that count and the folds over them."""
        if self.chosen is None:
            return self.scores, self.folds
        folds, rows = self.folds.within(self.chosen)
        return self.scores[:, rows], folds

    @cached_property
    def weights(self) -> Any:
        """The weight of each table, ``(K,)``: 0 where too few units of its fold count."""
        sizes = np.bincount(self.counted[1].fold, minlength=self.folds.k).astype(float)
        sizes[sizes < MIN_IN_FOLD] = 0.0
        return sizes / max(sizes.sum(), 1.0)

    @cached_property
    def each(self) -> list[tuple[int, Auc]]:
        """DeLong's AUC against each table that counts, with the table's number."""
        scores, folds = self.counted
        games = folds.games
        return [(int(k), delong(scores[k], games[k])) for k in np.flatnonzero(self.weights)]

    @cached_property
    def delong(self) -> Auc:
        """Return the mean AUC with its error, each unit's parts in all games taken together.

        A unit's influence is the weighted mean of its DeLong components over the K games, and the
        variance the sum of their squares. Components are scaled by √(m / (m - 1)), m the units on
        that side of that game: their mean was taken from them.
        """
        _, folds = self.counted
        influence = np.zeros(len(folds.fold))
        for k, found in self.each:
            inside = int((folds.fold == k).sum())
            sides = np.where(folds.fold == k, inside, len(folds.fold) - inside)
            influence += self.weights[k] * found.influence * np.sqrt(sides / (sides - 1))
        value = float(sum(self.weights[k] * found.value for k, found in self.each))
        error = float(np.sqrt((influence**2).sum()))
        degenerate = any(found.degenerate for _, found in self.each)
        return Auc(value, error, influence, degenerate or error == 0 or not 0 < value < 1)

    def auc(self, alpha: float, name: str = "auc") -> Estimate:
        """Return the mean AUC with one-sided bounds at ``1 - alpha``, on the logit scale.

        Degenerate scores get the wider of that and ``bounds``.
        """
        found = self.delong
        low, high = logit_bounds(found, alpha)
        method = f"delong-logit, paired by unit over {self.folds.k} folds"
        if found.degenerate:
            bounds = self.bounds(alpha)
            low, high = min(low, bounds[0]), max(high, bounds[1])
            method = f"exact-auc over {self.folds.k} folds"
        return Estimate(
            name=name, value=found.value, low=min(low, found.value), high=max(high, found.value),
            confidence=1 - 2 * alpha, method=method, n=len(self.counted[1].fold), expected=0.5,
        )  # fmt: skip

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return bounds of a degenerate score's mean AUC that need no large numbers.

        Where most rows hold one value and no unit lies below it in any game, or none above it: the
        score is whether a unit lies off it, its AUC ½(1 + TPR - FPR), and each rate has its exact
        bound over all units at ``alpha / 2``. Else the mean of each table's own bounds at
        ``alpha / K``, which hold all together.
        """
        cut = self._off_mode()
        if cut is not None:
            members, n1, others, n0 = self._rates(cut)
            lows = lower(whole_below(members), n1, alpha / 2), lower(others, n0, alpha / 2)
            highs = upper(whole_above(members), n1, alpha / 2), upper(others, n0, alpha / 2)
            value = self.delong.value
            low, high = (1 + lows[0] - highs[1]) / 2, (1 + highs[0] - lows[1]) / 2
            return min(low, value), max(high, value)
        scores, folds = self.counted
        ends = np.zeros(2)
        for k, found in self.each:
            own = auc(scores[k], folds.games[k], alpha / len(self.each), found=found)
            ends += self.weights[k] * np.array([own.low, own.high])
        return float(ends[0]), float(ends[1])

    def _off_mode(self) -> Any:
        """Return which units lie above (or at) each game's modal score, None if that varies."""
        scores, folds = self.counted
        above, reached = [], []
        for k, game in enumerate(folds.games):
            levels, counts = np.unique(scores[k], return_counts=True)
            if counts.max() < len(scores[k]) / 2:
                return None
            best = game.unit_max(scores[k])
            above.append(best > levels[counts.argmax()])
            reached.append(best >= levels[counts.argmax()])
        if np.all(reached):
            return np.array(above)
        return None if np.any(above) else np.array(reached)

    def _rates(self, cut: Any) -> tuple[float, int, int, int]:
        """Return hits and units as members, averaged over their games, and as non-members."""
        fold = self.counted[1].fold
        counts = self.weights > 0
        member = counts[:, None] & (fold[None, :] != np.arange(len(counts))[:, None])
        members = float(((cut & member).sum(axis=0) / np.maximum(member.sum(axis=0), 1)).sum())
        inside = np.flatnonzero(counts[fold])
        return members, len(fold), int(cut[fold[inside], inside].sum()), len(inside)

    @cached_property
    def ranks(self) -> Any:
        """Mid-ranks of the units that count against each table, ``(K, units)``, in (0, 1)."""
        scores, folds = self.counted
        best = np.stack([game.unit_max(scores[k]) for k, game in enumerate(folds.games)])
        return (rankdata(best, axis=1) - 0.5) / best.shape[1]

    @cached_property
    def gains(self) -> Any:
        """What the mean AUC gains if a unit is in fold k, ``(K, units)``, but for a constant.

        Minus its centred rank among all rows, over the rows of both sides of that game.
        """
        scores, folds = self.counted
        out = np.zeros((self.folds.k, len(folds.fold)))
        for k in np.flatnonzero(self.weights):
            game, ranks = folds.games[k], rankdata(scores[k])
            sums = game.unit_sums(ranks - ranks.mean())
            n1 = int(game.is_member.sum())
            out[k] = -self.weights[k] * (sums - sums.mean()) / (n1 * (len(ranks) - n1))
        return out

    def tpr_at_fpr(self, fpr: float, alpha: float, *, n_scores: int = 1) -> Estimate | None:
        """Return the true-positive rate at ``fpr`` of the score's rank among all units.

        As ``statistics.tpr_at_fpr``, with ranks within each game in place of scores: every unit's
        rank as a non-member sets the threshold, and a unit counts by the share of its K - 1 games
        as a member in which its rank lies above. Averaging makes it vary less than one throw, so
        Clopper-Pearson at n units holds; the sum is rounded outward. None for too few units.
        """
        ranks, fold = self.ranks, self.counted[1].fold
        n, units = len(fold), np.arange(len(fold))
        wide, strict = pass_rank(n, fpr, alpha), fail_rank(n, fpr, alpha)
        if wide is None or strict is None:
            return None
        others = np.sort(ranks[fold, units])[::-1]
        member = fold[None, :] != np.arange(len(ranks))[:, None]

        def above(rank: int) -> float:
            return float(((ranks > others[rank - 1]) & member).sum() / (len(ranks) - 1))

        def least(rank: int, level: float) -> float:
            return lower(whole_below(above(rank)), n, level)

        value = above(int(np.floor(fpr * n)) + 1) / n
        adjusted = fail_rank(n, fpr, alpha / n_scores)
        floor = 0.0 if adjusted is None else least(adjusted, alpha / (2 * n_scores))
        return Estimate(
            name=f"tpr_at_fpr_{fpr:g}",
            value=value,
            low=min(least(strict, alpha / 2), value),
            high=max(upper(whole_above(above(wide)), n, alpha / 2), value),
            confidence=1 - 2 * alpha,
            method="order-statistic clopper-pearson, ranks within folds",
            n=n,
            expected=fpr,
            adjusted_low=min(floor, value),
        )

    @property
    def n_non_members(self) -> int:
        """The units that set thresholds: each is a non-member once."""
        return len(self.folds.fold)

    def roc(self) -> dict[str, list[float]]:
        """Return the ROC of the ranks within folds, for pictures (see ``statistics.roc``)."""
        ranks, fold = self.ranks, self.counted[1].fold
        member = fold[None, :] != np.arange(len(ranks))[:, None]
        return roc(ranks.ravel(), Game(member.ravel(), np.arange(ranks.size)))


def whole_below(hits: float) -> int:
    """Return the largest whole number not above an average of hits."""
    return math.floor(hits + 1e-9)


def whole_above(hits: float) -> int:
    """Return the smallest whole number not below an average of hits."""
    return math.ceil(hits - 1e-9)
