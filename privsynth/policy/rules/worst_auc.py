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
    """The largest AUC that may not be excluded, and the attacks that must have run.

    An attack may be named with the version that must have run, ``dcr@1``; else any will do.
    """

    below: float = Field(gt=0.5, le=1.0)
    attacks: tuple[str, ...] = Field(default_factory=required)


def check(bundle: Bundle, limit: Limit, policy: str) -> Finding:
    """Return pass if no attack's upper bound reaches the limit and every required one ran."""
    entry = bundle.headline.get("auc")
    missing = lacking(bundle, limit.attacks)
    finding = below(
        rule,
        entry.estimate if entry else None,
        limit.below,
        (entry.attack,) if entry else (),
        "the worst AUC over all attacks",
        f"verbatim copies of {2 * limit.below - 1:.0%} of the members",
    )
    if missing and finding.status == "pass":
        return finding.model_copy(update={"status": "inconclusive", "message": missing})
    return backed(finding, bundle, "limit_auc")


def lacking(bundle: Bundle, names: tuple[str, ...]) -> str:
    """Return which of the attacks did not run, or in a version not asked for; "" if all did."""
    versions: dict[str, set[str]] = {}
    for probe in bundle.probes:
        if probe.kind == "attack" and probe.estimates:
            versions.setdefault(base_name(probe.id), set()).add(probe.version)
    split = [(name.partition("@")[0], name.partition("@")[2]) for name in names]
    absent = [name for name, _ in split if name not in versions]
    parts = [f"required attacks did not run: {', '.join(absent)}"] if absent else []
    for name, version in split:
        if version and name in versions and versions[name] != {version}:
            ran = ", ".join(sorted(versions[name] - {version}))
            parts.append(f"{name} ran in version {ran}, and the policy knows version {version}")
    return "; ".join(parts)


rule = Rule(
    name="worst_auc",
    home=__name__,
    title="Can any attack tell members from others?",
    parameters=Limit,
    check=check,
    membership=True,
    waivable=True,
    limit="below",
    reads=lambda bundle, limit: entry.estimate if (entry := bundle.headline.get("auc")) else None,
    formula="the upper bound of the largest AUC over all attacks, encodings and groups < below; "
    "a fail: its lower bound, corrected over everything tried, >= below",
    remedy="find the attack in section 6 of the report; train on more rows, for fewer rounds "
    "or with less capacity, leave out columns that name people, or fit with differential privacy; "
    "then make and audit another table (it counts as a further try)",
)
