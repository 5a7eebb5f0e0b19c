"""Generators of synthetic tables: one file each, found by being there or by an entry point."""

import sys
from typing import Any

from privsynth.registry import catalogue as _catalogue
from privsynth.synthesizers._base import Candidate, Fitted, Synthesizer, generate, settle
from privsynth.synthesizers._command import command_synthesizer
from privsynth.synthesizers._private import Privacy, Recipe, generate_private

__all__ = [
    "Candidate",
    "Fitted",
    "Privacy",
    "Recipe",
    "Synthesizer",
    "catalogue",
    "command_synthesizer",
    "generate",
    "generate_private",
    "settle",
]


def catalogue() -> dict[str, Any]:
    """Return every synthesizer by name: the files of this room, then entry points."""
    return _catalogue(sys.modules[__name__], "synthesizer")
