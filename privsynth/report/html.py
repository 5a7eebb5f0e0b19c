"""The report as HTML: templates and sections found by their names, everything foreign cleaned."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from privsynth import __version__
from privsynth.errors import IntegrityError
from privsynth.evidence import Bundle
from privsynth.policy.verdict import Verdict
from privsynth.privacy.claim import MEANINGFUL
from privsynth.progress import Progress, silent
from privsynth.report import claim, figures, text
from privsynth.report.families import families

Edition = Literal["pdf", "html"]
MAX_ENTRIES = 60
DISCLOSURE = ("singling_out", "linkability", "attribute_inference", "disclosure")
"""Measures under the three headings of the Article 29 Working Party, in their order."""
USEFULNESS = ("fidelity", "utility")
LIMIT_OF = {"worst_auc": "auc", "worst_tpr": "tpr_at_fpr_0.01"}
"""Rules whose limit is drawn in the forest plot, with the headline that they read."""


@dataclass(frozen=True)
class Section:
    """One numbered part of the report."""

    number: int
    slug: str
    title: str
    body: Markup


@dataclass(frozen=True)
class Attached:
    """One file embedded in the PDF: what a reader needs to check it."""

    name: str
    size: int
    digest: str


def template_folder() -> Path:
    """Return where the templates are: inside an installed wheel, else in the checkout."""
    installed = Path(str(files("privsynth"))) / "report_templates"
    checkout = Path(__file__).resolve().parents[2] / "report_templates"
    for folder in (installed, checkout):
        if (folder / "report.html").is_file():
            return folder
    raise IntegrityError(
        "the report templates are missing from this installation; install privsynth again"
    )


def section_slugs(folder: Path) -> tuple[str, ...]:
    """Return the sections in order: the names of ``sections/NN_name.html`` without the number."""
    paths = sorted((folder / "sections").glob("[0-9][0-9]_*.html"), key=lambda path: path.name)
    return tuple(path.stem.partition("_")[2] for path in paths)


def sections(
    bundle: Bundle,
    verdict: Verdict | None,
    *,
    created: datetime,
    attachments: Mapping[str, bytes],
    edition: Edition,
    progress: Progress = silent,
) -> tuple[Section, ...]:
    """Return every section rendered, in order."""
    folder = template_folder()
    templates = environment(folder)
    slugs = section_slugs(folder)
    context = _context(bundle, verdict, created, attachments, edition)
    context["see"] = partial(_see, slugs)
    done = []
    for number, path in enumerate(sorted(folder.glob("sections/[0-9][0-9]_*.html")), start=1):
        progress("report", (number - 1) / len(slugs))
        template = templates.get_template(f"sections/{path.name}")
        module: Any = template.make_module(context)
        done.append(Section(number, slugs[number - 1], str(module.title), Markup(module)))
    return tuple(done)


def page(
    bundle: Bundle,
    verdict: Verdict | None,
    *,
    created: datetime,
    attachments: Mapping[str, bytes],
    edition: Edition,
    progress: Progress = silent,
) -> str:
    """Return the whole report as one HTML document that refers to nothing outside itself.

    The PDF's edition names its fonts by ``asset:``, which only our own fetcher resolves.
    """
    context = _context(bundle, verdict, created, attachments, edition)
    context["sections"] = sections(
        bundle,
        verdict,
        created=created,
        attachments=attachments,
        edition=edition,
        progress=progress,
    )
    return environment(template_folder()).get_template("report.html").render(context)


def in_utc(created: datetime) -> datetime:
    """Return a time stamp in UTC; one without a zone is taken to be in UTC already."""
    return created.replace(tzinfo=UTC) if created.tzinfo is None else created.astimezone(UTC)


def environment(folder: Path) -> Environment:
    """Return the templates of a folder, which escape all they are given."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (
        text.name, text.number, text.p_value, text.limit, text.observed, text.count, text.percent,
        text.label, text.significant, claim.looks, claim.rho, claim.script,
    ):  # fmt: skip
        made.filters[function.__name__] = function
    made.filters["clean"] = text.clean
    made.filters["code"] = escape  # our own lines: they keep their breaks
    made.filters["entries"] = entries
    made.filters["level"] = figures.level
    return made


def _context(
    bundle: Bundle,
    verdict: Verdict | None,
    created: datetime,
    attachments: Mapping[str, bytes],
    edition: Edition,
) -> dict[str, Any]:
    measures = [probe for probe in bundle.probes if probe.kind == "measure"]
    answered = {probe.id: probe for probe in measures}
    return {
        "bundle": bundle,
        "verdict": verdict,
        "edition": edition,
        "created": in_utc(created),
        "version": __version__,
        "attachments": [
            Attached(name, len(data), hashlib.sha256(data).hexdigest())
            for name, data in sorted(attachments.items())
        ],
        "attacks": [probe for probe in bundle.probes if probe.kind == "attack"],
        "families": families(bundle),
        "strata": [probe for probe in bundle.probes if probe.kind == "stratum"],
        "measures": measures,
        "disclosure": [answered[name] for name in DISCLOSURE if name in answered],
        "screening": [p for p in measures if p.id not in (*DISCLOSURE, *USEFULNESS)],
        "forest": partial(figures.forest, limits=_limits(verdict)),
        "roc": figures.roc,
        "histogram": figures.histogram,
        "fidelity": figures.fidelity,
        "epsilons": figures.epsilons,
        "guarantee": claim.guarantee(bundle),
        "reaches": claim.reaches(bundle),
        "above": claim.above(bundle),
        "comparable": claim.comparable(bundle),
        "meaningful": MEANINGFUL,
        "chance": figures.chance,
    }


def _limits(verdict: Verdict | None) -> dict[str, float]:
    findings = verdict.findings if verdict is not None else ()
    return {
        LIMIT_OF[finding.rule]: finding.limit
        for finding in findings
        if finding.rule in LIMIT_OF and finding.limit is not None
    }


def _see(slugs: tuple[str, ...], slug: str) -> Markup:
    """Return a link to a section by its file's name, or plain words where it was taken out."""
    if slug not in slugs:
        return Markup("a section left out of this report")
    return Markup('<a href="#{}">section {}</a>').format(slug, slugs.index(slug) + 1)


def entries(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return nested options as ``(dotted key, text)`` pairs, at most ``MAX_ENTRIES``."""
    found = list(_flat(raw, ""))
    rest = len(found) - MAX_ENTRIES
    return found[:MAX_ENTRIES] + ([("…", f"{rest} more in evidence.json")] if rest > 0 else [])


def _flat(raw: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(raw, Mapping) and raw:
        for step, value in raw.items():
            yield from _flat(value, f"{key}.{step}" if key else str(step))
    elif isinstance(raw, list | tuple) and any(isinstance(item, Mapping) for item in raw):
        for place, item in enumerate(raw, start=1):
            yield from _flat(item, f"{key}.{place}")
    elif raw in ({}, [], ()):
        yield key, "–"
    else:
        yield key, raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
