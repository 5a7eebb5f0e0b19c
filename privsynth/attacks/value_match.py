"""Value match: rare values of the target reappear in the synthetic table, column by column.

Sees marginal resampling, replayed identifiers, timestamps and long decimals, to which every
distance between whole rows is blind.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.tables import Records


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return the sum over columns of 1[x_c occurs in S_c] · (-log π_c(x_c)).

    π_c(v) = 1 - (1 - f(v))^n_S is the chance that n_S fresh rows hold v, with f(v) =
    (count in the reference + ½) / (n_R + 1): common values weigh nothing.
    """
    n_synthetic, n_reference = len(view.synthetic), len(view.reference)
    total = np.zeros(len(targets))
    for c in range(targets.cells.shape[1]):
        column = targets.cells[:, c]
        released = _counts(column, view.synthetic.cells[:, c]) > 0
        frequency = (_counts(column, view.reference.cells[:, c]) + 0.5) / (n_reference + 1)
        by_chance = -np.expm1(n_synthetic * np.log1p(-frequency))
        total += np.where(released, -np.log(by_chance), 0.0)
    return total


def _counts(values: Any, among: Any) -> Any:
    known, counts = np.unique(among, return_counts=True)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, counts[place], 0)


attack = Attack(
    name="value_match",
    home=__name__,
    title="Rare values replayed",
    source="per-column rarity score; likelihood ratio of independent columns (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="values that are rounded or shifted before release; columns of few values",
    score=score,
)
