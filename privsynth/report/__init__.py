"""The leakage report: reads evidence and verdict, prints them, computes nothing."""

from privsynth.report.render import render

__all__ = ["render"]
