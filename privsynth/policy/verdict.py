"""``verdict.json``: one finding a rule, and the decision that follows from them."""

from typing import Literal, Self

from pydantic import Field, model_validator

from privsynth.evidence import Model

Status = Literal["pass", "fail", "inconclusive"]


class Finding(Model):
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


class Verdict(Model):
    """The decision: pass only if every finding passes, fail if any fails, else inconclusive."""

    schema_version: Literal["1"] = "1"
    name: str
    status: Status
    findings: tuple[Finding, ...]
    policy_name: str
    policy_digest: str
    policy_registered: Literal["before_scoring", "after_scoring"]
    evidence_digest: str
    headline: str = Field(description="the decision in one sentence")

    @model_validator(mode="after")
    def _follows(self) -> Self:
        if self.status != overall(self.findings):
            raise ValueError("the status does not follow from the findings")
        return self


def overall(findings: tuple[Finding, ...]) -> Status:
    """Return the verdict of a conjunction: nothing is averaged, nothing missing ever passes."""
    statuses = {finding.status for finding in findings}
    if "fail" in statuses:
        return "fail"
    if statuses == {"pass"} and any(not finding.fail_only for finding in findings):
        return "pass"
    return "inconclusive"
