"""Control: every column drawn on its own from the training rows, no relation between columns kept.

It leaks single values on purpose: each cell is a training cell. It is the floor of fidelity: a
model that does no better has learnt no relation.
"""

import numpy as np
import pandas as pd

from privsynth.synthesizers._control import Control


def draw(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``n`` rows whose cells were drawn with replacement, column by column."""
    columns = {
        name: train[name].take(rng.integers(0, len(train), n)).reset_index(drop=True)
        for name in train.columns
    }
    return pd.DataFrame(columns)


synthesizer = Control(name="independent", home=__name__, draw=draw)
