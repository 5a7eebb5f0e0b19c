"""The gate on whole audits: clean tables that must pass, leaks that must not, and which rule acts.

Everybody is drawn afresh from the population of ``zoo_people``, so that a table of fresh people is
clean beyond doubt. One audit a table, registered under the strictest policy that judges it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from lib.zoo_people import Population
from privsynth.audit import Request, audit
from privsynth.audit.plant import jittered_copies
from privsynth.evidence import Audits
from privsynth.neighbours import nearest
from privsynth.policy import decide, load_policy
from privsynth.randomness import generator
from privsynth.statistics import level
from privsynth.synthesizers import catalogue, generate
from privsynth.tables import Table, stack, typed

CLEAN = ("fresh people", "Gaussian copula")
LEAKS = (
    "10 % copies",
    "20 % jittered copies",
    "copied outlier decile",
    "30 % of the outlier decile",
    "over-fitted kernel density",
)
SIZES = {"5,000": (2500, 1250, 1250), "40,000": (20_000, 10_000, 10_000)}
POLICIES = {"5,000": ("internal", "partner"), "40,000": ("internal", "partner", "public")}
"""By source rows; the last is the strictest and is the one that is registered."""
BANDWIDTH, SWAPPED = 0.05, 0.05
"""Kernel of the over-fitted density: share of a column's spread, and of categories redrawn."""


@cache
def population() -> Population:
    """Return the population, fitted once a process."""
    return Population()


def repetition(case: str, size: str, seed: int) -> dict[str, Any]:
    """Return verdicts by policy, the rules that did not pass, and the headline of one audit."""
    rng = generator(seed, "zoo", "gate", case, size)
    people, sizes = population(), SIZES[size]
    train, holdout, reference, fresh = (
        people.draw(n, rng, role)
        for n, role in zip((*sizes, sizes[0]), ("train", "holdout", "reference", "a"), strict=True)
    )
    released = _MAKERS[case](train, fresh, reference, rng)
    strictest = load_policy(f"preset:{POLICIES[size][-1]}")
    bundle = audit(
        Request(
            train=train, holdout=holdout, reference=reference,
            synthetic=Table(released.frame, released.schema, "synthetic"),
            seed=seed, commit=lambda text: "hmac-sha256:benchmark", own_split=True,
            policy=strictest.registration(), limits=strictest.limits,
            audits=Audits(number=1, alpha=level(1)),
        )
    )  # fmt: skip
    out: dict[str, Any] = {"verdicts": {}, "not_passed": {}}
    for name in POLICIES[size]:
        verdict = decide(bundle, load_policy(f"preset:{name}"))
        out["verdicts"][name] = verdict.status
        out["not_passed"][name] = {
            f.rule: [f.status, f.observed, f.message[:160]]
            for f in verdict.findings
            if f.status != "pass"
        }
    entry = bundle.headline["auc"]
    exposed = bundle.stratum("exposed")
    fifth = exposed.estimate("auc_most_exposed_fifth") if exposed else None
    rate = bundle.headline.get("tpr_at_fpr_0.01")
    return {
        **out,
        "auc": [entry.estimate.value, entry.estimate.low, entry.estimate.high, entry.estimate.p],
        "attack": entry.attack,
        "tpr": [rate.estimate.value, rate.estimate.high, rate.attack] if rate else None,
        "fifth": [fifth.value, fifth.adjusted_low, fifth.high] if fifth else None,
        "controls": {name: one.status for name, one in bundle.controls.items()},
    }


def outlier_decile(train: Table, reference: Table) -> Any:
    """Return which training rows are among the tenth farthest from their fifth neighbour."""
    far = nearest(train.frame, reference.frame, k=5, threads=1).distances[:, 4]
    return far > np.quantile(far, 0.9)


def replaced(fresh: Table, rows: Table) -> Table:
    """Return ``rows``, and as many of the fresh people as make the table whole again."""
    return stack([rows, fresh.take(range(len(rows), len(fresh)), "rest")])


Maker = Callable[[Table, Table, Table, np.random.Generator], Table]


def _fresh(train: Table, fresh: Table, reference: Table, rng: np.random.Generator) -> Table:
    return fresh


def _copula(train: Table, fresh: Table, reference: Table, rng: np.random.Generator) -> Table:
    seed = int(rng.integers(2**31))
    return generate(catalogue()["gaussian_copula"], train, len(train), seed).synthetic


def _some(train: Table, share: float) -> Table:
    return train.take(range(round(share * len(train))), "leak")


def _copies(train: Table, fresh: Table, reference: Table, rng: np.random.Generator) -> Table:
    return replaced(fresh, _some(train, 0.1))


def _jittered(train: Table, fresh: Table, reference: Table, rng: np.random.Generator) -> Table:
    return replaced(fresh, jittered_copies(_some(train, 0.2), reference, rng))


def _decile(train: Table, fresh: Table, reference: Table, rng: np.random.Generator) -> Table:
    return replaced(fresh, train.take(np.flatnonzero(outlier_decile(train, reference)), "leak"))


def _part_of_decile(
    train: Table, fresh: Table, reference: Table, rng: np.random.Generator
) -> Table:
    rows = np.flatnonzero(outlier_decile(train, reference))
    return replaced(fresh, train.take(rows[rng.random(len(rows)) < 0.3], "leak"))


def kernel_table(train: Table, pool: Table, rng: np.random.Generator) -> Table:
    """Return random training rows with noise of ``BANDWIDTH`` and ``SWAPPED`` categories."""
    rows = train.take(rng.integers(0, len(train), len(train)), "leak")
    out: dict[str, Any] = {}
    for column in train.schema.read:
        cells = rows.frame[column.name]
        if column.kind in ("numeric", "integer"):
            numbers = cells.astype("Float64").to_numpy(np.float64, na_value=np.nan)
            spread = np.diff(np.nanquantile(numbers, [0.1, 0.9]))[0]
            moved = numbers + rng.normal(0, BANDWIDTH * spread, len(numbers))
            out[column.name] = np.round(moved) if column.kind == "integer" else moved
        else:
            others = pool.frame[column.name].to_numpy(object)
            drawn = others[rng.integers(0, len(others), len(cells))]
            swap = (rng.random(len(cells)) < SWAPPED) & cells.notna().to_numpy()
            out[column.name] = np.where(swap, drawn, cells.to_numpy(object))
    return Table(typed(pd.DataFrame(out), train.schema), train.schema, "leak")


def _kernel(train: Table, fresh: Table, reference: Table, rng: np.random.Generator) -> Table:
    return kernel_table(train, reference, rng)


_MAKERS: dict[str, Maker] = dict(
    zip(
        (*CLEAN, *LEAKS),
        (_fresh, _copula, _copies, _jittered, _decile, _part_of_decile, _kernel),
        strict=True,
    )
)
