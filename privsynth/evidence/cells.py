"""What may be told of counts of people: nothing under the cell limit, and nothing that gives it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privsynth.evidence.models import RECIPIENT_DIGITS

SIDES = ("members", "non_members")
STEPS = (5, 10, 20, 25, 40, 50, 100)
"""Multiples to which sizes of groups are rounded down. All divide 200, the least that rules ask."""
BAR = 5
"""The multiple to which counts of a histogram are rounded."""
_COUNT = re.compile(r"(?<!fewer than )(?<![\d.,])(\d+)(?= of | distinct )")


@dataclass(frozen=True)
class Cells:
    """Rounds and hides: no count of people under ``cell`` is told.

    ``members`` and ``non_members`` are all counted people, whose numbers everybody may know.
    """

    cell: int
    members: int
    non_members: int

    @property
    def step(self) -> int:
        """The multiple to which sizes are rounded down."""
        return next(step for step in STEPS if step >= self.cell)

    @property
    def few(self) -> str:
        """What stands for a count that is hidden."""
        return f"fewer than {self.cell}"

    def told(self, text: str) -> str:
        """Return a sentence of the audit without its small counts of rows."""
        return _COUNT.sub(lambda m: self.few if 0 < int(m[1]) < self.cell else m[1], text)

    def size(self, n: int) -> int:
        """Return the size of a part as a multiple of the step, or what stands for "few"."""
        if n < self.cell:
            return self.cell - 1 if n > 0 else 0
        return max(n // self.step * self.step, self.cell)

    def large(self, sizes: Sequence[int], n: int) -> bool:
        """Return whether both sides of a group reach the cell limit, as far as they are told."""
        return min(sizes) >= self.cell if sizes else n >= 2 * self.cell

    def shown(self, known: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
        """Return the sizes that may be told of the groups, by name, and none of the small ones.

        The first large group of a column is told with the people of its small groups, and with the
        few who have no value there: else a total and the sizes of the others would tell of them.
        """
        families: dict[str, list[str]] = {}
        for name in known:
            families.setdefault(_family(name), []).append(name)
        out: dict[str, list[int]] = {}
        for names in families.values():
            large = [name for name in names if self.large(known[name], 0)]
            out |= {name: [self.size(n) for n in known[name]] for name in large}
            if not large or len(names) < 2:
                continue
            for side, whole in enumerate((self.members, self.non_members)):
                rest = sum(known[name][side] for name in names if name not in large)
                missing = whole - sum(known[name][side] for name in names)
                rest += missing if 0 < missing < self.cell else 0
                out[large[0]][side] = self.size(known[large[0]][side] + rest)
        return out

    def count(self, n: Any) -> Any:
        """Return a count, or the words for a hidden one."""
        return self.few if isinstance(n, int) and 0 < n < self.cell else n

    def plain(self, found: Any) -> Any:
        """Return series or options with numbers at three decimals, and histograms without tails."""
        if isinstance(found, float):
            return round(found, RECIPIENT_DIGITS)
        if isinstance(found, list | tuple):
            return [self.plain(one) for one in found]
        if not isinstance(found, Mapping):
            return found
        if set(found) == {"edges", "train", "holdout"}:
            return {k: v if k == "edges" else self._bars(v) for k, v in found.items()}
        if set(found) == {"fpr", "tpr"}:
            return self._roc(found["fpr"], found["tpr"])
        return {key: self.plain(one) for key, one in found.items()}

    def bins(self, found: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return bins of people with rounded sizes and bounds, None if any side of one is small."""
        counts = {side: found[side] for side in SIDES}
        if min(n for sizes in counts.values() for n in sizes) < self.cell:
            return None
        ends = {end: _outward(found[end], up) for end, up in (("low", False), ("high", True))}
        sizes = {side: [self.size(n) for n in told] for side, told in counts.items()}
        return {**self.plain(found), **sizes, **ends}

    def _bars(self, counts: list[int | None]) -> list[int | None]:
        """Return a histogram from whose sum no hidden count follows."""
        shown = [None if n is None or n < self.cell else n for n in counts]
        large = [n for n in shown if n is not None]
        if shown.count(None) == 1 and large:
            shown[shown.index(min(large))] = None
        return [None if n is None else max(round(n / BAR) * BAR, self.cell) for n in shown]

    def _roc(self, fpr: list[float], tpr: list[float]) -> dict[str, list[float]]:
        """Return the curve from where as many people are passed as a cell must hold."""
        points = [
            (f, t)
            for f, t in zip(fpr, tpr, strict=True)
            if f == t == 0
            or (f * self.non_members >= self.cell and (t == 0 or t * self.members >= self.cell))
        ]
        return {
            "fpr": [round(f, RECIPIENT_DIGITS) for f, _ in points],
            "tpr": [round(t, RECIPIENT_DIGITS) for _, t in points],
        }


def _outward(numbers: Sequence[float], up: bool) -> list[float]:
    scale = 10**RECIPIENT_DIGITS
    towards = math.ceil if up else math.floor
    return [towards(round(number * scale, 6)) / scale for number in numbers]


def _family(name: str) -> str:
    """Return what groups that share out the same people have in common: column, or cut."""
    for pattern in (r"auc\[(.*)=#\d+\]", r"auc_exposure_\d+(_of_\d+)"):
        if found := re.fullmatch(pattern, name):
            return found[1]
    return name
