"""One file a format that a verdict is written in, for people and for the systems that build."""

import sys
from typing import Any

from privsynth import registry
from privsynth.policy.outputs._base import Context, Output, State, cautions
from privsynth.policy.outputs._lines import rule_lines

__all__ = ["Context", "Output", "State", "catalogue", "cautions", "rule_lines"]


def catalogue() -> dict[str, Any]:
    """Return every output by name: the files of this folder and the installed entry points."""
    return registry.catalogue(sys.modules[__name__], "output")
