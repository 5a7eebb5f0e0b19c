"""Scores grouped by attack: one attack may measure the same rows in several ways."""

from dataclasses import dataclass

from privsynth.evidence import Bundle, Evidence


@dataclass(frozen=True)
class Family:
    """One attack with all its scores, and the one with the largest upper bound."""

    name: str
    probes: tuple[Evidence, ...]
    worst: Evidence


def families(bundle: Bundle) -> list[Family]:
    """Return the attacks, each with its scores; the one with the largest upper bound first."""
    grouped: dict[str, list[Evidence]] = {}
    for probe in bundle.probes:
        if probe.kind == "attack":
            grouped.setdefault(probe.id.partition("@")[0], []).append(probe)
    found = [Family(name, tuple(p), max(p, key=_reach)) for name, p in grouped.items()]
    return sorted(found, key=lambda family: (-_reach(family.worst), family.name))


def _reach(probe: Evidence) -> float:
    auc = probe.estimate("auc")
    return -1.0 if auc is None else auc.high
