"""Formal privacy claims: what may be spent, what was, and how anybody computes it again."""

from privsynth.errors import BudgetError
from privsynth.privacy.budget import Budget, Relation, Unit
from privsynth.privacy.claim import Claim, DpClaim, NoClaim, StatedClaim
from privsynth.privacy.domain import ColumnDomain, Domain
from privsynth.privacy.events import DpSgd, Event, Gaussian, Selection, Threshold
from privsynth.privacy.ledger import Ledger, Noise, NoNoise
from privsynth.privacy.prove import Recomputed, compose, prove, recompute

__all__ = [
    "Budget",
    "BudgetError",
    "Claim",
    "ColumnDomain",
    "Domain",
    "DpClaim",
    "DpSgd",
    "Event",
    "Gaussian",
    "Ledger",
    "NoClaim",
    "NoNoise",
    "Noise",
    "Recomputed",
    "Relation",
    "Selection",
    "StatedClaim",
    "Threshold",
    "Unit",
    "compose",
    "prove",
    "recompute",
]
