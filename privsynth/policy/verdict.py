"""``verdict.json``: one finding a rule, and the decision that follows from them."""

import hashlib
from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from privsynth.evidence import CELL_LIMIT, Bundle, Model, recipient, to_json

Status = Literal["pass", "fail", "inconclusive"]
Decision = Literal["pass", "pass_with_waivers", "fail", "inconclusive"]
Severity = Literal["block", "warn", "info"]


class _Grown(Model):
    """A model that leaves out of its JSON what older files lack, where it is at its default.

    Older files are written again byte for byte.
    """

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields, found = type(self).model_fields, dump(self)
        return {
            key: value
            for key, value in found.items()
            if key not in _LATER or getattr(self, key) != fields[key].default
        }


_LATER = (
    "severity", "waivable", "waiver", "rationale", "waivers", "decided_on", "baseline"
)  # fmt: skip


class Finding(_Grown):
    """What one rule says about the evidence; ``limit`` and ``observed`` are what it compared."""

    rule: str
    title: str
    status: Status
    message: str
    probes: tuple[str, ...] = ()
    limit: float | None = None
    observed: float | None = None
    holds_when: Literal["below", "at most", "at least", ""] = Field(
        "", description="how the observed value must lie to the limit for the rule to hold"
    )
    quantity: str = Field("", description="a symbol for what is observed, such as p")
    hard: bool = Field(False, description="a hard fail stands whatever the controls say")
    fail_only: bool = Field(False, description="the rule can fail a release, never pass one")
    tolerates: str = Field("", description="what a table at the limit may still leak")
    source: str = "privsynth default; a convention, no legal basis"
    severity: Severity = Field("block", description="warn and info never hold a table back")
    waivable: bool = False
    waiver: str = Field("", description="the id of the waiver that covers this rule")
    rationale: str = ""


class WaiverUse(Model):
    """What became of one waiver: whether it covers a rule, and if not, why."""

    id: str
    rule: str
    state: Literal["used", "expired", "unused", "exceeded", "refused"]
    message: str
    requested_by: str
    approved_by: str
    expires: str = Field(description="a date, 2026-11-20")
    reason: str
    compensating_control: str
    approved_at: str = ""
    max_observed: float | None = None
    ticket: str = ""


class Baseline(Model):
    """The last release as rules with ``max_increase`` compared with it, so that they can again."""

    digest: str = Field(description="of its evidence, in the recipient's edition")
    name: str
    ends: dict[str, float] = Field(description="careful end of what each rule reads")
    fault: str = Field("", description="why nothing can be compared with it")
    notes: tuple[str, ...] = ()


class Verdict(_Grown):
    """The decision: pass only if every finding passes, fail if any fails, else inconclusive.

    Findings that only warn or inform are left out of it; a fail that a waiver covers turns a pass
    into ``pass_with_waivers``.
    """

    schema_version: Literal["1"] = "1"
    name: str
    status: Decision
    findings: tuple[Finding, ...]
    policy_name: str
    policy_digest: str
    policy_registered: Literal["before_scoring", "after_scoring"]
    evidence_digest: str = Field(description="of the recipient's evidence, which was decided on")
    cell_limit: int = Field(CELL_LIMIT, description="counts of people under it do not travel")
    headline: str = Field(description="the decision in one sentence")
    waivers: tuple[WaiverUse, ...] = ()
    decided_on: str = Field("", description="the day that waivers were judged at, if there are any")
    baseline: Baseline | None = None

    @model_validator(mode="after")
    def _follows(self) -> Self:
        if self.status != overall(self.findings):
            raise ValueError("the status does not follow from the findings")
        used = {(one.id, one.rule) for one in self.waivers if one.state == "used"}
        for finding in self.findings:
            if finding.waiver and (finding.waiver, finding.rule) not in used:
                raise ValueError(f"{finding.rule}: no used waiver is called {finding.waiver!r}")
        if self.waivers and not self.decided_on:
            raise ValueError("waivers were judged, and no day says when")
        return self

    @property
    def baseline_digest(self) -> str:
        """Digest of the last release's evidence, "" where nothing was compared with it."""
        return "" if self.baseline is None else self.baseline.digest

    def is_about(self, bundle: Bundle) -> bool:
        """Return whether this was decided on the evidence, in either of its editions."""
        return self.evidence_digest == evidence_digest(recipient(bundle, self.cell_limit))


def evidence_digest(bundle: Bundle) -> str:
    """Return the SHA-256 of the evidence file that holds this bundle."""
    return "sha256:" + hashlib.sha256(to_json(bundle).encode()).hexdigest()


def overall(findings: tuple[Finding, ...]) -> Decision:
    """Return the verdict of a conjunction: nothing is averaged, nothing missing ever passes.

    Only findings that block count. A waiver takes away a fail of a rule that may be waived, and
    nothing else.
    """
    counted = [finding for finding in findings if finding.severity == "block"]
    against = [f for f in counted if f.status != "pass" and not waived(f)]
    if any(f.status == "fail" for f in against):
        return "fail"
    if against or not any(f.status == "pass" and not f.fail_only for f in counted):
        return "inconclusive"
    return "pass_with_waivers" if any(waived(f) for f in counted) else "pass"


def waived(finding: Finding) -> bool:
    """Return whether a waiver covers the finding, as it only can where it may."""
    may = finding.waivable and not finding.hard
    return bool(finding.waiver) and may and finding.status == "fail"
