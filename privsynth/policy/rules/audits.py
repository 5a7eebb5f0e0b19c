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
    """Return inconclusive once more tables than allowed were audited against one source.

    Also where a table that was released before is not in the audit, or was made from other rows.
    """
    number, alpha = bundle.audits.number, bundle.audits.alpha
    message = (
        f"this is synthetic table number {number} audited against this source; its bounds hold at "
        f"{1 - alpha:.1%} each; at most {maximum.at_most} are allowed"
    )
    strict = 0 < alpha <= level(number)
    if not strict:
        message += f"; bounds weaker than {1 - level(number):.1%} decide nothing at that number"
    apart = _apart(bundle)
    message += "".join(f"; {one}" for one in apart)
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if number <= maximum.at_most and strict and not apart else "inconclusive",
        message=message,
        limit=maximum.at_most,
        observed=number,
        holds_when="at most",
    )


def _apart(bundle: Bundle) -> list[str]:
    """Return why the union of all releases was not attacked (gate-statistics 8)."""
    told = []
    if bundle.audits.unjoined:
        told.append(
            f"released before: {bundle.audits.released_before} tables of this source, of which "
            f"{bundle.audits.unjoined} are not in this audit; audit their union with --also"
        )
    for one in bundle.also or ():
        if one.same_rows is False:
            told.append(
                f"{one.name} was made from other rows: divide the source as that release "
                "did, or its people stand among the non-members"
            )
    return told


rule = Rule(
    name="audits",
    home=__name__,
    title="Was it tried too often?",
    parameters=Maximum,
    check=check,
    mandatory=True,
    formula="number of different synthetic tables audited against this source <= at_most, each at "
    "the level 0.05 * 6 / (pi^2 * k^2) or stricter; every earlier release attacked with it",
    remedy="stop trying: what passes after many tries passes by chance; give earlier "
    "releases with --also",
)
