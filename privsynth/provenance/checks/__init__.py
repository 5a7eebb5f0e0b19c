"""What ``verify`` checks, one file a group of checks; each yields lines and changes nothing."""

from privsynth.provenance.checks._base import Check

__all__ = ["Check"]
