"""Planted leaks: generators that give away a known amount, and what the best attack makes of it.

Tables are frames. ``gaussian`` makes a population whose density is known, so that the best score
(Neyman-Pearson) can be computed and a tool's efficiency, (AUC - ½) / (best AUC - ½), be told.
Needs nothing of the package: any tool can be held against these.
"""

import numpy as np
import pandas as pd
from scipy.stats import chi2, ncx2, norm


def gaussian(n: int, d: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``n`` rows of ``d`` independent standard normal columns x0, x1, …"""
    return pd.DataFrame(rng.normal(size=(n, d)), columns=[f"x{c}" for c in range(d)])


def _shuffled(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)


# Copies: each training row appears in the table with probability `share`, fresh rows fill it up.


def copies(
    train: pd.DataFrame, fresh: pd.DataFrame, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return as many rows as ``train``: each its own copy with probability ``share``, else fresh.

    ``fresh`` are at least as many rows of the same population.
    """
    return noisy_copies(train, fresh, share, 0.0, rng)


def copies_auc(share: float) -> float:
    """Return the best AUC against copies: ½ + share/2 (the copied are seen, the rest is chance)."""
    return 0.5 + share / 2


def copies_tpr(share: float, fpr: float) -> float:
    """Return the best true positive rate at a false positive rate: share + (1 - share)·fpr."""
    return share + (1 - share) * fpr


def group_copies(
    train: pd.DataFrame, fresh: pd.DataFrame, group: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return a table in which the training rows marked by ``group`` are copied, the rest fresh.

    The best AUC is ½ + π/2 over all, π the group's share of the members, and 1 in the group.
    """
    rows = fresh.iloc[: len(train)].reset_index(drop=True)
    rows.loc[group] = train.reset_index(drop=True).loc[group]
    return _shuffled(rows, rng)


def noisy_copies(
    train: pd.DataFrame, fresh: pd.DataFrame, share: float, sigma: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return ``copies`` with normal noise of ``sigma`` in every column (numeric ones, if > 0)."""
    copied = rng.random(len(train)) < share
    moved = train.reset_index(drop=True)
    if sigma > 0:
        moved = moved + rng.normal(scale=sigma, size=moved.shape)
    kept = fresh.iloc[: len(train)][~copied]
    return _shuffled(pd.concat([moved[copied], kept], ignore_index=True), rng)


def noisy_copies_score(
    targets: np.ndarray, synthetic: np.ndarray, share: float, sigma: float
) -> np.ndarray:
    """Return the likelihood ratio of member to non-member, for ``noisy_copies`` of ``gaussian``.

    With q the population's density and g = q * φ_σ that of a noisy copy, given the table S a
    member has density q(x)·Λ(x), Λ = mean over s in S of
    [share·φ_σ(s - x) + (1 - share)·q(s)] / [share·g(s) + (1 - share)·q(s)].
    No score has a larger AUC.
    """
    d = targets.shape[1]
    q = np.exp(-(synthetic**2).sum(1) / 2) / (2 * np.pi) ** (d / 2)
    wide = 1 + sigma**2
    g = np.exp(-(synthetic**2).sum(1) / (2 * wide)) / (2 * np.pi * wide) ** (d / 2)
    below = share * g + (1 - share) * q
    out = np.full(len(targets), np.mean((1 - share) * q / below))
    for start in range(0, len(targets), 500):
        gaps = targets[start : start + 500, None, :] - synthetic
        kernel = np.exp(-(gaps**2).sum(2) / (2 * sigma**2)) / (2 * np.pi * sigma**2) ** (d / 2)
        out[start : start + 500] += share * (kernel / below).mean(axis=1)
    return out


def members_given(
    synthetic: np.ndarray, share: float, sigma: float, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Return ``n`` draws of what a member is, given nothing but a table of ``noisy_copies``.

    Each from the posterior of the row behind one synthetic row: with what probability it is a
    copy, and then where the original lies. What the best score gets on these is its theory.
    """
    d = synthetic.shape[1]
    rows = synthetic[rng.integers(0, len(synthetic), n)]
    squares, wide = (rows**2).sum(1), 1 + sigma**2
    ratio = np.exp(squares / 2 - squares / (2 * wide)) / wide ** (d / 2)  # g / q
    copied = rng.random(n) < share * ratio / (share * ratio + 1 - share)
    behind = rows / wide + rng.normal(size=rows.shape) * np.sqrt(sigma**2 / wide)
    return np.where(copied[:, None], behind, rng.normal(size=rows.shape))


def noisy_copies_distance_auc(
    d: int, n: int, share: float, sigma: float, rng: np.random.Generator, draws: int = 200_000
) -> float:
    """Return the AUC of the distance to the nearest of ``n`` rows, by simulation of its law.

    Background: P(D > t) = P(no row of n within t of x), a non-central χ² for normal rows; a copied
    member has the smaller of that and σ·χ_d.
    """
    grid = np.exp(np.linspace(np.log(1e-4), np.log(12), 400))
    knots = chi2.ppf((np.arange(100) + 0.5) / 100, d)  # |x|² in a hundred equal parts
    law = np.array([-n * np.log1p(-np.minimum(ncx2.cdf(grid**2, d, s), 1 - 1e-12)) for s in knots])
    outside, inside = (
        np.concatenate([np.interp(rng.exponential(size=draws // 100), row, grid) for row in law])
        for _ in range(2)
    )
    draws = len(inside)
    noise = sigma * np.sqrt(chi2.rvs(d, size=draws, random_state=rng))
    inside = np.where(rng.random(draws) < share, np.minimum(inside, noise), inside)
    order = np.argsort(np.concatenate([inside, outside]), kind="stable")
    member = order < draws
    seen = np.cumsum(~member)
    return float(1 - seen[member].mean() / draws)


# Over-fitted kernel density: the table is drawn from a density with a bump at every training row.


def kernel_density(train: pd.DataFrame, h: float, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``n`` rows, each a random training row plus normal noise of ``h`` in every column."""
    rows = train.iloc[rng.integers(0, len(train), n)].reset_index(drop=True)
    return rows + rng.normal(scale=h, size=rows.shape)


def kernel_density_auc(d: int, n: int, h: float, n_s: float, b: float) -> float:
    """Return the AUC of a kernel score of bandwidth ``b``, standardised by the root of the density.

    For ``kernel_density`` of ``n`` rows of ``gaussian`` and ``n_s`` synthetic rows (may be
    infinite): with c² = h² + b², Δ²(x) = (2πc²)^(-d) / (n·p(x)·[(n/n_S)(4πb²)^(-d/2) +
    (4πc²)^(-d/2)]) and AUC = E Φ(Δ/√2). Holds where many rows lie within h.
    """
    c = h**2 + b**2
    noise = (4 * np.pi * c) ** (-d / 2)
    if np.isfinite(n_s):
        noise += n / n_s * (4 * np.pi * b**2) ** (-d / 2)
    squares = chi2.ppf((np.arange(4000) + 0.5) / 4000, d)
    density = np.exp(-squares / 2) / (2 * np.pi) ** (d / 2)
    delta = np.sqrt((2 * np.pi * c) ** (-d) / (n * density * noise))
    return float(norm.cdf(delta / np.sqrt(2)).mean())


def kernel_density_best(d: int, n: int, h: float) -> float:
    """Return the best AUC against ``kernel_density`` when any number of rows is released."""
    return kernel_density_auc(d, n, h, np.inf, 1e-9)


# Resampled columns: every value is a training value, no row is.


def resampled_columns(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``n`` rows whose columns are drawn from the training rows, each by itself."""
    return pd.DataFrame(
        {name: train[name].to_numpy()[rng.integers(0, len(train), n)] for name in train}
    )


def resampled_columns_auc(k: int, n: int, n_s: int) -> float:
    """Return the AUC of value matching with ``k`` columns of unique values: 1 - ½·e^(-k·n_S/n)."""
    return float(1 - 0.5 * np.exp(-k * n_s / n))
