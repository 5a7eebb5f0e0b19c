"""The ledger of a source: every private fit of it, and what all of them add up to."""

import json
import math

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from privsynth.errors import BudgetError, IntegrityError
from privsynth.privacy import Budget, DpClaim, Event, Relation, Unit
from privsynth.privacy.accounting import epsilon
from privsynth.privacy.claim import Composition
from privsynth.provenance.keys import Keeper, kept, locked, write_own

NAME = "spent.json"


class Fit(BaseModel):
    """One private fit of a source: what its ledger held."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mechanism: str
    epsilon: float
    delta: float
    unit: Unit
    rows_per_unit: int
    neighbours: Relation
    events: tuple[Event, ...]


_Book = TypeAdapter(dict[str, list[Fit]])


def check_total(keep: Keeper, source: str, budget: Budget, most: float | None) -> None:
    """Refuse a fit after which all private fits of the source could exceed ``most`` epsilon.

    By adding up the epsilons that were claimed, which is never too little (Dwork, Roth 2014,
    Theorem 3.16): the events of a fit that was not run yet are not known.
    """
    if most is None:
        return
    with kept(keep.folder), locked(keep.folder):
        before = sum(fit.epsilon for fit in _read(keep).get(_name(keep, source), []))
    if before + budget.epsilon > most * (1 + 1e-9):
        raise BudgetError(
            f"the private fits of this source claim epsilon {before:g} already; another "
            f"{budget.epsilon:g} would exceed the {most:g} that it may spend in all"
        )


def book(keep: Keeper, source: str, claim: DpClaim) -> DpClaim:
    """Return the claim with what all private fits of the source add up to, this one included.

    ``source`` is its fingerprint. Booked before the table is written: what was not booked must not
    leave. Fits under another unit, or other neighbours, are counted and not added up.
    """
    fit = Fit(**{name: getattr(claim, name) for name in Fit.model_fields})
    path = keep.folder / NAME
    with kept(keep.folder), locked(keep.folder):
        known = _read(keep)
        fits = known.setdefault(_name(keep, source), [])
        fits.append(fit)
        text = json.dumps(_Book.dump_python(known, mode="json"), indent=1, sort_keys=True)
        write_own(path, text.encode())
    return claim.model_copy(update={"composition": _composed(fits)})


def spent(keep: Keeper, source: str) -> Composition | None:
    """Return what the private fits of a source add up to, None where none was booked."""
    with kept(keep.folder), locked(keep.folder):
        fits = _read(keep).get(_name(keep, source))
    return _composed(fits) if fits else None


def _composed(fits: list[Fit]) -> Composition:
    last = fits[-1]
    alike = [fit for fit in fits if _terms(fit) == _terms(last)]
    events = [event for fit in alike for event in fit.events]
    # At the sum of the deltas: each fit's thresholds have used up a part of its own.
    delta = math.fsum(fit.delta for fit in alike)
    return Composition(
        fits=len(fits),
        epsilon=epsilon(events, delta, relation=last.neighbours),
        delta=delta,
        not_added=len(fits) - len(alike),
    )


def _terms(fit: Fit) -> tuple[str, int, str]:
    return fit.unit, fit.rows_per_unit, fit.neighbours


def _name(keep: Keeper, source: str) -> str:
    return keep.commit(f"source {source}")


def _read(keep: Keeper) -> dict[str, list[Fit]]:
    path = keep.folder / NAME
    if not path.exists():
        return {}
    try:
        return _Book.validate_json(path.read_bytes())
    except ValidationError:
        raise IntegrityError(
            f"{path} is damaged; restore it from a backup: without it nobody knows what private "
            "fits of a source have spent"
        ) from None
