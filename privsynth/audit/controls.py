"""Checks of the audit itself: blind baseline, negative and positive control (gate-statistics 5)."""

import math
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np

from privsynth.attacks import Attack, AttackerView, score_all
from privsynth.audit.plant import exact_copies, jittered_copies, resampled_columns
from privsynth.evidence import Control
from privsynth.measures import Material
from privsynth.statistics import (
    Game,
    auc,
    delong,
    headline,
    max_t,
    permutation_aucs,
    tpr_at_fpr,
)
from privsynth.tables import Records, Table, concat

NEGATIVE_LEVEL = 0.005
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Limits:
    """What the registered policy tolerates: the positive control plants a leak of that size."""

    auc: float = 0.60
    tpr: float = 0.05

    def planted_share(self, game: Game) -> float:
        """Return the share of members to copy: 2·AUC - 1 at the limit plus 1.5 standard errors.

        A bound at 95 % lets a leak exactly at the limit pass in 5 % of audits by definition; that
        much more makes it under 1 %, so that the control does not disturb clean audits.
        """
        n1, n0 = game.n_members, game.n_non_members
        error = math.sqrt((n1 + n0 + 1) / (12 * n1 * n0))
        return min(max(2 * (self.auc + 1.5 * error) - 1, 0.01), 1.0)


def negative(
    attacks: dict[str, Attack], material: Material, halves: tuple[Records, Records]
) -> Control:
    """Return whether the attacks stay silent on real rows that nobody was trained on.

    One half of the reference plays the synthetic table, the other the reference. A max-T p below
    0.005 means that train and holdout differ by more than the coin that divided them.
    """
    rng = material.rng("control", "negative")
    if min(len(half) for half in halves) < 2:
        return Control(status="not_run", message="the reference has too few rows to be halved")
    view = AttackerView(halves[0], halves[1], material.search)
    scores = score_all(attacks, material.targets, view, rng)
    worst = headline(scores, material.game, material.alpha, rng)["auc"].estimate
    p = worst.p if worst.p is not None else 1.0
    failed = p < NEGATIVE_LEVEL
    verb = "told members from non-members" if failed else "found nothing"
    return Control(
        status="failed" if failed else "ok",
        message=f"with other real rows in place of the synthetic table the attacks {verb} "
        f"(max-T p = {p:.4f}, alarm below {NEGATIVE_LEVEL}).",
        estimates=(worst.rounded(),),
    )


def positive(
    attacks: dict[str, Attack], material: Material, train: Table, pool: Table, limits: Limits
) -> tuple[Control, dict[str, str]]:
    """Return whether planted leaks are caught, and a note for each attack that missed its own.

    Jittered copies of ``Limits.planted_share`` of the members are added to the released rows; the
    attacks without ``exact_copy`` must then refuse to pass. Smaller shares say what would have
    been detected (max-T at the audit's level); they are reported and never gated.
    """
    rng = material.rng("control", "positive")
    view = _Planter(material)
    family = {name: attack for name, attack in attacks.items() if name != "exact_copy"}
    planted = limits.planted_share(material.game)
    shares = [*(share for share in SHARES if share < planted), planted]
    order = rng.permutation(material.game.n_members)
    sizes = [max(1, round(share * len(order))) for share in shares]
    jittered = jittered_copies(train, pool, rng)
    chunks = [
        material.space.encode(jittered.take(_rows(train, order[a:b]), "planted"))
        for a, b in pairwise([0, *sizes])
    ]
    scores = [
        list(score_all(family, material.targets, view.with_rows(*chunks[:n]), rng).values())
        for n in range(1, len(chunks) + 1)
    ]
    detected = _detected(scores, material, rng)
    aucs = [round(max(delong(score, material.game).value for score in one), 4) for one in scores]
    refused = _refused(scores[-1], material, limits)
    smallest = next((s for s, found in zip(shares, detected, strict=True) if found), None)
    seen = f"{smallest:.1%} of the members" if smallest else "none of the shares tried"
    message = (
        f"jittered copies of {planted:.0%} of the members were planted: the attacks "
        f"{'refused to pass' if refused else 'would have passed'} the table. "
        f"The smallest planted share that was detected: {seen}."
    )
    notes = _own_controls(attacks, material, train, view, planted, rng)
    return (
        Control(
            status="ok" if refused else "failed",
            message=message,
            series={
                "shares": [round(share, 4) for share in shares],
                "detected": detected,
                "auc": aucs,
                "limit_auc": limits.auc,
                "limit_tpr": limits.tpr,
            },
        ),
        notes,
    )


def _detected(scores: list[list[Any]], material: Material, rng: np.random.Generator) -> list[bool]:
    """Return for each planted share whether max-T over its scores finds it; one draw for all."""
    observed, permuted = permutation_aucs(list(chain(*scores)), material.game, rng)
    found = []
    for start, end in pairwise(accumulate(map(len, scores), initial=0)):
        p = max_t(observed[start:end], permuted[:, start:end])
        found.append(p <= material.alpha)
    return found


def _refused(scores: list[Any], material: Material, limits: Limits) -> bool:
    """Return whether any upper bound reaches the limits, so that the table would not pass."""
    game, alpha = material.game, material.alpha
    rates = [tpr_at_fpr(score, game, 0.01, alpha) for score in scores]
    return any(auc(score, game, alpha).high >= limits.auc for score in scores) or any(
        rate is not None and rate.high >= limits.tpr for rate in rates
    )


def _own_controls(
    attacks: dict[str, Attack], material: Material, train: Table, view: "_Planter", share: float,
    rng: np.random.Generator,
) -> dict[str, str]:  # fmt: skip
    """Return a note for ``exact_copy`` and ``value_match`` if they miss the leak made for them."""
    rows = exact_copies(material.train, share, rng)
    planted = {
        "exact_copy": ("exact copies", view.with_rows(rows)),
        "value_match": ("resampled columns", view.replaced(resampled_columns(material.train, rng))),
    }
    notes = {}
    for name, (what, seen) in planted.items():
        if name in attacks:
            scores = score_all({name: attacks[name]}, material.targets, seen, rng)[name]
            if auc(scores, material.game, material.alpha).low <= 0.5:
                notes[name] = (
                    f"no information: this attack missed planted {what} in this table, so its "
                    "silence says nothing"
                )
    return notes


class _Planter:
    """Attacker's views of the released rows with planted ones; searches are shared."""

    def __init__(self, material: Material) -> None:
        self.material = material

    def with_rows(self, *planted: Records) -> AttackerView:
        return self.replaced(concat(*self.material.synthetic.leaves, *planted))

    def replaced(self, synthetic: Records) -> AttackerView:
        return AttackerView(synthetic, self.material.need_reference(), self.material.search)


def _rows(train: Table, units: Any) -> Any:
    return np.flatnonzero(np.isin(train.units, units))
