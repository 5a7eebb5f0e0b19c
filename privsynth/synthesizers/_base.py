"""What a synthesizer is, and the one way from a training table to a released one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from privsynth.errors import InputError, nearest_name
from privsynth.privacy import Claim, NoClaim
from privsynth.progress import Progress, part, silent
from privsynth.randomness import generator
from privsynth.synthesizers._finish import finish
from privsynth.tables.table import Table

Option = int | float | str

FEW_ROWS = 100
"""Below this many training rows a model is close to a list of its rows: noted, not refused."""


class Fitted(Protocol):
    """What a synthesizer learnt; ``notes`` (optional, a tuple of texts) reach the report."""

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return ``n`` new rows with the columns of the training table."""
        ...


class Synthesizer(Protocol):
    """A generator of tables: learning returns a new object, and all chance comes through ``rng``.

    ``home`` is the ``__name__`` of its file, ``licence`` that of its engine, and ``options`` holds
    every accepted option with its default; the default's type is the option's type.
    """

    @property
    def name(self) -> str: ...
    @property
    def home(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def options(self) -> Mapping[str, Option]: ...

    def fit(
        self, train: Table, rng: np.random.Generator, progress: Progress, **options: Any
    ) -> Fitted:
        """Return what was learnt from ``train``, which stays as it is."""
        ...


@dataclass(frozen=True)
class Candidate:
    """A synthetic table that asks for its release, and how it was made.

    ``notes`` travel with it; ``aside`` is for whoever holds the training rows alone: it counts
    them, outside any privacy claim.
    """

    synthetic: Table
    synthesizer: str
    options: dict[str, Option]
    claim: Claim
    licence: str
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


def generate(
    synthesizer: Synthesizer,
    train: Table,
    rows: int,
    seed: int,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Candidate:
    """Return a synthetic table of ``rows`` rows that ``synthesizer`` made from ``train``.

    Ids, free text and the entity column are taken out before the fit and are not released. The
    same table, options and seed give the same bytes. Raises ``InputError`` for what the user can
    mend and ``PrivsynthError`` for a synthesizer that breaks its contract.
    """
    settled = settle(synthesizer, options or {})
    if rows < 1:
        raise InputError(f"{rows} synthetic rows were asked for; ask for at least 1")
    if len(train) < 2:
        raise InputError(f"{train.name}: {len(train)} rows; a synthesizer needs at least 2")
    shown, notes = visible(train)
    name = synthesizer.name
    progress(f"fitting {name}", 0.0)
    fit_rng, sample_rng = (generator(seed, "synthesizer", name, step) for step in ("fit", "sample"))
    fitted = synthesizer.fit(shown, fit_rng, part(progress, 0.0, 0.9), **settled)
    progress(f"sampling {name}", 0.9)
    frame, found = finish(fitted.sample(rows, sample_rng), shown.schema, rows, name)
    progress(f"sampling {name}", 1.0)
    return Candidate(
        synthetic=Table(frame, shown.schema, "synthetic"),
        synthesizer=name,
        options=settled,
        claim=NoClaim(),
        licence=synthesizer.licence,
        notes=(*notes, *getattr(fitted, "notes", ()), *found),
    )


def settle(synthesizer: Synthesizer, options: Mapping[str, Any]) -> dict[str, Option]:
    """Return every option of ``synthesizer``, as given or by default, in its own type."""
    settled = dict(synthesizer.options)
    for key, value in options.items():
        where = f"synthesizer {synthesizer.name!r}"
        if key not in settled:
            hint = nearest_name(key, list(settled)) if settled else " (it takes none)"
            raise InputError(f"{where}: unknown option {key!r}{hint}")
        settled[key] = _as_type_of(settled[key], value, f"{where}: option {key!r}")
    return settled


def _as_type_of(default: Option, value: Any, where: str) -> Option:
    if isinstance(default, str):
        return str(value)
    spoken = "whole number" if isinstance(default, int) else "number"
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{where} must be a {spoken}") from None
    if isinstance(value, bool) or (isinstance(default, int) and not number.is_integer()):
        raise InputError(f"{where} must be a {spoken}")
    if not 0 < number < math.inf:
        raise InputError(f"{where} must be above zero")
    return int(number) if isinstance(default, int) else number


def visible(train: Table) -> tuple[Table, list[str]]:
    """Return a copy of the columns that may be modelled, and what there is to say about it."""
    notes = []
    ignored = [column.name for column in train.schema.ignored]
    if ignored:
        names = ", ".join(map(repr, ignored))
        notes.append(f"not modelled and not released (id, free text or entity): {names}")
    shown = train.without(set(ignored))
    if not shown.schema.columns:
        raise InputError(f"{train.name}: nothing is left to model once ids and texts are out")
    for column in shown.schema.columns:
        if column.kind == "numeric" and np.isinf(shown.frame[column.name]).any():
            raise InputError(
                f"{train.name}: column {column.name!r} holds infinite values; "
                "leave them empty or correct them"
            )
    if len(train) < FEW_ROWS:
        notes.append(
            f"only {len(train)} training rows: a model of fewer than {FEW_ROWS} rows can hardly "
            "differ from a list of them"
        )
    # A copy: no plug-in can change the caller's rows.
    copy = Table(shown.frame.copy(deep=True), shown.schema, train.name, shown.unreadable)
    return copy, notes
