"""Attacks turn targets into scores, and nothing else; ``statistics`` turns scores into evidence."""

import sys
from typing import Any

from privsynth import registry
from privsynth.attacks._base import (
    TABLE_ONLY,
    WITH_REFERENCE,
    Attack,
    AttackerView,
    base_name,
    score_all,
)
from privsynth.attacks._near import log_distance
from privsynth.neighbours import FREQ, GOWER, RANK, STD

__all__ = [
    "FREQ",
    "GOWER",
    "RANK",
    "STD",
    "TABLE_ONLY",
    "WITH_REFERENCE",
    "Attack",
    "AttackerView",
    "base_name",
    "catalogue",
    "log_distance",
    "score_all",
]


def catalogue() -> dict[str, Any]:
    """Return every attack by name: the files of this folder and the installed entry points."""
    return registry.catalogue(sys.modules[__name__], "attack")
