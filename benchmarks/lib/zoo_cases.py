"""Tables with a planted leak and the best AUC that theory allows, and nulls that leak nothing.

A ``Case`` is four frames and a schema. Where the density is known, ``reference_attack`` scores all
targets as the best attacker (Neyman-Pearson) would, and ``theory`` is what that must get.
"""

import sys
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from lib.zoo_people import Population
from privsynth.neighbours import nearest
from privsynth.statistics import Game, delong
from privsynth.tables import Column, Schema

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import leaks  # the planted leaks of the tests

Rng = np.random.Generator
TRIES = 5000
"""Draws from which the best score's theory is computed where it hangs on the released table."""


@dataclass(frozen=True, eq=False)
class Case:
    """Tables of one repetition; ``best`` is the optimal AUC, ``theory`` (AUC, error) of the
    reference attack's scores of train and holdout.
    """

    train: pd.DataFrame
    holdout: pd.DataFrame
    reference: pd.DataFrame
    synthetic: pd.DataFrame
    schema: Schema
    best: float = 0.5
    attainable: float | None = None
    cap: float | None = None
    reference_attack: np.ndarray | None = None
    theory: tuple[float, float] | None = None


def _schema(frame: pd.DataFrame) -> Schema:
    return Schema(columns=tuple(Column(name=c, kind="numeric", low=-9, high=9) for c in frame))


def _tables(rng: Rng, d: int, *sizes: int) -> list[pd.DataFrame]:
    return [leaks.gaussian(n, d, rng) for n in sizes]


@cache
def _sample() -> tuple[pd.DataFrame, Schema]:
    people = Population()
    return people.sample, people.schema


def _people(rng: Rng, *shares: float) -> list[pd.DataFrame]:
    """Return a random division of the sample by shares."""
    frame, _ = _sample()
    order = rng.permutation(len(frame))
    ends = np.round(np.cumsum((0, *shares)) / sum(shares) * len(frame)).astype(int)
    return [frame.iloc[order[a:b]].reset_index(drop=True) for a, b in pairwise(ends)]


def _known(train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> np.ndarray:
    """Return which targets stand verbatim in the table: the best attack on copies."""
    rows = set(synthetic.astype(str).agg("|".join, axis=1))
    both = pd.concat([train, holdout]).astype(str).agg("|".join, axis=1)
    return both.isin(rows).to_numpy(float)


def copies(share: float, n: int, d: int, rng: Rng) -> Case:
    """Return verbatim copies of a share of normal rows; d = 0 for the sample itself."""
    if d:
        train, holdout, reference, fresh = _tables(rng, d, n, n, n, n)
        schema = _schema(train)
    else:
        train, holdout, reference, fresh = _people(rng, 3, 2, 2, 3)
        schema = _sample()[1]
    if d:
        synthetic = leaks.copies(train, fresh, share, rng)
    else:
        synthetic = leaks.group_copies(train, fresh, rng.random(len(train)) < share, rng)
    return Case(
        train, holdout, reference, synthetic, schema,
        best=leaks.copies_auc(share),
        reference_attack=_known(train, holdout, synthetic),
        theory=(leaks.copies_auc(share), np.sqrt(share * (1 - share) / len(train)) / 2),
    )  # fmt: skip


def outliers(share: float, n: int, d: int, rng: Rng) -> Case:
    """Return copies of the most isolated share of members, all of them; d = 0 for the sample."""
    if d:
        train, holdout, reference, fresh = _tables(rng, d, n, n, n, n)
        schema, far = _schema(train), (train**2).sum(axis=1).to_numpy()
    else:
        train, holdout, reference, fresh = _people(rng, 3, 2, 2, 3)
        schema = _sample()[1]
        far = nearest(train, reference, k=5, threads=1).distances[:, 4]
    group = np.zeros(len(train), bool)
    group[np.argsort(-far)[: round(share * len(train))]] = True
    fresh = fresh.iloc[: len(train)] if len(fresh) >= len(train) else fresh
    synthetic = leaks.group_copies(train, fresh, group[: len(fresh)], rng)
    best = 0.5 + group.mean() / 2
    return Case(
        train, holdout, reference, synthetic, schema, best=best,
        reference_attack=_known(train, holdout, synthetic), theory=(best, 1e-4),
    )  # fmt: skip


def noisy(d: int, sigma: float, rng: Rng, n: int = 1000, share: float = 0.3) -> Case:
    """Return noisy copies of normal rows; the best score is the likelihood ratio."""
    train, holdout, reference, fresh = _tables(rng, d, n, n, n, n)
    released = leaks.noisy_copies(train, fresh, share, sigma, rng)
    rows = released.to_numpy()
    score = partial(leaks.noisy_copies_score, synthetic=rows, share=share, sigma=sigma)
    drawn = leaks.members_given(rows, share, sigma, TRIES, rng), rng.normal(size=(TRIES, d))
    law = delong(
        np.concatenate([score(x) for x in drawn]), Game.of(np.arange(TRIES), np.arange(TRIES))
    )
    targets = np.concatenate([train, holdout])
    return Case(
        train, holdout, reference, released, _schema(train), best=law.value,
        reference_attack=score(targets), theory=(law.value, law.error),
    )  # fmt: skip


def kernel(d: int, h: float, n_s: int, rng: Rng, n: int = 500) -> Case:
    """Return an over-fitted density of normal rows, with a reference ten times the train.

    The best is that of any number of released rows; ``attainable`` that of the best kernel score
    of so many rows. The reference attack knows the generator's density and the population's.
    """
    train, holdout, reference = _tables(rng, d, n, n, 10 * n)
    released = leaks.kernel_density(train, h, n_s, rng)
    widths = h * np.exp(np.linspace(np.log(0.1), np.log(4), 80))
    attainable = max(leaks.kernel_density_auc(d, n, h, n_s, b) for b in widths)
    targets, rows = np.concatenate([train, holdout]), train.to_numpy()
    gaps = ((targets[:, None, :] - rows) ** 2).sum(2)
    density = (np.exp(-gaps / (2 * h * h)) / (2 * np.pi * h * h) ** (d / 2)).mean(axis=1)
    squares, wide = (targets**2).sum(1), 1 + h * h
    smooth = np.exp(-squares / (2 * wide)) / (2 * np.pi * wide) ** (d / 2)
    score = (density - smooth) / np.exp(-squares / 4)
    return Case(
        train, holdout, reference, released, _schema(train),
        best=leaks.kernel_density_best(d, n, h), attainable=attainable,
        reference_attack=score, theory=(leaks.kernel_density_best(d, n, h), 0.0),
    )  # fmt: skip


def resampled(k: int, n: int, rng: Rng) -> Case:
    """Return columns resampled one by one: ``k`` unique ones; ``n`` = 0 for the sample.

    Of the sample, ``k`` columns are made unique by noise within their last decimal.
    """
    if n:
        train, holdout, reference = _tables(rng, k, n, n, n)
        schema = _schema(train)
    else:
        train, holdout, reference = _people(rng, 2, 1, 1)
        schema = _sample()[1]
        for name in ("weight_kg", "waist_cm", "height_cm")[:k]:
            for frame in (train, holdout, reference):
                known = frame[name].dropna().to_numpy()
                cells = frame[name].to_numpy(copy=True)
                gone = np.isnan(cells)
                cells[gone] = known[rng.integers(0, len(known), gone.sum())]
                frame[name] = cells + rng.uniform(-0.05, 0.05, len(cells))
    synthetic = leaks.resampled_columns(train, len(train), rng)
    targets = pd.concat([train, holdout], ignore_index=True)
    unique = list(train) if n else ["weight_kg", "waist_cm", "height_cm"][:k]
    seen = np.max([targets[c].isin(set(synthetic[c])).to_numpy(float) for c in unique], axis=0)
    best = leaks.resampled_columns_auc(k, len(train), len(train))
    kept = np.exp(-k)
    return Case(
        train, holdout, reference, synthetic.astype(train.dtypes.to_dict()), schema, best=best,
        reference_attack=seen, theory=(best, np.sqrt(kept * (1 - kept) / len(train)) / 2),
    )  # fmt: skip


def quantised(w: float, rng: Rng, d: int = 3, n: int = 1000, share: float = 0.3) -> Case:
    """Return copies, and fresh rows, rounded to a grid of width ``w``.

    The best score is the number of rows in the cell over its expectation; its law: that number is
    Poisson, and one more with probability ``share`` for a member.
    """
    train, holdout, reference, fresh = _tables(rng, d, n, n, n, n)
    synthetic = (leaks.copies(train, fresh, share, rng) / w).round() * w
    mass = partial(_cell_mass, w=w)
    counts = synthetic.value_counts()
    targets = np.concatenate([train, holdout])
    cells = pd.MultiIndex.from_arrays(((np.round(targets / w)) * w).T)
    here = counts.reindex(cells, fill_value=0).to_numpy(float)
    expected = n * mass(targets)
    drawn = n * mass(rng.normal(size=(200_000, d)))
    outside = rng.poisson(drawn)
    inside = rng.poisson(drawn) + (rng.random(len(drawn)) < share)
    half = Game.of(np.arange(len(drawn)), np.arange(len(drawn)))
    law = delong(np.concatenate([inside / drawn, outside / drawn]), half)
    return Case(
        train, holdout, reference, synthetic, _schema(train), best=law.value,
        reference_attack=here / expected, theory=(law.value, law.error),
    )  # fmt: skip


def _cell_mass(rows: np.ndarray, w: float) -> np.ndarray:
    centre = np.round(rows / w) * w
    return np.prod(norm.cdf(centre + w / 2) - norm.cdf(centre - w / 2), axis=1)


def private_histogram(epsilon: float, rng: Rng, n: int = 1000, bins: int = 40) -> Case:
    """Return rows of a Laplace histogram on a declared square, ``epsilon`` for replacing a row.

    Replacing one changes two counts by one: noise of scale 2/epsilon. Cap: e^ε/(1 + e^ε).
    """
    train, holdout, reference = (t.clip(-3.99, 3.99) for t in _tables(rng, 2, n, n, n))
    edges = np.linspace(-4, 4, bins + 1)
    counts = np.histogram2d(train["x0"], train["x1"], bins=(edges, edges))[0].ravel()
    if np.isfinite(epsilon):
        counts = counts + rng.laplace(scale=2 / epsilon, size=counts.shape)
    weight = np.maximum(counts, 0) + (counts.max() <= 0)
    cells = rng.choice(len(weight), n, p=weight / weight.sum())
    corner = np.column_stack([edges[cells // bins], edges[cells % bins]])
    rows = corner + rng.random((n, 2)) * (edges[1] - edges[0])
    cap = 1 / (1 + np.exp(-epsilon))
    return Case(
        train, holdout, reference, pd.DataFrame(rows, columns=list(train)), _schema(train),
        best=cap, cap=float(cap),
    )  # fmt: skip


def null(kind: str, n: int, d: int, rng: Rng) -> Case:
    """Return a table that says nothing of who is a member; ``n`` = 0 for the sample."""
    if n:
        train, holdout, reference, fresh = _tables(rng, d, n, n, n, n)
        schema = _schema(train)
    else:
        train, holdout, reference, fresh = _people(rng, 3, 2, 2, 3)
        schema = _sample()[1]
    if kind == "fresh rows":
        synthetic = fresh
    elif kind == "reference rows":
        synthetic = reference.iloc[rng.integers(0, len(reference), len(train))]
    elif kind == "mode collapse":
        synthetic = fresh.iloc[rng.integers(0, 60, len(train))]
    else:  # shuffled labels: copies of people, and who of all is called a member is drawn anew
        synthetic = fresh.copy()
        half = len(synthetic) // 2
        synthetic.iloc[:half] = train.iloc[:half].to_numpy()
        both = pd.concat([train, holdout]).iloc[rng.permutation(len(train) + len(holdout))]
        train, holdout = both.iloc[: len(train)], both.iloc[len(train) :]
    return Case(*(t.reset_index(drop=True) for t in (train, holdout, reference, synthetic)), schema)
