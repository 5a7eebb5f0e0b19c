"""A policy: rules with their limits, from YAML or a preset, with a digest to register it by."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from privsynth import attacks, registry
from privsynth.audit import Limits
from privsynth.errors import InputError, PolicyError, nearest_name
from privsynth.evidence import Registration
from privsynth.policy import rules as rules_room
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.presets import PRESETS
from privsynth.tables.schema import from_yaml, validated


class PolicyFile(BaseModel):
    """What a policy file may hold; a rule set to null is taken out of the policy it extends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    extends: str | None = None
    name: str = ""
    rationale: str = ""
    rules: dict[str, dict[str, Any] | None] = Field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """Rules by name with their parameters; ``document`` spells out every default."""

    name: str
    rationale: str
    rules: dict[str, Parameters]

    @property
    def document(self) -> dict[str, Any]:
        """The effective policy as plain data: what is registered, shown and digested."""
        return {
            "name": self.name,
            "rationale": self.rationale,
            "rules": {
                name: self.rules[name].model_dump(mode="json") for name in sorted(self.rules)
            },
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the effective policy."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    @property
    def limits(self) -> Limits:
        """The leak that the policy tolerates, for the positive control to plant."""
        auc, tpr = self.rules.get("worst_auc"), self.rules.get("worst_tpr")
        return Limits(
            auc=getattr(auc, "below", Limits().auc), tpr=getattr(tpr, "below", Limits().tpr)
        )

    @property
    def required_attacks(self) -> tuple[str, ...]:
        """The attacks that must have run for a pass."""
        return getattr(self.rules.get("worst_auc"), "attacks", ())

    def registration(self) -> Registration:
        """Return the policy as it goes into the evidence before scoring begins."""
        return Registration(
            name=self.name, digest=self.digest, registered="before_scoring", document=self.document
        )


def rule_catalogue() -> dict[str, Rule]:
    """Return every rule by name: the files of ``policy/rules`` and the installed entry points."""
    return registry.catalogue(rules_room, "rule")


def load_policy(text: str | Path) -> Policy:
    """Return the policy in a YAML file, or ``preset:NAME``; ``InputError`` says what is wrong."""
    if str(text).startswith("preset:"):
        return _build(PolicyFile(extends=str(text)), str(text))
    path, where = Path(text), f"policy file {text}"
    if not path.exists() and str(text).partition("@")[0] in _short_names():
        raise InputError(f"{where} does not exist; the preset of that name is preset:{text}")
    file = from_yaml(PolicyFile, path, "policy")
    return _named_apart(file, _build(file, where), where)


def from_document(document: dict[str, Any], where: str) -> Policy:
    """Return the policy that was registered in evidence or kept in a release."""
    return _build(validated(PolicyFile, document, where), where)


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
    for name in policy.required_attacks:
        if name not in attacks.catalogue():
            hint = nearest_name(name, list(attacks.catalogue()))
            raise PolicyError(f"{where}: rules.worst_auc.attacks: unknown attack {name!r}{hint}")
    if policy.name not in PRESETS:
        return policy
    if policy.rules == _build(PolicyFile(extends=f"preset:{policy.name}"), where).rules:
        return policy
    if file.name:
        raise PolicyError(f"{where}: name: {file.name!r} is a preset, and this policy differs")
    return replace(policy, name=f"{policy.name}, changed")


def _build(file: PolicyFile, where: str) -> Policy:
    name, rationale = file.name, file.rationale
    wanted: dict[str, dict[str, Any] | None] = {}
    if file.extends is not None:
        if not file.extends.startswith("preset:"):
            raise PolicyError(f"{where}: extends must name a preset, such as preset:partner")
        full, content = preset(file.extends, where)
        wanted |= content["rules"]
        name, rationale = name or full, rationale or f"for {content['rationale']}"
    for rule_name, values in file.rules.items():
        wanted[rule_name] = None if values is None else {**(wanted.get(rule_name) or {}), **values}
    catalogue = rule_catalogue()
    for rule_name, values in wanted.items():
        if rule_name not in catalogue:
            hint = nearest_name(rule_name, list(catalogue))
            raise PolicyError(f"{where}: rules.{rule_name}: unknown rule{hint}")
        if values is None and catalogue[rule_name].mandatory:
            raise PolicyError(
                f"{where}: rules.{rule_name}: this rule guards the audit itself and stays"
            )
    chosen = {
        rule.name: validated(
            rule.parameters, wanted.get(rule.name) or {}, f"{where}: rules.{rule.name}"
        )
        for rule in catalogue.values()
        if wanted.get(rule.name) is not None or rule.mandatory
    }
    if not any(catalogue[rule_name].membership for rule_name in chosen):
        raise PolicyError(
            f"{where}: no membership rule (worst_auc or worst_tpr): it could decide nothing"
        )
    return Policy(name or "unnamed", rationale, chosen)
