"""Distance to the closest record, train against holdout, with its exact expectation.

Screening only: it may fail a release and never pass one (The DCR Delusion, arXiv:2505.01524).
"""

import numpy as np

from privsynth.measures._base import Found, Material, Measure, quantile, shown_counts
from privsynth.neighbours import tie_credit
from privsynth.statistics import share_closer
from privsynth.tables import Records

BINS = 30


def run(material: Material) -> Found:
    """Return the share closer to train (ties split) and DCR quantiles to train and holdout.

    Quantiles and histogram compare equally many rows of both sides (a random part of the larger
    one); the share uses all rows, and its expectation accounts for their numbers.
    """
    rng = material.rng("measure", "dcr")
    synthetic, targets = material.synthetic, material.targets
    best = material.search.nearest(synthetic, targets).distances[:, 0]
    search = material.search
    credit = tie_credit(synthetic, targets, best, threads=search.threads, tick=search.tick)
    share = share_closer(credit, material.game, material.alpha, rng)
    columns = len(material.space.names)
    near = {
        side: material.search.nearest(synthetic, rows).distances[:, 0] / columns
        for side, rows in equal_sides(material).items()
    }
    edges = np.linspace(
        0, max(np.quantile(np.r_[near["train"], near["holdout"]], 0.99), 1e-9), BINS
    )
    quantiles = [
        quantile(f"dcr_{label}_{side}", distances, q, material.alpha)
        for label, q in (("q05", 0.05), ("median", 0.5))
        for side, distances in near.items()
    ]
    return Found(
        (share, *quantiles),
        {
            "dcr": {
                "edges": np.round(edges, 5).tolist(),
                **{side: shown_counts(distances, edges) for side, distances in near.items()},
            }
        },
        {"distance": f"Gower mean over {columns} columns"},
    )


def equal_sides(material: Material) -> dict[str, Records]:
    """Return equally many train and holdout rows, the larger side drawn at random, by name."""
    rng = material.rng("measure", "equal sides")
    train, holdout = material.train, material.need_holdout()
    n = min(len(train), len(holdout))
    return {
        side: rows if len(rows) == n else rows.take(np.sort(rng.permutation(len(rows))[:n]))
        for side, rows in (("train", train), ("holdout", holdout))
    }


measure = Measure(
    name="dcr",
    home=__name__,
    title="Distance to the closest record",
    source="share closer to train with ties split, n1/(n1+n0) expected; permutation by unit",
    run=run,
)
