"""Exact copy: the target's row stands in the synthetic table, cell for cell.

Attack A1 of the field's usual list (identical match; e.g. SDNist's unique exact matches). Binary.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import TABLE_ONLY, Attack, AttackerView
from privsynth.tables import Records


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return 1 for each target row that occurs in the synthetic table, else 0."""
    released = set(view.synthetic.row_keys())
    return np.array([key in released for key in targets.row_keys()], dtype=np.float64)


attack = Attack(
    name="exact_copy",
    home=__name__,
    title="Exact copy",
    source="identical match share (SDNist 2.5; mostlyai-qa); definition: 1[x in S]",
    threat=TABLE_ONLY,
    blind_to="rows changed in a single cell",
    score=score,
)
