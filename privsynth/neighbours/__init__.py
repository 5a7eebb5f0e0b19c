"""Exact nearest records on mixed tables; every measure and attack asks here."""

from privsynth.neighbours.search import Neighbours, Search, merge, nearest, tie_credit

__all__ = ["Neighbours", "Search", "merge", "nearest", "tie_credit"]
