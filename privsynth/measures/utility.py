"""Train on synthetic, test on real: whether a model learnt from the table works on real rows."""

from typing import Any

import numpy as np

from privsynth.measures._base import Found, Material, Measure
from privsynth.statistics import Estimate, Game, auc, proportion
from privsynth.tables import Records, Space

MAX_CATEGORIES = 250
BOOTSTRAPS = 400
MIN_ROWS = 40


def run(material: Material) -> Found:
    """Return the score on the holdout of models trained on synthetic rows, floor and ceiling.

    Score: AUC for two classes, accuracy for more, R² for numbers. ``tstr_floor`` trains on
    independently shuffled training columns, ``tstr_ceiling`` on other real rows. Gradient-boosted
    trees (scikit-learn's HistGradientBoosting), all with the same settings.
    """
    target = material.schema.target
    if target is None or target not in material.space.names:
        return Found(not_run="no target column; declare `target:` in the schema")
    rng = material.rng("measure", "utility")
    holdout, reference = material.need_holdout(), material.need_reference()
    n = min(len(material.synthetic), len(reference), len(material.train))
    if n < MIN_ROWS:
        return Found(not_run=f"{n} rows are too few to train a model; {MIN_ROWS} are needed")
    task = _Task(material.space, target)
    sources = {
        "tstr": _draw(material.synthetic, n, rng),
        "tstr_floor": _independent(_draw(material.train, n, rng), rng),
        "tstr_ceiling": _draw(reference, n, rng),
    }
    test_x, test_y = task.split(holdout)
    score = task.score_name(test_y)
    estimates = []
    for name, rows in sources.items():
        x, y = task.split(rows)
        estimates.append(task.score(name, x, y, test_x, test_y, material.alpha, rng))
    notes: tuple[str, ...] = ()
    if score == "AUC" and estimates[0].high < 0.5:
        notes = ("a model trained on the synthetic table does worse than chance on real rows",)
    return Found(tuple(estimates), {}, {"target": target, "score": score, "rows": n}, notes)


class _Task:
    def __init__(self, space: Space, target: str) -> None:
        names = [column.name for column in space.ordered]
        self.ordered = target in names
        self.place = (
            names.index(target)
            if self.ordered
            else [column.name for column in space.coded].index(target)
        )
        self.kind = (*space.ordered, *space.coded)[
            self.place if self.ordered else len(names) + self.place
        ].kind

    def split(self, rows: Records) -> tuple[Any, Any]:
        """Return features ``(n, d)`` and target ``(n,)`` of the rows whose target is known."""
        numbers = np.where(np.isinf(rows.numbers), np.nan, rows.numbers)
        codes = np.where(rows.codes <= 0, np.nan, rows.codes).astype(np.float64)
        if self.ordered:
            y, numbers = numbers[:, self.place], np.delete(numbers, self.place, axis=1)
        else:
            y, codes = codes[:, self.place], np.delete(codes, self.place, axis=1)
        self.categorical = np.r_[
            np.zeros(numbers.shape[1], bool), np.nanmax(codes, axis=0, initial=0) < MAX_CATEGORIES
        ]
        known = ~np.isnan(y)
        return np.hstack([numbers, codes])[known], y[known]

    def score_name(self, y: Any) -> str:
        """Return which score fits the target: AUC, accuracy or R²."""
        if self.ordered and self.kind != "ordinal" and len(np.unique(y)) > 2:
            return "R²"
        return "AUC" if len(np.unique(y)) <= 2 else "accuracy"

    def score(
        self, name: str, x: Any, y: Any, test_x: Any, test_y: Any, alpha: float,
        rng: np.random.Generator,
    ) -> Estimate:  # fmt: skip
        """Return the score on the test rows of a model trained on ``x`` and ``y``."""
        kind = self.score_name(test_y)
        if kind == "R²":
            return _r_squared(name, self._predict(x, y, test_x, False), test_y, alpha, rng)
        classes = np.unique(np.r_[y, test_y])
        y, test_y = np.searchsorted(classes, y), np.searchsorted(classes, test_y)
        if kind == "accuracy":
            guess = self._predict(x, y, test_x, True)
            return proportion(name, int((guess == test_y).sum()), len(test_y), alpha)
        positive = test_y == test_y.max()
        chance = self._chance(x, y, test_x, test_y.max())
        game = Game(positive, np.arange(len(positive)))
        return auc(chance, game, alpha, name=name).model_copy(update={"n": len(test_y)})

    def _model(self, classify: bool) -> Any:
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        return kind(
            max_iter=100, early_stopping=False, random_state=0,
            categorical_features=self.categorical,
        )  # fmt: skip

    def _predict(self, x: Any, y: Any, test_x: Any, classify: bool) -> Any:
        if len(np.unique(y)) < 2:
            return np.full(len(test_x), y[0] if len(y) else -1)
        with _one_thread():
            return self._model(classify).fit(x, y).predict(test_x)

    def _chance(self, x: Any, y: Any, test_x: Any, positive: float) -> Any:
        if len(np.unique(y)) < 2:
            return np.zeros(len(test_x))
        with _one_thread():
            model = self._model(True).fit(x, y)
            if positive not in model.classes_:
                return np.zeros(len(test_x))
            return model.predict_proba(test_x)[:, list(model.classes_).index(positive)]


def _one_thread() -> Any:
    """Return a context in which the trees are grown by one thread: busy machines slow many down."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _r_squared(
    name: str, guess: Any, truth: Any, alpha: float, rng: np.random.Generator
) -> Estimate:
    def r_squared(rows: Any) -> float:
        spread = float(((truth[rows] - truth[rows].mean()) ** 2).sum())
        error = float(((truth[rows] - guess[rows]) ** 2).sum())
        return 1 - error / spread if spread > 0 else 0.0

    n = len(truth)
    value = r_squared(np.arange(n))
    draws = [r_squared(rng.integers(0, n, n)) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(draws, [alpha, 1 - alpha])
    return Estimate(
        name=name, value=value, low=min(float(low), value), high=max(float(high), value),
        confidence=1 - 2 * alpha, method="row bootstrap", n=n,
    )  # fmt: skip


def _draw(rows: Records, n: int, rng: np.random.Generator) -> Records:
    return rows.take(rng.permutation(len(rows))[:n])


def _independent(rows: Records, rng: np.random.Generator) -> Records:
    numbers, codes = rows.numbers.copy(), rows.codes.copy()
    for columns in (numbers, codes):
        for j in range(columns.shape[1]):
            columns[:, j] = rng.permutation(columns[:, j])
    return Records(numbers, codes, rows.cells, rows.units)


measure = Measure(
    name="utility",
    home=__name__,
    title="Train on synthetic, test on real",
    source="TSTR with gradient-boosted trees (Esteban et al. 2017, arXiv:1706.02633)",
    run=run,
    costly=True,
)
