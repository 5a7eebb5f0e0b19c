"""Figures that others published, and their own formulas, written again from their definitions.

Nothing here is used by the package: it shows that our reading of a paper gives the paper's numbers
before our own versions, which differ where the published one has a flaw, are held beside them.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.stats import gaussian_kde

from privsynth.neighbours import nearest
from privsynth.statistics import Game, delong

GUARD = 1e-20
"""What Synth-MIA adds to a density before it divides by it or takes its logarithm."""


def auc(members: int, scores: Any) -> float:
    """Return the AUC of scores whose first ``members`` are those of members."""
    rest = len(scores) - members
    return delong(np.asarray(scores, float), Game.of(np.arange(members), np.arange(rest))).value


def synth_mia(members: Any, others: Any, reference: Any, synthetic: Any) -> dict[str, float]:
    """Return the AUC of the attacks of Synth-MIA (arXiv:2509.18014) on raw columns, by name.

    All four arrays are ``(n, d)``. "DOMIAS, log ratio" is the attack without the guard.
    """
    targets = np.concatenate([members, others])
    to_synthetic, to_reference = cdist(targets, synthetic), cdist(targets, reference)
    near, usual = to_synthetic.min(axis=1), to_reference.min(axis=1)
    released, known = (gaussian_kde(rows.T, "silverman") for rows in (synthetic, reference))
    scores = {
        "DCR": -near,
        "DCR-Diff": usual - near,
        "DOMIAS": released(targets.T) / (known(targets.T) + GUARD),
        "DOMIAS, log ratio": released.logpdf(targets.T) - known.logpdf(targets.T),
        "Density Estimator": released(targets.T),
        "DPI": _among_nearest(to_synthetic, to_reference, 20),
        "MC": (to_synthetic**2 < np.median(near**2)).sum(axis=1),
        "Local Neighborhood": (to_synthetic <= 1).sum(axis=1),
        "Gen-LRA": _likelihood_gain(targets, synthetic, reference, to_synthetic, 5),
        "Classifier": _forest(targets, synthetic, reference),
    }
    return {name: auc(len(members), found) for name, found in scores.items()}


def below_guard(others: Any, reference: Any) -> int:
    """Return at how many targets the reference density is smaller than the guard added to it."""
    return int((gaussian_kde(reference.T, "silverman")(others.T) < GUARD).sum())


def _among_nearest(to_synthetic: Any, to_reference: Any, k: int) -> Any:
    order = np.argsort(np.hstack([to_reference, to_synthetic]), axis=1, kind="stable")[:, :k]
    return (order >= to_reference.shape[1]).sum(axis=1)


def _likelihood_gain(targets: Any, synthetic: Any, reference: Any, far: Any, k: int) -> Any:
    """Return the gain in log likelihood of the k nearest rows, the density refitted each time."""
    known = gaussian_kde(reference.T, "silverman")
    out = np.empty(len(targets))
    for i, ids in enumerate(np.argsort(far, axis=1)[:, :k]):
        with_target = gaussian_kde(np.vstack([reference, targets[i]]).T, "silverman")
        rows = synthetic[ids].T
        out[i] = (np.log(with_target(rows) + GUARD) - np.log(known(rows) + GUARD)).sum()
    return out


def _forest(targets: Any, synthetic: Any, reference: Any) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    labels = np.r_[np.zeros(len(reference)), np.ones(len(synthetic))]
    model = RandomForestClassifier(random_state=42, n_jobs=1)
    return model.fit(np.vstack([reference, synthetic]), labels).predict_proba(targets)[:, 1]


def closer_counts(
    train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, bins: int = 100
) -> dict[str, Any]:
    """Return how many synthetic rows are nearer to train, to the holdout, and equally near.

    The distance of Platzer and Reutterer (2021, "Holdout-Based Fidelity and Privacy Assessment"):
    the number of differing columns, numbers cut at 100 quantiles of all three tables together. A
    boolean counts as a number there; its quantiles are one bin, so it never differs.
    """
    tables = (train, holdout, synthetic)
    cut = pd.DataFrame({name: _bins([t[name] for t in tables], bins) for name in train.columns})
    a, b = len(train), len(train) + len(holdout)
    parts = [
        cut.iloc[rows].reset_index(drop=True) for rows in (slice(a), slice(a, b), slice(b, None))
    ]
    to_train, to_holdout = (nearest(parts[2], real, k=1).distances[:, 0] for real in parts[:2])
    return shares(to_train, to_holdout, a / b)


def _bins(sides: list[pd.Series], bins: int) -> Any:
    whole = pd.concat(sides, ignore_index=True)
    if sides[0].dtype == object:
        found = pd.Series(pd.factorize(whole)[0])
    else:
        # As published: a text "False" among booleans is missing.
        numbers = pd.to_numeric(whole, errors="coerce").astype(float)
        found = pd.qcut(numbers, bins, duplicates="drop", labels=False)
    return "bin " + found.fillna(-1).astype(int).astype(str)


def shares(to_train: Any, to_holdout: Any, even: float) -> dict[str, Any]:
    """Return counts of rows nearer, farther, equal, and the share closer to train, ties split."""
    closer, equal = to_train < to_holdout, to_train == to_holdout
    return {
        "n_closer": int(closer.sum()),
        "n_further": int((to_train > to_holdout).sum()),
        "n_equal": int(equal.sum()),
        "share": float(closer.mean() + even * equal.mean()),
    }
