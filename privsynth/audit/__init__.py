"""Runs every probe on one candidate, turns scores into estimates, and checks itself."""

from privsynth.audit.audit import Request, audit
from privsynth.audit.controls import Limits

__all__ = ["Limits", "Request", "audit"]
