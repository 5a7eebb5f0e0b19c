"""Exact nearest records on mixed tables; every measure and attack asks here."""

from privsynth.neighbours.cost import Cost
from privsynth.neighbours.dense import Points, nearest_points
from privsynth.neighbours.encodings import (
    FREQ,
    GOWER,
    RANK,
    STD,
    Encodings,
    fit_frequencies,
    fit_ranks,
)
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
    "FREQ",
    "GOWER",
    "RANK",
    "STD",
    "Cost",
    "Encodings",
    "Index",
    "Neighbours",
    "Points",
    "Search",
    "fit_frequencies",
    "fit_ranks",
    "index",
    "merge",
    "nearest",
    "nearest_in_parquet",
    "nearest_points",
    "nearest_records",
    "tie_credit",
]
