"""What the templates see of a report: the record, the figures, and a few ways to look at them."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from privsynth import __version__
from privsynth.evidence import CELL_LIMIT
from privsynth.privacy.claim import MEANINGFUL
from privsynth.report import claim, figures
from privsynth.report.drawing import Drawing
from privsynth.report.families import families
from privsynth.report.questions import answers
from privsynth.report.report import Medium, Report

DISCLOSURE = ("singling_out", "linkability", "attribute_inference", "disclosure")
"""Measures under the three headings of the Article 29 Working Party, in their order."""
USEFULNESS = ("fidelity", "utility")
LIMIT_OF = {
    "worst_auc": "auc",
    "worst_tpr": "tpr_at_fpr_0.01",
    "exposed_fifth": "exposed",
    "subgroups": "subgroups",
}
"""Rules whose limit is drawn in a figure, with the headline or the groups that they read."""


@dataclass(frozen=True)
class Attached:
    """One file embedded in the PDF: what a reader needs to check it."""

    name: str
    size: int
    digest: str


def context(report: Report, medium: Medium) -> dict[str, Any]:
    """Return the variables of every template."""
    bundle, verdict = report.bundle, report.verdict
    measures = [probe for probe in bundle.probes if probe.kind == "measure"]
    answered = {probe.id: probe for probe in measures}
    return {
        "report": report,
        "bundle": bundle,
        "verdict": verdict,
        "details": report.details,
        "logo": _logo(report.logo, medium),
        "changes": report.changes,
        "edition": report.edition,
        "medium": medium,
        "cell": report.cell,
        "created": report.stamp,
        "version": __version__,
        "attachments": [
            Attached(name, len(data), hashlib.sha256(data).hexdigest())
            for name, data in sorted(report.attachments.items())
        ],
        "answers": () if verdict is None else answers(verdict),
        "attacks": [probe for probe in bundle.probes if probe.kind == "attack"],
        "families": families(bundle),
        "strata": [probe for probe in bundle.probes if probe.kind == "stratum"],
        "measures": measures,
        "disclosure": [answered[name] for name in DISCLOSURE if name in answered],
        "screening": [p for p in measures if p.id not in (*DISCLOSURE, *USEFULNESS)],
        **_figures(report, medium),
        "guarantee": claim.guarantee(bundle),
        "reaches": claim.reaches(bundle),
        "above": claim.above(bundle),
        "comparable": claim.comparable(bundle),
        "meaningful": MEANINGFUL,
        "chance": figures.chance,
    }


def _logo(png: bytes | None, medium: Medium) -> str | None:
    """Return an address of the logo that needs no network: our fetcher's, or the bytes inline."""
    if png is None:
        return None
    # Markup: as a text it would be cut to the length of a sentence.
    inline = Markup(f"data:image/png;base64,{b64encode(png).decode()}")
    return "asset:logo" if medium == "pdf" else inline


def _figures(report: Report, medium: Medium) -> dict[str, Callable[..., Drawing | None]]:
    """Return the figures by name; those of a page on a screen take their colours from its style."""
    limits, cell = _limits(report), report.bundle.cell or CELL_LIMIT
    found: dict[str, Callable[..., Drawing | None]] = {
        "flow": partial(figures.flow, verdict=report.verdict),
        "detection": figures.detection,
        "forest": partial(figures.forest, limits=limits),
        "roc": figures.roc,
        "histogram": partial(figures.histogram, cell=cell),
        "subsets": figures.subsets,
        "groups": lambda probe: figures.groups(probe, limits.get(probe.id)),
        "exposure": figures.exposure,
        "fidelity": figures.fidelity,
        "distortion": figures.distortion,
        "epsilons": figures.epsilons,
    }
    return {name: partial(_drawn, report, medium, name, figure) for name, figure in found.items()}


def _drawn(
    report: Report, medium: Medium, name: str, figure: Callable[..., Drawing | None], *given: Any
) -> Drawing | None:
    """Return a figure that is drawn once for both editions, ``given`` being parts of the report."""
    key = (name, *(one if isinstance(one, str) else id(one) for one in given))
    if key not in report.drawn:
        report.drawn[key] = (given, figure(*given))  # what was given stays, and so do its ids
    drawing: Drawing | None = report.drawn[key][1]
    return drawing.themed() if drawing is not None and medium == "html" else drawing


def _limits(report: Report) -> dict[str, float]:
    findings = report.verdict.findings if report.verdict is not None else ()
    return {
        LIMIT_OF[finding.rule]: finding.limit
        for finding in findings
        if finding.rule in LIMIT_OF and finding.limit is not None
    }
