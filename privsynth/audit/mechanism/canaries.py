"""The audit by one run: many canaries in one table, each put in by its own coin."""

import secrets
from typing import Any

import numpy as np

from privsynth.audit.mechanism.game import canary_game
from privsynth.audit.mechanism.result import OneRun
from privsynth.audit.mechanism.runs import Mechanism
from privsynth.audit.mechanism.tape import Recorder
from privsynth.progress import Progress, silent
from privsynth.randomness import fresh_seed
from privsynth.statistics import epsilon_one_run, epsilon_one_run_fdp
from privsynth.tables import Table, stack

CANARIES = 1000
GUESSED = 0.1
"""Share of the canaries that is guessed: the likeliest in and out, half each, fixed beforehand."""


def one_run(mechanism: Mechanism, alpha: float, progress: Progress = silent) -> OneRun | None:
    """Return what one fit gives away of ``CANARIES`` canaries; None if it answers no histogram."""
    base, rows = canary_game(CANARIES)
    inside = np.array([secrets.randbits(1) for _ in range(CANARIES)], bool)
    recorder, seed = Recorder(mechanism.ledger(mechanism.budget)), fresh_seed()
    mechanism.learn(_joined(base, rows, np.flatnonzero(inside)), recorder, seed)
    empty = mechanism.replay(base, recorder, seed)
    if not any(given.kind == "histogram" for given, _ in empty.asked):
        return None
    alone = []
    for i in range(CANARIES):
        progress("replaying canaries", i / CANARIES)
        alone.append(mechanism.replay(_joined(base, rows, [i]), recorder, seed))
    order = np.argsort(scores(empty, alone), kind="stable")
    guessed = max(round(GUESSED * CANARIES / 2), 1)
    correct = int(inside[order[-guessed:]].sum() + (~inside[order[:guessed]]).sum())
    budget = mechanism.budget
    found = (correct, 2 * guessed, CANARIES, budget.delta, alpha)
    low = epsilon_one_run(*found)
    return OneRun(
        canaries=CANARIES,
        guesses=2 * guessed,
        correct=correct,
        refuted=low > budget.epsilon,
        epsilon_low=low,
        epsilon_low_gdp=epsilon_one_run_fdp(*found),
        alpha=alpha,
    )


def scores(empty: Any, alone: list[Any]) -> Any:
    """Return how much the noisy counts speak for each canary, shape ``(canaries,)``.

    What a canary adds to a cell, over the noise of that cell: the ledger's, and that of the other
    canaries that would lie in it, each of them in or out by a coin.
    """
    found = np.zeros(len(alone))
    for k, (given, base) in enumerate(empty.asked):
        if given.kind != "histogram":
            continue
        added = np.array([
            replay.asked[k][1] - base if len(replay.asked) > k else np.zeros_like(base)
            for replay in alone
        ])  # fmt: skip
        share = added.sum(axis=0)[None, :] - added
        variance = given.scale**2 + share / 4
        found += (added * (given.answer - base - share / 2 - added / 2) / variance).sum(axis=1)
    return found


def _joined(base: Table, rows: Table, chosen: Any) -> Table:
    return stack([base, rows.take(chosen, "dp-audit")])
