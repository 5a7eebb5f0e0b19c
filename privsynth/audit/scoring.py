"""Scores into evidence: every attack by itself, and the worst over all of them."""

from typing import Any

from privsynth.attacks import Attack, AttackerView, score_all
from privsynth.audit.statements import rounded_up
from privsynth.evidence import Evidence, HeadlineEntry
from privsynth.measures import Material
from privsynth.statistics import Game, advantage, auc, headline, roc, tpr_at_fpr

FPRS = (0.1, 0.01, 0.001)


def attack(
    chosen: dict[str, Attack], material: Material, notes: dict[str, str]
) -> tuple[list[Evidence], dict[str, HeadlineEntry]]:
    """Return the evidence of every attack and the worst over all of them.

    ``notes`` holds, by attack, what its own positive control has to say of its silence.
    """
    rng = material.rng("attacks")
    view = AttackerView(material.synthetic, material.need_reference(), material.search)
    scores = score_all(chosen, material.targets, view, rng)
    alpha, game = material.alpha, material.game
    probes = [
        _evidence(attack, scores[name], game, alpha, len(chosen), notes.get(name))
        for name, attack in chosen.items()
    ]
    worst = headline(scores, game, alpha, material.rng("headline"))
    return probes, {
        name: HeadlineEntry(
            estimate=entry.estimate.rounded(),
            attack=entry.attack,
            expected_if_clean=rounded_up(entry.expected_if_clean),
            n_scores=entry.n_scores,
        )
        for name, entry in worst.items()
    }


def _evidence(
    attack: Attack, scores: Any, game: Game, alpha: float, n_scores: int, note: str | None
) -> Evidence:
    rates = [tpr_at_fpr(scores, game, fpr, alpha, n_scores=n_scores) for fpr in FPRS]
    found = [auc(scores, game, alpha), advantage(scores, game, alpha), *filter(None, rates)]
    missing = [f"{fpr:g}" for fpr, rate in zip(FPRS, rates, strict=True) if rate is None]
    notes = [f"cannot see: {attack.blind_to}"]
    if missing:
        notes.append(
            f"TPR at FPR {' and '.join(missing)} cannot be bounded with "
            f"{game.n_non_members} non-members"
        )
    return _entry(
        attack,
        estimates=tuple(estimate.rounded() for estimate in found),
        series={"roc": roc(scores, game)},
        notes=(*notes, *([note] if note else [])),
    )


def not_attacked(attack: Attack) -> Evidence:
    """Return the entry of an attack that could not be counted for lack of a holdout."""
    return _entry(attack, not_run="needs a holdout: rows of the source that were not trained on")


def _entry(attack: Attack, **found: Any) -> Evidence:
    return Evidence(
        id=attack.name,
        kind="attack",
        version=attack.version,
        title=attack.title,
        source=attack.source,
        threat=attack.threat,
        **found,
    )
