"""What ``privsynth run`` is told: one YAML file, every key checked."""

import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from privsynth.errors import InputError
from privsynth.randomness import MAX_SEED
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

    @property
    def parts(self) -> tuple[float, float, float]:
        """The shares of train, holdout and reference, in that order."""
        return self.train, self.holdout, self.reference

    @property
    def used(self) -> dict[str, float]:
        """The share of each part by name; with folds there is no holdout."""
        if self.folds is None:
            return self.model_dump(exclude={"folds"})
        return {"train": round(self.train + self.holdout, 9), "reference": self.reference}


class RunConfig(BaseModel):
    """What ``privsynth run`` reads from a YAML file; paths are relative to that file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    table: str
    name: str | None = None
    table_schema: str | None = Field(None, alias="schema")
    policy: str = "preset:internal"
    synthesizer: str = "gaussian_copula"
    synth_cmd: str | None = None
    options: dict[str, int | float | str] = Field(default_factory=dict)
    rows: int | None = Field(None, ge=1)
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    split: Shares = Shares()
    other_seeds: int = Field(0, ge=0, le=100, description="tables of other seeds to attack")
    format: str = Field("csv", pattern=r"^(csv|csv\.gz|parquet)$")
    max_memory: str | None = Field(None, description="such as 2GB; else what the machine has")
    out: str | None = None


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
    moved = {"table": placed(config.table), "table_schema": placed(config.table_schema)}
    return config.model_copy(update={**moved, "policy": policy, "out": placed(config.out)})


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
    for used in (config.table, config.table_schema, policy):
        try:
            inside = bool(used) and Path(str(used)).resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError):
            raise InputError(f"{str(used)!r} or {str(folder)!r}: not a usable path") from None
        if inside:
            raise InputError(f"{folder} holds {used}, which this run reads; name another folder")
