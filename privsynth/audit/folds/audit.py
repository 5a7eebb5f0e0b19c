"""The audit of a table too small to give up a holdout: K tables made alike, each without one fold.

Every unit is a non-member of one of them and a member of the others. The released table is made
from all units; what is said of it is what its mechanism did K times.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from privsynth import attacks as attack_room
from privsynth.audit.also import check_also
from privsynth.audit.audit import Request
from privsynth.audit.blind import blind_baseline
from privsynth.audit.checks import MIN_SIDE, check_tables, column_facts, table_facts
from privsynth.audit.effort import DEPTH, FIXED, Meter, check_memory, foretell
from privsynth.audit.folds.controls import negative, positive
from privsynth.audit.folds.evidence import attack, measures
from privsynth.audit.folds.worlds import Worlds
from privsynth.audit.implied import implied
from privsynth.audit.plant import Limits
from privsynth.audit.statements import not_covered, power, versions
from privsynth.errors import InputError
from privsynth.evidence import Bundle, Control, Power, TableFacts
from privsynth.measures import Material
from privsynth.neighbours import Cost, Encodings, Search
from privsynth.progress import Progress, silent
from privsynth.randomness import generator
from privsynth.statistics import Game
from privsynth.statistics.folds import Folds
from privsynth.tables import Table, concat, fit_space, halve

FEWEST, MOST = 2, 20


@dataclass(frozen=True)
class FoldRequest:
    """What to audit: ``request`` with the released table, made from all of ``train``.

    Its ``reference`` is given and its ``holdout`` None. ``tables[k]`` was made as the released one
    was, without the units of ``train`` whose ``fold (units,)`` is k.
    """

    request: Request
    tables: tuple[Table, ...]
    fold: Any


def mechanism(k: int) -> str:
    """Return the sentence that every reader of such an audit must see."""
    return (
        f"This audit describes the mechanism: {k} tables were made as the released one was, each "
        "without one fold of the people, and attacked in its place. This very file was not itself "
        "tested."
    )


def check_folds(k: int, units: int) -> None:
    """Refuse numbers of folds that make no sense, or folds too small for any statement."""
    if not FEWEST <= k <= MOST:
        raise InputError(f"folds: {k}: a number from {FEWEST} to {MOST} is needed")
    if units // k < MIN_SIDE:
        raise InputError(
            f"folds: {k}: {units} units make folds of fewer than {MIN_SIDE}; use fewer folds or a "
            "larger table"
        )


def foretell_folds(
    train: int, synthetic: int, reference: int, columns: int, limits: Limits, k: int
) -> Cost:
    """Return pairs, seconds and bytes of an audit by K folds: rough, and rather too much."""
    tables = range(train), range(synthetic), None, range(reference)
    one = foretell(tables, columns, limits)
    return Cost(one.pairs * k, one.seconds * k, one.memory + (k - 1) * (one.memory - FIXED))


def audit_folds(asked: FoldRequest, progress: Progress = silent) -> Bundle:
    """Return the evidence on how one table was made; the same request gives the same bytes.

    Learned attacks are left out: an outsider who knows who was in a table has no K tables.
    """
    progress("reading the tables", 0.0)
    request = asked.request
    reference = _reference(request)
    check_also(request.synthetic, request.also, has_holdout=False)
    check_folds(len(asked.tables), len(set(request.train.units)))
    warnings = check_tables(
        request.train, request.synthetic, None, reference, own_split=request.own_split
    )
    effort = foretell_folds(
        len(request.train), len(request.synthetic), len(reference), len(request.train.schema.read),
        request.limits, len(asked.tables),
    )  # fmt: skip
    check_memory(effort, request.max_memory)
    meter = Meter(effort.pairs, progress)
    worlds, halves = _worlds(asked, reference, Search(tick=meter.add))
    for synthetic in worlds.tables:
        worlds.search.nearest(worlds.rows, synthetic, DEPTH)
    chosen = attack_room.catalogue()
    progress("planting leaks that the attacks must see", meter.done)
    caught, notes = positive(chosen, worlds, request.train, reference, request.limits)
    progress("attacking real rows, where there is no leak", meter.done)
    controls: dict[Any, Control] = {
        "blind_baseline": _blind(worlds),
        "negative": negative(chosen, worlds, reference),
        "positive": caught,
    }
    progress("attacking the tables of the folds", meter.done)
    probes, head, c = attack(chosen, worlds, notes)
    for probe in measures(worlds, _file(worlds, request, halves)):
        progress(f"measuring: {probe.title.lower()}", meter.done)
        probes.append(probe)
    progress("deciding", 1.0)
    material = worlds.material
    real = {"train": request.train, "synthetic": request.synthetic, "reference": reference}
    facts = table_facts(real, request.commit, "", 0)
    return Bundle(
        name=request.name,
        tables={**facts, "holdout": _others(request, worlds)},
        split={"origin": "tool", **request.split, "folds": worlds.folds.k},
        columns=column_facts(request.train, request.synthetic, material.synthetic, material.space),
        probes=tuple(probes),
        controls=controls,
        power=_power(worlds, c),
        headline=head,
        policy=request.policy,
        audits=request.audits,
        generator=request.generator,
        claim=request.claim,
        implied=implied(head, request.claim, facts["train"]) or None,
        mechanism_audit=request.mechanism_audit,
        mechanism=mechanism(worlds.folds.k),
        seed_commitment=request.commit(f"seed {request.seed}"),
        versions=versions(),
        warnings=warnings,
        not_covered=not_covered(len(request.synthetic), len(request.train)),
    )


def _reference(request: Request) -> Table:
    if request.reference is None or request.holdout is not None:
        raise InputError("an audit by folds takes a reference and no holdout")
    return request.reference


def _worlds(asked: FoldRequest, reference: Table, search: Search) -> tuple[Worlds, Any]:
    request = asked.request
    space = fit_space(request.train.schema, [request.train, reference])
    rows, units = space.encode(request.train), request.train.units
    rng = generator(request.seed, "audit", "control", "halves")
    halves = halve(reference, rng, ("holdout", "reference"))
    material = Material(
        schema=request.train.schema,
        space=space,
        train=rows,
        synthetic=space.encode(request.synthetic),
        holdout=rows,
        reference=concat(*(space.encode(half) for half in halves)),
        search=search,
        alpha=request.audits.alpha,
        seed=request.seed,
        tables={"train": request.train, "synthetic": request.synthetic, "reference": reference},
    )
    worlds = Worlds(
        material,
        Folds(units, np.asarray(asked.fold), len(asked.tables)),
        tuple(space.encode(table) for table in asked.tables),
        Encodings(concat(rows, material.need_reference())),
    )
    return worlds, halves


def _file(worlds: Worlds, request: Request, halves: Any) -> Material:
    """Return the released file itself, with half of the reference rows as non-members."""
    first, second = worlds.material.need_reference().parts
    tables = {
        "train": request.train, "synthetic": request.synthetic, "holdout": halves[0],
        "reference": halves[1],
    }  # fmt: skip
    return replace(worlds.material, holdout=first, reference=second, tables=tables)


def _blind(worlds: Worlds) -> Control:
    """Return the blind baseline of the first fold against the others, which drew lots alike."""
    inside = worlds.folds.games[0].is_member
    rows = worlds.rows
    own = replace(worlds.material, train=rows.take(inside), holdout=rows.take(~inside))
    found = blind_baseline(own, own_split=True)
    message = f"all folds are dealt by the tool; of the first against the others: {found.message}"
    return found.model_copy(update={"message": message})


def _others(request: Request, worlds: Worlds) -> TableFacts:
    return TableFacts(
        rows=len(request.train),
        units=len(worlds.folds.fold),
        digest=request.commit(request.train.digest),
        note=f"the training rows themselves, in {worlds.folds.k} folds: each unit is a non-member "
        "of the one table that was made without it",
    )


def _power(worlds: Worlds, c: float) -> Power:
    """Return the power as if members and non-members were different people: rather too little."""
    game: Game = worlds.material.game
    n, k = len(worlds.folds.fold), worlds.folds.k
    found = power(game, worlds.material.alpha, c)
    sentence = (
        f"With {n:,} people, each once a non-member and {k - 1} times a member of {k} tables, this "
        "audit finds, with 80 % probability, an attacker whose mean AUC is "
        f"{found.min_detectable_auc:.3f} or more, or {found.min_detectable_copies} or more "
        f"verbatim copies of members ({found.min_detectable_copy_fraction:.2%} of them). Smaller "
        "leaks, other attacks and other outputs of the same generator are not excluded."
    )
    return found.model_copy(update={"sentence": sentence})
