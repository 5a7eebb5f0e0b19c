"""Retries: trying until it passes is a leak too; the number of audits of one source is limited."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding
from privsynth.statistics import level


class Maximum(Parameters):
    """How many different synthetic tables of one source may be audited."""

    at_most: int = Field(5, ge=1)


def check(bundle: Bundle, maximum: Maximum, policy: str) -> Finding:
    """Return inconclusive once more tables than allowed were audited against one source."""
    number, alpha = bundle.audits.number, bundle.audits.alpha
    message = (
        f"this is synthetic table number {number} audited against this source; its bounds hold at "
        f"{1 - alpha:.1%} each; at most {maximum.at_most} are allowed"
    )
    strict = 0 < alpha <= level(number)
    if not strict:
        message += f"; bounds weaker than {1 - level(number):.1%} decide nothing at that number"
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if number <= maximum.at_most and strict else "inconclusive",
        message=message,
        limit=maximum.at_most,
        observed=number,
        holds_when="at most",
    )


rule = Rule(
    name="audits",
    home=__name__,
    title="Was it tried too often?",
    parameters=Maximum,
    check=check,
    mandatory=True,
)
