"""The report as PDF/A-3a and PDF/UA-1 in one file: fetches nothing, same input, same bytes."""

from collections.abc import Mapping
from datetime import datetime

from privsynth.errors import InputError
from privsynth.progress import Progress, silent
from privsynth.report.pdf.process import Limits, limits, run
from privsynth.report.pdf.versions import versions
from privsynth.report.report import in_utc
from privsynth.report.text import FONTS, font_folder

__all__ = ["Limits", "pdf_bytes", "versions"]

DATA = "evidence.json"
MANIFEST = "manifest.json"
DESCRIPTIONS = {
    DATA: "Evidence: every number of this report with its interval, as the audit wrote it",
    "verdict.json": "Verdict: every rule of the policy, what was observed and the outcome",
    "policy.json": "Policy: the rules and the limits by which this table was decided",
    "policy.yaml": "Policy: the rules and the limits by which this table was decided",
}
LABEL = "Label: where the synthetic table comes from, and the digests that tie it to this report"
OTHER = "A further record that belongs to this report"


def pdf_bytes(
    document: str,
    *,
    attachments: Mapping[str, bytes],
    created: datetime,
    logo: bytes | None = None,
    progress: Progress = silent,
    bounds: Limits | None = None,
) -> bytes:
    """Return the document as tagged PDF with its attachments (file name to bytes) inside.

    ``asset:NAME`` in the document is one of our fonts, and ``asset:logo`` is ``logo``, a PNG.
    Raises ``InputError`` naming the packages when system libraries are missing, for a manifest
    among the attachments (it holds the digest of this very PDF), and when setting the pages takes
    more than ``bounds`` (by default those of the environment); ``IntegrityError`` when the document
    asks for anything but our own assets or when something of it would not be on the pages.
    """
    if MANIFEST in attachments:
        raise InputError(f"{MANIFEST} cannot be attached: it holds the digest of the PDF itself")
    assets = {f"asset:{name}": (font_folder() / name).read_bytes() for name in FONTS}
    kinds = dict.fromkeys(assets, "font/ttf")
    if logo is not None:
        assets["asset:logo"], kinds["asset:logo"] = logo, "image/png"
    job = {
        "created": in_utc(created).isoformat(),
        "assets": kinds,
        "attachments": [
            {"name": name, "description": described(name), "relationship": relationship(name)}
            for name in sorted(attachments)
        ],
    }
    files = {f"attachment:{name}": data for name, data in attachments.items()}
    text = document.encode("utf-8", "replace")
    return run(
        job,
        {"document": text, **assets, **files},
        bounds or limits(),
        fallback=assets[f"asset:{FONTS[0]}"],
        progress=progress,
    )


def relationship(name: str) -> str:
    """Return what an attachment is to the report: the data it prints, or a supplement to it."""
    return "Data" if name == DATA else "Supplement"


def described(name: str) -> str:
    """Return a sentence for people about an attachment, by the name of its file."""
    return LABEL if name.endswith(".label.json") else DESCRIPTIONS.get(name, OTHER)
