"""What a person decided about a release, beside what the gate did; shown on the sign-off page."""

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from privsynth.evidence import Model


def _printed(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed, such as control characters")
    return text


def _day(text: str) -> str:
    try:
        same = datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        same = False
    if not same:
        raise ValueError("a date is written as 2026-11-20")
    return text


def _trimmed(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


Line = Annotated[str, _trimmed(200), AfterValidator(_printed)]
Text = Annotated[str, _trimmed(1000), AfterValidator(_printed)]
Decision = Literal["approve", "reject"]


class Review(Model):
    """A person's decision, signed over evidence, verdict, policy, waivers, table and label.

    Name and role are what the person states; the key that signed is what can be checked.
    """

    name: Line
    role: Line = Field(description="such as data protection officer")
    decision: Decision
    looked_at: tuple[Text, ...] = Field(min_length=1)
    conditions: tuple[Text, ...] = ()
    next_review: Annotated[str, AfterValidator(_day)] | None = Field(
        None, description="a date, 2026-11-20"
    )
    time: str = Field(description="self-declared, UTC")
    key_id: str = Field(description="SHA-256 of the public key that signed")
