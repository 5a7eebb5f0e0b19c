"""The worst over everything tried against K tables, each made without one fold of the units."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from privsynth.randomness import generator, integer_seed
from privsynth.statistics.family import Worst, max_t, worst_auc, worst_rates
from privsynth.statistics.folds import FoldScored
from privsynth.statistics.game import pieces


def fold_permutations(scores: list[FoldScored], rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return mean-AUC deviations over their spread, observed ``(m,)`` and permuted ``(DRAWS, m)``.

    The third is the spread, ``(m,)``: the exact permutation standard deviation of Hoeffding 1951.
    Scores stay as they are and the folds of the units are dealt anew, for all scores alike. A
    score that is the same against every table stays 0: its K AUCs average to one half whoever is
    where.
    """
    folds = scores[0].folds
    sizes = np.bincount(folds.fold, minlength=folds.k)
    n = len(folds.fold)
    gains = np.stack([one.gains for one in scores], axis=2)
    plain = (sizes[:, None, None] * gains**2).sum(axis=(0, 1))
    gains = gains - np.tensordot(sizes / n, gains, axes=1)[None]
    gains -= gains.mean(axis=1, keepdims=True)
    variance = (sizes[:, None, None] * gains**2).sum(axis=(0, 1)) / (n - 1)
    spread = np.where(variance > 1e-9 * plain, np.sqrt(variance), 0.0)
    gains = (gains / np.where(spread > 0, spread, np.inf)).astype(np.float32)

    def total(dealt: Any) -> Any:
        return sum((dealt == k).astype(np.float32) @ gains[k] for k in range(folds.k))

    observed = total(folds.fold[None, :])[0].astype(np.float64)
    return observed, np.concatenate([total(d) for d in folds.permuted(rng)]), spread


def fold_headline(
    scores: Mapping[str, FoldScored], alpha: float, rng: np.random.Generator,
    beside: Mapping[str, FoldScored] | None = None,
) -> tuple[dict[str, Worst], float]:  # fmt: skip
    """Return the worst mean AUC and true-positive rates, and the family's quantile c.

    As ``statistics.headline``: ``high`` uncorrected, ``low`` corrected over the family with
    ``beside`` (Gaussian multipliers, one a unit), ``p`` by dealing the folds anew.
    """
    listed = list(scores.values())
    together = [*listed, *(beside or {}).values()]
    observed, permuted, spread = fold_permutations(listed, rng)
    c = fold_quantile(together, alpha, rng)
    worst = fold_worst("auc", scores, alpha, c, alpha / len(together))
    estimate = worst.estimate.model_copy(update={"p": max_t(observed, permuted)})
    clean = 0.5 + float((permuted * spread).max(axis=1).mean())
    entry = replace(worst, estimate=estimate, expected_if_clean=clean)
    return {"auc": entry, **worst_rates(scores, alpha)}, c


def fold_quantile(scores: list[FoldScored], alpha: float, rng: np.random.Generator) -> float:
    """Return c: the ``1 - alpha`` quantile of the largest standardised error over a family."""
    regular = [one for one in scores if not one.delong.degenerate]
    if not regular:
        return 0.0
    influence = np.zeros((len(regular[0].folds.fold), len(regular)), np.float32)
    for j, one in enumerate(regular):
        chosen = slice(None) if one.chosen is None else one.chosen
        influence[chosen, j] = one.delong.influence / one.delong.error
    same = generator(integer_seed(rng, 62), "multipliers")
    top = [
        (same.standard_normal((times, len(influence)), dtype=np.float32) @ influence).max(axis=1)
        for times in pieces(len(influence))
    ]
    return float(np.quantile(np.concatenate(top), 1 - alpha * len(regular) / len(scores)))


def fold_worst(
    name: str, scores: Mapping[str, FoldScored], alpha: float, c: float, each: float
) -> Worst:
    """Return the worst mean AUC over some scores of a family whose ``c`` and ``each`` are known."""
    return worst_auc(name, scores, alpha, c, each, "paired delong multiplier max-t")
