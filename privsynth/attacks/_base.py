"""What an attack is, what an attacker may see, and how every attack is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from privsynth import randomness
from privsynth.errors import PrivsynthError
from privsynth.evidence import Threat
from privsynth.neighbours import GOWER, Encodings, Search
from privsynth.tables import Records, concat

Score = Callable[[Any, "AttackerView", np.random.Generator], Any]


@dataclass(frozen=True, eq=False)
class AttackerView:
    """All that the attacker holds: the released rows and rows of the same population.

    There is no ``train`` to peek at. ``search`` finds nearest records once for all attacks;
    ``encodings`` measures the same rows otherwise (fitted on what the attacker holds where none is
    given). ``done`` keeps the scores of attacks that others combine.
    """

    synthetic: Any
    reference: Any
    search: Search
    encodings: Encodings | None = None
    encoding: str = GOWER
    seed: int = 0
    done: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.encodings is None:
            known = concat(self.synthetic, self.reference)
            object.__setattr__(self, "encodings", Encodings(known))

    def encoded(self, name: str) -> "AttackerView":
        """Return the view in another encoding: ``Points`` in ``std``, else ``Records``."""
        if name == GOWER:
            return self
        return replace(
            self,
            synthetic=self.encode(name, self.synthetic),
            reference=self.encode(name, self.reference),
            encoding=name,
        )

    def encode(self, name: str, rows: Records) -> Any:
        """Return rows in an encoding."""
        assert self.encodings is not None
        return self.encodings.encode(name, rows)

    def scores(self, attack: "Attack", targets: Records) -> dict[str, Any]:
        """Return the scores of an attack by score id, computed once for these targets."""
        key = (attack.name, id(targets))
        if key not in self.done:
            self.done[key] = (targets, _run(attack, targets, self))
        found: dict[str, Any] = self.done[key][1]
        return found


@dataclass(frozen=True)
class Attack:
    """One attack: ``score`` returns one float a target row, shape ``(n,)``, higher = member.

    It is run in each of ``encodings`` (targets and view come encoded: ``Points`` in ``std``, else
    ``Records``), and may return several scores by label. A score is called by the attack's name,
    then ``@encoding`` unless it is the first, then ``@label`` where there is one. ``costly``
    attacks are left out of quick audits and of the smaller planted leaks.
    """

    name: str
    home: str
    title: str
    source: str
    threat: Threat
    blind_to: str
    score: Score
    version: str = "1"
    encodings: tuple[str, ...] = (GOWER,)
    costly: bool = False


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


def base_name(score_id: str) -> str:
    """Return the attack's name of a score id such as ``dcr@rank``."""
    return score_id.partition("@")[0]


def score_all(
    attacks: Mapping[str, Attack], targets: Records, view: AttackerView, rng: np.random.Generator
) -> dict[str, Any]:
    """Return the scores of every attack on the same targets, by score id.

    Raises ``PrivsynthError`` naming an attack whose score is not finite, or has another shape: a
    broken attack must not look like a clean table.
    """
    view = replace(view, seed=randomness.integer_seed(rng, 62), done={})
    out: dict[str, Any] = {}
    for attack in attacks.values():
        out |= view.scores(attack, targets)
    return out


def _run(attack: Attack, targets: Records, view: AttackerView) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for place, encoding in enumerate(attack.encodings):
        # A generator of its own: the same scores whatever other attacks were run.
        rng = randomness.generator(view.seed, "attack", attack.name, encoding)
        found = attack.score(view.encode(encoding, targets), view.encoded(encoding), rng)
        labelled = found if isinstance(found, Mapping) else {"": found}
        for label, scores in labelled.items():
            parts = (attack.name, encoding if place else "", label)
            array = np.asarray(scores, dtype=np.float64)
            if array.shape != (len(targets),) or not np.isfinite(array).all():
                raise PrivsynthError(
                    f"attack {attack.name!r} did not return one finite score a target; report "
                    "this as a bug of that attack"
                )
            out["@".join(part for part in parts if part)] = array
    return out
