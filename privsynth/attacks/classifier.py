"""Classifier: a model that tells synthetic rows from other people's takes the target for synthetic.

The discriminator attack LOGAN (Hayes et al. 2019, PoPETs 2019(1)) with boosted trees in the place
of a network; taught on synthetic against reference rows, never on members.
"""

from typing import Any

import numpy as np

from privsynth import randomness
from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._models import features, sample
from privsynth.tables import Records

ROUNDS, DEPTH = 150, 4


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> Any:
    """Return the log odds of "synthetic" that boosted trees of depth 4 give each target.

    Taught on at most 5,000 rows of each table; the odds of the tables' sizes are left in them, the
    same for every target.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    synthetic, reference = sample(view.synthetic, rng), sample(view.reference, rng)
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        max_depth=DEPTH,
        min_samples_leaf=5,
        early_stopping=False,
        random_state=randomness.integer_seed(rng),
    )
    labels = np.r_[np.ones(len(synthetic)), np.zeros(len(reference))]
    # Threads that wait for each other cost more than these few rows.
    with threadpool_limits(limits=1):
        model.fit(np.vstack([features(synthetic), features(reference)]), labels)
        return model.decision_function(features(targets))


attack = Attack(
    name="classifier",
    home=__name__,
    title="Classifier of synthetic against real rows",
    source="LOGAN, Hayes et al. 2019 (PoPETs 2019:1), with boosted trees",
    threat=WITH_REFERENCE,
    blind_to="single copies: boosted trees average over many rows",
    score=score,
    costly=True,
)
