"""What people state and no measurement can: who is responsible, for whom, what for, until when."""

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from privsynth.report.logo import read_logo
from privsynth.tables.schema import from_yaml


def _day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return datetime.date.fromisoformat(value)
    raise ValueError("a date is written as 2026-11-20")


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
Day = Annotated[datetime.date, BeforeValidator(_day, json_schema_input_type=datetime.date)]


class _Stated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Stated):
    """One person or body with a part in the release: what it did, and what it signs as."""

    role: Line = Field(description="such as preparer, independent reviewer, data owner")
    name: Line = ""
    organisation: Line = ""
    did: Text = Field("", description="such as fitted the generator, ran the audit")
    signs: bool = Field(True, description="false: no signature line is printed")


class Scope(_Stated):
    """What the release is for, and under which rules its controller acts."""

    dataset: Text = ""
    release_model: Line = Field("", description="such as public file, contract, secure room")
    leaves_the_house: Text = Field("", description="the table alone, or code, model, queries too")
    recipient: Line = ""
    recipient_knowledge: Text = Field("", description="what the recipient may hold already")
    intended_uses: tuple[Text, ...] = ()
    excluded_uses: tuple[Text, ...] = ()
    data_classes: tuple[Line, ...] = Field((), description="such as health data, data of minors")
    controller: Line = ""
    legal_basis: Line = Field("", description="of making the table: that is processing too")
    article_9_condition: Line = ""
    dpia_reference: Line = ""
    retention: Line = ""
    deviations: tuple[Text, ...] = Field((), description="from the plan that was registered")


class Step(_Stated):
    """One thing that was done to rows, in its order."""

    what: Text
    rows_before: int | None = Field(None, ge=0)
    rows_after: int | None = Field(None, ge=0)
    touches_real_data: bool | None = Field(
        None, description="read real rows to do it; ends a formal guarantee after the fit"
    )


def _step(value: Any) -> Any:
    return {"what": value} if isinstance(value, str) else value


Steps = tuple[Annotated[Step, BeforeValidator(_step, json_schema_input_type=Text | Step)], ...]


class System(_Stated):
    """Where the rows come from, and what was done to them and to the synthetic ones."""

    source: Text = ""
    owner: Line = ""
    snapshot: Line = Field("", description="when the source was copied")
    sampling: Text = Field("", description="how people came into the source, and of it into use")
    preparation: Steps = Field((), description="before the fit")
    filters: Steps = Field((), description="of synthetic rows, after the fit")


class Lineage(_Stated):
    """What came before this table, as far as no evidence knows it."""

    origin: Line = Field("", description="of the rows trained on: real, synthetic or mixed")
    parents: tuple[Text, ...] = Field((), description="tables and models it derives from")
    generation_depth: int | None = Field(None, ge=1, description="1: trained on real rows")
    real_fraction: float | None = Field(None, ge=0, le=1, description="of the rows trained on")
    releases: tuple[Text, ...] = Field((), description="of the same source, the last one first")


class Committee(_Stated):
    """What a disclosure review board, or another body, decided."""

    name: Line = ""
    decision: Text = ""
    date: Day | None = None
    reference: Line = ""


class Residual(_Stated):
    """What keeps the remaining risk small after the release."""

    recipient_controls: tuple[Text, ...] = Field((), description="assumed, not checked")
    monitoring: Text = ""
    retest_triggers: tuple[Text, ...] = ()
    if_not_released: Text = Field("", description="the way to the data if the gate says hold")
    incident_contact: Line = ""


class Details(_Stated):
    """The file of ``report --details``; what is left out is printed as "not stated"."""

    organisation: Line = ""
    logo: Line = Field("", description="PNG or JPEG, beside this file or in a folder below it")
    classification: Line = ""
    contact: Line = ""
    valid_until: Day | None = None
    next_review: Day | None = None
    conditions: tuple[Text, ...] = Field((), description="under which the release stands")
    people: tuple[Person, ...] = ()
    committee: Committee = Committee()
    scope: Scope = Scope()
    system: System = System()
    lineage: Lineage = Lineage()
    residual: Residual = Residual()


@dataclass(frozen=True)
class Stated:
    """The details of a file, and its logo as PNG bytes without metadata."""

    details: Details = field(default_factory=Details)
    logo: bytes | None = None


def read_details(path: Path) -> Stated:
    """Return what a YAML file states; ``InputError`` names the entry that is wrong."""
    details = from_yaml(Details, path, "details")
    where = f"details file {path}: logo"
    return Stated(details, read_logo(path.parent, details.logo, where) if details.logo else None)
