"""The decision: every rule once, controls before statistics, hard fails before everything."""

import hashlib

from privsynth.evidence import Bundle, to_json
from privsynth.policy.policy import Policy, rule_catalogue
from privsynth.policy.verdict import Finding, Status, Verdict, overall


def decide(bundle: Bundle, policy: Policy) -> Verdict:
    """Return the verdict of a policy on the evidence; computes no statistics.

    A failed control takes away PASS and the statistical fails; a hard fail (verbatim copies,
    replayed identifiers) stands whatever the controls say (gate-statistics 4).
    """
    catalogue = rule_catalogue()
    findings = [
        catalogue[name].check(bundle, parameters, policy.digest)
        for name, parameters in policy.rules.items()
    ]
    if any(f.rule == "controls" and f.status != "pass" for f in findings):
        findings = [_without_controls(finding) for finding in findings]
    ordered = tuple(sorted(findings, key=_order))
    status = overall(ordered)
    before = bundle.policy.digest == policy.digest
    return Verdict(
        name=bundle.name,
        status=status,
        findings=ordered,
        policy_name=policy.name,
        policy_digest=policy.digest,
        policy_registered="before_scoring" if before else "after_scoring",
        evidence_digest=evidence_digest(bundle),
        headline=_sentence(status, ordered, policy.name),
    )


def evidence_digest(bundle: Bundle) -> str:
    """Return the SHA-256 of the evidence file that holds this bundle."""
    return "sha256:" + hashlib.sha256(to_json(bundle).encode()).hexdigest()


def _without_controls(finding: Finding) -> Finding:
    if finding.status != "fail" or finding.hard:
        return finding
    message = f"{finding.message}; not counted, because a control failed"
    return finding.model_copy(update={"status": "inconclusive", "message": message})


_RULES = (
    "worst_auc", "worst_tpr", "exposed_fifth", "subgroups", "attribute_advantage", "copies",
    "replay", "metadata_leak", "dcr_share", "holdout_units", "controls",
)  # fmt: skip


def _order(finding: Finding) -> tuple[int, str]:
    if finding.rule == "dp_claim" and (finding.status != "pass" or finding.observed is not None):
        return 2, ""  # a claim, or the lack of one that is asked for, is a question of page 1
    place = _RULES.index(finding.rule) if finding.rule in _RULES else len(_RULES)
    return place, finding.rule


def _sentence(status: Status, findings: tuple[Finding, ...], policy: str) -> str:
    failed = [f.rule for f in findings if f.status == "fail"]
    open_ = [f.rule for f in findings if f.status == "inconclusive"]
    if status == "pass":
        return f"Every rule of policy {policy} passes: no attack that was run reached its limits."
    if status == "fail":
        return f"Hold the table: policy {policy} fails at {', '.join(failed)}."
    what = ", ".join(open_) or "every rule that could pass a table"
    return f"Not decided: policy {policy} lacks evidence at {what}."
