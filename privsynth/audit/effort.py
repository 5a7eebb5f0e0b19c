"""What an audit will take, told before it begins, and how far it is."""

import os
import re
from collections.abc import Sized

from privsynth.audit.plant import Limits
from privsynth.errors import InputError
from privsynth.neighbours import cost
from privsynth.progress import Progress

DEPTH = 50
"""Neighbours of each target found in the released and reference rows, once, for every attack."""
FIXED = 480_000_000
"""Bytes that permutations, joint counts and libraries take whatever the tables' size."""
PER_ROW = 3700
"""Bytes a row for its encodings, scores, ranks, keys and the blind baseline's features."""
PER_LIST = 900
"""Bytes a target and searched table for its nearest rows in every encoding."""
ENCODINGS = 4
SEARCHED = 7
"""Tables that targets are searched in: released rows, two halves of the reference, planted rows."""
SLOWER = 1.2
"""What attacks, permutations and models take on top of comparing records, as a factor."""


def foretell(
    tables: tuple[Sized | None, Sized | None, Sized | None, Sized | None],
    columns: int,
    limits: Limits,
    *,
    quick: bool = False,
) -> cost.Cost:
    """Return pairs, seconds and bytes of an audit: rough, and rather too much.

    ``tables`` are train, synthetic, holdout and reference, or anything as long as they are; without
    a reference half of the holdout is to serve as one. Pairs: targets against released, reference
    and planted rows, in every encoding; released rows against targets, once for distances and once
    for ties, and against equal sides; reference rows against each other.
    """
    train, synthetic, holdout, reference = (0 if t is None else len(t) for t in tables)
    counted = holdout if reference else holdout - holdout // 2
    reference = reference or holdout // 2
    targets = train + counted
    planted = (2 * limits.auc - 1) * train
    ways = 1 if quick else ENCODINGS
    pairs = targets * (ways * (synthetic + reference + planted) + 2 * synthetic)
    pairs += synthetic * counted + reference**2
    search = cost.cost(targets, max(synthetic, reference, 1), columns, DEPTH, os.cpu_count() or 1)
    rows = targets + reference + synthetic
    seconds = SLOWER * search.seconds * pairs / max(search.pairs, 1)
    memory = search.memory + FIXED + PER_ROW * rows + PER_LIST * SEARCHED * targets
    return cost.Cost(int(pairs), seconds, memory)


def in_bytes(text: str | None) -> int | None:
    """Return a size such as ``800MB`` or ``2GB`` in bytes."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?", text.strip(), re.I)
    if not found or float(found[1]) <= 0:
        raise InputError(f"--max-memory takes a size such as 800MB or 2GB, not {text!r}")
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2].lower() or " "))


def check_memory(needed: cost.Cost, max_memory: int | None) -> None:
    """Refuse an audit that needs more than ``max_memory`` bytes, or than the machine has."""
    allowed = physical_memory() if max_memory is None else max_memory
    if allowed is not None and needed.memory > allowed:
        raise cost.too_large("this audit", needed, allowed, "use fewer rows or a larger machine")


def physical_memory() -> int | None:
    """Return the machine's memory in bytes, None where it is not told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


class Meter:
    """Pairs of records compared so far against all that will be, as progress from 0.05 to 0.95."""

    def __init__(self, pairs: int, progress: Progress) -> None:
        self.progress, self.done, self.compared, self.pairs = progress, 0.05, 0, max(pairs, 1)

    def add(self, pairs: int) -> None:
        """Count pairs and report."""
        self.compared += pairs
        self.done = min(0.05 + 0.9 * self.compared / self.pairs, 0.95)
        self.progress("comparing records", self.done)
