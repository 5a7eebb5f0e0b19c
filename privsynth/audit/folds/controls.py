"""Controls of an audit by folds: silence on real rows, and planted leaks that must be seen."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from privsynth.attacks import Attack
from privsynth.audit.controls import SHARES, caught, missed, silence
from privsynth.audit.folds.worlds import Worlds
from privsynth.audit.plant import Limits, exact_copies, jittered_copies, resampled_columns
from privsynth.evidence import Control
from privsynth.neighbours import Search
from privsynth.statistics.family import max_t
from privsynth.statistics.fold_family import fold_headline, fold_permutations
from privsynth.statistics.folds import FoldScored
from privsynth.tables import Records, Table, concat, halve


def negative(attacks: Mapping[str, Attack], worlds: Worlds, reference: Table) -> Control:
    """Return whether the attacks stay silent on real rows that nobody was trained on.

    For each fold the reference is halved anew: one half plays that fold's table, the other the
    reference. The same rows in every fold would test nothing: their K AUCs average to one half.
    """
    rng = worlds.material.rng("control", "negative")
    encode = worlds.material.space.encode
    halves = [
        tuple(encode(half) for half in halve(reference, rng, ("half", "half")))
        for _ in range(worlds.folds.k)
    ]
    if min(len(half) for pair in halves for half in pair) < 2:
        return Control(status="not_run", message="the reference has too few rows to be halved")
    scores = worlds.score(
        attacks, lambda k: worlds.view(halves[k][0], halves[k][1], Search(tick=worlds.search.tick)),
        "control", "negative",
    )  # fmt: skip
    worst = fold_headline(scores, worlds.material.alpha, rng)[0]["auc"].estimate
    return silence(worst, "the folds' tables")


def positive(
    attacks: Mapping[str, Attack], worlds: Worlds, train: Table, pool: Table, limits: Limits
) -> tuple[Control, dict[str, str]]:
    """Return whether leaks planted in every fold's table are caught, and notes by attack.

    As in other audits: jittered copies of ``Limits.planted_share`` of each game's members are
    added; the attacks without ``exact_copy`` must then refuse to pass. Smaller shares say what the
    attacks that are not costly would have detected; they are reported and never gated.
    """
    rng = worlds.material.rng("control", "positive")
    tried = {name: attack for name, attack in attacks.items() if name != "exact_copy"}
    fast = {name: attack for name, attack in tried.items() if not attack.costly}
    planted = limits.planted_share(worlds.material.game)
    shares = [*(share for share in SHARES if share < planted), planted]
    by_fold = [
        _planted(worlds, k, _jittered(worlds, k, train, pool, shares, rng), tried, fast)
        for k in range(worlds.folds.k)
    ]
    found = [worlds.joined([one[n] for one in by_fold]) for n in range(len(shares))]
    detected = [_detected(list(one.values()), worlds, rng) for one in found]
    where = " in every fold's table", "them"
    control = caught(found, shares, detected, worlds.material.alpha, limits, where)
    return control, _own_controls(attacks, worlds, planted, rng)


def _jittered(
    worlds: Worlds, k: int, train: Table, pool: Table, shares: list[float], rng: Any
) -> list[Records]:
    """Return jittered copies of rising shares of the members of game k, in steps."""
    members = rng.permutation(worlds.members(k))
    jittered = jittered_copies(train, pool, rng)
    ends = [0, *(max(1, round(share * len(members))) for share in shares)]
    return [
        worlds.material.space.encode(
            jittered.take(np.flatnonzero(np.isin(train.units, members[a:b])), "planted")
        )
        for a, b in pairwise(ends)
    ]


def _planted(
    worlds: Worlds, k: int, chunks: list[Records], tried: Mapping[str, Attack],
    fast: Mapping[str, Attack],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the scores in game k with ever more of the chunks; all of them for ``tried``."""
    search, found = Search(tick=worlds.search.tick), []
    for n in range(1, len(chunks) + 1):
        view = worlds.view(concat(worlds.tables[k], *chunks[:n]), search=search)
        chosen = tried if n == len(chunks) else fast
        found.append(worlds.against(k, chosen, view, "control", "positive", str(n)))
    return found


def _detected(scores: list[FoldScored], worlds: Worlds, rng: np.random.Generator) -> bool:
    observed, permuted, _ = fold_permutations(scores, rng)
    return max_t(observed, permuted) <= worlds.material.alpha


def _own_controls(
    attacks: Mapping[str, Attack], worlds: Worlds, share: float, rng: np.random.Generator
) -> dict[str, str]:
    """Return a note for ``exact_copy`` and ``value_match`` if they miss the leak made for them."""
    inside = [worlds.rows.take(game.is_member) for game in worlds.folds.games]
    copied = [
        concat(table, exact_copies(rows, share, rng))
        for table, rows in zip(worlds.tables, inside, strict=True)
    ]
    resampled = [resampled_columns(rows, rng) for rows in inside]
    notes = {}
    for name, what, planted in (
        ("exact_copy", "exact copies", copied),
        ("value_match", "resampled columns", resampled),
    ):
        if name in attacks:
            scores = worlds.score(
                {name: attacks[name]},
                lambda k, planted=planted: worlds.view(planted[k], search=Search()),  # type: ignore[misc]
                "control", "own", name,
            )[name]  # fmt: skip
            if scores.auc(worlds.material.alpha).low <= 0.5:
                notes[name] = missed(what)
    return notes
