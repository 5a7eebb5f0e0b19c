"""Evidence and verdict onto paper and screen: both files are written whole, or neither."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from privsynth.errors import IntegrityError
from privsynth.evidence import Bundle
from privsynth.policy.verdict import Verdict
from privsynth.privacy import Claim, DpClaim, recompute
from privsynth.progress import Progress, part, silent


def render(
    bundle: Bundle,
    verdict: Verdict | None,
    *,
    pdf: Path | None,
    html: Path | None,
    created: datetime,
    attachments: Mapping[str, bytes],
    progress: Progress = silent,
) -> None:
    """Write the report as PDF, as HTML, or both; it prints the evidence and computes nothing.

    ``created`` is the only date in it: the same input gives the same bytes. ``attachments`` (file
    name to bytes) are embedded in the PDF. Raises ``InputError`` when a file cannot be written or
    a system library is missing, ``IntegrityError`` when the ledger does not support the claim.
    """
    _check(bundle.claim)
    from privsynth.report.html import page
    from privsynth.report.pdf import pdf_bytes
    from privsynth.tables.write import write_bytes

    done: list[tuple[Path, bytes]] = []
    edition = partial(page, bundle, verdict, created=created, attachments=attachments)
    if pdf is not None:
        draft = edition(edition="pdf", progress=part(progress, 0.0, 0.3))
        progress("report: setting the pages", 0.3)
        done.append((pdf, pdf_bytes(draft, attachments=attachments, created=created)))
    if html is not None:
        text = edition(edition="html", progress=part(progress, 0.8, 0.99))
        done.append((html, text.encode("utf-8")))
    for path, data in done:
        write_bytes(path, data)
    progress("report", 1.0)


def _check(claim: Claim) -> None:
    """Refuse to print a claim that its own ledger does not support."""
    problems = recompute(claim).problems if isinstance(claim, DpClaim) else ()
    if problems:
        raise IntegrityError(f"no report: the privacy claim does not hold; {problems[0]}")
