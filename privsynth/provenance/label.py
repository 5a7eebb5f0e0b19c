"""The label that stands beside a synthetic table: what it is, what made it, how it was decided."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import privsynth
from privsynth.evidence import Generator, Model, read_model
from privsynth.privacy import Claim, NoClaim

SDV_LICENCE = (
    "sdv, rdt, copulas and ctgan are under the Business Source License 1.1, which forbids offering "
    "them to others as a commercial synthetic-data service"
)


class Label(Model):
    """``TABLE.label.json``: the origin of one table, without seed and without real values."""

    schema_version: Literal["1"] = "1"
    origin: Literal["synthetic"] = "synthetic"
    file: str
    sha256: str
    logical_digest: str
    rows: int
    columns: tuple[str, ...]
    generator: Generator
    claim: Claim = NoClaim()
    made_by: str = f"privsynth {privsynth.__version__}"
    training_table: str = ""
    verdict: str = "not audited"
    evidence: str = ""
    note: str = (
        "Synthetic rows. They are not records of people, and they may still tell something about "
        "the people whose records they were made from: read the evidence."
    )


def label_of(table: Path) -> Label | None:
    """Return the label beside a table file, None where there is none or it names other bytes."""
    beside = table.with_name(f"{table.name}.label.json")
    if not beside.is_file():
        return None
    found = read_model(Label, beside, "label")
    same = hashlib.sha256(table.read_bytes()).hexdigest() == found.sha256
    return found if same else None


def label(file: str, data: bytes, table: Any, generator: Generator, **more: Any) -> Label:
    """Return the label of a table file whose bytes are ``data``."""
    return Label(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        logical_digest=f"sha256:{table.digest}",
        rows=len(table),
        columns=table.schema.names,
        generator=generator,
        **more,
    )
