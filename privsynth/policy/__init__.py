"""Evidence and a policy into a verdict: pass, fail or inconclusive; it fails closed."""

from privsynth.policy.decide import decide, evidence_digest
from privsynth.policy.policy import Policy, from_document, load_policy, rule_catalogue
from privsynth.policy.presets import PRESETS, summaries
from privsynth.policy.verdict import Finding, Verdict

__all__ = [
    "PRESETS",
    "Finding",
    "Policy",
    "Verdict",
    "decide",
    "evidence_digest",
    "from_document",
    "load_policy",
    "rule_catalogue",
    "summaries",
]
