"""Members' success minus non-members', with an interval that counts people and not rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t

from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.game import Game

FEW = 10
"""With fewer successes or failures than this on a side, Wilson's interval misses too often."""


def difference(name: str, hits: Any, game: Game, alpha: float) -> Estimate:
    """Return the mean success of members minus that of non-members, in [-1, 1], never clipped at 0.

    ``hits (n,)`` are 0 to 1, one a counted row; ``high`` and ``low`` are one-sided at ``1 - alpha``
    by Newcombe's square-and-add (1998, method 10) of each side's ``Side.bounds``. Where a side has
    few successes or failures they reach at least to the difference of its bounds at ``alpha / 2``,
    which is exact for rows (Bonferroni): square-and-add then misses up to 7 % instead of 5 %.
    """
    first = Side.of(hits[game.is_member], game.units[game.is_member])
    second = Side.of(hits[~game.is_member], game.units[~game.is_member])
    value = first.p - second.p
    (low1, high1), (low0, high0) = first.bounds(alpha), second.bounds(alpha)
    low = value - float(np.hypot(first.p - low1, high0 - second.p))
    high = value + float(np.hypot(high1 - first.p, second.p - low0))
    if first.few or second.few:
        (low1, high1), (low0, high0) = first.bounds(alpha / 2), second.bounds(alpha / 2)
        low, high = min(low, low1 - high0), max(high, high1 - low0)
    return Estimate(
        name=name,
        value=value,
        low=max(low, -1.0),
        high=min(high, 1.0),
        confidence=1 - 2 * alpha,
        method="newcombe by unit",
        n=game.n_members + game.n_non_members,
        expected=0.0,
    )


def rate(name: str, hits: Any, units: Any, alpha: float) -> Estimate:
    """Return the mean success of these rows with the bounds of ``Side.bounds``."""
    side = Side.of(hits, units)
    low, high = side.bounds(alpha)
    return Estimate(
        name=name, value=side.p, low=low, high=high, confidence=1 - 2 * alpha,
        method="wilson by unit", n=side.units,
    )  # fmt: skip


def largest_difference(
    name: str, family: dict[str, tuple[Any, Game]], alpha: float
) -> tuple[Estimate, str]:
    """Return the worst ``difference`` over a family, and who has the largest upper bound.

    ``value`` and ``high`` are the largest, uncorrected: passing needs every bound below the limit,
    an intersection-union test. ``low`` and ``adjusted_low`` are corrected over everything tried
    (Bonferroni). Each member of the family has its own hits and game: rows may count in some only.
    """
    found = {key: difference(name, *entry, alpha) for key, entry in family.items()}
    share = alpha / len(found)
    floor = max(difference(name, *entry, share).low for entry in family.values())
    worst = max(found, key=lambda key: (found[key].high, found[key].value))
    value = max(estimate.value for estimate in found.values())
    entry = found[worst].model_copy(
        update={
            "value": value,
            "low": min(floor, value),
            "high": max(found[worst].high, value),
            "adjusted_low": min(floor, value),
            "method": f"worst of {len(found)}: newcombe by unit, bonferroni",
        }
    )
    return entry, worst


@dataclass(frozen=True)
class Side:
    """A rate ``p``, how many ``units`` it comes from, and how many independent rows they are worth.

    ``effective`` is rows / design effect (Kish 1965, the variance of a ratio between units), never
    more than n² / Σm² for units of m rows: rows that agree with each other by chance are not many
    people. ``df`` are the degrees of freedom of that variance, infinite where rows are units.
    """

    p: float
    units: int
    effective: float
    df: float

    @classmethod
    def of(cls, hits: Any, units: Any) -> "Side":
        """Return the rate of ``hits (n,)``, 0 to 1, over rows with these unit numbers ``(n,)``."""
        inverse = np.unique(units, return_inverse=True)[1]
        sizes = np.bincount(inverse).astype(float)
        n, groups = len(hits), len(sizes)
        p = min(max(float(hits.mean()), 0.0), 1.0)
        effective = float(n**2 / (sizes**2).sum())
        spread = float((np.bincount(inverse, weights=hits - p) ** 2).sum()) / n**2
        if groups < n:
            spread *= groups / max(groups - 1, 1)
        if spread > 0 and 0 < p < 1:
            effective = max(min(effective, p * (1 - p) / spread), 1.0)
        return cls(p, groups, effective, max(groups - 1, 1) if groups < n else np.inf)

    @property
    def few(self) -> bool:
        """Whether successes or failures are too few for Wilson's interval."""
        return self.effective * min(self.p, 1 - self.p) < FEW

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return both one-sided bounds at ``1 - alpha``: Wilson's score interval.

        Where there are few, the wider of that and Clopper-Pearson: a variance of 0 is no knowledge.
        """
        p, n = self.p, self.effective
        z = float(t.isf(alpha, self.df))
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * float(np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2))
        low, high = centre - half, centre + half
        if self.few:
            low = min(low, lower(p * n, n, alpha))
            high = max(high, upper(p * n, n, alpha))
        return min(max(low, 0.0), p), max(min(high, 1.0), p)
