"""``evidence.json``: its models, its file, and the recipient's edition, which travels."""

from privsynth.evidence.files import read_bundle, read_model, to_json
from privsynth.evidence.models import (
    Audits,
    Bundle,
    ColumnFacts,
    Control,
    Earlier,
    EpsilonBound,
    Evidence,
    Generator,
    HeadlineEntry,
    MechanismAudit,
    Model,
    Power,
    Registration,
    TableFacts,
    Threat,
)
from privsynth.evidence.recipient import CELL_LIMIT, recipient

__all__ = [
    "CELL_LIMIT",
    "Audits",
    "Bundle",
    "ColumnFacts",
    "Control",
    "Earlier",
    "EpsilonBound",
    "Evidence",
    "Generator",
    "HeadlineEntry",
    "MechanismAudit",
    "Model",
    "Power",
    "Registration",
    "TableFacts",
    "Threat",
    "read_bundle",
    "read_model",
    "recipient",
    "to_json",
]
