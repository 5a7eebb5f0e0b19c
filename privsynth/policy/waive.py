"""What becomes of waivers: which fail each one covers, and why another covers none."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privsynth.errors import nearest_name
from privsynth.evidence import Bundle
from privsynth.policy._base import Rule
from privsynth.policy.policy import Policy
from privsynth.policy.regression import SUFFIX
from privsynth.policy.verdict import Finding, WaiverUse
from privsynth.policy.waivers import Waiver, day

NO_LIMIT = 1e15
"""Beyond whatever a rule reads; findings hold no infinity."""


@dataclass(frozen=True)
class Case:
    """What is decided on: evidence, policy and its rules, and the day."""

    bundle: Bundle
    policy: Policy
    catalogue: Mapping[str, Rule]
    on: datetime.date

    def end(self, rule: str) -> tuple[float | None, bool]:
        """Return the careful end of what a finding is about, and whether more of it is better."""
        name = rule.removesuffix(SUFFIX)
        asked = self.policy.rule(name, self.catalogue)
        return asked.end(self.bundle, self.policy.rules[name]), asked.more

    def lacks(self, rule: str) -> str:
        """Return what a rule would still lack if it had no limit, "" if nothing.

        A leak that was measured may be accepted; attacks that did not run, groups that were not
        assessed and controls that were missed may not, and a fail must not hide them.
        """
        if rule.endswith(SUFFIX):
            return ""
        asked, parameters = self.policy.rule(rule, self.catalogue), self.policy.rules[rule]
        none = -NO_LIMIT if asked.more else NO_LIMIT
        loose = parameters.model_copy(update={asked.limit: none})
        found = asked.check(self.bundle, loose, self.policy.digest)
        return "" if found.status == "pass" else found.message


def apply(
    waivers: Sequence[Waiver], found: Sequence[Finding], case: Case
) -> tuple[tuple[Finding, ...], tuple[WaiverUse, ...]]:
    """Return the findings, covered fails with the id of their waiver, and what became of each.

    A waiver changes nothing but that: neither status nor words of a finding.
    """
    findings = {finding.rule: finding for finding in found}
    uses = []
    for waiver in waivers:
        use = _refused(waiver, findings, case) or _used(waiver, findings[waiver.rule], case)
        if use.state == "used":
            covered = findings[waiver.rule].model_copy(update={"waiver": waiver.id})
            findings[waiver.rule] = covered
        uses.append(use)
    return tuple(findings.values()), tuple(uses)


def _refused(waiver: Waiver, findings: dict[str, Finding], case: Case) -> WaiverUse | None:
    """Return why a waiver can cover nothing here, whatever the evidence says."""
    said = waiver.wrong()
    bundle, on = case.bundle, case.on
    synthetic = bundle.tables["synthetic"].digest if "synthetic" in bundle.tables else None
    finding = findings.get(waiver.rule)
    if said:
        pass
    elif waiver.dataset is not None and waiver.dataset != bundle.name:
        said = f"it is for the dataset {waiver.dataset!r}, and this is {bundle.name!r}"
    elif waiver.table is not None and waiver.table != synthetic:
        said = "it is for another synthetic table than this one"
    elif on < day(waiver.approved_at):
        said = f"it was approved on {waiver.approved_at}, after this decision on {on.isoformat()}"
    elif finding is None:
        hint = nearest_name(waiver.rule, list(findings))
        said = f"this policy has no rule {waiver.rule!r}{hint}"
    elif not finding.waivable or finding.hard:
        said = f"{waiver.rule} cannot be waived, by this policy or at all"
    return waiver.use("refused", said) if said else None


def _used(waiver: Waiver, finding: Finding, case: Case) -> WaiverUse:
    """Return what becomes of a waiver that is for this rule of this table."""
    rule, most = finding.rule, waiver.max_observed
    if case.on > day(waiver.expires):
        return waiver.use("expired", f"it expired on {waiver.expires}, and the rule counts again")
    if finding.waiver:
        return waiver.use("unused", f"{finding.waiver} covers {rule} already; remove one")
    if finding.status == "pass" or finding.severity != "block":
        why = "holds" if finding.status == "pass" else "only warns"
        return waiver.use("unused", f"{rule} {why} without it; remove the waiver")
    lacks = finding.message if finding.status == "inconclusive" else case.lacks(rule)
    end, more = case.end(rule)
    if lacks or end is None:
        message = (
            f"missing or undecided evidence cannot be waived: {lacks or 'no number was found'}"
        )
        return waiver.use("refused", message)
    if end < most if more else end > most:
        message = f"the careful end is {end:.4g}, and only {most:.4g} was accepted; the rule counts"
        return waiver.use("exceeded", f"{message} again")
    said, to = ("low", "down") if more else ("high", "up")
    message = f"{rule} may be as {said} as {end:.4g}, and {to} to {most:.4g} is accepted"
    return waiver.use("used", f"{message} until {waiver.expires}")
