"""Exact nearest records on mixed tables; every measure and attack asks here."""

from privsynth.neighbours.cost import Cost
from privsynth.neighbours.encodings import fit_frequencies, fit_ranks
from privsynth.neighbours.frames import nearest
from privsynth.neighbours.search import (
    Index,
    Neighbours,
    Search,
    index,
    merge,
    nearest_records,
    tie_credit,
)
from privsynth.neighbours.stream import nearest_in_parquet

__all__ = [
    "Cost",
    "Index",
    "Neighbours",
    "Search",
    "fit_frequencies",
    "fit_ranks",
    "index",
    "merge",
    "nearest",
    "nearest_in_parquet",
    "nearest_records",
    "tie_credit",
]
