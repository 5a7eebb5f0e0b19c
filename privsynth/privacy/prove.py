"""A claim from a ledger, and epsilon computed again from a claim alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from privsynth.privacy import accounting
from privsynth.privacy.ceiling import ceiling
from privsynth.privacy.claim import Accountant, DpClaim
from privsynth.privacy.domain import Domain
from privsynth.privacy.events import DpSgd, Event
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
    pld = accounting.pld_epsilon(events, budget.delta, budget.neighbours)
    covers = "every event" if accounting.only_gaussian(events) else "the Gaussian events only"
    two = accounting.epsilon(events, budget.delta, relation="replace_one")
    return DpClaim(
        mechanism=mechanism,
        epsilon=budget.epsilon,
        delta=budget.delta,
        unit=budget.unit,
        rows_per_unit=budget.rows_per_unit,
        neighbours=budget.neighbours,
        events=events,
        accountant=Accountant(library=_library(), orders=accounting.ORDERS),
        spent=ledger.epsilon,
        spent_replace_one=two if math.isfinite(two) else None,
        pld=pld,
        pld_covers=None if pld is None else covers,
        ceiling=ceiling(events),
        domain={column.name: column.source for column in domain},
        unaccounted=(unread(read),) if read else (),
        not_covered=(*NOT_COVERED, *extra),
    )


def unread(columns: Sequence[str]) -> str:
    """Return what is said of a domain that was read from the rows."""
    return f"bounds or categories were read from the rows: {', '.join(map(repr, columns))}"


@dataclass(frozen=True)
class Recomputed:
    """Epsilon computed again from a claim's own events; ``problems`` is empty where all is well."""

    epsilon: float
    problems: tuple[str, ...]


def recompute(claim: DpClaim) -> Recomputed:
    """Return epsilon from the events of a claim, and what does not fit together.

    Problems: it exceeds what is claimed, differs from what the ledger says, was found at an end of
    the listed orders, or an event's cost is less than its own noise and sensitivity give.
    """
    found = accounting.epsilon(claim.events, claim.delta, claim.accountant.orders, claim.neighbours)
    problems = [problem for event in claim.events if (problem := _too_cheap(event))]
    if not claim.events:
        problems.append("the ledger is empty: nothing was learnt through it")
    if found > claim.epsilon * (1 + 1e-6):
        problems.append(
            f"the events add up to epsilon {_spoken(found)}, above the {claim.epsilon:g} claimed"
        )
    if not abs(found - claim.spent) <= SAME:
        problems.append(
            f"the events add up to epsilon {_spoken(found)}, not to the ledger's {claim.spent:.6g}"
        )
    if claim.events and accounting.has_edge_optimum(
        claim.events, claim.delta, claim.accountant.orders
    ):
        problems.append("the best order is the first or last of the list: the list is too short")
    return Recomputed(found, tuple(problems))


def _too_cheap(event: Event) -> str | None:
    """Return what is wrong with an event that books less than its noise costs."""
    if isinstance(event, DpSgd):
        return None
    least = event.sensitivity**2 / (2 * event.scale**2)
    if event.rho >= least * (1 - 1e-9) and event.rho_replace_one >= event.rho:
        return None
    return f"{event.what}: books less than its noise and sensitivity cost"


def _spoken(epsilon: float) -> str:
    return f"{epsilon:.6g}" if math.isfinite(epsilon) else "without bound"


def _library() -> str:
    from importlib.metadata import version

    return f"dp-accounting {version('dp-accounting')}, opendp {version('opendp')}"
