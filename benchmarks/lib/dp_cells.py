"""One cell of the benchmark: a table, a synthesizer, an epsilon and a seed."""

import importlib
import math
from typing import Any

from lib import dp_metrics, dp_ours, dp_peers
from lib.dp_clock import Clock
from lib.dp_tables import TIMED, halves
from lib.games import LEVEL, material, raw_scores
from lib.zoo_store import Job
from privsynth.audit.strata import strata, within
from privsynth.randomness import generator
from privsynth.statistics import family, headline
from privsynth.synthesizers import catalogue, generate
from privsynth.tables import Table

STEPS = 3_000
"""Of SDV's neural models, in batches of 500: with fewer they were found to be under-trained."""
SDV = ("gaussian_copula", "tvae", "ctgan", "copulagan")
CONTROLS = ("fresh rows", "independent columns")
HEAVY = ("sdv.single_table", "sdmetrics", "sklearn.ensemble", "torch", "opendp", "dp_accounting",
         "opacus")  # fmt: skip
"""Imported before the clock of a fit starts: seconds that are paid once a process."""


def work(job: Job) -> dict[str, Any]:
    """Return the record of a cell: part, "table/synthesizer", epsilon or empty, seed."""
    part, family_, size, seed = job
    name, synthesizer = family_.split("/")
    train, holdout = halves(name, seed)
    if part == "controls":
        return _control(synthesizer, train, holdout, seed)
    if part == "peers":
        synthetic, found = dp_peers.made(synthesizer, train, float(size), seed)
    elif part == "sdv":
        synthetic, found = _sdv(synthesizer, train, seed)
    else:
        warm()
        synthetic, found = dp_ours.made(synthesizer, train, float(size))
    if name == TIMED:
        return found
    out = {**found, **_measured(train, holdout, synthetic, seed)}
    if seed == 1 or (part, size) == ("ours", "1"):  # attacks cost more than all the rest
        out["attack"] = attacked(train, holdout, synthetic)
    return out


def warm() -> None:
    """Import what a fit would import."""
    for module in HEAVY:
        importlib.import_module(module)


def _sdv(synthesizer: str, train: Table, seed: int) -> tuple[Table, dict[str, Any]]:
    warm()
    clock, engine = Clock(), catalogue()[synthesizer]
    options = {"epochs": math.ceil(STEPS / (len(train) // 500))}
    made = generate(
        engine, train, len(train), seed, options if "epochs" in engine.options else {}, clock
    )
    return made.synthetic, {"fit_s": clock.fit_s}


def _measured(train: Table, holdout: Table, synthetic: Table, seed: int) -> dict[str, Any]:
    return {
        "quality": dp_metrics.quality(train, synthetic, seed),
        "apart": dp_metrics.pairs_apart(train, synthetic),
        "tstr": dp_metrics.auc(synthetic, holdout, seed),
    }


def attacked(train: Table, holdout: Table, synthetic: Table) -> dict[str, Any]:
    """Return the worst AUC and rate at 1 % false alarms over the whole suite, as an audit would."""
    given = material(train, synthetic, holdout)
    scores = family(raw_scores(given), given.game)
    worst, _ = headline(scores, LEVEL, given.rng("headline"), within(scores, strata(given)[0]))
    return {
        key: [entry.attack, entry.estimate.value, entry.estimate.low, entry.estimate.high]
        for key, entry in worst.items()
    }


def _control(synthesizer: str, train: Table, holdout: Table, seed: int) -> dict[str, Any]:
    """Return what fresh rows or independent columns reach; fresh rows also carry the real AUC.

    Fresh rows are the holdout itself, so that they cannot be asked to predict it.
    """
    schema = train.schema
    out: dict[str, Any] = {
        "rows": len(train), "columns": len(schema.names), "target": schema.target,
    }  # fmt: skip
    released = holdout
    if synthesizer == "independent columns":
        rng_seed = int(generator(seed, "dp", "independent").integers(2**31))
        released = generate(catalogue()["independent"], train, len(train), rng_seed).synthetic
        out["tstr"] = dp_metrics.auc(released, holdout, seed)
    else:
        out["trtr"] = dp_metrics.auc(train, holdout, seed)
    return {
        **out,
        "quality": dp_metrics.quality(train, released, seed),
        "apart": dp_metrics.pairs_apart(train, released),
    }
