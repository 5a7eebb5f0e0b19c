"""A small table of every kind, and one candidate of every synthesizer made from it."""

import functools
from typing import Any

import numpy as np
import pandas as pd

from privsynth import randomness
from privsynth.synthesizers import catalogue, generate
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import Table, typed

NAMES = sorted(catalogue())
NEURAL = ["copulagan", "ctgan", "tvae"]
CONTROLS = ["bootstrap", "independent", "memorizer"]
MODELS = ["gaussian_copula", *NEURAL]
OWN = ["mst", "tan", "vae"]
ROWS = 300
SECRET = "Zebediah"

SCHEMA = Schema(
    columns=(
        Column(name="person", kind="id"),
        Column(name="age", kind="integer", low=18, high=90),
        Column(name="weight", kind="numeric"),
        Column(name="waist", kind="numeric"),
        Column(name="income", kind="numeric", low=0, high=5),
        Column(name="sex", kind="categorical"),
        Column(name="stage", kind="ordinal", categories=("low", "middle", "high", "never seen")),
        Column(name="smoker", kind="boolean"),
        Column(name="visit", kind="datetime", low="2017-01-01", high="2018-12-31"),
        Column(name="country", kind="categorical"),
        Column(name="empty", kind="numeric"),
        Column(name="year", kind="integer"),
        Column(name="remark", kind="text"),
    )
)


def make_table(n: int = ROWS, seed: int = 0) -> Table:
    """Return a small table of every kind; weight and waist go together and are missing together."""
    rng = randomness.generator(seed, "test table")
    size = rng.normal(size=n)
    gone = rng.random(n) < 0.2
    frame = pd.DataFrame(
        {
            "person": [f"{SECRET}{i}" for i in range(n)],
            "age": rng.integers(18, 91, n),
            "weight": np.where(gone, np.nan, (75 + 12 * size).round(1)),
            "waist": np.where(gone, np.nan, (90 + 10 * size + 3 * rng.normal(size=n)).round(1)),
            "income": np.clip(rng.gamma(2.0, 1.2, n), 0, 5).round(2),
            "sex": rng.choice(["F", "M"], n, p=[0.6, 0.4]),
            "stage": rng.choice(np.array(["low", "middle", "high", None], object), n),
            "smoker": pd.array(rng.choice(np.array([True, False, None], object), n), "boolean"),
            "visit": pd.Timestamp("2017-01-01") + pd.to_timedelta(rng.integers(0, 730, n), "D"),
            "country": "US",
            "empty": np.nan,
            "year": 2017,
            "remark": [f"{SECRET} called {i}" for i in range(n)],
        }
    )
    return Table(typed(frame, SCHEMA), SCHEMA, "train")


def quick(name: str) -> dict[str, Any]:
    """Return options with which a neural model trains in a second."""
    return {"epochs": 1} if name in NEURAL else {"steps": 20} if name == "vae" else {}


@functools.cache
def made(name: str, seed: int = 1, rows: int = ROWS, n_train: int = ROWS) -> Any:
    """Return one candidate; several tests look at the same one."""
    return generate(catalogue()[name], make_table(n_train), rows, seed, quick(name))


def rows_of(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows as texts, to compare as sets."""
    return [tuple(map(str, row)) for row in frame.itertuples(index=False)]
