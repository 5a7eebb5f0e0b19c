"""Scores into evidence: every attack by itself, and the worst over all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from privsynth.attacks import Attack, AttackerView, base_name, score_all
from privsynth.audit.learned import LEARNED, calibration, learned_scores
from privsynth.audit.statements import rounded_up
from privsynth.audit.strata import evidence, strata, within
from privsynth.evidence import Evidence, HeadlineEntry
from privsynth.measures import Material
from privsynth.statistics import (
    AnyScored,
    Estimate,
    Scored,
    Worst,
    advantage,
    family,
    headline,
    worst_auc,
)

FPRS = (0.1, 0.01, 0.001)
NO_HOLDOUT = "needs a holdout: rows of the source that were not trained on"


@dataclass(frozen=True, eq=False)
class Counted:
    """What the attacks found: probes, the worst of all, and the family's quantile for the power."""

    probes: list[Evidence]
    headline: dict[str, HeadlineEntry]
    c: float


def attack(
    chosen: dict[str, Attack], material: Material, notes: dict[str, str], *, quick: bool = False
) -> Counted:
    """Return the evidence of every attack, of every exposed group, and the worst over all attacks.

    ``notes`` holds, by attack, what its own positive control has to say of its silence.
    """
    alpha = material.alpha
    view = view_of(material, material.synthetic, material.need_reference())
    plain = score_all(chosen, material.targets, view, material.rng("attacks"))
    scores, told = _with_learned(plain, view, material, quick=quick)
    groups, facts = strata(material)
    inside = within(scores, groups)
    worst, c = headline(scores, alpha, material.rng("headline"), inside)
    each = alpha / (len(scores) + len(inside))
    catalogue = {**chosen, LEARNED.name: LEARNED}
    probes = [
        score_evidence(
            name, catalogue[base_name(name)], one, alpha, len(scores), notes.get(name),
            (advantage(*one.counted, alpha),),
        )
        for name, one in scores.items()
    ]  # fmt: skip
    probes += told
    probes += evidence(
        inside, groups, facts, lambda name, own: worst_auc(name, own, alpha, c, each)
    )
    return Counted(probes, entries(worst), c)


def entries(worst: Mapping[str, Worst]) -> dict[str, HeadlineEntry]:
    """Return the headline as it stands in the evidence, rounded outward."""
    return {
        name: HeadlineEntry(
            estimate=one.estimate.rounded(),
            attack=one.attack,
            expected_if_clean=rounded_up(one.expected_if_clean),
            n_scores=one.n_scores,
        )
        for name, one in worst.items()
    }


def view_of(material: Material, synthetic: Any, reference: Any) -> AttackerView:
    """Return what an attacker holds of these rows, with the audit's searches and encodings."""
    return AttackerView(synthetic, reference, material.search, material.encodings)


def _with_learned(
    plain: dict[str, Any], view: AttackerView, material: Material, *, quick: bool
) -> tuple[dict[str, Scored], list[Evidence]]:
    """Return all scores as one family, the learned attack among them where it can be taught."""
    rng = material.rng("learned")
    teach = np.zeros(len(material.game.unit_is_member), bool)
    if not quick:
        teach = calibration(material.game, rng)
    if not teach.any():
        reason = "left out of a quick audit" if quick else "too few units to learn from and count"
        return family(plain, material.game), [entry(LEARNED, LEARNED.name, not_run=reason)]
    # What was learned depends on the teaching units' labels: those stay among themselves.
    game = replace(material.game, blocks=teach.astype(int))
    found = learned_scores(plain, material.targets, view, game, teach, rng)
    return {**family(plain, game), LEARNED.name: Scored(found, game, game.within(~teach))}, []


def score_evidence(
    name: str, attack: Attack, one: AnyScored, alpha: float, n_scores: int, note: str | None,
    more: tuple[Estimate, ...] = (),
) -> Evidence:  # fmt: skip
    """Return the evidence of one score: its AUC, what ``more`` is known, and its rates."""
    rates = [one.tpr_at_fpr(fpr, alpha, n_scores=n_scores) for fpr in FPRS]
    found = [one.auc(alpha), *more, *filter(None, rates)]
    missing = [f"{fpr:g}" for fpr, rate in zip(FPRS, rates, strict=True) if rate is None]
    notes = [f"cannot see: {attack.blind_to}"]
    if missing:
        notes.append(
            f"TPR at FPR {' and '.join(missing)} cannot be bounded with "
            f"{one.n_non_members} non-members"
        )
    return entry(
        attack,
        name,
        estimates=tuple(estimate.rounded() for estimate in found),
        series={"roc": one.roc()},
        notes=(*notes, *([note] if note else [])),
    )


def not_attacked(attack: Attack) -> Evidence:
    """Return the entry of an attack that could not be counted for lack of a holdout."""
    return entry(attack, attack.name, not_run=NO_HOLDOUT)


def entry(attack: Attack, name: str, **found: Any) -> Evidence:
    """Return the entry of an attack in the evidence, under the name of one of its scores."""
    return Evidence(
        id=name,
        kind="attack",
        version=attack.version,
        title=attack.title,
        source=attack.source,
        threat=attack.threat,
        **found,
    )
