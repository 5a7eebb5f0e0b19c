"""Tables for the codebook, and what holds of any codebook."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from privsynth.synthesizers._codebook import Codebook
from privsynth.tables import Column, Schema
from privsynth.tables.table import Table, typed


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(kinds: dict[str, str], **cells: Any) -> Table:
    schema = Schema(columns=tuple(Column(name=n, kind=k) for n, k in kinds.items()))
    return Table(typed(pd.DataFrame(cells), schema), schema, "train")


def counts(cells: pd.Series) -> dict[Any, int]:
    return dict(cells.astype(object).where(cells.notna(), "missing").value_counts())


def mixed(n: int = 3000) -> Table:
    draw = rng(1)
    few = np.array([0.0, 1.2345678, 6.907755, 3.3e-4, -2.5])
    frame = {
        "few": draw.choice(few, n, p=[0.4, 0.3, 0.2, 0.09, 0.01]),
        "whole": draw.negative_binomial(1, 0.1, n),
        "wave": np.round(draw.normal(170, 10, n), 1),
        "heavy": draw.lognormal(3, 2, n),
        "loss": -draw.lognormal(9, 1, n),
        "own": draw.random(n) < 0.3,
        "town": draw.choice([f"t{k}" for k in range(40)], n),
        "day": pd.Timestamp("2015-03-01") + pd.to_timedelta(draw.integers(0, 2000, n), unit="D"),
        "at": pd.Timestamp("2015-03-01") + pd.to_timedelta(draw.integers(0, 10**7, n), unit="s"),
    }
    kinds = ["numeric", "integer", "numeric", "numeric", "numeric", "boolean", "categorical"]
    kinds = dict(zip(frame, [*kinds, "datetime", "datetime"], strict=True))
    out = table(kinds, **frame)
    for k, name in enumerate(frame):
        out.frame.loc[out.frame.index % 17 == k, name] = None
    return out


CELLS = {
    "numeric": st.one_of(
        st.none(),
        st.sampled_from([0.0, -0.0, 0.5, 1e-300, -1e300, 1.7e308, 5e-324, 1e15, 0.1]),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    "integer": st.one_of(st.none(), st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-3, 300)),
    "boolean": st.one_of(st.none(), st.booleans()),
    "categorical": st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=3)),
    "datetime": st.one_of(
        st.none(),
        st.datetimes().map(pd.Timestamp),
        st.dates(pd.Timestamp(1900, 1, 1).date()).map(pd.Timestamp),
    ),
}


@st.composite
def tables(draw: Any) -> Table:
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=3))
    n = draw(st.integers(0, 25))
    frame = {}
    for k, kind in enumerate(kinds):
        pool = draw(st.lists(CELLS[kind], min_size=1, max_size=25))
        cells = draw(st.lists(st.sampled_from(pool), min_size=n, max_size=n))
        if kind == "datetime":
            stamps = [None if c is None else c.to_datetime64().astype("M8[us]") for c in cells]
            cells = np.array(stamps, dtype="M8[us]")
        frame[f"c{k}"] = pd.array(cells, dtype="Int64") if kind == "integer" else cells
    return table({f"c{k}": kind for k, kind in enumerate(kinds)}, **frame)


def consistent(rows: Table, book: Codebook) -> None:
    """Check what holds with and without noise: types, bounds, and that values stay in their bin."""
    codes = book.codes(rows.frame)
    assert codes.shape == rows.frame.shape and codes.dtype == np.int32
    assert (codes >= 0).all() and (codes < np.array(book.sizes)).all()
    wanted = np.column_stack([rng(2).integers(0, size, 50) for size in book.sizes])
    for asked in (codes, wanted.astype(np.int32)):
        back = book.decode(asked, rng())
        pd.testing.assert_frame_equal(back, typed(back, rows.schema))
        assert (book.codes(back) == asked).all()
        for column in book.columns:
            low, high = column.domain.low, column.domain.high
            values = back[column.domain.name].dropna()
            if column.domain.kind == "datetime":
                values = values.astype("int64")
            if low is not None:
                assert ((values >= low) & (values <= high)).all() or low == high
    for counted, variance, size in zip(book.counts, book.variances, book.sizes, strict=True):
        assert counted.shape == variance.shape == (size,) and (variance >= 0).all()
