"""Every probe on one candidate: scores into estimates, the worst of them, controls and power."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import privsynth
from privsynth import attacks as attack_room
from privsynth import measures as measure_room
from privsynth.attacks import Attack, AttackerView, score_all
from privsynth.audit.blind import blind_baseline
from privsynth.audit.checks import check_tables, column_facts, table_facts
from privsynth.audit.controls import Limits, negative, positive
from privsynth.evidence import (
    Audits,
    Bundle,
    Control,
    Evidence,
    Generator,
    HeadlineEntry,
    Power,
    Registration,
)
from privsynth.measures import Material
from privsynth.neighbours import Search
from privsynth.privacy import Claim, NoClaim
from privsynth.progress import Progress, silent
from privsynth.randomness import generator
from privsynth.statistics import (
    Game,
    advantage,
    auc,
    headline,
    min_detectable_auc,
    min_detectable_copies,
    roc,
    tpr_at_fpr,
)
from privsynth.tables import Table, concat, fit_space, halve

FPRS = (0.1, 0.01, 0.001)


def _no_policy() -> Registration:
    return Registration(name="none", digest="none", registered="none")


@dataclass(frozen=True)
class Request:
    """What to audit, and under which registered rules.

    ``commit`` turns a digest of real data into a keyed one (``provenance.keyed``); ``seed`` steers
    splits, permutations and planted rows. ``own_split`` says that train and holdout were divided
    at random by this package.
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
    audits: Audits = field(default_factory=lambda: Audits(number=1, alpha=0.05))
    generator: Generator = field(default_factory=lambda: Generator(synthesizer="made elsewhere"))
    claim: Claim = field(default_factory=NoClaim)


def audit(request: Request, progress: Progress = silent) -> Bundle:
    """Return the evidence on one synthetic table; the same request gives the same bytes.

    Without a holdout nothing can be said about membership: attacks and most measures say so, and
    the gate is then at best inconclusive. Without a reference a seeded half of the holdout serves
    as one and is not counted. Raises ``InputError`` for tables that cannot be compared.
    """
    progress("reading the tables", 0.0)
    prepared = _prepare(request)
    tables = prepared.tables(request)
    meter = _Meter(tables, 2 * request.limits.auc - 1, progress)
    material = _material(prepared, request, Search(tick=meter.add))
    probes: list[Evidence] = []
    head: dict[str, HeadlineEntry] = {}
    controls, power = _no_controls(), None
    chosen = attack_room.catalogue()
    notes: dict[str, str] = {}
    if material.holdout is not None:
        controls, notes = _controls(chosen, material, prepared, request)
        probes, head = _attack(chosen, material, notes, request)
        power = _power(material.game, request.audits.alpha, len(chosen))
    else:
        probes = [_not_attacked(attack) for attack in chosen.values()]
    for measure in measure_room.catalogue().values():
        progress(f"measuring: {measure.title.lower()}", meter.done)
        probes.append(measure.evidence(material))
    progress("done", 1.0)
    return Bundle(
        name=request.name,
        tables=table_facts(tables, request.commit, prepared.reference_note, _equal_rows(material)),
        split={"origin": "tool" if request.own_split else "supplied", **request.split},
        columns=column_facts(request.train, request.synthetic, material.synthetic, material.space),
        probes=tuple(probes),
        controls=controls,
        power=power,
        headline=head,
        policy=request.policy,
        audits=request.audits,
        generator=request.generator,
        claim=request.claim,
        seed_commitment=request.commit(f"seed {request.seed}"),
        versions=_versions(),
        warnings=prepared.warnings,
        not_covered=_not_covered(request),
    )


@dataclass(frozen=True)
class _Prepared:
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


def _prepare(request: Request) -> _Prepared:
    warnings = check_tables(request.train, request.synthetic, request.holdout, request.reference)
    holdout, reference, note = request.holdout, request.reference, ""
    if holdout is not None and reference is None:
        rng = generator(request.seed, "audit", "reference")
        holdout, reference = halve(holdout, rng, ("holdout", "reference"))
        note = "a seeded half of the holdout that was given; it is not counted among non-members"
    return _Prepared(holdout, reference, note, warnings)


def _material(prepared: _Prepared, request: Request, search: Search) -> Material:
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
    )


def _attack(
    chosen: dict[str, Attack], material: Material, notes: dict[str, str], request: Request
) -> tuple[list[Evidence], dict[str, HeadlineEntry]]:
    rng = material.rng("attacks")
    view = AttackerView(material.synthetic, material.need_reference(), material.search)
    scores = score_all(chosen, material.targets, view, rng)
    alpha, game = request.audits.alpha, material.game
    probes = [
        _evidence(attack, scores[name], game, alpha, len(chosen), notes.get(name))
        for name, attack in chosen.items()
    ]
    worst = headline(scores, game, alpha, material.rng("headline"))
    return probes, {
        name: HeadlineEntry(
            estimate=entry.estimate.rounded(),
            attack=entry.attack,
            expected_if_clean=_short(entry.expected_if_clean),
            n_scores=entry.n_scores,
        )
        for name, entry in worst.items()
    }


def _evidence(
    attack: Attack, scores: Any, game: Game, alpha: float, n_scores: int, note: str | None
) -> Evidence:
    rates = [tpr_at_fpr(scores, game, fpr, alpha, n_scores=n_scores) for fpr in FPRS]
    found = [auc(scores, game, alpha), advantage(scores, game, alpha), *filter(None, rates)]
    missing = [f"{fpr:g}" for fpr, rate in zip(FPRS, rates, strict=True) if rate is None]
    notes = [f"cannot see: {attack.blind_to}"]
    if missing:
        notes.append(
            f"TPR at FPR {' and '.join(missing)} cannot be bounded with "
            f"{game.n_non_members} non-members"
        )
    return Evidence(
        id=attack.name,
        kind="attack",
        version=attack.version,
        title=attack.title,
        source=attack.source,
        threat=attack.threat,
        estimates=tuple(estimate.rounded() for estimate in found),
        series={"roc": roc(scores, game)},
        notes=(*notes, *([note] if note else [])),
    )


def _not_attacked(attack: Attack) -> Evidence:
    return Evidence(
        id=attack.name,
        kind="attack",
        version=attack.version,
        title=attack.title,
        source=attack.source,
        threat=attack.threat,
        not_run="needs a holdout: rows of the source that were not trained on",
    )


def _controls(
    chosen: dict[str, Attack], material: Material, prepared: _Prepared, request: Request
) -> tuple[dict[Any, Control], dict[str, str]]:
    first, second = material.need_reference().parts
    pool = prepared.reference or request.train
    caught, notes = positive(chosen, material, request.train, pool, request.limits)
    return {
        "blind_baseline": blind_baseline(material, own_split=request.own_split),
        "negative": negative(chosen, material, (first, second)),
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


def _power(game: Game, alpha: float, n_scores: int) -> Power:
    best = min_detectable_auc(game, alpha, n_scores)
    copies = min_detectable_copies(game, alpha)
    n1, n0 = game.n_members, game.n_non_members
    sentence = (
        f"With {n1:,} members and {n0:,} non-members this audit finds, with 80 % probability, an "
        f"attacker whose AUC is {best:.3f} or more, or {copies} or more verbatim copies of members "
        f"({copies / n1:.2%} of them). Smaller leaks, other attacks and other outputs of the same "
        "generator are not excluded."
    )
    return Power(
        min_detectable_auc=_short(best) or 1.0,
        min_detectable_copies=copies,
        min_detectable_copy_fraction=round(min(copies / n1, 1.0), 6),
        sentence=sentence,
    )


class _Meter:
    """Pairs of records compared so far against all that will be, as progress from 0.05 to 0.95."""

    def __init__(self, tables: dict[str, Table], share: float, progress: Progress) -> None:
        self.progress, self.done, self.compared = progress, 0.05, 0
        size = {role: len(table) for role, table in tables.items()}
        targets = size["train"] + size.get("holdout", 0)
        planted = share * size["train"]
        # Targets against released, reference and planted rows; released rows against targets once
        # for distances, twice for ties, and against equal sides.
        self.total = targets * (4 * size["synthetic"] + size.get("reference", 0) + planted)
        self.total += 2 * size["synthetic"] * size.get("holdout", 0) + 1

    def add(self, pairs: int) -> None:
        """Count pairs and report."""
        self.compared += pairs
        self.done = min(0.05 + 0.9 * self.compared / self.total, 0.95)
        self.progress("comparing records", self.done)


def _not_covered(request: Request) -> tuple[str, ...]:
    ratio = len(request.synthetic) / len(request.train)
    return (
        "attackers who hold the generator, its code or its seed, and attacks on single chosen "
        "records: none was run, so generator, seed and model must not be shared",
        "attribute inference, singling out and linkability: not measured yet",
        "outliers, rare values and subgroups on their own: a leak confined to few people can hide "
        "in an average",
        "reconstruction from many queries: the table has "
        f"{ratio:.2g} synthetic rows for each training row, and more rows reveal more",
        "averaging over several releases of the same source",
        "other tables about the same people, and outside data joined on unread columns",
    )


def _versions() -> dict[str, str]:
    out = {"privsynth": privsynth.__version__}
    for package in ("numpy", "pandas", "scipy", "scikit-learn", "numba", "pyarrow", "sdv"):
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            out[package] = "not installed"
    return out


def _short(value: float | None) -> float | None:
    return None if value is None else round(float(np.ceil(value * 1e4) / 1e4), 4)
