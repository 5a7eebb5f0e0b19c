"""``evidence.json``: every number with its interval, what could not run, controls and power.

The file contract. A meaning never changes under one name; a change of meaning gets a new name, a
change of shape a new ``schema_version``. Nothing in it is a cell of a real table.
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from privsynth.privacy import Claim, NoClaim
from privsynth.statistics.estimate import Estimate

RECIPIENT_DIGITS = 3
RECIPIENT_STEP = 10.0**-RECIPIENT_DIGITS
"""Decimals of the recipient's estimates, and the step between two of them."""


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
    """One column of the audited tables as the audit read it; ``domain`` says what was declared.

    ``unseen`` counts synthetic cells whose category no real row holds, None where that is hidden.
    """

    name: str
    kind: str
    read: bool
    domain: Literal["declared", "inferred"]
    released: bool
    unreadable: int = 0
    unseen: int | None = None
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
    precision: dict[str, Estimate] | None = Field(
        None, description="share of members among whom it accuses, by the members' share before"
    )


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
    released_before: int | None = Field(
        None, ge=0, description="other tables of this source that a verdict let go; none: not kept"
    )
    unjoined: int | None = Field(
        None, ge=0, description="of those, tables that the attacker was not given beside this one"
    )


class Earlier(Model):
    """A table of the same source that was released before: the attacker holds it as well.

    ``digest`` is that of a synthetic table: plain and logical.
    """

    name: str
    rows: int
    digest: str
    same_rows: bool | None = Field(
        None, description="made from this audit's training rows, by its label; none: not said"
    )
    epsilon: float | None = Field(None, description="what its label claims; none: nothing")
    delta: float | None = None


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
    edition: Literal["recipient"] | None = Field(
        None, description="recipient: rounded outward, small counts hidden; none: it stays at home"
    )
    cell: int | None = Field(
        None, description="the recipient's: counts of real rows and people under it are hidden"
    )
    name: str
    tables: dict[Literal["train", "holdout", "reference", "synthetic"], TableFacts]
    split: dict[str, Any]
    columns: tuple[ColumnFacts, ...]
    probes: tuple[Evidence, ...]
    controls: dict[Literal["blind_baseline", "negative", "positive"], Control]
    power: Power | None = None
    headline: dict[str, HeadlineEntry]
    also: tuple[Earlier, ...] | None = Field(
        None, description="earlier releases in the attacker's hands: headline is over both views"
    )
    alone: dict[str, HeadlineEntry] | None = Field(
        None, description="with earlier releases: the headline over this file by itself"
    )
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

    @property
    def blur(self) -> float:
        """How far rounding may have moved a bound outward since it was computed."""
        return RECIPIENT_STEP if self.edition == "recipient" else 0.0

    @property
    def by_itself(self) -> dict[str, HeadlineEntry]:
        """The worst over all attacks on this file alone: what its own claim has to bear."""
        return self.headline if self.alone is None else self.alone

    def attack(self, name: str) -> Evidence | None:
        """Return the attack of that id, or None."""
        return next((p for p in self.probes if (p.kind, p.id) == ("attack", name)), None)

    def measure(self, name: str) -> Evidence | None:
        """Return the measure of that id, or None."""
        return next((p for p in self.probes if (p.kind, p.id) == ("measure", name)), None)

    def stratum(self, name: str) -> Evidence | None:
        """Return the groups counted on their own of that id, or None."""
        return next((p for p in self.probes if (p.kind, p.id) == ("stratum", name)), None)
