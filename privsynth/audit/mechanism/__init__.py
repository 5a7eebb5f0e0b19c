"""Audits of a mechanism itself: many re-trainings on neighbouring tables against its claim."""

from privsynth.audit.mechanism.audit import audit_mechanism
from privsynth.audit.mechanism.result import DpAudit, OneRun, View, read_audit
from privsynth.audit.mechanism.runs import Mechanism

__all__ = ["DpAudit", "Mechanism", "OneRun", "View", "audit_mechanism", "read_audit"]
