"""Every probe on one candidate: scores into estimates, the worst of them, controls and power."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from privsynth import attacks as attack_room
from privsynth import measures as measure_room
from privsynth.attacks import Attack
from privsynth.audit.also import Also, check_also, doubts, rows_of
from privsynth.audit.at_risk import Standing, most_exposed
from privsynth.audit.blind import MAX_UNITS, QUICK_UNITS, blind_baseline
from privsynth.audit.checks import check_tables, column_facts, table_facts
from privsynth.audit.controls import SHARES, negative, positive
from privsynth.audit.effort import DEPTH, Meter, check_memory, foretell
from privsynth.audit.implied import implied
from privsynth.audit.learned import LEARNED
from privsynth.audit.plant import Limits
from privsynth.audit.scoring import NO_HOLDOUT, attack, not_attacked
from privsynth.audit.statements import not_covered, power, versions
from privsynth.audit.strata import not_counted
from privsynth.evidence import (
    Audits,
    Bundle,
    Control,
    Evidence,
    Generator,
    HeadlineEntry,
    MechanismAudit,
    Registration,
)
from privsynth.measures import Material
from privsynth.neighbours import Cost, Search
from privsynth.privacy import Claim, NoClaim
from privsynth.progress import Progress, silent
from privsynth.randomness import generator
from privsynth.statistics import level
from privsynth.tables import Table, concat, fit_space, halve


def _no_policy() -> Registration:
    return Registration(name="none", digest="none", registered="none")


@dataclass(frozen=True)
class Request:
    """What to audit, and under which registered rules.

    ``commit`` turns a digest of real data into a keyed one (``provenance.keyed``); ``seed`` steers
    splits, permutations and planted rows. ``own_split`` says that train and holdout were divided
    at random by this package. ``max_memory`` in bytes: an audit that needs more is refused before
    it begins (None: what the machine has). ``tell_exposed`` is told who stands out, on
    request only: nothing of it is evidence. ``also`` are earlier releases of the same source:
    attacked together with the table, and measured in no other way.
    """

    train: Table
    synthetic: Table
    holdout: Table | None
    reference: Table | None
    seed: int
    commit: Callable[[str], str]
    name: str = "release"
    own_split: bool = False
    split: dict[str, Any] = field(default_factory=dict)
    policy: Registration = field(default_factory=_no_policy)
    limits: Limits = field(default_factory=Limits)
    audits: Audits = field(default_factory=lambda: Audits(number=1, alpha=level(1)))
    generator: Generator = field(default_factory=lambda: Generator(synthesizer="made elsewhere"))
    claim: Claim = field(default_factory=NoClaim)
    mechanism_audit: MechanismAudit | None = None
    max_memory: int | None = None
    quick: bool = False
    tell_exposed: Callable[[tuple[Standing, ...]], None] | None = None
    also: tuple[Also, ...] = ()


def audit(request: Request, progress: Progress = silent) -> Bundle:
    """Return the evidence on one synthetic table; the same request gives the same bytes.

    Without a holdout nothing can be said about membership: attacks and most measures say so, and
    the gate is then at best inconclusive. Without a reference a seeded half of the holdout serves
    as one and is not counted. Raises ``InputError`` for tables that cannot be compared.
    """
    progress("reading the tables", 0.0)
    prepared = prepare(request)
    tables = prepared.tables(request)
    effort = expected_effort(request)
    check_memory(effort, request.max_memory)
    meter = Meter(effort.pairs, progress)
    material = material_of(prepared, request, Search(tick=meter.add))
    probes: list[Evidence] = []
    head: dict[str, HeadlineEntry] = {}
    alone: dict[str, HeadlineEntry] | None = None
    controls, seen = _no_controls(), None
    chosen = attack_room.catalogue()
    if request.quick:
        chosen = {
            name: replace(one, encodings=one.encodings[:1])
            for name, one in chosen.items()
            if not one.costly
        }
    notes: dict[str, str] = {}
    if material.holdout is not None:
        also = tuple(material.space.encode(one.table) for one in request.also)
        for table in (material.synthetic, material.need_reference(), *also):
            material.search.nearest(material.targets, table, DEPTH)
        controls, notes = _controls(
            chosen, material, prepared, request, lambda what: progress(what, meter.done)
        )
        progress("attacking the released table", meter.done)
        counted = attack(chosen, material, notes, quick=request.quick, also=also)
        probes, head, alone = counted.probes, counted.headline, counted.alone
        seen = power(material.game, material.alpha, counted.c)
        if request.tell_exposed is not None:
            request.tell_exposed(most_exposed(counted.scores, request.train, request.commit))
    else:
        probes = [not_attacked(one) for one in (*chosen.values(), LEARNED)]
        probes += not_counted(NO_HOLDOUT)
    for measure in measure_room.catalogue().values():
        progress(f"measuring: {measure.title.lower()}", meter.done)
        left_out = "left out of a quick audit" if request.quick and measure.costly else None
        probes.append(measure.evidence(material, left_out))
    progress("deciding", 1.0)
    facts = table_facts(tables, request.commit, prepared.reference_note, _equal_rows(material))
    return Bundle(
        name=request.name,
        tables=facts,
        split={"origin": "tool" if request.own_split else "supplied", **request.split},
        columns=column_facts(request.train, request.synthetic, material.synthetic, material.space),
        probes=tuple(probes),
        controls=controls,
        power=seen,
        headline=head,
        also=tuple(one.facts for one in request.also) or None,
        alone=alone,
        policy=request.policy,
        audits=request.audits,
        generator=request.generator,
        claim=request.claim,
        implied=implied(alone or head, request.claim, facts["train"]) or None,
        mechanism_audit=request.mechanism_audit,
        seed_commitment=request.commit(f"seed {request.seed}"),
        versions=versions(),
        warnings=(*prepared.warnings, *doubts(request.also, request.audits)),
        not_covered=not_covered(
            len(request.synthetic) + rows_of(request.also),
            len(request.train),
            joined=bool(request.also),
        ),
    )


def expected_effort(request: Request) -> Cost:
    """Return what the audit will take, from the tables' sizes alone."""
    held = range(len(request.synthetic) + rows_of(request.also))
    tables = request.train, held, request.holdout, request.reference
    columns = len(request.train.schema.read)
    return foretell(tables, columns, request.limits, quick=request.quick)


@dataclass(frozen=True)
class Prepared:
    """Holdout and reference as the audit uses them, and what is to be said of that."""

    holdout: Table | None
    reference: Table | None
    reference_note: str
    warnings: tuple[str, ...]

    def tables(self, request: Request) -> dict[str, Table]:
        """Return the tables that are there, by role."""
        found = {
            "train": request.train,
            "synthetic": request.synthetic,
            "holdout": self.holdout,
            "reference": self.reference,
        }
        return {role: table for role, table in found.items() if table is not None}


def prepare(request: Request) -> Prepared:
    """Return the tables in their roles; half of the holdout serves where no reference is given."""
    check_also(request.synthetic, request.also, has_holdout=request.holdout is not None)
    warnings = check_tables(
        request.train, request.synthetic, request.holdout, request.reference,
        own_split=request.own_split,
    )  # fmt: skip
    holdout, reference, note = request.holdout, request.reference, ""
    if holdout is not None and reference is None:
        rng = generator(request.seed, "audit", "reference")
        holdout, reference = halve(holdout, rng, ("holdout", "reference"))
        note = "a seeded half of the holdout that was given; it is not counted among non-members"
    return Prepared(holdout, reference, note, warnings)


def material_of(prepared: Prepared, request: Request, search: Search) -> Material:
    """Return the encoded tables of an audit."""
    real = [t for t in (request.train, prepared.holdout, prepared.reference) if t is not None]
    space = fit_space(request.train.schema, real)
    reference = None
    if prepared.reference is not None:
        # Halved for the negative control; the attacks search both halves and merge.
        rng = generator(request.seed, "audit", "control", "halves")
        halves = halve(prepared.reference, rng, ("half", "half"))
        reference = concat(*(space.encode(half) for half in halves))
    return Material(
        schema=request.train.schema,
        space=space,
        train=space.encode(request.train),
        synthetic=space.encode(request.synthetic),
        holdout=None if prepared.holdout is None else space.encode(prepared.holdout),
        reference=reference,
        search=search,
        alpha=request.audits.alpha,
        seed=request.seed,
        tables=prepared.tables(request),
    )


def _controls(
    chosen: dict[str, Attack], material: Material, prepared: Prepared, request: Request,
    say: Callable[[str], None],
) -> tuple[dict[Any, Control], dict[str, str]]:  # fmt: skip
    first, second = material.need_reference().parts
    pool = prepared.reference or request.train
    say("planting leaks that the attacks must see")
    caught, notes = positive(
        chosen, material, request.train, pool, request.limits, () if request.quick else SHARES
    )
    say("attacking real rows, where there is no leak")
    silent_ones = negative(chosen, material, (first, second))
    say("telling train from holdout without the synthetic table")
    return {
        "blind_baseline": blind_baseline(
            material, own_split=request.own_split, most=QUICK_UNITS if request.quick else MAX_UNITS
        ),
        "negative": silent_ones,
        "positive": caught,
    }, notes


def _equal_rows(material: Material) -> int:
    """Return how many distinct rows occur in train and in holdout."""
    if material.holdout is None:
        return 0
    return len(set(material.train.row_keys()) & set(material.holdout.row_keys()))


def _no_controls() -> dict[Any, Control]:
    missing = Control(status="not_run", message="needs a holdout.")
    return {"blind_baseline": missing, "negative": missing, "positive": missing}
