"""The tables of the games: tiny, public, and as bad as neighbouring tables can be."""

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from privsynth.tables import Column, Schema, Table
from privsynth.tables.table import typed

ROWS = 20
RELEASED = 200
"""Rows of each synthetic table that the attack looks at."""

_WHY = "invented for the audit"
SCHEMA = Schema(
    columns=(
        Column(name="amount", kind="numeric", low=0, high=1000, reason=_WHY),
        Column(name="visits", kind="integer", low=0, high=30, reason=_WHY),
        Column(name="group", kind="categorical", categories=("a", "b", "c", "d"), reason=_WHY),
        Column(name="outcome", kind="categorical", categories=("no", "yes"), reason=_WHY),
    ),
    target="outcome",
)
OUTLIER: dict[str, Any] = {"amount": 1000.0, "visits": 30, "group": "d", "outcome": "yes"}
"""One person far from all others in every column: alone in every cell, and at every bound."""


@lru_cache(maxsize=1)
def neighbours() -> tuple[Table, Table]:
    """Return the table without the outlier, and the table with it: one row more."""
    k = np.arange(ROWS)
    frame = pd.DataFrame({
        "amount": 100.0 + 7 * (k * 3 % ROWS),
        "visits": k * 7 % 5,
        "group": np.array(["a", "b", "c"], dtype=object)[k % 3],
        "outcome": np.array(["no", "yes"], dtype=object)[k * 7 % 5 // 3],
    })  # fmt: skip
    more = pd.concat([frame, pd.DataFrame([OUTLIER])], ignore_index=True)
    without, with_it = (Table(typed(f, SCHEMA), SCHEMA, "dp-audit") for f in (frame, more))
    return without, with_it


def statistics(frame: pd.DataFrame) -> list[float]:
    """Return what an attacker reads off a synthetic table: ends, means, shares of the outlier's."""
    found: list[float] = []
    near = np.zeros(len(frame))
    for column in SCHEMA.columns:
        cells, sought = frame[column.name], OUTLIER[column.name]
        if column.categories is None:
            numbers = cells.astype(float).dropna().to_numpy()
            low, high = column.ends
            assert low is not None and high is not None
            ends = (numbers.min(), numbers.max(), numbers.mean()) if len(numbers) else (-1.0,) * 3
            found += map(float, ends)
            close = (cells.astype(float) > high - 0.05 * (high - low)).fillna(False).to_numpy(bool)
        else:
            close = (cells == sought).to_numpy(bool)
        found.append(float(close.mean()))
        near += close
    return [*found, float((near >= 2).mean()), float((near == len(SCHEMA.columns)).mean())]


def canary_game(canaries: int) -> tuple[Table, Table]:
    """Return a base table and the canaries, rows that each have a category of their own."""
    codes = tuple(f"k{i}" for i in range(canaries))
    schema = Schema(
        columns=(
            Column(name="code", kind="categorical", categories=(*codes, "base"), reason=_WHY),
            Column(name="outcome", kind="categorical", categories=("no", "yes"), reason=_WHY),
        ),
        target="outcome",
    )

    def table(code: Any, outcome: Any) -> Table:
        frame = pd.DataFrame({"code": np.array(code, dtype=object), "outcome": outcome})
        return Table(typed(frame, schema), schema, "dp-audit")

    answers = np.array(["no", "yes"], dtype=object)
    base = table(["base"] * ROWS, answers[np.arange(ROWS) % 2])
    return base, table(codes, answers[np.arange(canaries) % 2])
