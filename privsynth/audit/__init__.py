"""Runs every probe on one candidate, turns scores into estimates, and checks itself."""

from privsynth.audit.also import Also, check_also, check_counted, rows_of
from privsynth.audit.audit import Request, audit, expected_effort
from privsynth.audit.effort import check_memory, foretell, in_bytes
from privsynth.audit.plant import Limits

__all__ = [
    "Also",
    "Limits",
    "Request",
    "audit",
    "check_also",
    "check_counted",
    "check_memory",
    "expected_effort",
    "foretell",
    "in_bytes",
    "rows_of",
]
