"""Policies from YAML, presets and registered documents; what cannot be enforced is refused."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from privsynth import attacks
from privsynth.errors import InputError, PolicyError, nearest_name
from privsynth.policy._base import Parameters, Rule, Terms
from privsynth.policy.comparison import Comparison
from privsynth.policy.policy import Policy, PolicyFile, rule_catalogue
from privsynth.policy.presets import PRESETS
from privsynth.tables.schema import from_yaml, validated

OWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
TAKEN = ("decision",)
"""Names that outputs give to what is no rule."""
_TERMS = tuple(Terms.model_fields)
_VERSION = re.compile(r"\d[\w.]*")


def load_policy(text: str | Path) -> Policy:
    """Return the policy in a YAML file, or ``preset:NAME``; ``InputError`` says what is wrong."""
    if str(text).startswith("preset:"):
        return build(PolicyFile(extends=str(text)), str(text))
    path, where = Path(text), f"policy file {text}"
    if not path.exists() and str(text).partition("@")[0] in _short_names():
        raise InputError(f"{where} does not exist; the preset of that name is preset:{text}")
    file = from_yaml(PolicyFile, path, "policy")
    policy = _named_apart(file, _effective(file, where), where)
    _check_blocking(policy, where)
    return policy


def from_document(document: dict[str, Any], where: str) -> Policy:
    """Return the policy that was registered in evidence or kept in a release."""
    return build(validated(PolicyFile, document, where), where)


def preset(name: str, where: str = "") -> tuple[str, dict[str, Any]]:
    """Return a preset's full name and content; ``internal`` is its newest version."""
    short = name.removeprefix("preset:")
    for full, content in PRESETS.items():
        if short in (full, full.partition("@")[0]):
            return full, content
    known = _short_names()
    place = "" if where in ("", name) else f"{where}: extends: "
    raise InputError(f"{place}unknown preset {short!r}{nearest_name(short, known)}")


def _short_names() -> list[str]:
    return [full.partition("@")[0] for full in PRESETS]


def _named_apart(file: PolicyFile, policy: Policy, where: str) -> Policy:
    """Return the policy of a file under a name that no reader takes for an unchanged preset."""
    for asked in policy.required_attacks:
        name, at, version = asked.partition("@")
        if name not in attacks.catalogue() or (at and not _VERSION.fullmatch(version)):
            hint = nearest_name(asked, list(attacks.catalogue()))
            raise PolicyError(f"{where}: rules.worst_auc.attacks: unknown attack {asked!r}{hint}")
    if policy.name not in PRESETS:
        return policy
    frozen = _effective(PolicyFile(extends=f"preset:{policy.name}"), where)
    if replace(policy, rationale=frozen.rationale) == frozen:
        return policy
    if file.name:
        raise PolicyError(f"{where}: name: {file.name!r} is a preset, and this policy differs")
    return replace(policy, name=f"{policy.name}, changed")


def build(file: PolicyFile, where: str) -> Policy:
    """Return the effective policy of a file; ``PolicyError`` for one that could not be enforced."""
    policy = _effective(file, where)
    _check_blocking(policy, where)
    return policy


def _effective(file: PolicyFile, where: str) -> Policy:
    name, rationale = file.name, file.rationale
    wanted: dict[str, dict[str, Any] | None] = {}
    if file.extends is not None:
        if not file.extends.startswith("preset:"):
            raise PolicyError(f"{where}: extends must name a preset, such as preset:partner")
        full, content = preset(file.extends, where)
        wanted |= content["rules"]
        name, rationale = name or full, rationale or f"for {content['rationale']}"
    elif not file.rules:
        raise PolicyError(
            f"{where}: no rules, and no membership rule above all: it decides nothing"
        )
    for rule_name, values in _asked(file, where).items():
        wanted[rule_name] = None if values is None else {**(wanted.get(rule_name) or {}), **values}
    catalogue = rule_catalogue()
    _check_names(wanted, catalogue, where)
    chosen: dict[str, Parameters] = {}
    terms: dict[str, Terms] = {}
    for rule_name in (*catalogue, *(one for one in wanted if one not in catalogue)):
        rule, values = catalogue.get(rule_name), wanted.get(rule_name)
        if values is None and not (rule and rule.mandatory):
            continue
        place, own = f"{where}: rules.{rule_name}", values or {}
        model = rule.parameters if rule else Comparison
        rest = {key: value for key, value in own.items() if key not in _TERMS}
        chosen[rule_name] = validated(model, rest, place)
        said = validated(Terms, {key: own[key] for key in own if key in _TERMS}, place)
        terms[rule_name] = said
    signed = {str(role): number for role, number in file.signatures.items()}
    policy = Policy(
        name or "unnamed", rationale, chosen, file.cell_limit, {}, signed,
        file.baseline == "required",
    )  # fmt: skip
    found = {one: _settled(policy, one, said, catalogue, where) for one, said in terms.items()}
    return replace(policy, terms={one: said for one, said in found.items() if said != Terms()})


def _asked(file: PolicyFile, where: str) -> dict[str, dict[str, Any] | None]:
    """Return the rules of the file, with those that its requirements of the evidence set."""
    asked = dict(file.rules)
    for rule_name, values in file.evidence.rules.items():
        if rule_name in asked and asked[rule_name] is None:
            raise PolicyError(f"{where}: evidence asks for what rules.{rule_name}: null takes out")
        own = asked.get(rule_name) or {}
        for key in values:
            if key in own:
                entry = f"rules.{rule_name}.{key}"
                raise PolicyError(f"{where}: evidence says again what {entry} says; keep one")
        if rule_name == "worst_auc" and rule_name not in asked and file.extends is None:
            raise PolicyError(
                f"{where}: evidence.attacks needs the rule worst_auc, which asks for them"
            )
        asked[rule_name] = {**own, **values}
    return asked


def _check_names(
    wanted: Mapping[str, dict[str, Any] | None], catalogue: Mapping[str, Rule], where: str
) -> None:
    lower: dict[str, str] = {}
    for rule_name, values in wanted.items():
        place = f"{where}: rules.{rule_name}"
        twin = lower.setdefault(rule_name.casefold(), rule_name)
        if twin != rule_name:
            raise PolicyError(
                f"{place}: differs from {twin!r} by capitals alone; name it otherwise"
            )
        if rule_name in catalogue:
            if values is None and catalogue[rule_name].mandatory:
                raise PolicyError(f"{place}: this rule guards the audit itself and stays")
        elif not values or "probe" not in values:
            hint = nearest_name(rule_name, list(catalogue))
            raise PolicyError(f"{place}: unknown rule{hint}; a rule of your own names a probe")
        elif rule_name in TAKEN or not OWN_NAME.fullmatch(rule_name):
            raise PolicyError(
                f"{place}: a rule's name is up to 64 letters, digits, _ and -, begins with a "
                f"letter and is not {' or '.join(map(repr, TAKEN))}"
            )


def _settled(
    policy: Policy, name: str, said: Terms, catalogue: Mapping[str, Rule], where: str
) -> Terms:
    """Return the terms of a rule without what says nothing; refuse what would open a hole."""
    rule, place = policy.rule(name, catalogue), f"{where}: rules.{name}"
    if rule.mandatory and said.severity != "block":
        raise PolicyError(f"{place}.severity: this rule guards the audit itself and blocks")
    if said.severity == "block" and said.on_missing == "warn":
        raise PolicyError(
            f"{place}.on_missing: a rule that blocks cannot let its evidence be missing, or "
            "whoever leaves it out would pass; let the rule warn, or block"
        )
    if said.waivable and not rule.waivable:
        raise PolicyError(
            f"{place}.waivable: never; what guards the audit, copies and replayed values cannot be "
            "waived"
        )
    if said.max_increase is not None and rule.reads is None:
        raise PolicyError(f"{place}.max_increase: this rule compares no estimate with a release")
    same = said.waivable == rule.waivable
    usual = "block" if said.severity == "block" else "warn"
    plain = {"waivable": None} if same else {}
    if said.on_missing == usual:
        plain["on_missing"] = None
    return said.model_copy(update=plain)


def _check_blocking(policy: Policy, where: str) -> None:
    catalogue = rule_catalogue()
    blocking = [catalogue[n] for n in policy.rules if n in catalogue and _blocks(policy, n)]
    if not any(rule.membership for rule in blocking):
        raise PolicyError(
            f"{where}: no membership rule that blocks (worst_auc or worst_tpr): it could decide "
            "nothing"
        )
    if not any(rule.attribute for rule in blocking):
        raise PolicyError(
            f"{where}: no attribute rule that blocks (attribute_advantage): a table that gives "
            "away secrets would pass"
        )


def _blocks(policy: Policy, name: str) -> bool:
    return policy.terms_of(name).severity == "block"
