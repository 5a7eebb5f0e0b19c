"""Waivers: fails that named people accept for a while, for one dataset and up to a ceiling."""

import datetime
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from privsynth.policy._base import Parameters
from privsynth.policy.policy import this_version
from privsynth.policy.verdict import Verdict, WaiverUse
from privsynth.tables.schema import from_yaml

SCHEMA = "privsynth/waivers/v1"
LONGEST = 180
"""Days that a waiver may last; what is still needed then is decided anew."""


def day(text: str) -> datetime.date:
    """Return the day of a text such as 2026-11-20; ``ValueError`` for anything else."""
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ValueError("a date is written as 2026-11-20")
    return found


def _printed(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed, such as control characters")
    return text


def _day(text: str) -> str:
    return day(text).isoformat()


Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    AfterValidator(_printed),
]  # fmt: skip
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printed),
]  # fmt: skip
Day = Annotated[str, AfterValidator(_day)]


class Waiver(Parameters):
    """One fail of one rule that is accepted, by whom, until when and how far."""

    id: Name
    rule: Name
    dataset: Name | None = Field(None, description="name of the audited table")
    table: Name | None = Field(None, description="digest of the synthetic table (sha256:…)")
    reason: Words
    compensating_control: Words
    requested_by: Name
    approved_by: Name = Field(description="another person than who requested it")
    approved_at: Day
    expires: Day = Field(description=f"the last day; at most {LONGEST} days after the approval")
    max_observed: float = Field(
        description="worst careful end that is accepted: the largest, or the least where the rule "
        "asks for more"
    )
    ticket: Annotated[str, StringConstraints(max_length=200), AfterValidator(_printed)] = ""

    @model_validator(mode="after")
    def _scoped(self) -> "Waiver":
        if self.dataset is None and self.table is None:
            raise ValueError("names neither a dataset nor a table: a waiver is for one of them")
        return self

    def wrong(self) -> str:
        """Return why it holds on no day and for no table, "" where it may hold."""
        if person(self.requested_by) == person(self.approved_by):
            return f"{self.approved_by} cannot approve what the same person requested"
        approved, expires = day(self.approved_at), day(self.expires)
        if expires < approved:
            return f"it expires on {self.expires}, before its approval on {self.approved_at}"
        if (expires - approved).days > LONGEST:
            days = (expires - approved).days
            return f"it lasts {days} days; a waiver lasts {LONGEST} days at most"
        return ""

    def use(self, state: Any, message: str) -> WaiverUse:
        """Return what became of it."""
        told = self.model_dump(exclude={"dataset", "table"})
        return WaiverUse(state=state, message=message, **told)


def person(name: str) -> str:
    """Return a name by which the same person is recognised in other letters or spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


class WaiverFile(BaseModel):
    """What a waivers file may hold; it is read strictly, as a policy is."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    schema_: str | None = Field(None, alias="schema", description=SCHEMA)
    waivers: tuple[Waiver, ...]

    @model_validator(mode="before")
    @classmethod
    def _version(cls, raw: Any) -> Any:
        return this_version(raw, SCHEMA)

    @model_validator(mode="after")
    def _once(self) -> "WaiverFile":
        twice = [one for one, n in Counter(w.id for w in self.waivers).items() if n > 1]
        if twice:
            raise ValueError(f"two waivers are called {twice[0]!r}; give each its own id")
        return self


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Return the waivers in a YAML file; ``InputError`` names each wrong entry.

    One that cannot hold (too long, approved by who asked) is returned as well: the verdict names
    it as refused.
    """
    return from_yaml(WaiverFile, path, "waivers").waivers


def expired_since(verdict: Verdict, today: datetime.date) -> tuple[str, ...]:
    """Return what a verdict was released with and does not hold any more, a sentence each."""
    gone = [w for w in verdict.waivers if w.state == "used" and day(w.expires) < today]
    return tuple(
        f"waiver {w.id} for {w.rule}, approved by {w.approved_by}, expired on {w.expires}"
        for w in gone
    )
