"""Mixed tables made up for benchmarks: census-like, independent, and wide.

Every person has a few hidden factors; each column is a cut or a stretch of one weighted sum of
them, so columns are related as in a census. Nothing here is taken from real people.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from privsynth.randomness import generator

FACTORS = 4
WORLD = 41
"""The seed of the population itself, the same for every table drawn from it."""

COPIED, NUDGED = 0.01, 0.05
"""Shares of synthetic rows that are training rows as they are, and with some cells changed."""


@dataclass(frozen=True)
class Case:
    """Three frames of one population, and which columns are numeric and which categorical."""

    train: pd.DataFrame
    holdout: pd.DataFrame
    synthetic: pd.DataFrame
    numeric: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)


def census(n: int, seed: int = 1) -> Case:
    """Return 15 related columns: 6 numeric, 9 categorical with 2 to 40 levels, some cells NaN."""
    return _case(n, seed, _census_rows)


def independent(n: int, seed: int = 1) -> Case:
    """Return the same kinds of column without any relation: nothing for an index to use."""
    return _case(n, seed, _independent_rows)


def wide(n: int, seed: int = 1) -> Case:
    """Return 75 related columns: five census tables of one person side by side."""
    return _case(n, seed, _wide_rows)


CASES: dict[str, Callable[[int], Case]] = {
    "census": census,
    "independent": independent,
    "wide": wide,
}


def from_file(path: str, limit: int = 60_000) -> Case:
    """Return random thirds of a table as train, holdout and, with some copies, synthetic rows."""
    from privsynth.tables.infer import infer

    frame = pd.read_csv(path, sep="\t" if ".tsv" in path else ",", nrows=limit, low_memory=False)
    kinds = {column.name: column.kind for column in infer(frame).read}
    categorical = [name for name, kind in kinds.items() if kind in ("categorical", "boolean")]
    numeric = [name for name in kinds if name not in categorical]
    for name in categorical:
        frame[name] = frame[name].map("v{}".format, na_action="ignore").astype(object)
    for name in numeric:
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    frame = frame[[*numeric, *categorical]]
    rng = generator(1, "benchmark", "thirds")
    order, third = rng.permutation(len(frame)), len(frame) // 3
    train, holdout, rest = (
        frame.iloc[order[i * third : (i + 1) * third]].reset_index(drop=True) for i in range(3)
    )
    return Case(train, holdout, _mixed(rest, train, numeric, rng), numeric, categorical)


def _case(n: int, seed: int, rows: Callable[[int, np.random.Generator], pd.DataFrame]) -> Case:
    train, holdout, fresh = (
        rows(n, generator(seed, "benchmark", role)) for role in ("train", "holdout", "synthetic")
    )
    numeric = [name for name in train if train[name].dtype.kind == "f"]
    synthetic = _mixed(fresh, train, numeric, generator(seed, "benchmark", "copies"))
    return Case(train, holdout, synthetic, numeric, [n for n in train if n not in numeric])


def _mixed(
    fresh: pd.DataFrame, train: pd.DataFrame, numeric: list[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Return ``fresh`` with some rows replaced by training rows, whole or with cells changed."""
    n = len(fresh)
    fate = rng.random(n)
    copied, nudged = fate < COPIED, (fate >= COPIED) & (fate < COPIED + NUDGED)
    source = train.iloc[rng.integers(0, len(train), n)]
    out = {}
    for name in fresh:
        theirs = source[name].to_numpy()
        if name in numeric:
            values = theirs.astype(float)
            changed = values * (1 + 0.03 * rng.normal(size=n))
            if (np.isnan(values) | (values == np.round(values))).all():
                changed = np.round(changed)  # a column of whole numbers stays one
        else:
            changed = np.where(rng.random(n) < 0.1, fresh[name].to_numpy(), theirs)
        cells = np.where(nudged, changed, fresh[name].to_numpy())
        out[name] = np.where(copied, theirs, cells)
    return pd.DataFrame(out).astype(dict.fromkeys(numeric, float))


LEVELS = {
    "sex": 2, "income": 2, "race": 5, "relation": 6, "marital": 7, "employer": 9,
    "occupation": 15, "degree": 16, "country": 40,
}  # fmt: skip
TILT = {"race": 1.8, "employer": 1.4, "country": 3.0}
"""How much likelier the first levels are; 0.8 for the rest."""


def _census_rows(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return _census_columns(rng.normal(size=(n, FACTORS)), rng, 0)


def _census_columns(factors: np.ndarray, rng: np.random.Generator, part: int) -> pd.DataFrame:
    n, count = len(factors), 6 + len(LEVELS)
    world = generator(WORLD, "benchmark", "population", part)
    weights = world.normal(size=(FACTORS, count))
    own = world.uniform(0.5, 0.9, size=count)
    shuffles = {name: world.permutation(levels) for name, levels in LEVELS.items()}
    own[1] = 2.0
    raw = factors @ weights + rng.normal(size=(n, count)) * own
    z = raw / np.sqrt((weights**2).sum(axis=0) + own**2)
    # A logistic curve this steep follows the normal distribution function to a hundredth.
    u = 1.0 / (1.0 + np.exp(-1.702 * z))
    school = np.clip(np.round(10 + 2.5 * z[:, 2]), 1, 16)
    gains = np.exp(8.5 + 0.9 * rng.normal(size=n))
    out: dict[str, np.ndarray] = {
        "age": np.floor(17 + 73 * u[:, 0] ** 1.5),
        "weight": np.round(np.exp(12 + 0.5 * z[:, 1])),
        "school": school,
        "gain": np.where(u[:, 3] > 0.92, np.minimum(np.round(gains, -1), 99_999.0), 0.0),
        "loss": np.where(u[:, 4] > 0.95, np.round(1900 + 350 * rng.normal(size=n)), 0.0),
        "hours": np.where(rng.random(n) < 0.45, 40.0, np.clip(np.round(40 + 12 * z[:, 5]), 1, 99)),
    }
    for j, (name, levels) in enumerate(LEVELS.items()):
        shares = np.arange(1.0, levels + 1.0) ** -TILT.get(name, 0.8)
        ends = np.cumsum(shares / shares.sum())[:-1]
        found = shuffles[name][np.searchsorted(ends, u[:, 6 + j])]
        if name == "degree":  # a second name for the years of school
            found = school.astype(int) - 1
        out[name] = np.array([f"{name}_{i}" for i in range(levels)], dtype=object)[found]
    missing = {
        "employer": 0.055,
        "occupation": 0.055,
        "country": 0.02,
        "weight": 0.01,
        "hours": 0.02,
    }
    for name, share in missing.items():
        out[name][rng.random(n) < share] = np.nan
    return pd.DataFrame(out)


def _independent_rows(n: int, rng: np.random.Generator) -> pd.DataFrame:
    out: dict[str, np.ndarray] = {f"number_{j}": rng.random(n) for j in range(6)}
    for name, levels in LEVELS.items():
        names = np.array([f"{name}_{i}" for i in range(levels)], dtype=object)
        out[name] = names[rng.integers(0, levels, n)]
    return pd.DataFrame(out)


def _wide_rows(n: int, rng: np.random.Generator) -> pd.DataFrame:
    factors = rng.normal(size=(n, FACTORS))
    parts = [_census_columns(factors, rng, part).add_suffix(f"_{part}") for part in range(5)]
    return pd.concat(parts, axis=1)
