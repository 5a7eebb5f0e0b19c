"""How good a synthetic table is: SDMetrics, pairs of columns, and what it teaches a model."""

import itertools
import warnings
from typing import Any

import numpy as np
import pandas as pd

from privsynth.tables import Schema, Table

ROWS = 5_000
"""SDMetrics' QualityReport reads this many rows of each table at most."""
BINS = 10
NUMBERS = ("numeric", "integer")


def quality(real: Table, synthetic: Table, seed: int) -> float:
    """Return SDMetrics' QualityReport, from 0 to 1 (best), on at most ``ROWS`` rows of each."""
    kinds = {"numeric": "numerical", "integer": "numerical", "boolean": "boolean"}
    columns = {c.name: {"sdtype": kinds.get(c.kind, "categorical")} for c in real.schema.columns}
    frames = [_plain(t).sample(min(ROWS, len(t)), random_state=seed) for t in (real, synthetic)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls itself deprecated, for one of several tables
        from sdmetrics.reports.single_table import QualityReport

        report = QualityReport()
        report.generate(*frames, {"columns": columns}, verbose=False)
    return float(report.get_score())


def pairs_apart(real: Table, synthetic: Table) -> float:
    """Return the mean total variation distance over all pairs of columns, from 0 (best) to 1.

    Numbers in ten quantile bins of the real table, closed on the left, so that a value which
    repeats is the lower edge of a bin; other columns by level; missing is a level.
    """
    names = real.schema.names
    first, second, sizes = [], [], []
    for name in names:
        a, b, size = _levels(real.frame[name], synthetic.frame[name], real.schema[name].kind)
        first.append(a)
        second.append(b)
        sizes.append(size)
    apart = [
        np.abs(_share(first, i, j, sizes) - _share(second, i, j, sizes)).sum() / 2
        for i, j in itertools.combinations(range(len(names)), 2)
    ]
    return float(np.mean(apart))


def auc(train: Table, test: Table, seed: int) -> float | None:
    """Return the AUC on ``test`` of boosted trees fitted to ``train``; None without a target.

    scikit-learn's HistGradientBoostingClassifier with its defaults: 100 iterations.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    target = test.schema.target
    if target is None:
        return None
    known = [t.take(np.flatnonzero(t.frame[target].notna()), t.name) for t in (train, test)]
    y, truth = (t.frame[target].astype(bool).to_numpy() for t in known)
    if y.all() or not y.any():
        return 0.5
    x, asked = (_features(t.frame, test.schema) for t in known)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)
    return float(roc_auc_score(truth, model.fit(x, y).predict_proba(asked)[:, 1]))


def _plain(table: Table) -> pd.DataFrame:
    frame = table.frame.copy()
    for column in table.schema.columns:
        if column.kind in NUMBERS:
            frame[column.name] = (
                frame[column.name].astype("Float64").to_numpy(float, na_value=np.nan)
            )
        elif column.kind == "boolean":
            frame[column.name] = frame[column.name].astype(object)
    return frame


def _levels(real: pd.Series, synthetic: pd.Series, kind: str) -> tuple[Any, Any, int]:
    if kind in NUMBERS:
        both = [s.astype("Float64").to_numpy(float, na_value=np.nan) for s in (real, synthetic)]
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = np.unique(np.quantile(both[0][~np.isnan(both[0])], inner))
        size = len(edges) + 2
        a, b = (np.where(np.isnan(x), size - 1, np.searchsorted(edges, x, "right")) for x in both)
        return a, b, size
    codes, values = pd.factorize(pd.concat([real, synthetic], ignore_index=True).astype(object))
    codes = codes + 1  # missing is the first
    return codes[: len(real)], codes[len(real) :], len(values) + 1


def _share(codes: list[Any], i: int, j: int, sizes: list[int]) -> Any:
    cells = codes[i] * sizes[j] + codes[j]
    return np.bincount(cells, minlength=sizes[i] * sizes[j]) / len(cells)


def _features(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    out = {}
    for column in schema.columns:
        if column.name == schema.target:
            continue
        cells = frame[column.name]
        if column.kind in NUMBERS or column.kind == "boolean":
            out[column.name] = cells.astype("Float64").to_numpy(float, na_value=np.nan)
        elif column.kind == "ordinal":
            order = pd.Categorical(cells, categories=list(column.categories or ()))
            out[column.name] = np.where(order.codes < 0, np.nan, order.codes)
        else:
            out[column.name] = pd.Categorical(cells, categories=list(column.categories or ()))
    return pd.DataFrame(out)
