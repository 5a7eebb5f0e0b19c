"""The worst over everything tried: what passes without correction, what fails with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy.stats import rankdata

from privsynth.randomness import generator, integer_seed
from privsynth.statistics.auc import Auc, auc, delong, exact_bounds
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import DRAWS, Game, Part
from privsynth.statistics.rates import roc, tpr_at_fpr

COLUMNS = 256
"""Scores that are permuted at a time: bounds the memory of a large family."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One score ``(n,)`` of all targets, counted over a ``part`` of the units or over all of them.

    A stratum, or the test part of a learned attack, is a score of fewer units.
    """

    scores: Any
    game: Game
    part: Part | None = None

    @property
    def counted(self) -> tuple[Any, Game]:
        """The scores that count and the game over them."""
        if self.part is None:
            return self.scores, self.game
        return self.scores[self.part.rows], self.part.game

    @cached_property
    def delong(self) -> Auc:
        """DeLong's AUC over the units that count."""
        return delong(*self.counted)

    def auc(self, alpha: float, name: str = "auc") -> Estimate:
        """Return the AUC with one-sided bounds at ``1 - alpha``."""
        return auc(*self.counted, alpha, name=name, found=self.delong)

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return bounds of a degenerate score's AUC that need no large numbers."""
        return exact_bounds(*self.counted, alpha)

    def tpr_at_fpr(self, fpr: float, alpha: float, *, n_scores: int = 1) -> Estimate | None:
        """Return the true-positive rate at ``fpr``; None for too few non-members."""
        return tpr_at_fpr(*self.counted, fpr, alpha, n_scores=n_scores)

    def roc(self) -> dict[str, list[float]]:
        """Return the ROC for pictures."""
        return roc(*self.counted)

    @property
    def n_non_members(self) -> int:
        """The units that set thresholds."""
        return self.counted[1].n_non_members

    def centred_ranks(self) -> Any:
        """Return summed centred ranks of every unit of the game, 0 for those that do not count."""
        scores, game = self.counted
        ranks = rankdata(scores)
        sums = game.unit_sums(ranks - ranks.mean())
        return self._spread(sums - sums.mean())

    def influence(self) -> Any:
        """Return DeLong's influence over its error, of every unit of the game, float32."""
        return self._spread((self.delong.influence / self.delong.error).astype(np.float32))

    def _spread(self, values: Any) -> Any:
        if self.part is None:
            return values
        out = np.zeros(len(self.game.unit_is_member), values.dtype)
        out[self.part.chosen] = values
        return out


class AnyScored(Protocol):
    """A score that can stand in a family, whatever its games: ``Scored`` or ``FoldScored``."""

    @property
    def delong(self) -> Auc:
        """AUC, error and influences."""

    @property
    def n_non_members(self) -> int:
        """The units that set thresholds."""

    def auc(self, alpha: float, name: str = "auc") -> Estimate:
        """Return the AUC with one-sided bounds."""

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return bounds for a degenerate score."""

    def tpr_at_fpr(self, fpr: float, alpha: float, *, n_scores: int = 1) -> Estimate | None:
        """Return the true-positive rate at ``fpr``."""

    def roc(self) -> dict[str, list[float]]:
        """Return the ROC for pictures."""


@dataclass(frozen=True)
class Worst:
    """The headline for one statistic, the score with the largest bound, and its clean value."""

    estimate: Estimate
    attack: str
    expected_if_clean: float | None
    n_scores: int


def family(scores: Mapping[str, Any], game: Game) -> dict[str, Scored]:
    """Return plain score arrays as a family over one game."""
    return {name: Scored(one, game) for name, one in scores.items()}


def permutation_aucs(scores: list[Scored], rng: np.random.Generator) -> tuple[Any, Any]:
    """Return standardised AUC deviations, observed ``(m,)`` and permuted ``(DRAWS, m)``.

    All scores share each permutation of unit labels, which keeps their correlation. The statistic
    is the centred rank sum of the members over its exact permutation standard deviation; constant
    scores stay 0. By rows it is (AUC - ½)·n1·n0, but for a constant. Labels move within the
    game's blocks.
    """
    game = scores[0].game
    labels = game.unit_is_member
    columns = [scores[i : i + COLUMNS] for i in range(0, len(scores), COLUMNS)]
    seed = integer_seed(rng, 62)
    observed, permuted = [], []
    for group in columns:
        centred = np.stack([one.centred_ranks() for one in group], axis=1)
        variance = np.zeros(len(group))
        for part in game.parts:
            n1, n = int(labels[part].sum()), len(part)
            centred[part] -= centred[part].mean(axis=0)
            variance += n1 * (n - n1) / (n * max(n - 1, 1)) * (centred[part] ** 2).sum(axis=0)
        scale = np.where(variance > 0, np.sqrt(variance), np.inf)
        centred = (centred / scale).astype(np.float32)
        observed.append(centred[labels].sum(axis=0, dtype=np.float64))
        same = generator(seed, "permutations")  # every group sees the same ones
        permuted.append(np.concatenate([drawn @ centred for drawn in game.permutations(same)]))
    return np.concatenate(observed), np.concatenate(permuted, axis=1)


def max_t(observed: Any, permuted: Any) -> float:
    """Return the one-sided max-T p (Westfall and Young 1993), ``(1 + #{>=}) / (1 + draws)``."""
    top = permuted.max(axis=1)
    return float((1 + (top >= observed.max() - 1e-4).sum()) / (1 + len(top)))


def headline(
    scores: Mapping[str, Scored], alpha: float, rng: np.random.Generator,
    beside: Mapping[str, Scored] | None = None,
) -> tuple[dict[str, Worst], float]:  # fmt: skip
    """Return the worst AUC and true-positive rates over all scores, and the family's quantile c.

    ``value`` is the largest estimate and ``high`` the largest upper bound, uncorrected: passing
    needs every bound below the limit, an intersection-union test. ``low`` is corrected over the
    family: for the AUC by a Gaussian multiplier bootstrap of DeLong's components, for the rates by
    Bonferroni. ``beside`` are scores that were tried as well (strata): they widen the family. ``p``
    is the joint permutation max-T of the headline's own scores.
    """
    listed = list(scores.values())
    observed, permuted = permutation_aucs(listed, rng)
    together = [*listed, *(beside or {}).values()]
    c = quantile(together, alpha, rng)
    worst = worst_auc("auc", scores, alpha, c, alpha / len(together))
    estimate = worst.estimate.model_copy(update={"p": max_t(observed, permuted)})
    clean = 0.5 + _clean_excess(listed, permuted)
    entry = replace(worst, estimate=estimate, expected_if_clean=clean)
    return {"auc": entry, **worst_rates(scores, alpha)}, c


def worst_rates(scores: Mapping[str, AnyScored], alpha: float) -> dict[str, Worst]:
    """Return the worst true-positive rates; none at a rate that a score is too small for."""
    out = {}
    for fpr in (0.1, 0.01):
        name = f"tpr_at_fpr_{fpr:g}"
        rates = {
            label: rate
            for label, one in scores.items()
            if (rate := one.tpr_at_fpr(fpr, alpha, n_scores=len(scores)))
        }
        if len(rates) == len(scores):
            floor = max(rate.adjusted_low or 0.0 for rate in rates.values())
            out[name] = Worst(*_worst(name, rates, floor, "bonferroni"), None, len(scores))
    return out


def quantile(scores: list[Scored], alpha: float, rng: np.random.Generator) -> float:
    """Return c: the ``1 - alpha`` quantile of the largest standardised error over a family.

    Gaussian multiplier bootstrap of DeLong's components; degenerate scores have no usable error,
    take their share of alpha and get exact bounds instead (``family_low``).
    """
    regular = [one for one in scores if not one.delong.degenerate]
    if not regular:
        return 0.0
    m = len(regular)
    together = np.zeros((m, m))
    blocks = range(0, m, COLUMNS)
    for a in blocks:
        left = np.stack([one.influence() for one in regular[a : a + COLUMNS]])
        for b in blocks:
            if b < a:
                continue
            right = (
                left if a == b else np.stack([one.influence() for one in regular[b : b + COLUMNS]])
            )
            product = left @ right.T
            together[a : a + COLUMNS, b : b + COLUMNS] = product
            together[b : b + COLUMNS, a : a + COLUMNS] = product.T
    # Normal weights times influences are normal with this covariance. The ridge is for scores that
    # are equal; it widens every error by 0.005 %.
    factor = np.linalg.cholesky(together + 1e-4 * np.eye(m))
    top = (rng.standard_normal((DRAWS, m)) @ factor.T).max(axis=1)
    return float(np.quantile(top, 1 - alpha * m / len(scores)))


def family_low(scores: Sequence[AnyScored], c: float, each: float) -> float:
    """Return a lower bound of the largest AUC, valid over a whole family.

    max over j of (AUC_j - c·SE_j), c from ``quantile``; degenerate scores get exact bounds at
    ``each``, their share of alpha.
    """
    bounds = [
        one.bounds(each)[0] if one.delong.degenerate else one.delong.value - c * one.delong.error
        for one in scores
    ]
    return max(max(bounds), 0.0)


def worst_auc(
    name: str, scores: Mapping[str, AnyScored], alpha: float, c: float, each: float,
    method: str = "delong multiplier max-t",
) -> Worst:  # fmt: skip
    """Return the worst AUC over some scores of a family whose ``c`` and ``each`` are known."""
    estimates = {label: one.auc(alpha) for label, one in scores.items()}
    floor = family_low(list(scores.values()), c, each)
    return Worst(*_worst(name, estimates, floor, method), None, len(scores))


def _clean_excess(scores: list[Scored], permuted: Any) -> float:
    """Return by how much the largest AUC of a clean table exceeds one half, on average."""
    spreads = []
    for one in scores:
        _, game = one.counted
        n1, n0 = int(game.is_member.sum()), int((~game.is_member).sum())
        unit = one.centred_ranks()
        unit = unit if one.part is None else unit[one.part.chosen]
        members, total = game.n_members, len(unit)
        variance = members * (total - members) / (total * (total - 1)) * float((unit**2).sum())
        spreads.append(np.sqrt(variance) / (n1 * n0))
    return float((permuted * np.array(spreads)).max(axis=1).mean())


def _worst(
    name: str, estimates: dict[str, Estimate], floor: float, method: str
) -> tuple[Estimate, str]:
    attack = max(estimates, key=lambda key: (estimates[key].high, estimates[key].value))
    value = max(estimate.value for estimate in estimates.values())
    first = estimates[attack]
    estimate = Estimate(
        name=name,
        value=value,
        low=min(floor, value),
        high=first.high,
        confidence=first.confidence,
        method=f"worst of {len(estimates)}: {method}",
        n=first.n,
        expected=first.expected,
        adjusted_low=min(floor, value),
    )
    return estimate, attack
