"""Runs every probe on one candidate, turns scores into estimates, and checks itself."""

from privsynth.audit.audit import Request, audit, expected_effort
from privsynth.audit.controls import Limits
from privsynth.audit.effort import check_memory, foretell, in_bytes

__all__ = [
    "Limits",
    "Request",
    "audit",
    "check_memory",
    "expected_effort",
    "foretell",
    "in_bytes",
]
