"""The formal guarantee that a generator claims for its table."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class NoClaim(BaseModel):
    """No formal guarantee is claimed: what is known of leakage is what attacks measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["none"] = "none"


Claim = NoClaim
"""Alternatives are types; a differential-privacy claim joins as a second one."""
