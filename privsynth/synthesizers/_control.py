"""Controls: synthesizers that hand out training cells on purpose, to show what an audit can see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from privsynth.progress import Progress
from privsynth.synthesizers._base import Option
from privsynth.tables.table import Table

Draw = Callable[[pd.DataFrame, int, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class FittedControl:
    """The training rows, and the way to draw from them."""

    frame: pd.DataFrame
    draw: Draw

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return ``n`` rows made of training cells."""
        return self.draw(self.frame, n, rng)


@dataclass(frozen=True)
class Control:
    """A synthesizer that learns nothing: it keeps the rows, and ``draw`` takes from them."""

    name: str
    home: str
    draw: Draw
    licence: str = "same as privsynth"

    @property
    def options(self) -> Mapping[str, Option]:
        """No options."""
        return {}

    def fit(
        self, train: Table, rng: np.random.Generator, progress: Progress, **options: Any
    ) -> FittedControl:
        """Return the rows of ``train`` as they are."""
        return FittedControl(train.frame, self.draw)
