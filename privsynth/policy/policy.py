"""A policy: rules with their limits, and a digest to register it by."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from privsynth import registry
from privsynth.audit import Limits
from privsynth.evidence import CELL_LIMIT, Registration
from privsynth.policy import rules as rules_room
from privsynth.policy._base import Parameters, Rule, Terms
from privsynth.policy.comparison import HEADLINE, Comparison, comparison

SCHEMA = "privsynth/policy/v1"
ROLES = ("builder", "reviewer", "owner")


def this_version(raw: Any, known: str) -> Any:
    """Return what a file holds, refused if it names a schema that this version does not read."""
    named = raw.get("schema", known) if isinstance(raw, dict) else known
    if named != known:
        raise ValueError(
            f"schema: this file is {named}, and this version of privsynth reads {known}; "
            "a newer file needs a newer privsynth"
        )
    return raw


class Requirements(Parameters):
    """What the evidence must hold; each entry sets the rule of that kind."""

    min_members: int | None = Field(None, ge=1, description="rule member_units")
    min_nonmembers: int | None = Field(None, ge=1, description="rule holdout_units")
    attacks: tuple[str, ...] | None = Field(
        None, min_length=1, description="must have run, as dcr or dcr@1; rule worst_auc"
    )
    seeds: int | None = Field(None, ge=1, description="other seeds attacked; rule other_seeds")

    @property
    def rules(self) -> dict[str, dict[str, Any]]:
        """The rules that these entries set."""
        asked = {
            "member_units": ("at_least", self.min_members),
            "holdout_units": ("at_least", self.min_nonmembers),
            "worst_auc": ("attacks", self.attacks),
            "other_seeds": ("at_least", self.seeds),
        }
        return {rule: {key: value} for rule, (key, value) in asked.items() if value is not None}


class PolicyFile(BaseModel):
    """What a policy file may hold; a rule set to null is taken out of the policy it extends."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True,
        json_schema_extra=lambda made: _describe(made),
    )  # fmt: skip

    schema_: str | None = Field(None, alias="schema", description=SCHEMA)
    extends: str | None = Field(None, description="preset:NAME")
    name: str = ""
    rationale: str = ""
    cell_limit: int = Field(CELL_LIMIT, ge=3, le=100)
    rules: dict[str, dict[str, Any] | None] = Field(default_factory=dict)
    evidence: Requirements = Requirements()
    baseline: Literal["required", "if_given"] = Field(
        "required", description="whether rules with max_increase need the last release's evidence"
    )
    signatures: dict[Literal["builder", "reviewer", "owner"], int] = Field(
        default_factory=dict, description="how many must have signed, by role"
    )

    @model_validator(mode="before")
    @classmethod
    def _version(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "rules" in raw and raw["rules"] is None:
            raw = {**raw, "rules": {}}  # every rule under it is commented out
        return this_version(raw, SCHEMA)

    @model_validator(mode="after")
    def _signed(self) -> "PolicyFile":
        if any(not 1 <= number <= 9 for number in self.signatures.values()):
            raise ValueError("signatures: ask for 1 to 9 of a role, or leave the role out")
        return self


@dataclass(frozen=True)
class Policy:
    """Rules by name with their parameters and terms, and what else a release must have.

    ``terms`` holds what the policy says of a rule beside its parameters; rules without any have
    none there. ``cell_limit`` is the smallest count of people that may travel; ``signatures`` how
    many must have signed, by role; ``baseline_required`` whether a rule with ``max_increase`` is
    undecided without the last release.
    """

    name: str
    rationale: str
    rules: dict[str, Parameters]
    cell_limit: int = CELL_LIMIT
    terms: dict[str, Terms] = field(default_factory=dict)
    signatures: dict[str, int] = field(default_factory=dict)
    baseline_required: bool = True

    @property
    def document(self) -> dict[str, Any]:
        """The effective policy as plain data: what is registered, shown and digested.

        It spells out every default of a rule's own. What came later is left out where nobody chose
        it: older policies keep their digests.
        """
        rules = {
            name: self.rules[name].model_dump(mode="json")
            | self.terms_of(name).model_dump(mode="json", exclude_defaults=True)
            for name in sorted(self.rules)
        }
        later: dict[str, Any] = {}
        if self.cell_limit != CELL_LIMIT:
            later["cell_limit"] = self.cell_limit
        if self.signatures:
            later["signatures"] = dict(sorted(self.signatures.items()))
        if not self.baseline_required:
            later["baseline"] = "if_given"
        return {"name": self.name, "rationale": self.rationale, "rules": rules, **later}

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
            auc=min(getattr(auc, "below", Limits().auc), *self._own("auc")),
            tpr=min(getattr(tpr, "below", Limits().tpr), *self._own("tpr_at_fpr_0.01")),
        )

    def _own(self, estimate: str) -> list[float]:
        """Return the limits that rules of the policy's own set to a headline, and 1."""
        found = [one for one in self.rules.values() if isinstance(one, Comparison)]
        about = (HEADLINE, estimate)
        asked = [x for x in found if (x.probe, x.estimate) == about and x.less and x.careful]
        return [1.0, *(x.limit for x in asked if x.limit > 0)]

    @property
    def required_attacks(self) -> tuple[str, ...]:
        """The attacks that must have run for a pass, some with a version (``dcr@1``)."""
        return getattr(self.rules.get("worst_auc"), "attacks", ())

    def terms_of(self, name: str) -> Terms:
        """Return what the policy says of a rule beside its parameters."""
        return self.terms.get(name, _NO_TERMS)

    def rule(self, name: str, catalogue: Mapping[str, Rule] | None = None) -> Rule:
        """Return the rule of that name: one of its own, or one of the catalogue."""
        own = self.rules[name]
        if isinstance(own, Comparison):
            return comparison(name, own)
        return (rule_catalogue() if catalogue is None else catalogue)[name]

    def registration(self) -> Registration:
        """Return the policy as it goes into the evidence before scoring begins."""
        return Registration(
            name=self.name, digest=self.digest, registered="before_scoring", document=self.document
        )


_NO_TERMS = Terms()


def rule_catalogue() -> dict[str, Rule]:
    """Return every rule by name: the files of ``policy/rules`` and the installed entry points."""
    return registry.catalogue(rules_room, "rule")


def _describe(made: dict[str, Any]) -> None:
    """Write into a JSON Schema what each rule takes, for editors that check while one types."""
    terms = Terms.model_json_schema()["properties"]

    def entry(model: type[Parameters], title: str) -> dict[str, Any]:
        found = model.model_json_schema()
        found["properties"] = {**found["properties"], **terms} if "properties" in found else terms
        return {**found, "title": title, "required": [], "description": model.__doc__}

    rules = made["properties"]["rules"]
    rules["properties"] = {
        name: {"anyOf": [entry(rule.parameters, rule.title), {"type": "null"}]}
        for name, rule in rule_catalogue().items()
    }
    rules["additionalProperties"] = {"anyOf": [entry(Comparison, "Own"), {"type": "null"}]}
