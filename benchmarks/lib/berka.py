"""Three labelled TabDDPM models of the MIDST challenge (SaTML 2025) on Czech bank transactions."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.games import LEVEL, SEED, material, raw_scores
from lib.published import auc as plain_auc
from lib.section import Section, expected, interval, table
from privsynth.audit.blind import blind_baseline
from privsynth.randomness import generator
from privsynth.statistics import Game, auc, family, headline, tpr_at_fpr
from privsynth.tables import Column, Schema, Table
from privsynth.tables.read import from_raw

MODELS = (1, 2, 3)
ALPHA = 0.05
NUMBERS = ("trans_date", "amount", "balance", "account")
CODES = ("trans_type", "operation", "k_symbol", "bank")
SCHEMA = Schema(
    columns=(
        *(Column(name=name, kind="numeric") for name in NUMBERS),
        *(Column(name=name, kind="categorical") for name in CODES),
    )
)
NAIVE = (0.497, 0.584, 0.548)
"""AUC of minus the distance to the nearest synthetic row, standardised and one-hot, by model."""
RATIO = 0.20
PUBLISHED = (
    ("winner, shadow models", "0.25"),
    ("runner-up, shadow models", "0.22 to 0.23"),
    ("log distance ratio, no shadow models", "about 0.20"),
)


def run(folder: Path) -> Section:
    """Return TPR at 10 % FPR and AUC of our attacks over the records of all three models."""
    models = {m: _read(folder / f"tabddpm_{m}") for m in MODELS}
    scores, labels, naive = [], [], []
    for m, (train, synthetic, challenge, is_member) in models.items():
        others = pd.concat([models[k][0] for k in MODELS if k != m])
        # By id and whatever the label: nobody is told from others by a missing reference row.
        others = others[~others["trans_id"].isin(challenge["trans_id"])]
        given = material(
            _table(challenge[is_member], "train"), _table(synthetic, "synthetic"),
            _table(challenge[~is_member], "holdout"), _table(others, "reference"), alpha=ALPHA,
        )  # fmt: skip
        scores.append(raw_scores(given))
        labels.append(given.game.is_member)
        naive.append(_naive(train, synthetic, challenge, is_member))
    member = np.concatenate(labels)
    game = Game(
        member, np.arange(len(member)), np.repeat(np.arange(len(MODELS)), [*map(len, labels)])
    )
    pooled = {name: np.concatenate([one[name] for one in scores]) for name in scores[0]}
    worst, _ = headline(family(pooled, game), ALPHA, generator(SEED, "berka"))
    rows, rates = [], {}
    for name, values in pooled.items():
        rates[name] = tpr_at_fpr(values, game, 0.1, ALPHA)
        own = [plain_auc(int(y.sum()), one[name]) for y, one in zip(labels, scores, strict=True)]
        rows.append((
            f"`{name}`", interval(rates[name]), interval(auc(values, game, ALPHA)),
            " ".join(f"{v:.3f}" for v in own),
        ))  # fmt: skip
    blind = _blind(models)
    checks = [
        expected(
            f"model {m}: nearest distance, standardised and one-hot: AUC {asked}",
            f"{seen:.4f}", abs(seen - asked) <= 0.0005 + 1e-9,
        )
        for m, asked, seen in zip(MODELS, NAIVE, naive, strict=True)
    ]  # fmt: skip
    ratios = [rate for name, rate in rates.items() if name.startswith("dcr_ratio")]
    checks += [
        expected(
            "some `dcr_ratio` has about 0.20 in its interval",
            "; ".join(f"{rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f})" for rate in ratios),
            any(rate.low <= RATIO <= rate.high for rate in ratios),
        ),
        expected("the blind baseline is clean", blind.message, blind.status == "ok"),
    ]
    p = worst["auc"].estimate.p
    checks.append(
        expected(
            "the attacks together see the models (max-T p below 0.05)", f"p = {p:.4f}", p < 0.05
        )
    )
    return {
        "head": f"{int(member.sum())} members and {int((~member).sum())} non-members, 100 and "
        "100 a model; scores of all models are pooled under one threshold, as the challenge's "
        "scorer does, and labels are exchanged within models only. Reference: the training rows of "
        "the two other models without this model's challenge records. Published figures are of the "
        "whole challenge (20 final models, 4,000 records); three models cannot tell them apart. "
        "Intervals are two one-sided 95 % bounds, not corrected for the number of scores.",
        "expected": checks,
        "parts": [
            table(("published", "TPR at 10 % FPR"), PUBLISHED, "Published, whole challenge"),
            table(
                ("score", "TPR at 10 % FPR", "AUC", "AUC by model"), rows, "No-box attacks, here"
            ),
        ],
    }  # fmt: skip


def _read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Any]:
    train, synthetic, challenge, label = (
        pd.read_csv(folder / file)
        for file in (
            "train_with_id.csv.gz", "trans_synthetic.csv.gz", "challenge_with_id.csv",
            "challenge_label.csv",
        )
    )  # fmt: skip
    return train, synthetic, challenge, label["is_train"].to_numpy() == 1


def _table(frame: pd.DataFrame, name: str) -> Table:
    texts = frame[[*NUMBERS, *CODES]].astype(str).reset_index(drop=True)
    return from_raw(texts, SCHEMA, role="real", name=name)


def _naive(train: Any, synthetic: Any, challenge: Any, is_member: Any) -> float:
    """Return the AUC of the distance to the nearest synthetic row, with train's mean and spread."""
    from sklearn.neighbors import NearestNeighbors

    mean, spread = train[list(NUMBERS)].mean(), train[list(NUMBERS)].std()

    def encoded(frame: pd.DataFrame) -> Any:
        scaled = ((frame[list(NUMBERS)] - mean) / spread).to_numpy()
        levels = [frame[c] == v for c in CODES for v in sorted(train[c].unique())]
        return np.column_stack([scaled, *levels]).astype(float)

    order = np.r_[np.flatnonzero(is_member), np.flatnonzero(~is_member)]
    index = NearestNeighbors(n_neighbors=1).fit(encoded(synthetic))
    far = index.kneighbors(encoded(challenge.iloc[order]))[0][:, 0]
    return plain_auc(int(is_member.sum()), -far)


def _blind(models: dict[int, Any]) -> Any:
    """Return whether members are told from non-members without any synthetic table."""
    sides = [
        _table(pd.concat([c[y == side] for _, _, c, y in models.values()]), name)
        for side, name in ((True, "train"), (False, "holdout"))
    ]
    synthetic = _table(models[1][1].head(100), "synthetic")
    given = material(sides[0], synthetic, sides[1], _table(models[1][0], "reference"), alpha=LEVEL)
    return blind_baseline(given, own_split=False)
