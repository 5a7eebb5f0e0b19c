"""Checks of the audit itself: blind baseline, negative and positive control (gate-statistics 5)."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from privsynth.attacks import Attack, AttackerView, score_all
from privsynth.audit.plant import Limits, exact_copies, jittered_copies, resampled_columns
from privsynth.audit.scoring import view_of
from privsynth.evidence import Control
from privsynth.measures import Material
from privsynth.statistics import (
    AnyScored,
    Estimate,
    Scored,
    auc,
    family,
    headline,
    max_t,
    permutation_aucs,
)
from privsynth.tables import Records, Table, concat

NEGATIVE_LEVEL = 0.005
SHARES = (0.01, 0.03, 0.1)


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
    view = view_of(material, *halves)
    scores = family(score_all(attacks, material.targets, view, rng), material.game)
    return silence(headline(scores, material.alpha, rng)[0]["auc"].estimate, "the synthetic table")


def silence(worst: Estimate, table: str) -> Control:
    """Return the negative control from the worst AUC with real rows in place of ``table``."""
    p = worst.p if worst.p is not None else 1.0
    failed = p < NEGATIVE_LEVEL
    verb = "told members from non-members" if failed else "found nothing"
    return Control(
        status="failed" if failed else "ok",
        message=f"with other real rows in place of {table} the attacks {verb} "
        f"(max-T p = {p:.4f}, alarm below {NEGATIVE_LEVEL}).",
        estimates=(worst.rounded(),),
    )


def positive(
    attacks: dict[str, Attack], material: Material, train: Table, pool: Table, limits: Limits,
    tried_shares: tuple[float, ...] = SHARES,
) -> tuple[Control, dict[str, str]]:  # fmt: skip
    """Return whether planted leaks are caught, and a note for each attack that missed its own.

    Jittered copies of ``Limits.planted_share`` of the members are added to the released rows; the
    attacks without ``exact_copy`` must then refuse to pass. Smaller shares say what the attacks
    that are not costly would have detected (max-T at the audit's level); they are reported and
    never gated.
    """
    rng = material.rng("control", "positive")
    view = _Planter(material)
    tried = {name: attack for name, attack in attacks.items() if name != "exact_copy"}
    fast = {name: attack for name, attack in tried.items() if not attack.costly}
    planted = limits.planted_share(material.game)
    shares = [*(share for share in tried_shares if share < planted), planted]
    order = rng.permutation(material.game.n_members)
    sizes = [max(1, round(share * len(order))) for share in shares]
    jittered = jittered_copies(train, pool, rng)
    chunks = [
        material.space.encode(jittered.take(_rows(train, order[a:b]), "planted"))
        for a, b in pairwise([0, *sizes])
    ]
    found = [
        score_all(
            tried if n == len(chunks) else fast,
            material.targets,
            view.with_rows(*chunks[:n]),
            rng,
        )
        for n in range(1, len(chunks) + 1)
    ]
    scores = [family(one, material.game) for one in found]
    detected = _detected(scores, material, rng)
    notes = _own_controls(attacks, material, train, view, planted, rng)
    return caught(scores, shares, detected, material.alpha, limits), notes


def caught(
    scores: Sequence[Mapping[str, AnyScored]], shares: list[float], detected: list[bool],
    alpha: float, limits: Limits, where: tuple[str, str] = ("", "the table"),
) -> Control:  # fmt: skip
    """Return the positive control from the scores at each planted share, the gated one last.

    ``where`` says what the copies were planted in, where that is not plain, and what would pass.
    """
    aucs = [round(max(score.delong.value for score in one.values()), 4) for one in scores]
    refused = _refused(list(scores[-1].values()), alpha, limits)
    smallest = next((s for s, found in zip(shares, detected, strict=True) if found), None)
    seen = f"{smallest:.1%} of the members" if smallest else "none of the shares tried"
    message = (
        f"jittered copies of {shares[-1]:.0%} of the members were planted{where[0]}: the attacks "
        f"{'refused to pass' if refused else 'would have passed'} {where[1]}. "
        f"The smallest planted share that was detected: {seen}."
    )
    return Control(
        status="ok" if refused else "failed",
        message=message,
        series={
            "shares": [round(share, 4) for share in shares],
            "detected": detected,
            "auc": aucs,
            "limit_auc": limits.auc,
            "limit_tpr": limits.tpr,
        },
    )


def _detected(
    scores: list[dict[str, Scored]], material: Material, rng: np.random.Generator
) -> list[bool]:
    """Return for each planted share whether max-T over its scores finds it; one draw for all."""
    everything = [score for one in scores for score in one.values()]
    observed, permuted = permutation_aucs(everything, rng)
    found = []
    for start, end in pairwise(accumulate(map(len, scores), initial=0)):
        p = max_t(observed[start:end], permuted[:, start:end])
        found.append(p <= material.alpha)
    return found


def _refused(scores: list[AnyScored], alpha: float, limits: Limits) -> bool:
    """Return whether any upper bound reaches the limits, so that the table would not pass."""
    rates = [score.tpr_at_fpr(0.01, alpha) for score in scores]
    return any(score.auc(alpha).high >= limits.auc for score in scores) or any(
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
                notes[name] = missed(what)
    return notes


def missed(what: str) -> str:
    """Return the note of an attack that did not see the leak made for it."""
    return (
        f"no information: this attack missed planted {what} in this table, so its silence says "
        "nothing"
    )


class _Planter:
    """Attacker's views of the released rows with planted ones; searches are shared."""

    def __init__(self, material: Material) -> None:
        self.material = material

    def with_rows(self, *planted: Records) -> AttackerView:
        return self.replaced(concat(*self.material.synthetic.leaves, *planted))

    def replaced(self, synthetic: Records) -> AttackerView:
        return view_of(self.material, synthetic, self.material.need_reference())


def _rows(train: Table, units: Any) -> Any:
    return np.flatnonzero(np.isin(train.units, units))
