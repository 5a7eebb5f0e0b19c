"""The report as PDF/A-3a by WeasyPrint: fetches nothing, same input, same bytes."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from privsynth.errors import InputError, IntegrityError
from privsynth.report.html import in_utc
from privsynth.report.text import FONTS, font_folder

DATA = "evidence.json"
NO_LIBRARIES = (
    "the PDF report needs system libraries that are missing: libpangoft2-1.0-0 and "
    "libharfbuzz-subset0; on Debian and Ubuntu: apt-get install --no-install-recommends "
    "libpangoft2-1.0-0 libharfbuzz-subset0 (macOS: brew install pango)"
)


def pdf_bytes(document: str, *, attachments: Mapping[str, bytes], created: datetime) -> bytes:
    """Return the document as tagged PDF/A-3a with its attachments inside.

    Raises ``InputError`` naming the packages when WeasyPrint's system libraries are missing, and
    ``IntegrityError`` when the document asks for anything but our own fonts.
    """
    weasyprint = load_weasyprint()
    from weasyprint.urls import FatalURLFetchingError

    stamp = in_utc(created)
    with _quiet():
        try:
            page = weasyprint.HTML(string=document, url_fetcher=_fetcher()).render()
        except FatalURLFetchingError as error:
            raise IntegrityError(str(error)) from None
        page.metadata.attachments = [
            weasyprint.Attachment(
                string=data,
                name=name,
                description=f"{name}, the record behind this report",
                relationship="Data" if name == DATA else "Supplement",
                created=stamp,
                modified=stamp,
            )
            for name, data in sorted(attachments.items())
        ]
        written: bytes = page.write_pdf(pdf_variant="pdf/a-3a", finisher=_list_attachments_once)
    return written


def load_weasyprint() -> Any:
    """Return the weasyprint module; ``InputError`` says which packages install what it lacks."""
    try:
        # It prints a banner to stdout when a library is missing; stdout is for machines here.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import weasyprint
    except OSError:
        raise InputError(NO_LIBRARIES) from None
    return weasyprint


def _fetcher() -> Any:
    """Return a fetcher that serves our own fonts as ``asset:NAME`` and stops at anything else."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OnlyOurFonts(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            scheme, _, asset = url.partition(":")
            if scheme == "asset" and asset in FONTS:
                data = (font_folder() / asset).read_bytes()
                return URLFetcherResponse(url, data, {"Content-Type": "font/ttf"})
            raise FatalURLFetchingError("the report refers to something outside itself")

    return OnlyOurFonts()


def _list_attachments_once(document: Any, pdf: Any) -> None:
    """Remove doubles from the catalog's ``/AF``: WeasyPrint 70 lists every attachment twice."""
    listed = pdf.catalog.get("AF")
    if listed:
        listed[:] = list(dict.fromkeys(listed))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence WeasyPrint and fontTools, whose warnings can quote the text they could not set."""
    loggers = [
        logging.getLogger(name) for name in ("weasyprint", "weasyprint.progress", "fontTools")
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
