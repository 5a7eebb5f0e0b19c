"""Extremes: the target holds the largest or smallest value that the synthetic table has.

Generators that clip to the range of their training rows put the training extremes into the table,
again and again, and nothing beyond them; so whoever lies beyond was not in it.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.tables import Records

COMMON = 0.01
"""An extreme held by more than this share of the reference rows says nothing about anybody."""


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return in how many columns the target's value is the synthetic maximum or minimum, less
    those in which it lies outside the synthetic range.

    Ordered columns only; constant ones are skipped, missing and unreadable cells count 0. An
    extreme that more than 1 % of the reference rows hold counts 0: it is the end of a scale.
    """
    total = np.zeros(len(targets))
    for c in range(targets.numbers.shape[1]):
        values, usual = targets.numbers[:, c], view.reference.numbers[:, c]
        released = view.synthetic.numbers[:, c]
        released = released[np.isfinite(released)]
        if not len(released) or released.min() == released.max():
            continue
        known = np.isfinite(values)
        for end, outside in (
            (released.max(), values > released.max()),
            (released.min(), values < released.min()),
        ):
            rare = (usual == end).sum() <= COMMON * len(usual)
            total += rare * (values == end)
            total -= known & outside
    return total


attack = Attack(
    name="extremes",
    home=__name__,
    title="Extremes of the training rows",
    source="metadata and clipping leak of generators that keep training ranges (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="everybody but the holders of extreme values; declared bounds reached by many",
    score=score,
)
