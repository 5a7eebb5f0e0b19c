"""The charts of the report, one file each; none of them ever shows a single record.

Each function takes evidence and returns a ``Drawing``, or None where there is nothing to draw; in
a notebook a drawing shows itself.
"""

from privsynth.report.figures._marks import chance, interval, level
from privsynth.report.figures.detection import detection
from privsynth.report.figures.distortion import distortion
from privsynth.report.figures.epsilons import epsilons
from privsynth.report.figures.exposure import exposure
from privsynth.report.figures.fidelity import fidelity
from privsynth.report.figures.flow import flow
from privsynth.report.figures.forest import forest
from privsynth.report.figures.groups import groups
from privsynth.report.figures.histogram import histogram
from privsynth.report.figures.roc import roc
from privsynth.report.figures.subsets import subsets

__all__ = [
    "chance",
    "detection",
    "distortion",
    "epsilons",
    "exposure",
    "fidelity",
    "flow",
    "forest",
    "groups",
    "histogram",
    "interval",
    "level",
    "roc",
    "subsets",
]
