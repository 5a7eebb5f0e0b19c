"""What a rule is: parameters that a policy sets, and one finding about the evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from privsynth.evidence import Bundle
from privsynth.policy.verdict import Finding, Status
from privsynth.statistics import Estimate


class Parameters(BaseModel):
    """What a policy may set for a rule; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Rule:
    """One rule; ``check`` reads the evidence, computes no statistics and returns one finding.

    A ``mandatory`` rule guards the audit itself and belongs to every policy, asked for or not.
    ``membership`` marks the rules of which every policy needs one.
    """

    name: str
    home: str
    title: str
    parameters: type[Parameters]
    check: Callable[[Bundle, Any, str], Finding]
    mandatory: bool = False
    membership: bool = False


def below(
    rule: Rule, estimate: Estimate | None, limit: float, probes: tuple[str, ...], what: str,
    tolerates: str,
) -> Finding:  # fmt: skip
    """Return the finding of "the upper bound lies below the limit" (gate-statistics 4)."""
    if estimate is None:
        return Finding(
            rule=rule.name, title=rule.title, status="inconclusive", limit=limit, probes=probes,
            message=f"{what} was not measured: see the reasons at the attacks", tolerates=tolerates,
        )  # fmt: skip
    status: Status
    says = f"{what} is {estimate.value:.4g}"
    if estimate.low >= limit:
        status = "fail"
        says += f"; its lower bound {estimate.low:.4g} reaches the limit {limit:g}"
    elif estimate.high < limit:
        status = "pass"
        says += f"; its upper bound {estimate.high:.4g} is below the limit {limit:g}"
    else:
        status = "inconclusive"
        says += (
            f"; its interval from {estimate.low:.4g} to {estimate.high:.4g} holds the limit "
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
        tolerates=tolerates,
    )
