"""Evidence and a policy into a verdict: pass, fail or inconclusive; it fails closed."""

from privsynth.policy.decide import decide, findings
from privsynth.policy.loading import from_document, load_policy
from privsynth.policy.policy import Policy, rule_catalogue
from privsynth.policy.presets import PRESETS, summaries
from privsynth.policy.verdict import Finding, Verdict, WaiverUse, evidence_digest
from privsynth.policy.waivers import Waiver, WaiverFile, expired_since, load_waivers

__all__ = [
    "PRESETS",
    "Finding",
    "Policy",
    "Verdict",
    "Waiver",
    "WaiverFile",
    "WaiverUse",
    "decide",
    "evidence_digest",
    "expired_since",
    "findings",
    "from_document",
    "load_policy",
    "load_waivers",
    "rule_catalogue",
    "summaries",
]
