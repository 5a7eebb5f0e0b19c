"""The leakage report: reads evidence and verdict, prints them, computes nothing."""

from privsynth.report.details import Details, Stated, read_details
from privsynth.report.record import Record, record
from privsynth.report.render import render
from privsynth.report.report import Report

__all__ = ["Details", "Record", "Report", "Stated", "read_details", "record", "render"]
