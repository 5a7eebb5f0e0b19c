"""The formal guarantee that a generator claims for its table, and what it does not cover."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from privsynth.privacy.budget import Relation, Unit
from privsynth.privacy.events import Event

MEANINGFUL = 10.0
"""Above this epsilon: "weak to no formal guarantee" (Ponomareva et al. 2023, How to DP-fy ML)."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NoClaim(_Model):
    """No formal guarantee is claimed: what is known of leakage is what attacks measured."""

    kind: Literal["none"] = "none"


class Accountant(_Model):
    """How epsilon follows from the events: whoever recomputes it must use the same orders."""

    method: Literal["RDP"] = "RDP"
    library: str
    orders: tuple[Annotated[float, Field(gt=1)], ...] = Field(min_length=1)


class Ceiling(_Model):
    """The most that any attack can reach against a claim, in the game that exchanges one unit."""

    auc: float
    tpr_at_fpr_001: float = Field(alias="tpr_at_fpr_0.01")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Composition(_Model):
    """All private fits of one source so far, this one included, at the sum of their deltas.

    ``not_added`` of them protect another unit or other neighbours, and are left out of the sum.
    """

    fits: int = Field(ge=1)
    epsilon: float
    delta: float
    not_added: int = 0


class DpClaim(_Model):
    """A claim of (epsilon, delta)-differential privacy with the ledger that it follows from.

    ``epsilon`` is what is claimed; ``spent`` what the events add up to by RDP at ``delta`` for
    ``neighbours``, and ``spent_replace_one`` the same for a unit exchanged for another. ``pld`` is
    the tighter figure by privacy loss distributions, which covers what ``pld_covers`` says.
    ``unaccounted`` lists looks at the rows that no event stands for: with any, the claim is not
    end-to-end.
    """

    kind: Literal["dp"] = "dp"
    mechanism: str
    epsilon: float = Field(gt=0)
    delta: float = Field(gt=0, lt=1)
    unit: Unit
    rows_per_unit: int = Field(ge=1)
    neighbours: Relation
    events: tuple[Event, ...]
    accountant: Accountant
    spent: float
    spent_replace_one: float | None = None
    pld: float | None = None
    pld_covers: str | None = None
    ceiling: Ceiling
    composition: Composition | None = None
    domain: dict[str, Literal["declared", "learnt", "read"]] = Field(default_factory=dict)
    unaccounted: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = ()

    @property
    def end_to_end(self) -> bool:
        """Whether every look at the private rows is in the ledger, as far as is known."""
        return not self.unaccounted


class StatedClaim(_Model):
    """What somebody else says of a table made elsewhere; nothing here was verified.

    ``unaccounted`` is what the linter found or was not told (``lint``), ``remarks`` what weakens
    the claim without breaking it; ``recomputed`` is epsilon from the events that were given with
    the statement, None without any.
    """

    kind: Literal["stated"] = "stated"
    mechanism: str
    epsilon: float = Field(gt=0)
    delta: float = Field(ge=0, lt=1)
    unit: str
    neighbours: str
    statement: dict[str, Any] = Field(default_factory=dict)
    recomputed: float | None = None
    unaccounted: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def end_to_end(self) -> bool:
        """Whether nothing was found that the stated epsilon leaves out."""
        return not self.unaccounted


Claim = Annotated[NoClaim | DpClaim | StatedClaim, Field(discriminator="kind")]
"""Alternatives are types: there is no claim with an epsilon of nothing."""
