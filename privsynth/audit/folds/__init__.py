"""Audits of a mechanism: K tables made as the released one was, each without some people."""

from privsynth.audit.folds.audit import FoldRequest, audit_folds, check_folds, foretell_folds

__all__ = ["FoldRequest", "audit_folds", "check_folds", "foretell_folds"]
