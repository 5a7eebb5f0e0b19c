"""From a training table to a released one under a privacy budget: every look goes by a ledger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from privsynth import __version__
from privsynth.errors import InputError, PrivsynthError
from privsynth.privacy import Budget, Domain, DpClaim, Ledger, NoNoise, prove, recompute
from privsynth.privacy.budget import UNITS
from privsynth.privacy.domain import domain_of, learn_domain, read_domain
from privsynth.progress import Progress, part, silent
from privsynth.randomness import fresh_seed, generator
from privsynth.synthesizers._base import (
    Candidate,
    Fitted,
    Option,
    Synthesizer,
    generate,
    settle,
    visible,
)
from privsynth.synthesizers._finish import finish
from privsynth.tables.table import Table

DOMAIN_SHARE = 0.1
"""Of the budget, what learning undeclared bounds and categories costs."""

FEW_UNITS = 1000
"""Below this many units noise outweighs most of what there is to learn: noted, not refused."""


Learn = Callable[..., Fitted]
"""``learn(train, domain, noise, rng, progress, **options)``: how a private synthesizer learns.

Whatever it knows of the rows, ``noise`` told it; ``domain`` says what the columns may hold, and
``rng`` steers what is no noise.
"""


class PrivateSynthesizer(Synthesizer, Protocol):
    """A synthesizer that can learn through a ledger; without noise it is one like any other."""

    @property
    def learn(self) -> Learn: ...


@dataclass(frozen=True)
class Private:
    """A synthesizer of ours, differentially private where a budget is given."""

    name: str
    home: str
    learn: Learn
    options: Mapping[str, Option]
    licence: str = "same as privsynth"

    def fit(
        self, train: Table, rng: np.random.Generator, progress: Progress, **options: Any
    ) -> Fitted:
        """Return what was learnt without noise: no privacy is claimed for it."""
        return self.learn(train, read_domain(train), NoNoise(), rng, progress, **options)


@dataclass(frozen=True)
class Privacy:
    """What a private fit may spend, and whether undeclared domains are learnt at its cost."""

    budget: Budget
    learn_domain: bool = False


@dataclass(frozen=True)
class Recipe:
    """How a table is made: ``privacy`` None stands for a fit without noise."""

    synthesizer: Synthesizer
    rows: int
    options: Mapping[str, Any]
    privacy: Privacy | None = None

    def check(self, train: Table) -> None:
        """Refuse, before any work, what cannot be made of ``train``."""
        settle(self.synthesizer, self.options)
        if self.privacy is not None:
            _check(self.synthesizer, train, self.privacy)

    def make(self, train: Table, seed: int, progress: Progress = silent) -> Candidate:
        """Return a table made from ``train``; with a privacy budget ``seed`` steers nothing."""
        if self.privacy is None:
            return generate(self.synthesizer, train, self.rows, seed, self.options, progress)
        return generate_private(
            self.synthesizer, train, self.rows, self.privacy, self.options, progress
        )


def generate_private(
    synthesizer: Synthesizer,
    train: Table,
    rows: int,
    privacy: Privacy,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Candidate:
    """Return a synthetic table of ``rows`` rows with a differential-privacy claim.

    Noise, and whatever else is random, comes from the operating system: there is no seed, and no
    two calls give the same table. The claim holds for what was learnt, so for any number of rows.
    Raises ``InputError`` for a column without a declared domain (unless it is to be learnt), for a
    synthesizer that knows no privacy, and ``BudgetError`` when the budget is too small.
    """
    settled = settle(synthesizer, options or {})
    if rows < 1:
        raise InputError(f"{rows} synthetic rows were asked for; ask for at least 1")
    learn, name = _check(synthesizer, train, privacy), synthesizer.name
    rng = generator(fresh_seed(), "private")
    bounded, dropped = _bounded(train, privacy.budget, rng)
    shown, notes = visible(bounded)
    ledger = Ledger(privacy.budget)
    domain = _domain(shown, privacy, ledger)
    progress(f"fitting {name}", 0.0)
    fitted = learn(shown, domain, ledger, rng, part(progress, 0.0, 0.9), **settled)
    progress(f"sampling {name}", 0.9)
    frame, found = finish(fitted.sample(rows, rng), shown.schema, rows, name)
    claim = _claim(ledger, name, domain, train)
    progress(f"sampling {name}", 1.0)
    return Candidate(
        synthetic=Table(frame, shown.schema, "synthetic"),
        synthesizer=name,
        options=settled,
        claim=claim,
        licence=synthesizer.licence,
        notes=(
            *notes,
            *_noisy(train, domain, privacy.budget),
            *getattr(fitted, "notes", ()),
            *found,
        ),
        aside=(*dropped, *_outside(fitted)),
    )


def _domain(train: Table, privacy: Privacy, ledger: Ledger) -> Domain:
    if not privacy.learn_domain:
        return domain_of(train.schema)
    return learn_domain(train, train.schema, ledger, DOMAIN_SHARE * ledger.remaining)


def _claim(ledger: Ledger, name: str, domain: Domain, train: Table) -> DpClaim:
    """Return the claim of a ledger; ``PrivsynthError`` for one that does not hold."""
    claim = prove(ledger, f"{name} of privsynth {__version__}", domain)
    wrong = recompute(claim).problems
    if wrong:
        raise PrivsynthError(f"synthesizer {name!r}: its ledger does not hold: {wrong[0]}")
    kinds = [repr(c.name) for c in train.schema.read if "kind" in c.inferred]
    if kinds:
        guessed = f"kinds of columns were guessed from the rows: {', '.join(kinds)}"
        claim = claim.model_copy(update={"unaccounted": (*claim.unaccounted, guessed)})
    if train.schema.entity is None or ledger.budget.unit == "entity":
        return claim
    several = "that a person has several rows: what is hidden is one row, not one person"
    return claim.model_copy(update={"not_covered": (several, *claim.not_covered)})


def _noisy(train: Table, domain: Domain, budget: Budget) -> tuple[str, ...]:
    """Return where noise will outweigh much of what there is to learn."""
    units, notes = _count(train, budget), []
    if units < FEW_UNITS:
        notes.append(
            f"only {units:,} {UNITS[budget.unit]}: below {FEW_UNITS:,} noise outweighs much of "
            "the data"
        )
    many = [repr(c.name) for c in domain if c.categories is not None and len(c.categories) > units]
    if many:
        notes.append(
            f"more categories than {UNITS[budget.unit]}, so mostly noise: {', '.join(many)}"
        )
    return tuple(notes)


def _count(train: Table, budget: Budget) -> int:
    return len(set(train.units)) if budget.unit == "entity" else len(train)


def _check(synthesizer: Synthesizer, train: Table, privacy: Privacy) -> Learn:
    """Return how the synthesizer learns through a ledger, once nothing stands against it."""
    budget, learn = privacy.budget, getattr(synthesizer, "learn", None)
    if learn is None:
        raise InputError(
            f"{synthesizer.name} is not differentially private, so that epsilon means nothing to "
            "it; take tan, mst or vae"
        )
    if budget.unit == "entity" and train.schema.entity is None:
        raise InputError("unit entity: the schema names no entity column (entity: …)")
    budget.check_units(_count(train, budget))
    if not privacy.learn_domain:
        domain_of(train.without({c.name for c in train.schema.ignored}).schema)
    return learn  # type: ignore[no-any-return]


def _bounded(
    train: Table, budget: Budget, rng: np.random.Generator
) -> tuple[Table, tuple[str, ...]]:
    """Return the table with at most so many rows a unit, chosen blindly, and what went."""
    if budget.unit == "row":
        return train, ()
    order = rng.permutation(len(train))
    units = train.units[order]
    by_unit = np.argsort(units, kind="stable")
    first = np.searchsorted(units[by_unit], units[by_unit])
    kept = order[by_unit[np.arange(len(units)) - first < budget.rows_per_unit]]
    gone = len(train) - len(kept)
    note = f"{gone:,} rows beyond {budget.rows_per_unit} of an entity were left out, at random"
    return train.take(np.sort(kept), train.name), (note,) if gone else ()


def _outside(fitted: Fitted) -> tuple[str, ...]:
    """Return how many cells lay outside the domain: for whoever holds the rows, not for others."""
    counts = {name: n for name, n in getattr(fitted, "outside", {}).items() if n}
    if not counts:
        return ()
    told = ", ".join(f"{name!r} {n:,}" for name, n in counts.items())
    return (f"cells outside the declared domain, moved to its end or to __other__: {told}",)
