"""What moved against an earlier evidence: shown beside each other, never tested, never decided."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from privsynth.evidence import CELL_LIMIT, Bundle, Evidence, recipient
from privsynth.policy import evidence_digest
from privsynth.report.setting import Fact, cautions, facts
from privsynth.statistics.estimate import Estimate

Direction = Literal["up", "down", "no clear change"]
Key = tuple[str, str, str]
SETTINGS = (
    "bins", "columns", "distance", "from", "halves", "keys", "kinds", "most_predicates", "pooled",
    "score", "secrets", "target", "tolerance",
)  # fmt: skip
"""Options of measures and groups that choose what is asked; the others tell what was found."""
RISES_WITH_A_LEAK = ("auc", "tpr_at_fpr", "advantage", "residual_risk", "share_closer_to_train")
SUBGROUPS = ("stratum", "subgroups")
KINDS = ("headline", "measure", "stratum", "attack", "control")
WORST = "Worst of all attacks"


@dataclass(frozen=True)
class Move:
    """One estimate that both have, with other values: ``where`` it stands, then and now.

    ``kind`` is that of its probe, ``headline`` for the worst of all attacks; ``group`` the declared
    name of a subgroup. ``sense`` is 1 where larger is worse, -1 where smaller is, else 0.
    """

    kind: str
    where: str
    name: str
    group: str
    old: Estimate
    new: Estimate
    sense: int

    @property
    def gap(self) -> float:
        """The distance between the nearer bounds; negative or zero where intervals meet."""
        return max(self.new.low - self.old.high, self.old.low - self.new.high)

    @property
    def direction(self) -> Direction:
        """Where it went: clear only if the intervals do not meet, which is no test."""
        if self.gap <= 0 or any(e.low == e.high for e in (self.old, self.new)):
            return "no clear change"
        return "up" if self.new.value > self.old.value else "down"

    @property
    def grade(self) -> Literal["worse", "better", ""]:
        """Whether a clear move is for the worse; empty where it is neither, or unclear."""
        way = {"up": 1, "down": -1, "no clear change": 0}[self.direction] * self.sense
        return "worse" if way > 0 else "better" if way < 0 else ""

    @property
    def rank(self) -> tuple[float, ...]:
        """The place in a list: clearly worse first, then better, then other; the unclear last.

        Among those the worst of all attacks, then measures and groups, then each attack.
        """
        kind = KINDS.index(self.kind)
        if self.direction != "no clear change":
            return {"worse": 0, "better": 1, "": 2}[self.grade], kind, -self.gap
        step = self.new.value - self.old.value
        return 3 if self.sense else 4, kind, -self.sense * step


@dataclass(frozen=True)
class Changes:
    """Differences of this evidence from an earlier one.

    ``cell`` is the smallest count of people that either shows, None where both are restricted.
    ``cautions`` say what keeps the two apart, ``incomparable`` are probes whose version or question
    changed (their numbers are left out), ``probes`` those that came, went or ran in one only.
    ``n_same`` estimates are equal in both. No decision depends on any of it.
    """

    baseline: str
    baseline_digest: str
    cell: int | None = None
    cautions: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    n_same: int = 0
    incomparable: tuple[Fact, ...] = ()
    probes: tuple[Fact, ...] = ()
    facts: tuple[Fact, ...] = ()
    warnings_came: tuple[str, ...] = ()
    warnings_went: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the two say the same."""
        told = (self.cautions, self.moves, self.incomparable, self.probes, self.facts)
        return not any((*told, self.warnings_came, self.warnings_went))

    def count(self, grade: str) -> int:
        """Return how many moves are clearly ``worse``, ``better`` or neither (``other``)."""
        clear = (m for m in self.moves if m.direction != "no clear change")
        return sum((m.grade or "other") == grade for m in clear)

    @property
    def summary(self) -> str:
        """One sentence of at most 160 characters."""
        if self.empty:
            return "Nothing moved against the earlier evidence."
        worse, better, other = map(self.count, ("worse", "better", "other"))
        rest = len(self.moves) + self.n_same - worse - better - other
        said = f"Of {len(self.moves) + self.n_same} numbers {worse} are clearly worse, {better} "
        said += (
            f"clearly better, {f'{other} clearly other, ' if other else ''}{rest} unclear or equal"
        )
        if self.incomparable:
            said += f"; {len(self.incomparable)} probes not comparable"
        return said + "."


def changes(new: Bundle, old: Bundle) -> Changes:
    """Return what moved from ``old`` to ``new``, in the recipient's view where either is in it.

    Estimates of the same name, version and question are put beside each other. What either leaves
    out, to protect few people or for another reason, is left out here too.
    """
    new, old = _alike(new, old)
    apart = dict(_incomparable(new, old))
    before, after = _estimates(old), _estimates(new)
    shared = [
        key for key, (_, group, _) in after.items()
        if key in before and key[:2] not in apart
        # "#1" of an undeclared group may be somebody else by now
        and (key[:2] != SUBGROUPS or before[key][1] == group != "")
    ]  # fmt: skip
    moves = [
        Move(
            key[0], after[key][0], key[2], after[key][1], before[key][2], after[key][2], _sense(key)
        )
        for key in shared
        if _ends(before[key][2]) != _ends(after[key][2])
    ]
    return Changes(
        baseline=old.name,
        baseline_digest=evidence_digest(old),
        cell=new.cell,
        cautions=cautions(new, old),
        moves=tuple(sorted(moves, key=lambda move: (*move.rank, move.where, move.name))),
        n_same=len(shared) - len(moves),
        incomparable=tuple(apart.values()),
        probes=tuple(_came_and_went(new, old)),
        facts=facts(new, old),
        warnings_came=tuple(text for text in new.warnings if text not in old.warnings),
        warnings_went=tuple(text for text in old.warnings if text not in new.warnings),
    )


def _alike(new: Bundle, old: Bundle) -> tuple[Bundle, Bundle]:
    """Return both in one edition: a recipient's cannot be read more finely than it was written."""
    cells = [b.cell or CELL_LIMIT for b in (new, old) if b.edition == "recipient"]
    return (recipient(new, max(cells)), recipient(old, max(cells))) if cells else (new, old)


def _ends(estimate: Estimate) -> tuple[float, ...]:
    return estimate.value, estimate.low, estimate.high


def _estimates(bundle: Bundle) -> dict[Key, tuple[str, str, Estimate]]:
    """Return where each estimate stands, the declared name of its group, and the estimate."""
    found = {("headline", "", n): (WORST, "", h.estimate) for n, h in bundle.headline.items()}
    for probe in bundle.probes:
        groups = probe.series.get("groups") if probe.kind == "stratum" else None
        for e in probe.estimates:
            told = groups.get(e.name) if isinstance(groups, Mapping) else None
            group = str(told.get("label") or "") if isinstance(told, Mapping) else ""
            found[probe.kind, probe.id, e.name] = (_told(probe), group, e)
    for name, control in bundle.controls.items():
        for e in control.estimates:
            found["control", name, e.name] = (f"Control: {name.replace('_', ' ')}", "", e)
    return found


def _sense(key: Key) -> int:
    kind, _, name = key
    if kind == "control" or name.endswith(("_floor", "_ceiling")):
        return 0
    if name == "tstr":
        return -1
    leak = name.startswith(RISES_WITH_A_LEAK) or "excess" in name
    return 1 if leak or name.endswith("_tvd") else 0


def _probes(bundle: Bundle) -> dict[tuple[str, str], Evidence]:
    return {(probe.kind, probe.id): probe for probe in bundle.probes}


def _incomparable(new: Bundle, old: Bundle) -> Iterator[tuple[tuple[str, str], Fact]]:
    before = _probes(old)
    for key, now in _probes(new).items():
        then = before.get(key)
        if then is None or then.not_run or now.not_run:
            continue
        if then.version != now.version:
            versions = f"version {then.version}", f"version {now.version}"
            yield key, Fact(_told(now), *versions)
        elif _asked(then) != _asked(now):
            asked, asks = _asked(then), _asked(now)
            names = sorted(k for k in {**asked, **asks} if asked.get(k) != asks.get(k))
            which = f"{_told(now)}: {', '.join(names)}"
            pairs = [", ".join(_text(o.get(name)) for name in names) for o in (asked, asks)]
            yield key, Fact(which, *pairs)


def _asked(probe: Evidence) -> dict[str, Any]:
    return {k: v for k, v in probe.options.items() if probe.kind == "attack" or k in SETTINGS}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _came_and_went(new: Bundle, old: Bundle) -> Iterator[Fact]:
    before, after = _probes(old), _probes(new)
    for key in [*after, *(key for key in before if key not in after)]:
        told = [_state(before.get(key)), _state(after.get(key))]
        if told[0] != told[1]:
            yield Fact(_told(after.get(key) or before[key]), *told)


def _state(probe: Evidence | None) -> str:
    if probe is None:
        return "not in the evidence"
    return f"not run: {probe.not_run}" if probe.not_run else "ran"


def _told(probe: Evidence) -> str:
    return f"{probe.title} ({probe.id})"
