"""Control: the training rows themselves in shuffled order; it leaks every row on purpose."""

import numpy as np
import pandas as pd

from privsynth.synthesizers._control import Control


def draw(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``n`` training rows, each as often as every other (once more while ``n`` is left)."""
    order = rng.permutation(len(train))
    return train.take(np.resize(order, n)).reset_index(drop=True)


synthesizer = Control(name="memorizer", home=__name__, draw=draw)
