"""``evidence.json``: every number with its interval, what could not run, controls and power.

The file contract. A meaning never changes under one name; a change of meaning gets a new name, a
change of shape a new ``schema_version``. Nothing in it is a cell of a real table.
"""

import json
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from privsynth.errors import InputError, IntegrityError
from privsynth.privacy import Claim, NoClaim
from privsynth.statistics.estimate import Estimate

M = TypeVar("M", bound=BaseModel)


class Model(BaseModel):
    """Base of everything in the file: frozen, unknown keys refused, no NaN and no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Threat(Model):
    """What an attacker wants and has; the level is that of attacks.md 1.1."""

    goal: str
    generator_access: Literal["none", "code", "model"] = "none"
    data_knowledge: str
    level: Literal["L0", "L1"]


class Evidence(Model):
    """What one probe (an attack or a measure) found, or the reason why it could not run."""

    id: str
    kind: Literal["attack", "measure", "stratum"]
    version: str
    title: str
    source: str
    threat: Threat | None = None
    estimates: tuple[Estimate, ...] = ()
    series: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    not_run: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.estimates and not self.not_run:
            raise ValueError(f"{self.id}: neither an estimate nor a reason for its absence")
        return self

    def estimate(self, name: str) -> Estimate | None:
        """Return the estimate of that name, or None."""
        return next((e for e in self.estimates if e.name == name), None)


class ColumnFacts(Model):
    """One column of the audited tables as the audit read it; ``public`` says what was declared."""

    name: str
    kind: str
    read: bool
    domain: Literal["declared", "inferred"]
    released: bool
    unreadable: int = 0
    unseen: int = 0
    note: str = ""


class TableFacts(Model):
    """One table: rows, units (entities where declared) and its digest.

    ``digest`` is keyed (``hmac-sha256:``) for a real table and plain (``sha256:``) for a synthetic
    one; both are logical: equal values give equal digests whatever the file format.
    """

    rows: int
    units: int
    digest: str
    note: str = ""


class Control(Model):
    """One check of the audit itself; a failed one removes PASS (gate-statistics 4 and 5)."""

    status: Literal["ok", "failed", "not_run"]
    message: str
    estimates: tuple[Estimate, ...] = ()
    series: dict[str, Any] = Field(default_factory=dict)


class Power(Model):
    """What this audit could have seen, and so what it could not."""

    min_detectable_auc: float
    min_detectable_copies: int
    min_detectable_copy_fraction: float
    sentence: str


class HeadlineEntry(Model):
    """The worst over all attacks for one statistic (gate-statistics 3)."""

    estimate: Estimate
    attack: str = Field(description="the attack with the largest upper bound")
    expected_if_clean: float | None = None
    n_scores: int


class Registration(Model):
    """The policy as it was when scoring began, and which audit of this source it was."""

    name: str
    digest: str
    registered: Literal["before_scoring", "none"]
    document: dict[str, Any] = Field(default_factory=dict)


class Audits(Model):
    """How often this source was audited: more tries need a stricter level (gate-statistics 7)."""

    number: int = Field(description="the k-th different synthetic table audited for this source")
    alpha: float = Field(gt=0, lt=0.5, description="one-sided level of every bound in this file")


class EpsilonBound(Model):
    """A lower bound of epsilon, at a claim's delta, from what attacks reached.

    Above the claimed epsilon it refutes the claim; below, it confirms nothing.
    """

    name: str = Field(description="what reached it: a headline's name, an attack of the audit")
    epsilon: float = Field(ge=0)
    method: str
    level: float = Field(gt=0.5, lt=1, description="confidence of the one-sided bound")


class MechanismAudit(Model):
    """What many re-trainings on the worst pair of neighbouring tables say of a claim (dp-audit).

    ``epsilon`` and ``delta`` are those that were claimed of the mechanism as it was audited.
    """

    mechanism: str
    epsilon: float = Field(gt=0)
    delta: float = Field(ge=0, lt=1)
    runs: int = Field(ge=1)
    lower_bounds: tuple[EpsilonBound, ...] = ()
    refuted: bool
    notes: tuple[str, ...] = ()


class Generator(Model):
    """What made the synthetic table, as far as the audit knows."""

    synthesizer: str
    options: dict[str, Any] = Field(default_factory=dict)
    licence: str = ""
    notes: tuple[str, ...] = ()


class Bundle(Model):
    """The whole of ``evidence.json``."""

    schema_version: Literal["1"] = "1"
    name: str
    tables: dict[Literal["train", "holdout", "reference", "synthetic"], TableFacts]
    split: dict[str, Any]
    columns: tuple[ColumnFacts, ...]
    probes: tuple[Evidence, ...]
    controls: dict[Literal["blind_baseline", "negative", "positive"], Control]
    power: Power | None = None
    headline: dict[str, HeadlineEntry]
    policy: Registration
    audits: Audits
    generator: Generator
    claim: Claim = NoClaim()
    implied: tuple[EpsilonBound, ...] | None = Field(
        None, description="epsilons that the headline implies, for a unit exchanged for another"
    )
    mechanism_audit: MechanismAudit | None = None
    mechanism: str | None = Field(
        None, description="what was tested in place of the released file; none: the file itself"
    )
    seed_commitment: str
    versions: dict[str, str]
    warnings: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = ()

    def attack(self, name: str) -> Evidence | None:
        """Return the attack of that id, or None."""
        return next((p for p in self.probes if (p.kind, p.id) == ("attack", name)), None)

    def measure(self, name: str) -> Evidence | None:
        """Return the measure of that id, or None."""
        return next((p for p in self.probes if (p.kind, p.id) == ("measure", name)), None)

    def stratum(self, name: str) -> Evidence | None:
        """Return the groups counted on their own of that id, or None."""
        return next((p for p in self.probes if (p.kind, p.id) == ("stratum", name)), None)


def to_json(model: BaseModel) -> str:
    """Return canonical JSON: sorted keys, two-space indent, a final newline."""
    raw = model.model_dump(mode="json", exclude_none=True)
    return json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def read_model(model: type[M], path: Path, what: str) -> M:
    """Return ``model`` from a JSON file that this package wrote.

    Raises ``InputError`` when there is no such file and ``IntegrityError`` when it is not what it
    says: broken JSON, another schema version, an unknown or missing entry.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{what} {path} does not exist") from None
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise IntegrityError(f"{what} {path} is not JSON; it is damaged or another file") from None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "top level"
        raise IntegrityError(
            f"{what} {path} does not follow its schema at {where}: {first['msg']}"
        ) from None


def read_bundle(path: Path) -> Bundle:
    """Return the evidence in a file (see ``read_model`` for the errors)."""
    return read_model(Bundle, path, "evidence")
