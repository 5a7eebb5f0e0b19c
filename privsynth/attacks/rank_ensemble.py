"""Rank ensemble: attacks of different kinds vote, each target by its rank in every one of them.

Unsupervised combination of calibrated distances, densities, likelihood gain, rare values and
nearest-neighbour ratio: no label is used, and every vote has its orientation from its attack.
"""

from typing import Any

import numpy as np

from privsynth.attacks import dcr_ratio, domias, gen_lra, nndr, value_match
from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.tables import Records

VOTERS = (dcr_ratio.attack, domias.attack, gen_lra.attack, value_match.attack, nndr.attack)


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> dict[str, Any]:
    """Return by label: ``mean``, the average rank, and ``max``, the highest vote; each in [0, 1].

    A vote is an attack's mean over its encodings and labels of the target's mid-rank, as a share
    of the targets, of which members and non-members are alike a part. Ranks among the targets take
    the place of z-scores from reference rows: those lie at distance 0 from themselves, and leaving
    each out of the reference would need another search for every attack.
    """
    from scipy.stats import rankdata

    votes = []
    for voter in VOTERS:
        ranks = [
            (rankdata(scores) - 0.5) / len(targets)
            for scores in view.scores(voter, targets).values()
        ]
        votes.append(np.mean(ranks, axis=0))
    # A vote of many tied targets says little at its top: ranks again, so that votes are alike.
    again = [(rankdata(vote) - 0.5) / len(targets) for vote in votes]
    return {"mean": np.mean(votes, axis=0), "max": np.max(again, axis=0)}


attack = Attack(
    name="rank_ensemble",
    home=__name__,
    title="Average and highest rank over attacks",
    source="unsupervised ensemble of the attacks named in its file (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="leaks that only one of its attacks sees, in the average; weak ones in the highest",
    score=score,
    costly=True,
)
