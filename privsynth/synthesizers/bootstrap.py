"""Control: training rows drawn with replacement; it leaks whole rows on purpose."""

import numpy as np
import pandas as pd

from privsynth.synthesizers._control import Control


def draw(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``n`` training rows, drawn with replacement."""
    return train.take(rng.integers(0, len(train), n)).reset_index(drop=True)


synthesizer = Control(name="bootstrap", home=__name__, draw=draw)
