"""What ``privsynth run`` is told: one YAML file, every key checked."""

import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from privsynth.errors import InputError
from privsynth.privacy import Budget, Relation, Unit
from privsynth.provenance import Keeper, Origin, check_total
from privsynth.randomness import MAX_SEED
from privsynth.synthesizers import Privacy
from privsynth.tables.schema import from_yaml


class Shares(BaseModel):
    """How the source is divided; the three sum to 1.

    With ``folds`` there is no holdout: all but the reference make the released table, and are
    attacked in tables that were made without one fold of them each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: float = 0.5
    holdout: float = 0.25
    reference: float = 0.25
    folds: int | None = Field(None, description="2 to 20, for tables too small for a holdout")
    seed: int | None = Field(
        None, ge=0, le=MAX_SEED, description="divide as an earlier release did: the seed it had"
    )

    @property
    def parts(self) -> tuple[float, float, float]:
        """The shares of train, holdout and reference, in that order."""
        return self.train, self.holdout, self.reference

    @property
    def used(self) -> dict[str, float]:
        """The share of each part by name; with folds there is no holdout."""
        if self.folds is None:
            return self.model_dump(exclude={"folds", "seed"})
        return {"train": round(self.train + self.holdout, 9), "reference": self.reference}


class Spending(BaseModel):
    """The privacy budget of a fit, and how it is spent; see ``privacy.Budget``.

    ``source_epsilon`` bounds what all private fits of the source may claim together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epsilon: float
    delta: float = 1e-5
    unit: Unit = "row"
    rows_per_entity: int = 1
    neighbours: Relation = "add_remove"
    learn_domain: bool = False
    source_epsilon: float | None = None

    @property
    def privacy(self) -> Privacy:
        """The budget as the synthesizers take it; ``InputError`` for one that makes no sense."""
        budget = Budget(
            epsilon=self.epsilon, delta=self.delta, unit=self.unit,
            rows_per_unit=self.rows_per_entity, neighbours=self.neighbours,
        )  # fmt: skip
        return Privacy(budget, self.learn_domain)

    def check_source(self, keep: Keeper, source: str) -> None:
        """Refuse a fit that would take the source, by its fingerprint, beyond its total."""
        check_total(keep, source, self.privacy.budget, self.source_epsilon)


class RunConfig(BaseModel):
    """What ``privsynth run`` reads from a YAML file; paths are relative to that file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    table: str
    origin: Origin | None = Field(None, description="of the table's rows, where no label says it")
    licences: tuple[str, ...] = Field((), description="of the released table, best as URLs")
    name: str | None = None
    table_schema: str | None = Field(None, alias="schema")
    policy: str = "preset:internal"
    waivers: str | None = Field(None, description="fails that named people accept: a YAML file")
    baseline: str | None = Field(None, description="evidence.json of the last release")
    synthesizer: str = "gaussian_copula"
    synth_cmd: str | None = None
    options: dict[str, int | float | str] = Field(default_factory=dict)
    rows: int | None = Field(None, ge=1)
    privacy: Spending | None = Field(None, description="a private fit; without it none is")
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    audit_seed: int | None = Field(
        None, ge=0, le=MAX_SEED, description="of split and audit, where the fit is private"
    )
    split: Shares = Shares()
    also: tuple[str, ...] = Field((), description="tables of this source released before")
    other_seeds: int = Field(0, ge=0, le=100, description="tables of other seeds to attack")
    format: str = Field("csv", pattern=r"^(csv|csv\.gz|parquet)$")
    details: str | None = Field(None, description="what people state, for the report: a YAML file")
    templates: str | None = Field(None, description="folder of templates that stand in for ours")
    max_memory: str | None = Field(None, description="such as 2GB; else what the machine has")
    out: str | None = None

    @property
    def private(self) -> Privacy | None:
        """The budget of a private fit, None for a fit without noise."""
        return None if self.privacy is None else self.privacy.privacy

    @property
    def root_seed(self) -> int | None:
        """The seed that was asked for; ``InputError`` for one that could replay private noise."""
        if self.privacy is None:
            if self.audit_seed is not None:
                raise InputError("audit_seed is for private fits; without privacy, name a seed")
            return self.seed
        refuse_seed(self.seed, "; audit_seed steers the split and the audit")
        return self.audit_seed


def refuse_seed(seed: int | None, instead: str = "") -> None:
    """Refuse a seed for a private fit."""
    if seed is not None:
        raise InputError(
            "a private fit takes no seed: noise that can be replayed can be subtracted, and is no "
            f"protection{instead}"
        )


def read_config(path: Path) -> RunConfig:
    """Return the configuration in a YAML file, its paths made relative to where it stands."""
    config = from_yaml(RunConfig, path, "configuration")
    base = path.resolve().parent

    def placed(text: str | None) -> str | None:
        if text is None:
            return None
        near = os.path.relpath(base / text)
        return str(base / text) if near.startswith("..") else near

    policy = config.policy if config.policy.startswith("preset:") else placed(config.policy)
    files = ("table", "table_schema", "waivers", "baseline", "details", "templates", "out")
    moved = {entry: placed(getattr(config, entry)) for entry in files}
    also = tuple(str(placed(one)) for one in config.also)
    return config.model_copy(update={**moved, "policy": policy, "also": also})


def release_name(config: RunConfig) -> str:
    """Return what the release is called: as configured, else after its table."""
    stem = re.sub(r"(\.csv|\.tsv|\.parquet)(\.gz)?$", "", Path(config.table).name, flags=re.I)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:80].strip("._-") or "release"
    name = plain if config.name is None else config.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", name):
        raise InputError(
            f"name {name!r}: a release is called by letters, digits, '.', '_' and '-' (name: …)"
        )
    return name


def check_apart(folder: Path, config: RunConfig) -> None:
    """Refuse a folder that holds what the release is made from: replacing it would lose that."""
    policy = None if config.policy.startswith("preset:") else config.policy
    read = (
        config.table, config.table_schema, policy, config.waivers, config.baseline,
        config.details, config.templates, *config.also,
    )  # fmt: skip
    for used in read:
        try:
            inside = bool(used) and Path(str(used)).resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError):
            raise InputError(f"{str(used)!r} or {str(folder)!r}: not a usable path") from None
        if inside:
            raise InputError(f"{folder} holds {used}, which this run reads; name another folder")
