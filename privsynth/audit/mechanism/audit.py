"""The mechanism audit: is a claimed privacy profile refuted by what re-trainings give away?"""

from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from privsynth import __version__
from privsynth.audit.mechanism.canaries import one_run
from privsynth.audit.mechanism.game import ROWS, neighbours
from privsynth.audit.mechanism.result import DpAudit, View
from privsynth.audit.mechanism.runs import Mechanism, Run, collect
from privsynth.audit.mechanism.tape import FARTHEST, Recorder
from privsynth.errors import InputError
from privsynth.privacy import DpSgd, Gaussian, Ledger, accounting, prove, recompute
from privsynth.privacy.domain import domain_of
from privsynth.progress import Progress, part, silent
from privsynth.randomness import fresh_seed, generator, integer_seed
from privsynth.statistics import (
    Game,
    auc,
    best_threshold,
    epsilon_from_rates,
    epsilon_gdp,
    gdp_delta,
    refutation,
)

ALPHAS = {"noise": 0.02, "released answers": 0.01, "synthetic table": 0.01, "one run": 0.01}
"""Levels, 0.05 in all: what sees small faults gets most of it, the others see gross ones."""
CHOOSE = 0.2
"""Share of the runs on which scores and thresholds are chosen; only the others are counted."""
GRADIENTS = (
    "the gradients themselves were not looked at, only the histograms before them and the table: "
    "a fault in the gradient steps shows only where it is gross"
)
FEWEST = 50
"""Runs on each side below which nothing could be refuted."""


def audit_mechanism(
    mechanism: Mechanism, each: int, file: Path, jobs: int = 1, progress: Progress = silent
) -> DpAudit:
    """Return whether ``each`` runs with and as many without an outlier refute the claim.

    The attacker knows both tables, the code and what steers it but for the noise. Three views:
    the noise of the histograms, against the Gaussian that is booked for it; all answers that the
    ledger gave, against the profile of the budget (scores of both are likelihood ratios); and the
    synthetic table alone (a forest fitted on other runs), against the same. ``file`` keeps the
    runs of an audit that is interrupted.
    """
    if each < FEWEST:
        raise InputError(f"--runs {each}: fewer than {FEWEST} on each side can refute nothing")
    ledger, problems = _ledger(mechanism)
    key = _key(mechanism)
    runs = collect(mechanism, each, file, key, jobs, part(progress, 0.0, 0.9))
    inside = np.array([one.inside for one in runs])
    budget = mechanism.budget
    views = tuple(
        _view(name, scores, inside, profile, budget.delta)
        for name, scores, profile in _seen(runs, inside, partial(_claimed, ledger))
    )
    single = one_run(mechanism, ALPHAS["one run"], part(progress, 0.9, 1.0))
    found = [view.refuted for view in views] + [single is not None and single.refuted]
    return DpAudit(
        synthesizer=mechanism.synthesizer.name,
        options=dict(mechanism.options),
        epsilon=budget.epsilon,
        delta=budget.delta,
        unit=budget.unit,
        neighbours=budget.neighbours,
        refuted=any(found) or bool(problems),
        views=views,
        one_run=single,
        problems=problems,
        rows=ROWS,
        versions=key["versions"],
        notes=tuple(_notes(runs, views, ledger)),
    )


def _seen(runs: list[Run], inside: Any, claimed: Any) -> Iterator[tuple[str, Any, Any]]:
    """Give each view's name, its score of every run, and the profile that it is tested against.

    A row moves every histogram by one in one cell: however the questions depended on the answers,
    the ratio of the Gaussian ones is a Brownian motion, stopped at their rho. (That a choice, which
    has a cost of its own, may decide where it stops is left out of account.)
    """
    rho = max(one.rho for one in runs)
    if rho > 0:
        gaussian = partial(gdp_delta, float(np.sqrt(2 * rho)))
        yield "noise", np.array([one.noise_ratio for one in runs]), gaussian
    yield "released answers", np.array([one.ratio for one in runs]), claimed
    yield "synthetic table", _by_forest(runs, inside), claimed


def _notes(runs: list[Run], views: tuple[View, ...], ledger: Ledger) -> Iterator[str]:
    powerless = [view.name for view in views if not view.can_refute]
    if powerless:
        yield (
            f"no outcome of so few runs could refute so large an epsilon by {', '.join(powerless)}:"
            " nothing was tested there"
        )
    strayed = sum(abs(one.ratio) == FARTHEST for one in runs)
    if strayed:
        yield (
            f"in {strayed:,} of {len(runs):,} runs the other table would have been asked something "
            "else: the rows steer the questions by more than the ledger's answers"
        )
    if any(isinstance(event, DpSgd) for event in ledger.events):
        yield GRADIENTS


def _ledger(mechanism: Mechanism) -> tuple[Ledger, tuple[str, ...]]:
    """Return the ledger of one run, and what recomputing its claim finds wrong."""
    without, _ = neighbours()
    recorder = Recorder(mechanism.ledger(mechanism.budget))
    mechanism.learn(without, recorder, fresh_seed())
    claim = prove(recorder.ledger, mechanism.synthesizer.name, domain_of(without.schema))
    return recorder.ledger, recompute(claim).problems


def _claimed(ledger: Ledger, epsilons: Any) -> Any:
    """Return the delta that the whole budget admits at each epsilon: what is left counts as spent.

    A run may spend less, by what it sees; the claim is that of the limit.
    """
    events, left = list(ledger.events), ledger.remaining
    if left > 0:
        scale = float(1 / np.sqrt(2 * left))
        events.append(Gaussian(
            what="not spent", sensitivity=1, scale=scale, rho=left, rho_replace_one=left, answers=1
        ))  # fmt: skip
    return accounting.deltas(events, epsilons, ledger.budget.neighbours)


def _view(name: Any, scores: Any, inside: Any, profile: Any, delta: float) -> View:
    alpha = ALPHAS[name]
    first = round(CHOOSE * inside.sum())
    (in_train, ins), (out_train, outs) = (
        np.split(scores[side], [first]) for side in (inside, ~inside)
    )
    tested = refutation(in_train, out_train, ins, outs, profile, alpha)
    flawless = [1.0], [0.0], np.ones(len(ins)), np.zeros(len(outs))
    bounds = []
    for bound in (epsilon_from_rates, epsilon_gdp):

        def at(tp: int, fp: int, bound: Any = bound) -> float:
            return float(bound(tp, len(ins), fp, len(outs), delta, alpha))

        chosen = best_threshold(in_train, out_train, len(ins), len(outs), at)
        bounds.append(at(int((ins >= chosen).sum()), int((outs >= chosen).sum())))
    counted = np.concatenate([ins, outs])
    game = Game.of(np.arange(len(ins)), np.arange(len(outs)))
    return View(
        name=name,
        refuted=tested.refuted,
        can_refute=refutation(*flawless, profile, alpha).refuted,
        margin=tested.margin,
        at_epsilon=tested.epsilon,
        tpr=tested.tpr,
        fpr=tested.fpr,
        tpr_low=tested.tpr_low,
        fpr_high=tested.fpr_high,
        epsilon_low=bounds[0],
        epsilon_low_gdp=bounds[1],
        auc=auc(counted, game, alpha).value,
        runs_in=len(ins),
        runs_out=len(outs),
        runs_to_choose=2 * first,
        alpha=alpha,
    )


def _by_forest(runs: list[Run], inside: Any) -> Any:
    """Return a score of every released table, by a forest fitted on the first runs of each side.

    Those runs are scored by the trees that did not see them, so that thresholds fit the others.
    """
    from sklearn.ensemble import RandomForestClassifier

    seen = np.asarray([one.table for one in runs], np.float64)
    first = np.zeros(len(runs), bool)
    for side in (inside, ~inside):
        first[np.flatnonzero(side)[: round(CHOOSE * inside.sum())]] = True
    seed = integer_seed(generator(fresh_seed(), "dp-audit", "forest"))
    forest = RandomForestClassifier(200, min_samples_leaf=3, oob_score=True, random_state=seed)
    forest.fit(seen[first], inside[first])
    scores = forest.predict_proba(seen)[:, 1]
    scores[first] = np.nan_to_num(forest.oob_decision_function_[:, 1], nan=0.5)
    return scores


def _key(mechanism: Mechanism) -> dict[str, Any]:
    """Return what the runs in a working file must be of to be taken up again."""
    budget: Mapping[str, Any] = vars(mechanism.budget)
    packages = ("opendp", "dp-accounting", "numpy")
    return {
        "synthesizer": mechanism.synthesizer.name,
        "options": dict(mechanism.options),
        "budget": dict(budget),
        "versions": {"privsynth": __version__, **{name: version(name) for name in packages}},
    }
