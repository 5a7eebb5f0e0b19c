"""The worst over everything tried: what passes without correction, what fails with it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from privsynth.statistics.auc import Auc, auc, delong, exact_bounds
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import Game, pieces
from privsynth.statistics.rates import tpr_at_fpr


@dataclass(frozen=True)
class Worst:
    """The headline for one statistic, the attack with the largest bound, and its clean value."""

    estimate: Estimate
    attack: str
    expected_if_clean: float | None
    n_scores: int


def permutation_aucs(scores: list[Any], game: Game, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return standardised AUC deviations, observed ``(m,)`` and permuted ``(DRAWS, m)``.

    All scores share each permutation of unit labels, which keeps their correlation. The statistic
    is the centred rank sum of the members over its exact permutation standard deviation; constant
    scores stay 0. By rows it is (AUC - ½)·n1·n0.
    """
    n1, n0 = game.n_members, game.n_non_members
    total = n1 + n0
    sums = []
    for one in scores:
        ranks = rankdata(one)
        sums.append(game.unit_sums(ranks - ranks.mean()))
    centred = np.stack(sums, axis=1)
    centred = centred - centred.mean(axis=0)
    spread = np.sqrt(n1 * n0 / (total * (total - 1)) * (centred**2).sum(axis=0))
    scale = np.where(spread > 0, spread, np.inf)
    observed = centred[game.unit_is_member].sum(axis=0) / scale
    permuted = [(labels @ centred) / scale for labels in game.permutations(rng)]
    return observed, np.concatenate(permuted)


def max_t(observed: Any, permuted: Any) -> float:
    """Return the one-sided max-T p (Westfall and Young 1993), ``(1 + #{>=}) / (1 + draws)``."""
    top = permuted.max(axis=1)
    return float((1 + (top >= observed.max() - 1e-12).sum()) / (1 + len(top)))


def headline(
    scores: dict[str, Any], game: Game, alpha: float, rng: np.random.Generator
) -> dict[str, Worst]:
    """Return the worst AUC and true-positive rates over all scores (gate-statistics 3).

    ``value`` is the largest estimate and ``high`` the largest upper bound, uncorrected: passing
    needs every bound below the limit, an intersection-union test. ``low`` is corrected over the
    family: for the AUC by a Gaussian multiplier bootstrap of DeLong's components, for the rates by
    Bonferroni. ``p`` is the joint permutation max-T.
    """
    names = list(scores)
    found = {name: delong(scores[name], game) for name in names}
    estimates = {name: auc(scores[name], game, alpha) for name in names}
    observed, permuted = permutation_aucs([scores[name] for name in names], game, rng)
    floor = family_low(found, scores, game, alpha, rng)
    worst = _worst("auc", estimates, floor, "delong multiplier max-t")
    entry = worst[0].model_copy(update={"p": max_t(observed, permuted)})
    clean = 0.5 + _clean_excess(scores, game, permuted)
    out = {"auc": Worst(entry, worst[1], clean, len(names))}
    for fpr in (0.1, 0.01):
        rates = {
            name: rate
            for name in names
            if (rate := tpr_at_fpr(scores[name], game, fpr, alpha, n_scores=len(names)))
        }
        if len(rates) == len(names):
            floor = max(rate.adjusted_low or 0.0 for rate in rates.values())
            estimate, attack = _worst(f"tpr_at_fpr_{fpr:g}", rates, floor, "bonferroni")
            out[f"tpr_at_fpr_{fpr:g}"] = Worst(estimate, attack, None, len(names))
    return out


def family_low(
    found: dict[str, Auc], scores: dict[str, Any], game: Game, alpha: float,
    rng: np.random.Generator,
) -> float:  # fmt: skip
    """Return a lower bound of the largest AUC, valid over the whole family at ``1 - alpha``.

    max over j of (AUC_j - c·SE_j), c the quantile of the largest standardised multiplier-bootstrap
    draw; degenerate scores have no usable SE and get exact bounds at their share of alpha.
    """
    regular = [name for name in found if not found[name].degenerate]
    each = alpha / len(found)
    bounds = [exact_bounds(scores[name], game, each)[0] for name in found if found[name].degenerate]
    if regular:
        influence = np.stack([found[n].influence / found[n].error for n in regular], axis=1)
        top = []
        for times in pieces(len(influence)):
            weights = rng.standard_normal((times, len(influence)), dtype=np.float32)
            top.append((weights @ influence).max(axis=1))
        c = float(np.quantile(np.concatenate(top), 1 - each * len(regular)))
        bounds += [found[name].value - c * found[name].error for name in regular]
    return max(max(bounds), 0.0)


def _clean_excess(scores: dict[str, Any], game: Game, permuted: Any) -> float:
    """Return by how much the largest AUC of a clean table exceeds one half, on average."""
    n1, n0 = int(game.is_member.sum()), int((~game.is_member).sum())
    spreads = []
    for one in scores.values():
        ranks = rankdata(one)
        unit = game.unit_sums(ranks - ranks.mean())
        unit = unit - unit.mean()
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
