"""Blind baseline: can train be told from holdout without the synthetic table? (arXiv:2406.16201)"""

import math
from typing import Any

import numpy as np
from scipy.stats import norm

from privsynth.evidence import Control
from privsynth.measures import Material
from privsynth.statistics import Game, auc, delong
from privsynth.statistics.auc import logit_bounds
from privsynth.statistics.game import DRAWS
from privsynth.tables import Records

FOLDS = 5
MAX_FEATURES = 300
WAVES = 64
MAX_UNITS = 20_000
QUICK_UNITS = 4_000
OWN_LEVEL = 0.001
SUPPLIED_LEVEL = 0.01
SUPPLIED_HIGH = 0.55
TWIN_LEVEL = 0.0005


def blind_baseline(material: Material, *, own_split: bool, most: int = MAX_UNITS) -> Control:
    """Return whether a model that never saw the synthetic table tells members apart.

    Cross-fitted ridge regression of membership on the columns, their squares, indicators and 64
    random Fourier features. For the tool's own split: permutation p, refitting included, below
    0.001 fails. For a supplied holdout: the lower 99 % bound above 0.5 or the upper 95 % bound at
    0.55 or more fails (``_supplied_limit``): its rows come from another population, and every
    attack would find that.
    """
    rng = material.rng("control", "blind")
    rows, game = _sample(material, most, rng)
    features = _features(rows, rng)
    folds = rng.permutation(len(game.unit_is_member))[game.units] % FOLDS
    labels = game.is_member.astype(np.float64)[:, None]
    scores = _cross_fit(features, labels, folds)[:, 0]
    found = delong(scores, game)
    low, _ = logit_bounds(found, SUPPLIED_LEVEL)
    _, high = logit_bounds(found, 0.05)
    estimate = auc(scores, game, material.alpha).model_copy(
        update={"method": "ridge, cross-fitted"}
    )
    if own_split:
        p = _permutation_p(features, game, folds, scores, rng)
        failed, estimate = p < OWN_LEVEL, estimate.model_copy(update={"p": p})
        detail = f"permutation p = {p:.4f}, alarm below {OWN_LEVEL}"
    else:
        limit = _supplied_limit(game)
        failed = low > 0.5 or high >= limit
        detail = (
            f"99 % lower bound {low:.3f}, alarm above 0.5; 95 % upper bound {high:.3f}, "
            f"alarm from {limit:.3f}"
        )
    verb = "can be told apart" if failed else "cannot be told apart"
    message = (
        f"train and holdout {verb} without the synthetic table (AUC {found.value:.3f}; {detail})."
    )
    if twins_p(material.targets, material.game, rng) <= TWIN_LEVEL:
        failed = True
        message += (
            " More rows occur on both sides than chance allows: the holdout holds train rows."
        )
    return Control(
        status="failed" if failed else "ok", message=message, estimates=(estimate.rounded(),)
    )


def twins_p(rows: Records, game: Game, rng: np.random.Generator) -> float:
    """Return the p-value of "equal rows meet across the sides as often as chance lets them".

    A holdout that holds training rows makes members of non-members, and every attack blind. Its
    sign: pairs of equal rows lie across the sides more often than permuted labels put them there.
    Repeated rows of a population lie there as often as chance has it, however many they are.
    """
    content = np.unique(np.array(rows.row_keys(), dtype=object), return_inverse=True)[1]
    repeated = np.flatnonzero(np.bincount(content)[content] > 1)
    if not len(repeated):
        return 1.0
    order = repeated[np.argsort(content[repeated], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(content[order]) > 0])
    sizes = np.diff(np.r_[starts, len(order)])

    def across(labels: Any) -> Any:
        members = np.add.reduceat(labels[:, game.units[order]], starts, axis=1)
        return (members * (sizes - members)).sum(axis=1)

    observed = float(across(game.unit_is_member.astype(np.float32)[None, :])[0])
    reached = 0
    for labels in game.permutations(rng, len(game.units)):
        reached += int((across(labels) >= observed).sum())
    return (1 + reached) / (1 + DRAWS)


def _sample(material: Material, most: int, rng: np.random.Generator) -> tuple[Records, Game]:
    """Return the targets, or those of ``most`` random units of each side."""
    game, rows = material.game, material.targets
    keep = np.zeros(len(game.unit_is_member), bool)
    for side in (True, False):
        units = np.flatnonzero(game.unit_is_member == side)
        keep[rng.permutation(units)[:most]] = True
    if keep.all():
        return rows, game
    chosen = np.flatnonzero(keep[game.units])
    member = game.is_member[chosen]
    units = game.units[chosen]
    return rows.take(chosen), Game.of(units[member], units[~member])


def _features(rows: Records, rng: np.random.Generator) -> Any:
    """Return standardised features ``(n, d)``, an intercept first; many are projected to 300."""
    missing = np.isnan(rows.numbers)
    numbers = np.where(missing, 0.5, rows.numbers)
    blocks = [numbers, numbers**2, missing.astype(float)]
    for j in range(rows.codes.shape[1]):
        known, counts = np.unique(rows.codes[:, j], return_counts=True)
        common = known[np.argsort(-counts, kind="stable")[:20]]
        blocks.append((rows.codes[:, [j]] == common[None, :]).astype(float))
    plain = _standardised(np.hstack(blocks))
    if plain.shape[1] > MAX_FEATURES:
        plain = _standardised(plain @ rng.normal(size=(plain.shape[1], MAX_FEATURES)))
    scale = 1 / np.sqrt(max(plain.shape[1], 1))
    phases = plain @ rng.normal(0, scale, (plain.shape[1], WAVES)) + rng.uniform(
        0, 2 * np.pi, WAVES
    )
    waves = _standardised(np.cos(phases))
    return np.hstack([np.ones((len(plain), 1)), plain, waves])


def _standardised(x: Any) -> Any:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0))[:, spread > 1e-12] / spread[spread > 1e-12]


def _cross_fit(features: Any, labels: Any, folds: Any) -> Any:
    """Return out-of-fold predictions for every column of ``labels``, shape ``(n, columns)``."""
    out = np.empty((len(features), labels.shape[1]))
    penalty = np.eye(features.shape[1])
    penalty[0, 0] = 1e-9
    for fold in range(FOLDS):
        test = folds == fold
        x = features[~test]
        weights = np.linalg.solve(x.T @ x + 0.01 * len(x) * penalty, x.T @ labels[~test])
        out[test] = features[test] @ weights
    return out


def _permutation_p(
    features: Any, game: Game, folds: Any, scores: Any, rng: np.random.Generator
) -> float:
    """Return the p-value of the gap in mean prediction, refitting under every permutation."""

    def gap(predictions: Any, labels: Any) -> Any:
        members = labels.sum(axis=0)
        total = predictions.sum(axis=0)
        inside = (predictions * labels).sum(axis=0)
        return inside / members - (total - inside) / (len(labels) - members)

    observed = float(gap(scores[:, None], game.is_member.astype(float)[:, None])[0])
    reached = 0
    for by_unit in game.permutations(rng, len(game.units)):
        labels = by_unit[:, game.units].T.astype(np.float64)
        reached += int((gap(_cross_fit(features, labels, folds), labels) >= observed - 1e-12).sum())
    return (1 + reached) / (1 + DRAWS)


def _supplied_limit(game: Game) -> float:
    """Return 0.55, or for small tables what a clean upper bound stays below in 99.5 % of audits.

    At 1,000 members and 500 non-members a clean 95 % bound lies above 0.55 in 6 % of audits.
    """
    n1, n0 = game.n_members, game.n_non_members
    error = math.sqrt((n1 + n0 + 1) / (12 * n1 * n0))
    return max(SUPPLIED_HIGH, 0.5 + float(norm.isf(0.05) + norm.isf(0.005)) * error)
