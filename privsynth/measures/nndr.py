"""Nearest-neighbour distance ratio: an isolated copy is near one real row and far from the next."""

import numpy as np

from privsynth.measures._base import Found, Material, Measure, quantile, shown_counts
from privsynth.measures.dcr import BINS, equal_sides


def run(material: Material) -> Found:
    """Return quantiles of d1/d2 (the two nearest rows; 0/0 is 1) to train and to holdout."""
    ratios = {}
    for side, rows in equal_sides(material).items():
        found = material.search.nearest(material.synthetic, rows).distances
        near, second = found[:, 0], found[:, 1]
        ratios[side] = np.where(second > 0, near / np.where(second > 0, second, 1.0), 1.0)
    edges = np.linspace(0, 1, BINS)
    return Found(
        tuple(
            quantile(f"nndr_{label}_{side}", values, q, material.alpha)
            for label, q in (("q05", 0.05), ("median", 0.5))
            for side, values in ratios.items()
        ),
        {
            "nndr": {
                "edges": np.round(edges, 5).tolist(),
                **{side: shown_counts(values, edges) for side, values in ratios.items()},
            }
        },
    )


measure = Measure(
    name="nndr",
    home=__name__,
    title="Nearest-neighbour distance ratio",
    source="d1/d2 of each synthetic row to equally many train and holdout rows",
    run=run,
)
