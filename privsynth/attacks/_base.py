"""What an attack is, what an attacker may see, and how every attack is run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.errors import PrivsynthError
from privsynth.evidence import Threat
from privsynth.neighbours import Search
from privsynth.tables import Records

Score = Callable[[Records, "AttackerView", np.random.Generator], Any]


@dataclass(frozen=True, eq=False)
class AttackerView:
    """All that the attacker holds: the released rows and rows of the same population.

    There is no ``train`` to peek at. ``search`` finds nearest records once for all attacks.
    """

    synthetic: Records
    reference: Records
    search: Search


@dataclass(frozen=True)
class Attack:
    """One attack: ``score`` returns one float a target row, shape ``(n,)``, higher = member."""

    name: str
    home: str
    title: str
    source: str
    threat: Threat
    blind_to: str
    score: Score
    version: str = "1"


TABLE_ONLY = Threat(
    goal="membership: was this person's row used to make the table?",
    generator_access="none",
    data_knowledge="the released table and the target's full row",
    level="L0",
)
WITH_REFERENCE = Threat(
    goal="membership: was this person's row used to make the table?",
    generator_access="none",
    data_knowledge="the released table, the target's full row, and other rows of the population",
    level="L1",
)


def score_all(
    attacks: dict[str, Attack], targets: Records, view: AttackerView, rng: np.random.Generator
) -> dict[str, Any]:
    """Return every attack's scores of the same targets; a score that is not finite stops the run.

    Raises ``PrivsynthError`` naming the attack: a broken attack must not look like a clean table.
    """
    out: dict[str, Any] = {}
    for name, attack in attacks.items():
        scores = np.asarray(attack.score(targets, view, rng), dtype=np.float64)
        if scores.shape != (len(targets),) or not np.isfinite(scores).all():
            raise PrivsynthError(
                f"attack {name!r} did not return one finite score a target; report this as a bug "
                "of that attack"
            )
        out[name] = scores
    return out
