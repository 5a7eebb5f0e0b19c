"""Scores into evidence: every attack by itself, and the worst over all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from privsynth.attacks import Attack, AttackerView, base_name, score_all
from privsynth.audit.also import UNION
from privsynth.audit.exposure import with_exposure
from privsynth.audit.learned import LEARNED, calibration, learned_scores
from privsynth.audit.precision import precisions
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
from privsynth.tables import Records, concat

FPRS = (0.1, 0.01, 0.001)
NO_HOLDOUT = "needs a holdout: rows of the source that were not trained on"


@dataclass(frozen=True, eq=False)
class Counted:
    """What the attacks found: probes, the worst of all, and the family's quantile for the power.

    ``scores`` are those of all targets, by attack. ``alone`` is the worst over this file by itself
    where earlier releases were attacked together with it.
    """

    scores: dict[str, Scored]
    probes: list[Evidence]
    headline: dict[str, HeadlineEntry]
    c: float
    alone: dict[str, HeadlineEntry] | None = None


def attack(
    chosen: dict[str, Attack], material: Material, notes: dict[str, str], *, quick: bool = False,
    also: Sequence[Records] = (),
) -> Counted:  # fmt: skip
    """Return the evidence of every attack, of every exposed group, and the worst over all attacks.

    ``notes`` holds, by attack, what its own positive control has to say of its silence. With
    earlier releases (``also``) every attack is run twice, on the released rows and on all of them,
    in one family: a table given in addition can never hide what this file gives away.
    """
    alpha, reference = material.alpha, material.need_reference()
    views = {"": view_of(material, material.synthetic, reference)}
    if also:
        rows = concat(*material.synthetic.leaves, *also)
        views[UNION] = view_of(material, rows, reference)
    plain = {
        tag: score_all(chosen, material.targets, view, material.rng("attacks"))
        for tag, view in views.items()
    }
    scores, told = _with_learned(plain, views, material, quick=quick)
    groups, facts = strata(material)
    inside = within(scores, groups)
    worst, c = headline(scores, alpha, material.rng("headline"), inside)
    each = alpha / (len(scores) + len(inside))
    catalogue = {**chosen, LEARNED.name: LEARNED}
    probes = [
        score_evidence(
            name, catalogue[base_name(name)], one, alpha, len(scores), _note(name, notes, also),
            (advantage(*one.counted, alpha),),
        )
        for name, one in scores.items()
    ]  # fmt: skip
    probes += told
    grouped = evidence(
        inside, groups, facts, lambda name, own: worst_auc(name, own, alpha, c, each)
    )
    probes += [with_exposure(one, scores, alpha) for one in grouped]
    return Counted(scores, probes, entries(worst), c, _alone(scores, inside, material, also))


def _note(name: str, notes: Mapping[str, str], also: Sequence[Records]) -> str | None:
    """Return what is to be said of a score: its control's word, and whose rows it read."""
    note = notes.get(name.removesuffix(UNION))
    if not name.endswith(UNION):
        return note
    rows = f"{sum(map(len, also)):,} rows of earlier releases"
    return "; ".join(filter(None, (f"on the released rows and {rows} together", note)))


def _alone(
    scores: Mapping[str, Scored], inside: Mapping[str, Scored], material: Material,
    also: Sequence[Records],
) -> dict[str, HeadlineEntry] | None:  # fmt: skip
    """Return the headline over this file by itself, None where nothing else was attacked."""
    if not also:
        return None
    own, within_own = (
        {name: one for name, one in found.items() if not name.endswith(UNION)}
        for found in (scores, inside)
    )
    return entries(headline(own, material.alpha, material.rng("headline"), within_own)[0])


def entries(worst: Mapping[str, Worst]) -> dict[str, HeadlineEntry]:
    """Return the headline as it stands in the evidence, rounded outward."""
    return {
        name: HeadlineEntry(
            estimate=one.estimate.rounded(),
            attack=one.attack,
            expected_if_clean=rounded_up(one.expected_if_clean),
            n_scores=one.n_scores,
            precision=_precision(name, one.estimate),
        )
        for name, one in worst.items()
    }


def _precision(name: str, estimate: Estimate) -> dict[str, Estimate] | None:
    """Return what an attacker's word is worth at 1 % false positives; None at other rates."""
    if name != "tpr_at_fpr_0.01":
        return None
    return {prior: one.rounded() for prior, one in precisions(estimate, 0.01).items()}


def view_of(material: Material, synthetic: Any, reference: Any) -> AttackerView:
    """Return what an attacker holds of these rows, with the audit's searches and encodings."""
    return AttackerView(synthetic, reference, material.search, material.encodings)


def _with_learned(
    plain: dict[str, dict[str, Any]], views: dict[str, AttackerView], material: Material,
    *, quick: bool,
) -> tuple[dict[str, Scored], list[Evidence]]:  # fmt: skip
    """Return all scores as one family, the learned attack among them where it can be taught.

    ``plain`` are the scores of each view; the learned attack on the union knows those of both.
    """
    rng = material.rng("learned")
    named = {f"{name}{tag}": one for tag, own in plain.items() for name, one in own.items()}
    teach = np.zeros(len(material.game.unit_is_member), bool)
    if not quick:
        teach = calibration(material.game, rng)
    if not teach.any():
        reason = "left out of a quick audit" if quick else "too few units to learn from and count"
        return family(named, material.game), [entry(LEARNED, LEARNED.name, not_run=reason)]
    # What was learned depends on the teaching units' labels: those stay among themselves.
    game = replace(material.game, blocks=teach.astype(int))
    out = family(named, game)
    for tag, view in views.items():
        known = named if tag else plain[tag]
        found = learned_scores(known, material.targets, view, game, teach, rng)
        out[f"{LEARNED.name}{tag}"] = Scored(found, game, game.within(~teach))
    return out, []


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
