"""What a distance hides: missing cells, lost tails and rare levels, combinations nobody has."""

from typing import Any

import numpy as np
from scipy.stats import norm

from privsynth.measures._base import MIN_CELL, Material
from privsynth.statistics import Estimate, proportion
from privsynth.tables import Records

TAIL = 0.05
"""Share of the real values in both tails together."""
RARE = 0.05
"""Share of the real rows under which a level is rare."""


def column_facts(material: Material) -> list[dict[str, Any]]:
    """Return what became of each column, in the order of ``space.names``.

    ``missing``: share of missing cells, synthetic minus holdout; None where the holdout has some,
    and fewer than ``MIN_CELL``. ``tails`` (numbers, dates, ranks): share of synthetic values beyond
    the real ones' 2.5 % and 97.5 % quantiles, over that of the holdout; 0 is lost, 1 kept; None
    where the holdout has fewer than ``MIN_CELL`` there. ``rare`` and ``lost`` (categories): levels
    that few real rows hold, yet at least ``MIN_CELL`` train rows do, and how many of these the
    released table lacks.
    """
    train, synthetic, holdout = material.train, material.synthetic, material.need_holdout()
    made, real = (_tail_shares(rows, _ends(material)) for rows in (synthetic, holdout))
    ordered = [
        {
            "missing": _shift(np.isnan(synthetic.numbers[:, j]), np.isnan(holdout.numbers[:, j])),
            "tails": _round(made[j] / real[j]) if real[j] * len(holdout) >= MIN_CELL else None,
        }
        for j in range(train.numbers.shape[1])
    ]
    coded = []
    for j in range(train.codes.shape[1]):
        levels, counts = np.unique(train.codes[:, j], return_counts=True)
        rare = levels[(levels > 0) & (counts >= MIN_CELL) & (counts < RARE * len(train))]
        coded.append(
            {
                "missing": _shift(synthetic.codes[:, j] == 0, holdout.codes[:, j] == 0),
                "rare": len(rare),
                "lost": int((~np.isin(rare, synthetic.codes[:, j])).sum()),
            }
        )
    return [*ordered, *coded]


def tail_coverage(material: Material) -> tuple[Estimate, ...]:
    """Return how much of the tails is kept, over all ordered columns, and the same of fresh rows.

    The mean share of values beyond the real ones' outer quantiles, over that of the holdout; 1 is
    as in life. Bounds by the delta method on the logarithm, rows taken as independent.
    """
    ends = _ends(material)
    real = _in_tails(material.need_holdout(), ends)
    if not real.size or real.mean() == 0:
        return ()
    sides = (("", material.synthetic), ("_ceiling", material.need_reference()))
    return tuple(
        _ratio(f"tail_coverage{suffix}", _in_tails(rows, ends), real, material.alpha)
        for suffix, rows in sides
    )


def invented(name: str, codes: Any, among: Any, offsets: Any, alpha: float) -> Estimate:
    """Return the share of rows with a pair of cells that none of the real rows has.

    ``codes (n, columns)`` are the cells of the rows, ``among (cells, cells)`` joint counts of real
    rows, ``offsets`` where each column's cells begin in it.
    """
    absent = (among == 0).astype(np.float32)
    rows = codes + offsets[:-1]
    hits = 0
    for part in np.array_split(rows, max(len(rows) // 4096, 1)):
        hot = np.zeros((len(part), len(among)), np.float32)
        hot[np.arange(len(part))[:, None], part] = 1
        hits += int((((hot @ absent) * hot).sum(axis=1) > 0).sum())
    return proportion(name, hits, len(rows), alpha)


def _ends(material: Material) -> Any:
    """Return the outer quantiles of each ordered column over all real rows, ``(2, p)``."""
    real = np.concatenate(
        [rows.numbers for rows in (material.train, material.need_holdout(),
                                   material.need_reference())]
    )  # fmt: skip
    real = np.where(np.isfinite(real), real, np.nan)
    ends = np.tile([[-np.inf], [np.inf]], real.shape[1])
    known = ~np.isnan(real).all(axis=0)
    ends[:, known] = np.nanquantile(real[:, known], [TAIL / 2, 1 - TAIL / 2], axis=0)
    return ends


def _beyond(rows: Records, ends: Any) -> Any:
    with np.errstate(invalid="ignore"):
        outside = (rows.numbers < ends[0]) | (rows.numbers > ends[1])
    return outside & np.isfinite(rows.numbers)


def _tail_shares(rows: Records, ends: Any) -> Any:
    return _beyond(rows, ends).sum(axis=0) / np.maximum(np.isfinite(rows.numbers).sum(axis=0), 1)


def _in_tails(rows: Records, ends: Any) -> Any:
    """Return the share of each row's ordered values that lie in the tails."""
    known = np.isfinite(rows.numbers).sum(axis=1)
    return _beyond(rows, ends).sum(axis=1)[known > 0] / known[known > 0]


def _ratio(name: str, made: Any, real: Any, alpha: float) -> Estimate:
    value = float(made.mean() / real.mean()) if len(made) else 0.0
    error = np.sqrt(
        sum(float(x.var()) / max(len(x), 1) / max(float(x.mean()), 1e-9) ** 2 for x in (made, real))
        if value > 0
        else 0.0
    )
    width = float(norm.ppf(1 - alpha) * error)
    # No synthetic value in a tail: a mean share m of hits stays unseen with at most (1 - m) ** n.
    most = (
        -float(np.log(alpha)) / (len(made) * float(real.mean())) if len(made) and not value else 0.0
    )
    return Estimate(
        name=name,
        value=value,
        low=value * float(np.exp(-width)),
        high=max(value * float(np.exp(width)), most),
        confidence=1 - 2 * alpha,
        method="delta method, log ratio",
        n=len(made),
    )


def _shift(made: Any, real: Any) -> float | None:
    """Return the difference of two shares, None where the real one is that of a few rows."""
    return None if 0 < real.sum() < MIN_CELL else _round(made.mean() - real.mean())


def _round(value: Any) -> float:
    return round(float(value), 4)
