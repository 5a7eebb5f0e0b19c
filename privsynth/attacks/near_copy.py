"""Near copy: a synthetic row lies nearer than other people's rows ever lie to each other.

The near form of the identical-match attack (A1 of the field's usual list). Binary.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._near import nearest
from privsynth.tables import Records

SHARE = 0.01
"""Share of the reference rows that have another reference row within the threshold."""


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return 1 for each target within τ of its nearest synthetic row, else 0.

    τ is the 1 % quantile of the distances from each reference row to its nearest other one. Where
    one person in a hundred has a twin it is 0, and this is an exact match in the encoding.
    """
    found = nearest(targets, view.synthetic, view).distances[:, 0]
    return (found <= threshold(view)).astype(np.float64)


def threshold(view: AttackerView) -> float:
    """Return τ, a Gower distance; 0 where the reference has no two rows to compare."""
    # The row itself is the first of the two: it is at distance 0.
    other = view.search.nearest(view.reference, view.reference, 2).distances[:, 1]
    tau = float(np.quantile(other, SHARE, method="lower"))
    return tau if np.isfinite(tau) else 0.0


attack = Attack(
    name="near_copy",
    home=__name__,
    title="Near copy",
    source="near match, τ = 1 % quantile of the reference's own nearest distances (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="copies moved farther than the closest hundredth of people are from each other",
    score=score,
)
