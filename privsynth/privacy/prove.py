"""A claim from a ledger, and epsilon computed again from a claim alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from privsynth.privacy import accounting
from privsynth.privacy.budget import Relation
from privsynth.privacy.ceiling import ceiling
from privsynth.privacy.claim import Accountant, Ceiling, DpClaim
from privsynth.privacy.domain import Domain
from privsynth.privacy.events import DpSgd, Event, Selection
from privsynth.privacy.ledger import Ledger

SAME = 1e-3
"""By how much the epsilon computed again may differ from the ledger's (it is the same sum)."""

NOT_COVERED = (
    "the number of training rows, which is public",
    "the schema: names, kinds and declared domains are taken to be public",
    "the audit and this report, which are computed on the real rows",
    "the choice of generator and settings, where it was made by looking at results on these rows",
    "whatever is done to the table afterwards with another look at the real rows, such as a filter",
    "other releases of the same source: their epsilons add up",
)
SGD_NOISE = (
    "the noise of gradient steps is floating-point, from torch's generator with a seed of the "
    "operating system: not a cryptographic one"
)


def prove(ledger: Ledger, mechanism: str, domain: Domain) -> DpClaim:
    """Return the claim that the events of a ledger support, with everything to recompute it."""
    events, budget = tuple(ledger.events), ledger.budget
    read = [column.name for column in domain if column.source == "read"]
    extra = (SGD_NOISE,) if any(isinstance(e, DpSgd) for e in events) else ()
    return DpClaim(
        mechanism=mechanism,
        epsilon=budget.epsilon,
        delta=budget.delta,
        unit=budget.unit,
        rows_per_unit=budget.rows_per_unit,
        neighbours=budget.neighbours,
        events=events,
        accountant=Accountant(library=_library(), orders=accounting.ORDERS),
        domain={column.name: column.source for column in domain},
        unaccounted=(unread(read),) if read else (),
        not_covered=(*NOT_COVERED, *extra),
        **figures(events, budget.delta, budget.neighbours),
    )


def unread(columns: Sequence[str]) -> str:
    """Return what is said of a domain that was read from the rows."""
    return f"bounds or categories were read from the rows: {', '.join(map(repr, columns))}"


def compose(claims: Sequence[DpClaim]) -> DpClaim | None:
    """Return the claim of several private tables together, None where they protect unlike things.

    Their events add up, at the sum of their deltas.
    """
    first = claims[0]
    if len(claims) == 1:
        return first
    for other in claims[1:]:
        if (other.unit, other.rows_per_unit, other.neighbours, other.accountant.orders) != (
            first.unit, first.rows_per_unit, first.neighbours, first.accountant.orders
        ):  # fmt: skip
            return None
    events = tuple(event for claim in claims for event in claim.events)
    makers = ", ".join(sorted({claim.mechanism for claim in claims}))
    delta = math.fsum(claim.delta for claim in claims)
    spent = accounting.epsilon(events, delta, first.accountant.orders, first.neighbours)
    return first.model_copy(
        update={
            "mechanism": f"{len(claims)} tables: {makers}",
            "epsilon": math.ceil(spent * 1e6) / 1e6,
            "delta": delta,
            "events": events,
            "unaccounted": tuple(dict.fromkeys(u for c in claims for u in c.unaccounted)),
            "domain": {k: v for c in claims for k, v in c.domain.items()},
            **figures(events, delta, first.neighbours),
        }
    )


def figures(events: tuple[Event, ...], delta: float, relation: Relation) -> dict[str, Any]:
    """Return what follows from the events: the fields of a claim that are computed."""
    pld = accounting.pld_epsilon(events, delta, relation)
    covers = "every event" if accounting.only_gaussian(events) else "the Gaussian events only"
    two = accounting.epsilon(events, delta, relation="replace_one")
    return {
        "spent": accounting.epsilon(events, delta, relation=relation),
        "spent_replace_one": two if math.isfinite(two) else None,
        "pld": pld,
        "pld_covers": None if pld is None else covers,
        "ceiling": ceiling(events),
    }


@dataclass(frozen=True)
class Recomputed:
    """Epsilon computed again from a claim's own events; ``problems`` is empty where all is well."""

    epsilon: float
    problems: tuple[str, ...]


def recompute(claim: DpClaim) -> Recomputed:
    """Return epsilon from the events of a claim, and what does not fit together.

    Problems: it exceeds what is claimed, differs from what the ledger says, was found at an end of
    the listed orders, an event's cost is less than its own noise and sensitivity give, an event
    does not cover a whole unit, or the ceiling of attacks is not that of the events.
    """
    if not claim.events:
        return Recomputed(0.0, ("the ledger is empty: nothing was learnt through it",))
    try:
        return _recomputed(claim)
    except (ValueError, ArithmeticError):  # orders or noise that no accountant can read
        return Recomputed(math.inf, ("its ledger cannot be added up",))


def _recomputed(claim: DpClaim) -> Recomputed:
    events, orders = claim.events, claim.accountant.orders
    found = accounting.epsilon(events, claim.delta, orders, claim.neighbours)
    problems = [p for event in events if (p := _too_cheap(event, claim.rows_per_unit))]
    if found > claim.epsilon * (1 + 1e-6):
        problems.append(
            f"the events add up to epsilon {_spoken(found)}, above the {claim.epsilon:g} claimed"
        )
    two = accounting.epsilon(events, claim.delta, orders, "replace_one")
    said = math.inf if claim.spent_replace_one is None else claim.spent_replace_one
    for value, of_ledger in ((found, claim.spent), (two, said)):
        if value != of_ledger and not abs(value - of_ledger) <= SAME:
            problems.append(
                f"the events add up to epsilon {_spoken(value)}, not to the ledger's "
                f"{_spoken(of_ledger)}"
            )
    if accounting.has_edge_optimum(events, claim.delta, orders):
        problems.append("the best order is the first or last of the list: the list is too short")
    if not _alike(claim.ceiling, ceiling(events)):
        problems.append("the ceiling of attacks is not what the events give")
    return Recomputed(found, tuple(problems))


def _alike(one: Ceiling, other: Ceiling) -> bool:
    """Return whether two ceilings are one but for the rounding of another machine."""
    gaps = one.auc - other.auc, one.tpr_at_fpr_001 - other.tpr_at_fpr_001
    return all(abs(gap) <= 1e-5 for gap in gaps)


def _too_cheap(event: Event, rows: int) -> str | None:
    """Return what is wrong with an event that books less than it costs to hide one unit."""
    if isinstance(event, DpSgd):
        short = rows > 1
        return f"{event.what}: gradients hide one row, not a unit of {rows}" if short else None
    if not isinstance(event, Selection) and event.sensitivity < rows:
        return f"{event.what}: a unit of {rows} rows moves it by more than it says"
    least = event.sensitivity**2 / (2 * event.scale**2)
    if event.rho >= least * (1 - 1e-9) and event.rho_replace_one >= event.rho:
        return None
    return f"{event.what}: books less than its noise and sensitivity cost"


def _spoken(epsilon: float) -> str:
    return f"{epsilon:.6g}" if math.isfinite(epsilon) else "without bound"


def _library() -> str:
    from importlib.metadata import version

    return f"dp-accounting {version('dp-accounting')}, opendp {version('opendp')}"
