"""Measures describe a table beside what a clean one would give; DCR may fail, never pass one."""

import sys
from typing import Any

from privsynth import registry
from privsynth.measures._base import Found, Material, Measure

__all__ = ["Found", "Material", "Measure", "catalogue"]


def catalogue() -> dict[str, Any]:
    """Return every measure by name: the files of this folder and the installed entry points."""
    return registry.catalogue(sys.modules[__name__], "measure")
