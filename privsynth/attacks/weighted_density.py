"""Weighted density: synthetic rows near the target count the more, the rarer they are in people.

The Neyman-Pearson score of noisy copies is 1 - p + p·mean_j φ(s_j - x) / q(s_j), with q the density
of the population at each released row. Here q is estimated from the reference; that score rises
with the sum alone, whatever p is. (``calibrated_density`` divides at the target instead.)
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._density import WIDTHS, cloud, log_means
from privsynth.neighbours import STD, Points

FLOOR = 1e-3
"""Share of the mean density that is added to each, so that no row outweighs all others."""
NARROW_AXES = 2
"""Up to so many axes the population's density takes Silverman's bandwidth, else twice that."""


def score(targets: Points, view: AttackerView, rng: np.random.Generator) -> dict[str, Any]:
    """Return log Σ_j K_h(s_j - x) / q(s_j) by label: the bandwidth h.

    ``h1``, ``h2`` and ``h4`` are Silverman's bandwidth over 1, 2 and 4.
    """
    held = cloud(view)
    powers = 2 * len(WIDTHS) - 1
    line = 1 if len(held.synthetic) <= NARROW_AXES else 0
    density = np.exp(_stable(log_means(held.synthetic.T, held.reference, 3)[2 * line]))
    weights = 1 / (density + FLOOR * density.mean())
    found = log_means(held.place(targets), held.synthetic, powers, weights / weights.mean())[::2]
    return {f"h{round(1 / width)}": found[i] for i, width in enumerate(WIDTHS) if i > 0}


def _stable(logs: Any) -> Any:
    """Return logs less their largest: ratios stay, and nothing overflows."""
    return logs - logs.max()


attack = Attack(
    name="weighted_density",
    home=__name__,
    title="Density weighted by rarity",
    source="Neyman-Pearson score of noisy copies, the population estimated (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="values replayed column by column; many related columns; leaks as broad as the tables",
    score=score,
    encodings=(STD,),
    costly=True,
)
