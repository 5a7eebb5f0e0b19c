"""What a check is: one line of the answer."""

from dataclasses import dataclass
from typing import Literal

Group = Literal["files", "report", "record", "decision", "signatures", "table"]


@dataclass(frozen=True)
class Check:
    """One line of the answer; ``note`` marks one that is no damage and that a reader should see."""

    name: str
    ok: bool
    detail: str
    group: Group = "record"
    note: bool = False
