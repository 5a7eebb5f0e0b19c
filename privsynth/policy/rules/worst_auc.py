"""Worst AUC over all membership attacks: its upper bound must lie below the limit."""

from pydantic import Field

from privsynth import attacks
from privsynth.attacks import base_name
from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, backed, below
from privsynth.policy.verdict import Finding


def required() -> tuple[str, ...]:
    """Return the attacks that must have run: all that are catalogued and not optional."""
    found = attacks.catalogue().values()
    return tuple(sorted(one.name for one in found if not getattr(one, "optional", False)))


class Limit(Parameters):
    """The largest AUC that may not be excluded, and the attacks that must have run."""

    below: float = Field(gt=0.5, le=1.0)
    attacks: tuple[str, ...] = Field(default_factory=required)


def check(bundle: Bundle, limit: Limit, policy: str) -> Finding:
    """Return pass if no attack's upper bound reaches the limit and every required one ran."""
    entry = bundle.headline.get("auc")
    ran = {base_name(p.id) for p in bundle.probes if p.kind == "attack" and p.estimates}
    missing = [name for name in limit.attacks if name not in ran]
    finding = below(
        rule,
        entry.estimate if entry else None,
        limit.below,
        (entry.attack,) if entry else (),
        "the worst AUC over all attacks",
        f"verbatim copies of {2 * limit.below - 1:.0%} of the members",
    )
    if missing and finding.status == "pass":
        message = f"required attacks did not run: {', '.join(missing)}"
        return finding.model_copy(update={"status": "inconclusive", "message": message})
    return backed(finding, bundle, "limit_auc")


rule = Rule(
    name="worst_auc",
    home=__name__,
    title="Can any attack tell members from others?",
    parameters=Limit,
    check=check,
    membership=True,
)
