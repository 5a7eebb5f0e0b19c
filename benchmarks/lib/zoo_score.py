"""All attacks on one case: their AUCs, the headline, exposed groups, and what `partner` says."""

from typing import Any

from lib.zoo_cases import Case
from lib.zoo_families import case
from privsynth import attacks, measures
from privsynth.audit.scoring import attack
from privsynth.evidence import Audits, Bundle, Evidence
from privsynth.measures import Material
from privsynth.neighbours import Search
from privsynth.policy import load_policy
from privsynth.policy.policy import rule_catalogue
from privsynth.statistics import delong
from privsynth.tables import Table, fit_space, typed

ALPHA = 0.05
RULES = ("worst_auc", "worst_tpr", "exposed_fifth", "copies", "dcr_share")
"""What of `partner` is judged here: the size of the holdout and the controls are left aside."""


def material(given: Case, seed: int) -> Material:
    """Return a case encoded as an audit encodes it."""
    frames = {
        "train": given.train, "holdout": given.holdout,
        "reference": given.reference, "synthetic": given.synthetic,
    }  # fmt: skip
    tables = {
        role: Table(typed(frame.reset_index(drop=True), given.schema), given.schema, role)
        for role, frame in frames.items()
    }
    space = fit_space(given.schema, [tables[r] for r in ("train", "holdout", "reference")])
    encoded = {role: space.encode(table) for role, table in tables.items()}
    return Material(
        schema=given.schema, space=space, search=Search(threads=1), alpha=ALPHA, seed=seed,
        tables=tables, **encoded,
    )  # fmt: skip


def repetition(family: str, number: int) -> dict[str, Any]:
    """Return what was found in one repetition of a family."""
    given = case(family, number)
    rows = material(given, number)
    out = {"best": given.best, "attainable": given.attainable, "cap": given.cap, **judged(rows)}
    if given.reference_attack is not None and given.theory is not None:
        seen = delong(given.reference_attack, rows.game)
        out["reference_attack"] = [seen.value, *map(float, given.theory)]
    return out


def judged(rows: Material) -> dict[str, Any]:
    """Return every attack's AUC, the headline, the strata and copies, and the rules' statuses."""
    found = attack(attacks.catalogue(), rows, {})
    measured = [measures.catalogue()[name].evidence(rows) for name in ("copies", "dcr")]
    bundle = Bundle.model_construct(
        probes=(*found.probes, *measured), headline=found.headline, controls={}, tables={},
        audits=Audits(number=1, alpha=ALPHA),
    )  # fmt: skip
    catalogue, policy = rule_catalogue(), load_policy("preset:partner")
    aucs = {
        probe.id: estimate
        for probe in found.probes
        if probe.kind == "attack" and (estimate := probe.estimate("auc"))
    }
    worst = found.headline["auc"].estimate
    rate = found.headline.get("tpr_at_fpr_0.01")
    excess = measured[0].estimate("copied_units_excess")
    return {
        "auc": {name: estimate.value for name, estimate in aucs.items()},
        "lows": {name: estimate.low for name, estimate in aucs.items()},
        "worst": worst.value, "low": worst.low, "high": worst.high, "p": worst.p,
        "tpr_low": rate.estimate.low if rate else None,
        "strata_low": {probe.id: _largest_low(probe) for probe in found.probes
                       if probe.kind == "stratum"},
        "copies_p": excess.p if excess else None,
        "rules": {name: catalogue[name].check(bundle, policy.rules[name], policy.digest).status
                  for name in RULES},
    }  # fmt: skip


def _largest_low(probe: Evidence) -> float | None:
    """Return the largest corrected lower bound of a kind of group."""
    lows = [e.adjusted_low for e in probe.estimates if e.adjusted_low is not None]
    return max(lows, default=None)
