"""The decision: every rule once, controls before statistics, hard fails before everything."""

import datetime
from collections.abc import Mapping, Sequence

from privsynth.evidence import Bundle, recipient
from privsynth.policy._base import Rule
from privsynth.policy.policy import Policy, rule_catalogue
from privsynth.policy.regression import SUFFIX, baseline, regressions
from privsynth.policy.verdict import (
    Baseline,
    Decision,
    Finding,
    Verdict,
    WaiverUse,
    evidence_digest,
    overall,
)
from privsynth.policy.waive import Case, apply
from privsynth.policy.waivers import Waiver


def decide(
    bundle: Bundle, policy: Policy, *, waivers: Sequence[Waiver] = (),
    last: Bundle | Baseline | None = None, on: datetime.date | None = None,
) -> Verdict:  # fmt: skip
    """Return the verdict of a policy on the recipient's evidence; computes no statistics.

    Both editions of one evidence give the same verdict: what is decided on is what travels, so
    that whoever receives it can decide again. Rounding outward turns a pass or a fail into an
    inconclusive at most. ``last`` is the evidence of the last release, or what an earlier verdict
    kept of it. Waivers are judged at the day ``on``, which they need (``ValueError``).
    """
    if waivers and on is None:
        raise ValueError("waivers are judged at a day")
    travels, catalogue = recipient(bundle, policy.cell_limit), rule_catalogue()
    before = baseline(last, travels, policy, catalogue) if isinstance(last, Bundle) else last
    found = findings(travels, policy, before, catalogue)
    uses: tuple[WaiverUse, ...] = ()
    if waivers and on is not None:
        found, uses = apply(waivers, found, Case(travels, policy, catalogue, on))
    status = overall(found)
    registered = bundle.policy.digest == policy.digest
    return Verdict(
        name=bundle.name,
        status=status,
        findings=found,
        policy_name=policy.name,
        policy_digest=policy.digest,
        policy_registered="before_scoring" if registered else "after_scoring",
        evidence_digest=evidence_digest(travels),
        cell_limit=policy.cell_limit,
        headline=_sentence(status, found, policy.name),
        waivers=uses,
        decided_on=on.isoformat() if uses and on is not None else "",
        baseline=before,
    )


def findings(
    bundle: Bundle, policy: Policy, last: Baseline | None = None,
    catalogue: Mapping[str, Rule] | None = None,
) -> tuple[Finding, ...]:  # fmt: skip
    """Return what each rule says of exactly this evidence, in the order of the report.

    A failed control takes away PASS and the statistical fails; a hard fail (verbatim copies,
    replayed identifiers) stands whatever the controls say (gate-statistics 4).
    """
    catalogue = rule_catalogue() if catalogue is None else catalogue
    digest, found = policy.digest, []
    for name, parameters in policy.rules.items():
        rule = policy.rule(name, catalogue)
        found.append(_under(policy, rule, rule.check(bundle, parameters, digest)))
    for finding in regressions(bundle, policy, catalogue, last):
        rule = policy.rule(finding.rule.removesuffix(SUFFIX), catalogue)
        found.append(_under(policy, rule, finding))
    if any(f.rule == "controls" and f.status != "pass" for f in found):
        found = [_without_controls(finding) for finding in found]
    return tuple(sorted(found, key=_order))


def _under(policy: Policy, rule: Rule, finding: Finding) -> Finding:
    """Return a finding with what the policy says of its rule."""
    terms = policy.terms_of(rule.name)
    severity, missing = terms.severity, terms.on_missing
    if finding.status == "inconclusive" and finding.observed is None and missing is not None:
        severity = missing
    return finding.model_copy(
        update={
            "severity": severity,
            "waivable": rule.waivable and terms.waivable is not False,
            "source": terms.source or finding.source,
            "rationale": terms.rationale,
        }
    )


def _without_controls(finding: Finding) -> Finding:
    if finding.status != "fail" or finding.hard:
        return finding
    message = f"{finding.message}; not counted, because a control failed"
    return finding.model_copy(update={"status": "inconclusive", "message": message})


_RULES = (
    "worst_auc", "worst_tpr", "exposed_fifth", "subgroups", "attribute_advantage", "copies",
    "replay", "metadata_leak", "dcr_share", "holdout_units", "member_units", "controls",
)  # fmt: skip


def _order(finding: Finding) -> tuple[int, str]:
    if finding.rule == "dp_claim" and (finding.status != "pass" or finding.observed is not None):
        return 2, ""  # a claim, or the lack of one that is asked for, is a question of page 1
    name = finding.rule.removesuffix(SUFFIX)
    place = _RULES.index(name) if name in _RULES else len(_RULES)
    return place, finding.rule


def _sentence(status: Decision, found: Sequence[Finding], policy: str) -> str:
    failed, open_ = (
        [f.rule for f in found if f.status == one and f.severity == "block" and not f.waiver]
        for one in ("fail", "inconclusive")
    )
    softer = [f.rule for f in found if f.status != "pass" and f.severity != "block"]
    if status == "pass" and softer:
        return f"Every rule that blocks in policy {policy} passes; not met: {', '.join(softer)}."
    if status == "pass":
        return f"Every rule of policy {policy} passes: no attack that was run reached its limits."
    if status == "pass_with_waivers":
        rules = ", ".join(f.rule for f in found if f.waiver)
        return f"Policy {policy} fails at {rules}, which waivers accept for now; the rest passes."
    if status == "fail":
        return f"Hold the table: policy {policy} fails at {', '.join(failed)}."
    what = ", ".join(open_) or "every rule that could pass a table"
    return f"Not decided: policy {policy} lacks evidence at {what}."
