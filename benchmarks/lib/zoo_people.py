"""People who look like the sample: as many as one likes, from a Gaussian copula of our own.

Ranks of every column, their correlation, and patterns of missing cells are taken from
``sample_data``; drawn people share no row with it. Numbers keep the decimals of their column.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from privsynth.tables import Schema, Table, read, read_schema, typed

SAMPLE = Path(__file__).parents[2] / "sample_data"


class Population:
    """The fitted population: ``draw`` gives independent people of it."""

    @cached_property
    def schema(self) -> Schema:
        """The schema of the sample."""
        return read_schema(SAMPLE / "schema.yaml")

    @cached_property
    def sample(self) -> pd.DataFrame:
        """The sample itself, in canonical types."""
        return read(SAMPLE / "nhanes_adults.csv", self.schema).frame

    @cached_property
    def _values(self) -> dict[str, np.ndarray]:
        """Sorted present values by column: numbers, or places in the order of categories."""
        return {
            name: np.sort(codes[codes >= 0] if self._coded(name) else codes[~np.isnan(codes)])
            for name, codes in self._numbers.items()
        }

    @cached_property
    def _levels(self) -> dict[str, np.ndarray]:
        """Categories by column, most frequent first."""
        return {
            name: self.sample[name].value_counts().index.to_numpy(object)
            for name in self.schema.names
            if self._coded(name)
        }

    @cached_property
    def _numbers(self) -> dict[str, np.ndarray]:
        out = {}
        for name in self.schema.names:
            cells = self.sample[name]
            if self._coded(name):
                out[name] = pd.Categorical(cells, categories=self._levels[name]).codes.astype(float)
            else:
                out[name] = cells.astype("Float64").to_numpy(np.float64, na_value=np.nan)
        return out

    @cached_property
    def _factor(self) -> np.ndarray:
        """Cholesky factor of the correlation of normal scores, missing cells in the middle."""
        scores = []
        for name, values in self._numbers.items():
            missing = values < 0 if self._coded(name) else np.isnan(values)
            place = pd.Series(np.where(missing, np.nan, values)).rank(pct=True)
            scores.append(norm.ppf((place * len(place) / (len(place) + 1)).fillna(0.5)))
        together = np.corrcoef(np.array(scores)) + 1e-6 * np.eye(len(scores))
        return np.linalg.cholesky(together / together[0, 0])

    def draw(
        self, n: int, rng: np.random.Generator, name: str = "people", *, missing: bool = True
    ) -> Table:
        """Return ``n`` independent people as a table, without missing cells if that is asked."""
        drawn = norm.cdf(rng.normal(size=(n, len(self._factor))) @ self._factor.T)
        absent = self.sample.isna().to_numpy()[rng.integers(0, len(self.sample), n)]
        out: dict[str, object] = {}
        for j, column in enumerate(self.schema.names):
            values = self._values[column]
            if self._coded(column):
                places = values[
                    np.minimum((drawn[:, j] * len(values)).astype(int), len(values) - 1)
                ]
                cells: object = self._levels[column][places.astype(int)]
            else:
                cells = np.round(np.quantile(values, drawn[:, j]), _decimals(values))
            gone = pd.Series(absent[:, j] & missing)
            out[column] = pd.Series(cells, dtype=object).mask(gone)
        return Table(typed(pd.DataFrame(out), self.schema), self.schema, name)

    def _coded(self, name: str) -> bool:
        return self.schema[name].kind not in ("numeric", "integer")


def _decimals(values: np.ndarray) -> int:
    return next(k for k in range(9) if np.allclose(values, np.round(values, k), atol=1e-9))
