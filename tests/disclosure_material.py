"""Materials for tests of disclosure: fresh tables, planted copies, several rows a person."""

from dataclasses import replace

import numpy as np
from population import SCHEMA, people

from privsynth.measures import Material
from privsynth.neighbours import Search
from privsynth.tables import Records, Schema, concat, fit_space

SURE = 1e-7
"""A level at which no bound of a clean table should alarm: one in ten million fresh seeds."""


def material(
    n: int = 300,
    *,
    copied: float = 0.0,
    seed: int = 1,
    schema: Schema = SCHEMA,
    alpha: float = 0.05,
    n_holdout: int | None = None,
    repeated: bool = False,
) -> Material:
    """Return an audit's material; the synthetic table has a share ``copied`` of the training rows.

    The rest of it are fresh people, ``n`` rows in all. With ``repeated`` a person has 1 to 9 rows
    that agree in everything but the last digits of a number.
    """
    rng = np.random.default_rng(seed)
    tables = [people(size, rng) for size in (n, n_holdout or n, n, n)]
    space = fit_space(schema, tables[:3])
    rows = [space.encode(table) for table in tables]
    if repeated:
        rows = [_repeated(one, rng) for one in rows]
    train, holdout, reference, fresh = rows
    k = round(copied * len(train))
    synthetic = concat(train.take(np.arange(k)), fresh.take(np.arange(max(len(fresh) - k, 0))))
    return Material(
        schema=schema, space=space, train=train, synthetic=synthetic, holdout=holdout,
        reference=reference, search=Search(threads=1), alpha=alpha, seed=seed, tables={},
    )  # fmt: skip


def _repeated(rows: Records, rng: np.random.Generator) -> Records:
    units = np.repeat(np.arange(len(rows)), rng.integers(1, 10, len(rows)))
    out = rows.take(units)
    numbers = np.clip(out.numbers + rng.normal(0, 1e-6, out.numbers.shape), 0, 1)
    ordered = numbers.shape[1]
    cells = np.hstack([np.ascontiguousarray(numbers).view(np.int64), out.cells[:, ordered:]])
    return replace(out, numbers=numbers, cells=cells, units=units)
