"""Several epsilons on one source: useful how far, attackable how far, and at what sum."""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

from privsynth.audit import audit
from privsynth.errors import InputError
from privsynth.evidence import Bundle, to_json
from privsynth.policy import load_policy
from privsynth.privacy import DpClaim
from privsynth.progress import Progress, part, silent
from privsynth.provenance import Keeper, Parent
from privsynth.randomness import fresh_seed
from privsynth.report.sweep import Point, Sweep, sweep_page
from privsynth.run.candidate import booked, request_for, write_labelled
from privsynth.run.config import Shares, Spending
from privsynth.run.folds import divide
from privsynth.synthesizers import Candidate, Recipe
from privsynth.tables import Table, write_bytes

MEASURES = ("fidelity", "utility")


@dataclass(frozen=True)
class Plan:
    """What to sweep: a recipe whose budget is exchanged point by point."""

    source: Table
    recipe: Recipe
    spending: Spending
    epsilons: tuple[float, ...]
    out: Path
    name: str
    parent: Parent
    policy: str = "preset:internal"
    quick: bool = False


def sweep(plan: Plan, keep: Keeper, progress: Progress = silent) -> Sweep:
    """Return the curve, written to ``plan.out``: a labelled table and its evidence a point.

    The source is divided once; every point is fitted to the same half, booked in the ledger of the
    source, and attacked. A fit without noise, for comparison, is thrown away. Files are written as
    points are done, since what was paid for must not be lost. ``InputError`` when a folder of that
    name exists.
    """
    if plan.out.exists():
        raise InputError(f"{plan.out} exists already; name another folder: points cost epsilon")
    policy, seed = load_policy(plan.policy), fresh_seed()  # refused before anything is paid
    parts = divide(plan.source, seed, Shares())
    recipes = [_at(plan, epsilon) for epsilon in plan.epsilons]
    for recipe in recipes:
        recipe.check(parts.train)
    total = plan.spending.model_copy(update={"epsilon": sum(plan.epsilons)})
    total.check_source(keep, plan.source.fingerprint)
    plan.out.mkdir(parents=True)
    points: list[Point] = []
    claim: DpClaim | None = None
    for k, recipe in enumerate([*recipes, replace(plan.recipe, privacy=None)]):
        step = part(progress, k / (len(recipes) + 1), (k + 1) / (len(recipes) + 1))
        made = recipe.make(parts.train, seed, part(step, 0.0, 0.3))
        candidate = booked(made, keep, plan.source.fingerprint)
        if isinstance(candidate.claim, DpClaim):
            claim = candidate.claim
        audits = keep.count(plan.source.fingerprint, candidate.synthetic.fingerprint)
        request = request_for(
            candidate, parts, policy, seed, audits, keep, plan.name, quick=plan.quick
        )
        bundle = audit(request, part(step, 0.3, 1.0))
        points.append(_point(plan, candidate, bundle))
        done = Sweep(
            name=plan.name,
            synthesizer=plan.recipe.synthesizer.name,
            delta=plan.spending.delta,
            unit=plan.spending.unit,
            rows=len(parts.train),
            points=tuple(points),
            composition=None if claim is None else claim.composition,
        )
        _write(plan.out, done)
    progress("done", 1.0)
    return done


def _at(plan: Plan, epsilon: float) -> Recipe:
    spending = plan.spending.model_copy(update={"epsilon": epsilon})
    return replace(plan.recipe, privacy=spending.privacy)


def _point(plan: Plan, candidate: Candidate, bundle: Bundle) -> Point:
    """Return the point, once its table, label and evidence are written."""
    probes = [found for name in MEASURES if (found := bundle.measure(name)) is not None]
    estimates = {e.name: e for probe in probes for e in probe.estimates}
    estimates |= {name: entry.estimate for name, entry in bundle.headline.items()}
    claim = candidate.claim
    if not isinstance(claim, DpClaim):
        return Point(epsilon=None, estimates=estimates)
    file = f"epsilon-{claim.epsilon:g}.csv"
    write_labelled(plan.out / file, candidate, bundle.tables["train"].digest, plan.parent)
    write_bytes(plan.out / f"epsilon-{claim.epsilon:g}.evidence.json", to_json(bundle).encode())
    return Point(
        epsilon=claim.epsilon, spent=claim.spent, ceiling=claim.ceiling, table=file,
        estimates=estimates,
    )  # fmt: skip


def _write(folder: Path, done: Sweep) -> None:
    write_bytes(folder / "sweep.json", to_json(done).encode())
    write_bytes(folder / "sweep.html", sweep_page(done).encode())
    write_bytes(folder / "sweep.csv", _csv(done).encode())


def _csv(done: Sweep) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = sorted({name for point in done.points for name in point.estimates})
    ends = ("value", "low", "high")
    writer.writerow(["epsilon", *(f"{name}_{end}" for name in names for end in ends)])
    for point in done.points:
        cells = [point.estimates.get(name) for name in names]
        numbers = ["" if e is None else getattr(e, end) for e in cells for end in ends]
        writer.writerow(["" if point.epsilon is None else point.epsilon, *numbers])
    return stream.getvalue()
