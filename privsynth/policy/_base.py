"""What a rule is: parameters that a policy sets, and one finding about the evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from privsynth.evidence import Bundle, Evidence
from privsynth.policy.verdict import Finding, Severity, Status
from privsynth.statistics import Estimate


class Parameters(BaseModel):
    """What a policy may set for a rule; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_switches(cls, raw: Any) -> Any:
        for key, field in cls.model_fields.items() if isinstance(raw, dict) else ():
            takes = (field.annotation, *get_args(field.annotation))
            if isinstance(raw.get(key), bool) and bool not in takes:
                raise ValueError(f"{key}: {str(raw[key]).lower()} is no number and no text")
        return raw


class Terms(Parameters):
    """What a policy may say of any rule, beside what is the rule's own."""

    severity: Severity = Field("block", description="warn and info never hold a table back")
    on_missing: Literal["block", "warn"] | None = Field(
        None, description="what missing evidence does; left out: what a fail does"
    )
    waivable: bool | None = Field(None, description="whether a waiver may cover a fail")
    source: str = Field("", description="where the limit comes from: law, guidance, house policy")
    rationale: str = Field("", description="why this limit here")
    max_increase: float | None = Field(
        None, ge=0, le=1, description="how much worse than the last release it may become"
    )


@dataclass(frozen=True)
class Rule:
    """One rule; ``check`` reads the evidence, computes no statistics and returns one finding.

    A ``mandatory`` rule guards the audit itself and belongs to every policy, asked for or not.
    ``membership`` and ``attribute`` mark the rules of which every policy needs one each.
    ``reads`` gives the estimate that is compared, which waivers and comparisons with the last
    release need; its careful end is the upper one, unless the rule asks for ``more``. ``limit``
    names the parameter that it is compared with, which a ``waivable`` rule needs.
    ``formula`` says what is compared and ``remedy`` what to do about a fail.
    """

    name: str
    home: str
    title: str
    parameters: type[Parameters]
    check: Callable[[Bundle, Any, str], Finding]
    mandatory: bool = False
    membership: bool = False
    attribute: bool = False
    waivable: bool = False
    reads: Callable[[Bundle, Any], Estimate | None] | None = None
    limit: str = ""
    more: bool = False
    formula: str = ""
    remedy: str = ""

    def end(self, bundle: Bundle, parameters: Any) -> float | None:
        """Return the careful end of what the rule reads, None where there is none."""
        found = self.reads(bundle, parameters) if self.reads else None
        if found is None:
            return None
        return found.low if self.more else found.high


def backed(finding: Finding, bundle: Bundle, planted: str) -> Finding:
    """Return the finding, a pass only if the positive control planted no larger leak.

    The control planted one at the limits of the registered policy; that the audit saw it says
    nothing about the smaller leaks of a stricter policy.
    """
    control = bundle.controls.get("positive")
    limit = control.series.get(planted) if control else None
    if finding.status != "pass" or finding.limit is None or limit is None:
        return finding
    if float(limit) <= finding.limit + 1e-9:
        return finding
    message = (
        f"{finding.message}; but the positive control planted a leak at the looser limit "
        f"{limit:g}: audit again with this policy"
    )
    return finding.model_copy(update={"status": "inconclusive", "message": message})


def below(
    rule: Rule, estimate: Estimate | None, limit: float, probes: tuple[str, ...], what: str,
    tolerates: str,
) -> Finding:  # fmt: skip
    """Return the finding of "the upper bound lies below the limit" (gate-statistics 4)."""
    if estimate is None:
        return Finding(
            rule=rule.name, title=rule.title, status="inconclusive", limit=limit, probes=probes,
            holds_when="below",
            message=f"{what} was not measured: see the reasons at the attacks", tolerates=tolerates,
        )  # fmt: skip
    status: Status
    says = f"{what} is {estimate.value:.4f}"
    if estimate.low >= limit:
        status = "fail"
        says += f"; its lower bound {estimate.low:.4f} reaches the limit {limit:g}"
    elif estimate.high < limit:
        status = "pass"
        says += f"; its upper bound {estimate.high:.4f} is below the limit {limit:g}"
    else:
        status = "inconclusive"
        says += (
            f"; its interval from {estimate.low:.4f} to {estimate.high:.4f} holds the limit "
            f"{limit:g}: a larger holdout, or a smaller leak, would decide"
        )
    return Finding(
        rule=rule.name,
        title=rule.title,
        status=status,
        message=says,
        probes=probes,
        limit=limit,
        observed=estimate.low if status == "fail" else estimate.high,
        holds_when="below",
        tolerates=tolerates,
    )


def corrected(estimate: Estimate | None) -> Estimate | None:
    """Return the estimate with the lower bound that is corrected over everything tried."""
    if estimate is None or estimate.adjusted_low is None:
        return estimate
    return estimate.model_copy(update={"low": min(estimate.low, estimate.adjusted_low)})


def reason(probe: Evidence | None) -> str:
    """Return why a probe has no estimate."""
    if probe is None:
        return "it is not in the evidence; audit again"
    return probe.not_run or "its estimate is not in the evidence; audit again"


def said(p: float) -> str:
    """Return a p-value in words; the smallest that leaves the house is 0.0001."""
    return "exact p ≤ 0.0001" if p <= 1e-4 else f"exact p = {p:.4f}"
