"""What one report is made of; nothing else goes into it, so that equal input gives equal bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from privsynth.evidence import Bundle
from privsynth.policy.review import Review
from privsynth.policy.verdict import Verdict
from privsynth.report.changes import Changes
from privsynth.report.details import Details

Medium = Literal["pdf", "html"]
Edition = Literal["recipient", "restricted"]


@dataclass(frozen=True)
class Report:
    """Everything that one report is made of.

    ``bundle`` is the recipient's evidence where ``edition`` says so, in which no cell counts fewer
    than ``cell`` people. ``created`` is the only date that is not in the evidence. ``attachments``
    (file name to bytes) are embedded in the PDF; ``logo`` is a PNG file's bytes; ``templates`` is
    a folder whose templates stand in for ours of the same name; ``renderer`` is what the bytes of
    the PDF depend on besides; ``signatures`` says how many of each role the policy asks for.
    """

    bundle: Bundle
    verdict: Verdict | None
    created: datetime
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    edition: Edition = "recipient"
    cell: int = 11
    details: Details = field(default_factory=Details)
    logo: bytes | None = None
    changes: Changes | None = None
    templates: Path | None = None
    renderer: Mapping[str, str] = field(default_factory=dict)
    reviews: tuple[Review, ...] = ()
    signatures: Mapping[str, int] = field(default_factory=dict)
    drawn: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Figures drawn so far: the second edition takes those of the first."""

    @property
    def stamp(self) -> datetime:
        """The date of the report in UTC."""
        return in_utc(self.created)


def in_utc(created: datetime) -> datetime:
    """Return a time stamp in UTC; one without a zone is taken to be in UTC already."""
    return created.replace(tzinfo=UTC) if created.tzinfo is None else created.astimezone(UTC)
