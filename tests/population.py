"""A mixed population with known structure: as many fresh people as a test wants."""

import numpy as np
import pandas as pd

from privsynth.tables import Column, Schema, Table, typed

SCHEMA = Schema(
    columns=(
        Column(name="height", kind="numeric", low=-8, high=8),
        Column(name="weight", kind="numeric", low=-12, high=12),
        Column(name="visits", kind="integer", low=0, high=60),
        Column(name="region", kind="categorical", categories=("north", "south", "east", "west")),
        Column(name="grade", kind="ordinal", categories=("low", "middle", "high")),
        Column(name="smokes", kind="boolean"),
    ),
    target="smokes",
)


def people(n: int, rng: np.random.Generator, name: str = "people") -> Table:
    """Return ``n`` independent rows; 5 % of weights and 3 % of regions are missing."""
    height = rng.normal(size=n)
    weight = 0.8 * height + 0.6 * rng.normal(size=n)
    risk = 1 / (1 + np.exp(-2 * weight))
    frame = pd.DataFrame(
        {
            "height": height,
            "weight": np.where(rng.random(n) < 0.05, np.nan, weight),
            "visits": np.clip(rng.poisson(3 + 5 * risk), 0, 60),
            "region": rng.choice(["north", "south", "east", "west"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "grade": rng.choice(["low", "middle", "high"], n, p=[0.2, 0.5, 0.3]),
            "smokes": rng.random(n) < risk,
        }
    )
    frame.loc[rng.random(n) < 0.03, "region"] = None
    return Table(typed(frame, SCHEMA), SCHEMA, name)
