"""Warnings about a policy or waivers that are legal: looser than a preset, never to be passed."""

import datetime
import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

from privsynth import attacks, measures
from privsynth.policy.comparison import HEADLINE, Comparison
from privsynth.policy.loading import load_policy
from privsynth.policy.policy import Policy
from privsynth.policy.presets import PRESETS
from privsynth.policy.waivers import Waiver, day
from privsynth.statistics import level

LARGER_IS_LOOSER = ("below", "excess_above", "at_most", "epsilon_at_most")
SMALLER_IS_LOOSER = ("at_least", "p_below")
OTHER_PROBES = (
    HEADLINE, "exposed", "subgroups", "blind_baseline", "negative", "positive", "other_seeds",
)  # fmt: skip
"""What evidence holds beside attacks and measures."""
SOON = 14
"""Days before its end from which a waiver is warned of."""
BLANK = {"NAME", "ANOTHER NAME"}
"""What stands for names in the file of ``privsynth policy init``."""


def policy_warnings(policy: Policy, extends: str = "") -> tuple[str, ...]:
    """Return what a reader should know of a policy, a sentence each.

    ``extends`` is the preset that it is compared with, ``internal`` (the loosest) without one.
    """
    base = load_policy(extends or "preset:internal")
    return (*_looser(policy, base), *_power(policy), *_own(policy))


def waiver_warnings(waivers: tuple[Waiver, ...], today: datetime.date) -> tuple[str, ...]:
    """Return which waivers cover nothing today, or will not for long, a sentence each."""
    found = []
    for waiver in waivers:
        left = (day(waiver.expires) - today).days
        wrong = waiver.wrong()
        if not wrong and BLANK & {waiver.dataset, waiver.requested_by, waiver.approved_by}:
            wrong = "names are still to be filled in"
        if not wrong and left < 0:
            wrong = f"it expired on {waiver.expires}; renew it by a new decision, or remove it"
        if not wrong and left <= SOON:
            wrong = f"it expires on {waiver.expires}, in {left} days"
        if not wrong and today < day(waiver.approved_at):
            wrong = f"it holds only from {waiver.approved_at} on"
        if wrong:
            found.append(f"waiver {waiver.id}: {wrong}")
    return tuple(found)


def _looser(policy: Policy, base: Policy) -> Iterator[str]:
    for name, expected in base.rules.items():
        if name not in policy.rules:
            yield f"{name}: {base.name} asks for it, and this policy does not"
            continue
        ours, theirs = policy.rules[name].model_dump(), expected.model_dump()
        for key, limit in theirs.items():
            if _is_looser(key, ours[key], limit):
                both = f"{_shown(ours[key])} is looser than {_shown(limit)}"
                yield f"{name}.{key}: {both} of {base.name}"
        if policy.terms_of(name).severity != "block":
            yield f"{name}: only {policy.terms_of(name).severity}, and {base.name} blocks"
    if policy.cell_limit < base.cell_limit:
        both = f"{policy.cell_limit} shows smaller counts than {base.cell_limit}"
        yield f"cell_limit: {both} of {base.name}"


def _is_looser(key: str, ours: Any, theirs: Any) -> bool:
    if key == "attacks":
        return not set(theirs) <= {name.partition("@")[0] for name in ours}
    if key == "required":
        return bool(theirs) and not ours
    if theirs is None or ours is None:
        return theirs is not None
    if key in LARGER_IS_LOOSER:
        return bool(ours > theirs)
    return key in SMALLER_IS_LOOSER and bool(ours < theirs)


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(value)
    return "no limit" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _power(policy: Policy) -> Iterator[str]:
    """Yield limits that a table without any leak cannot pass with the people that are asked for."""
    alpha = level(1)
    others = getattr(policy.rules.get("holdout_units"), "at_least", 0)
    members = getattr(policy.rules.get("member_units"), "at_least", 0) or math.inf
    auc, tpr = policy.rules.get("worst_auc"), policy.rules.get("worst_tpr")
    if not others:
        yield "holdout_units: no number of people is asked for, so nobody knows if it can pass"
        return
    share = 0.0 if members == math.inf else others / members
    best = 0.5 + NormalDist().inv_cdf(1 - alpha) * math.sqrt((1 + share) / (12 * others))
    if auc is not None and best >= auc.below:  # type: ignore[attr-defined]
        yield (
            f"worst_auc.below: with {others:,} holdout units a table without any leak has an upper "
            f"bound of {best:.3f} or more, so {auc.below:g} cannot be shown"  # type: ignore[attr-defined]
        )
    needed = math.ceil(math.log(alpha / 2) / math.log(0.99))
    if tpr is not None and others < needed:
        yield (
            f"worst_tpr.below: with {others:,} holdout units no bound can be given; at least "
            f"{needed:,} are needed"
        )


def _own(policy: Policy) -> Iterator[str]:
    known = {*attacks.catalogue(), *measures.catalogue(), *OTHER_PROBES}
    for name in policy.rules:
        own, terms = policy.rules[name], policy.terms_of(name)
        if not isinstance(own, Comparison):
            continue
        probe = own.probe.rpartition(":")[2].partition("@")[0]
        if probe not in known:
            yield f"{name}.probe: nothing that is installed here is called {own.probe!r}"
        if not terms.source:
            yield f"{name}.source: say where the limit comes from"
    for asked in policy.required_attacks:
        attack, _, version = asked.partition("@")
        found = attacks.catalogue().get(attack)
        if version and found is not None and found.version != version:
            yield f"worst_auc.attacks: {attack} is version {found.version} here, not {version}"


def extended(document: dict[str, Any]) -> str:
    """Return the preset that a policy file extends, "" without one."""
    name = document.get("extends")
    known = {*PRESETS, *(full.partition("@")[0] for full in PRESETS)}
    found = str(name or "").removeprefix("preset:")
    return f"preset:{found}" if found in known else ""
