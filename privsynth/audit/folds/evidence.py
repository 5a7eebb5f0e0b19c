"""Scores of K games into evidence, and what the measures say beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from privsynth import measures as measure_room
from privsynth.attacks import Attack, base_name
from privsynth.audit.checks import MIN_SIDE
from privsynth.audit.folds.worlds import Worlds
from privsynth.audit.learned import LEARNED
from privsynth.audit.scoring import entries, entry, score_evidence
from privsynth.audit.strata import Stratum, evidence, strata
from privsynth.evidence import Evidence, HeadlineEntry
from privsynth.measures import Material
from privsynth.neighbours import tie_credit
from privsynth.statistics import Estimate
from privsynth.statistics.fold_exchange import fold_difference, fold_share
from privsynth.statistics.fold_family import fold_headline, fold_worst
from privsynth.statistics.folds import FoldScored
from privsynth.tables import concat

Head = dict[str, HeadlineEntry]
OF_THE_FILE = (
    "counted on the released file itself: half of the reference rows stand for people who were "
    "not trained on"
)


def attack(
    chosen: Mapping[str, Attack], worlds: Worlds, notes: Mapping[str, str]
) -> tuple[list[Evidence], Head, float]:
    """Return the evidence of attacks and groups, the worst over all, and the family's quantile.

    ``notes`` holds, by attack, what its own positive control has to say of its silence.
    """
    alpha = worlds.material.alpha
    scores = worlds.score(chosen, lambda k: worlds.view(worlds.tables[k]), "attacks")
    groups, facts = strata(worlds.material)
    inside = _within(scores, groups, worlds)
    worst, c = fold_headline(scores, alpha, worlds.material.rng("headline"), inside)
    probes = [
        score_evidence(name, chosen[base_name(name)], one, alpha, len(scores), notes.get(name))
        for name, one in scores.items()
    ]
    probes.append(entry(LEARNED, LEARNED.name, not_run="not run in an audit by folds"))
    each = alpha / (len(scores) + len(inside))
    probes += evidence(
        inside, groups, facts, lambda name, own: fold_worst(name, own, alpha, c, each)
    )
    return probes, entries(worst), c


def _within(
    scores: Mapping[str, FoldScored], groups: list[Stratum], worlds: Worlds
) -> dict[str, FoldScored]:
    """Return every score counted within every group that any fold holds enough of."""
    units = len(worlds.folds.fold)
    out = {}
    for group in groups:
        for label, one in scores.items():
            # Groups come over all units twice, as members and as non-members: equal halves.
            counted = FoldScored(one.scores, one.folds, group.chosen[:units])
            if not counted.weights.any():
                break
            out[f"{group.probe}/{group.name}/{label}"] = counted
    return out


def measures(worlds: Worlds, file: Material) -> Iterator[Evidence]:
    """Yield every measure of the released file; copies and DCR are counted over the folds as well.

    ``file`` holds half of the reference as its holdout. Where the measure of the file and that of
    the folds share an estimate's name, the folds have it, and the file's is called ``..._of_file``.
    """
    for name, measure in measure_room.catalogue().items():
        if name == "copies":
            whole = replace(file, holdout=concat(file.need_holdout(), file.need_reference()))
            yield _beside(measure.evidence(whole), _copies(worlds), worlds)
            continue
        few = min(len(np.unique(r.units)) for r in (file.need_holdout(), file.need_reference()))
        left_out = None
        if few < MIN_SIDE:
            left_out = f"halves of the reference have fewer than {MIN_SIDE} units"
        found = measure.evidence(file, left_out)
        if name == "dcr":
            yield _beside(found, _share(worlds), worlds)
        else:
            yield found.model_copy(update={"notes": (*found.notes, OF_THE_FILE)})


def _beside(found: Evidence, pooled: Estimate, worlds: Worlds) -> Evidence:
    """Return the evidence with the folds' estimate; its p is that of both, doubled."""
    own = found.estimate(pooled.name)
    rest = tuple(e for e in found.estimates if e is not own)
    if own is not None:
        if own.p is not None and pooled.p is not None:
            pooled = pooled.model_copy(update={"p": min(1.0, 2 * min(own.p, pooled.p))})
        rest = (own.model_copy(update={"name": f"{own.name}_of_file"}), *rest)
    note = (
        f"{pooled.name}: over {worlds.folds.k} tables, each made without one fold; its p is twice "
        "the smaller of theirs and that of the released file against the reference rows"
    )
    return found.model_copy(
        update={
            "estimates": (pooled.rounded(), *rest),
            "notes": (*found.notes, OF_THE_FILE, note),
            "not_run": None,
        }
    )


def _copies(worlds: Worlds) -> Estimate:
    keys, material = worlds.rows.row_keys(), worlds.material
    hits = []
    for table, game in zip(worlds.tables, worlds.folds.games, strict=True):
        released = set(table.row_keys())
        hits.append(game.unit_max(np.array([float(key in released) for key in keys])) > 0)
    rng = material.rng("measure", "copies", "folds")
    return fold_difference(
        "copied_units_excess", np.array(hits), worlds.folds, material.alpha, rng
    )  # fmt: skip


def _share(worlds: Worlds) -> Estimate:
    search, rows, material = worlds.search, worlds.rows, worlds.material
    credit = []
    for table, game in zip(worlds.tables, worlds.folds.games, strict=True):
        best = search.nearest(table, rows).distances[:, 0]
        found = tie_credit(table, rows, best, threads=search.threads, tick=search.tick)
        credit.append(game.unit_sums(found))
    rng = material.rng("measure", "dcr", "folds")
    return fold_share(np.array(credit), worlds.folds, material.alpha, rng)
