"""Neighbour ratio: among the nearest rows of both tables, synthetic ones are in the majority.

Data plagiarism index (Ward et al. 2024, arXiv:2406.13012, section 3) as a log odds: the published
sigmoid of the ratio of counts saturates into ties.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._near import nearest
from privsynth.neighbours import GOWER, RANK
from privsynth.tables import Records

COUNTS = (5, 20)


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> dict[str, Any]:
    """Return, by label k5 and k20, log((k_S + ½)/(k_R + ½)) - log(n_S/n_R).

    k_S and k_R are how many of the k nearest rows of both tables together are synthetic and
    reference rows.
    """
    near = nearest(targets, view.synthetic, view).distances
    usual = nearest(targets, view.reference, view).distances
    sizes = len(view.synthetic), len(view.reference)
    found = {}
    for k in COUNTS:
        synthetic, reference = shares(near, usual, k, sizes)
        odds = np.log((synthetic + 0.5) / (reference + 0.5))
        found[f"k{k}"] = odds - np.log(sizes[0] / sizes[1])
    return found


def shares(near: Any, usual: Any, k: int, sizes: tuple[int, int]) -> tuple[Any, Any]:
    """Return of the ``k`` nearest rows how many come from each table, fractional where tied.

    Rows at exactly the k-th distance share the places that are left in proportion to their numbers
    on both sides. Where both lists of 50 end among these ties, their numbers are not known, and
    the tables' sizes stand in: that row is no evidence for either side.
    """
    k = min(k, sum(sizes))
    edge = np.sort(np.concatenate([near, usual], axis=1), axis=1)[:, [k - 1]]
    inside = (near < edge).sum(axis=1), (usual < edge).sum(axis=1)
    tied = [(near == edge).sum(axis=1), (usual == edge).sum(axis=1)]
    cut = [
        (found[:, -1] == edge[:, 0]) & (size > found.shape[1])
        for found, size in zip((near, usual), sizes, strict=True)
    ]
    left = k - inside[0] - inside[1]
    part = np.where(cut[0] & cut[1], sizes[0] / sum(sizes), tied[0] / (tied[0] + tied[1]))
    return inside[0] + left * part, inside[1] + left * (1 - part)


attack = Attack(
    name="density_ratio",
    home=__name__,
    title="Share of synthetic rows among the nearest",
    source="data plagiarism index, Ward et al. 2024 (arXiv:2406.13012), section 3; log odds",
    threat=WITH_REFERENCE,
    blind_to="single copies in crowded regions; values replayed column by column",
    score=score,
    encodings=(GOWER, RANK),
)
