"""Exact binomial bounds (Clopper and Pearson 1934)."""

from scipy.stats import beta

from privsynth.statistics.estimate import Estimate


def lower(k: float, n: float, alpha: float) -> float:
    """Return the exact one-sided lower bound of a rate at level ``1 - alpha``: k hits of n."""
    return 0.0 if k <= 0 or n == 0 else float(beta.ppf(alpha, k, n - k + 1))


def upper(k: float, n: float, alpha: float) -> float:
    """Return the exact one-sided upper bound of a rate at level ``1 - alpha``: k hits of n."""
    return 1.0 if k >= n or n == 0 else float(beta.ppf(1 - alpha, k + 1, n - k))


def proportion(
    name: str, hits: int, n: int, alpha: float = 0.05, *, expected: float | None = None
) -> Estimate:
    """Return a rate with its Clopper-Pearson interval; each end is one-sided at ``1 - alpha``."""
    return Estimate(
        name=name,
        value=hits / n,
        low=lower(hits, n, alpha),
        high=upper(hits, n, alpha),
        confidence=1 - 2 * alpha,
        method="clopper-pearson",
        n=n,
        expected=expected,
    )
