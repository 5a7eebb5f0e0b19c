"""Evidence and verdict onto paper and screen: both files are written whole, or neither."""

from dataclasses import replace
from pathlib import Path

from privsynth.errors import IntegrityError
from privsynth.privacy import Claim, DpClaim, recompute
from privsynth.progress import Progress, part, silent
from privsynth.report.report import Report


def render(
    report: Report, *, pdf: Path | None, html: Path | None, progress: Progress = silent
) -> None:
    """Write the report as PDF, as HTML, or both; it prints the evidence and computes nothing.

    The same report gives the same bytes. Raises ``InputError`` when a file cannot be written or a
    system library is missing, ``IntegrityError`` when the ledger does not support the claim.
    """
    _check(report.bundle.claim)
    from privsynth.report.html import page
    from privsynth.report.pdf import pdf_bytes, versions
    from privsynth.tables.write import write_bytes

    report = replace(report, renderer=versions())
    done: list[tuple[Path, bytes]] = []
    if pdf is not None:
        draft = page(report, "pdf", part(progress, 0.0, 0.3))
        data = pdf_bytes(
            draft, attachments=report.attachments, created=report.stamp, logo=report.logo,
            progress=part(progress, 0.3, 0.8),
        )  # fmt: skip
        done.append((pdf, data))
    if html is not None:
        text = page(report, "html", part(progress, 0.8, 0.99))
        done.append((html, text.encode("utf-8")))
    for path, data in done:
        write_bytes(path, data)
    progress("report", 1.0)


def _check(claim: Claim) -> None:
    """Refuse to print a claim that its own ledger does not support."""
    problems = recompute(claim).problems if isinstance(claim, DpClaim) else ()
    if problems:
        raise IntegrityError(f"no report: the privacy claim does not hold; {problems[0]}")
