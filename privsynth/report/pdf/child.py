"""The program that sets the pages, in a process of its own: a job by stdin, a PDF by stdout.

It is started by its path and imports nothing of this package: so it is there in half a second,
stays small, and has no file to read but those of WeasyPrint. ``process`` is the other end.
"""

import gc
import json
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO

VARIANT = "pdf/a-3a"
PDF_UA = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" '
    b'pdfuaid:part="1"/>'
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name>"
    b"<pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>the part of ISO 14289 that this file conforms to"
    b"</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property>"
    b"</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)
"""What says PDF/UA-1 in the metadata, with the description that PDF/A asks of such a property."""


class Incomplete(Exception):
    """Something of the document would be missing on the pages; the text quotes none of it."""


def main() -> None:
    """Set one document; the last line before the PDF's bytes says how it ended."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries print there

    def tell(line: str) -> None:
        answer.write(line.encode("ascii", "replace") + b"\n")
        answer.flush()

    gc.set_threshold(50_000, 20, 20)  # boxes are made by the million and kept: a fifth of the time
    job = read_job(sys.stdin.buffer)
    _bound(job["megabytes"])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    ending, data = _ending(job, lambda page: tell(f"page {page}"))
    tell(ending)
    answer.write(data)
    answer.flush()
    os._exit(0)  # nothing to tidy: the folder for temporary files is the parent's


def read_job(stream: BinaryIO) -> dict[str, Any]:
    """Return the job on a stream: a line of JSON, then the bytes of each of its ``blobs``."""
    job: dict[str, Any] = json.loads(stream.readline())
    job["blobs"] = {name: stream.read(size) for name, size in job["blobs"].items()}
    return job


def set_pages(job: dict[str, Any], page: Callable[[int], None]) -> bytes:
    """Return the document of a job as PDF/A-3a and PDF/UA-1 with its attachments inside."""
    import weasyprint

    logger = logging.getLogger("weasyprint")
    logger.handlers = [_Strict(logging.ERROR)]
    logger.propagate = False
    steps = logging.getLogger("weasyprint.progress")
    steps.handlers, steps.propagate = [_Steps(page)], False
    steps.setLevel(logging.INFO)
    blobs, stamp = job["blobs"], datetime.fromisoformat(job["created"])
    text = blobs["document"].decode("utf-8", "replace")
    document = weasyprint.HTML(string=text, url_fetcher=_fetcher(job["assets"], blobs)).render()
    for sheet in document.pages:  # one a link: WeasyPrint makes one of every part of it as well
        sheet.links = [link for link in sheet.links if link[-1].link]
    document.metadata.attachments = [
        weasyprint.Attachment(
            string=blobs[f"attachment:{one['name']}"], created=stamp, modified=stamp, **one
        )
        for one in job["attachments"]
    ]
    written: bytes = document.write_pdf(pdf_variant=VARIANT, finisher=_finish)
    return written


def _ending(job: dict[str, Any], page: Callable[[int], None]) -> tuple[str, bytes]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                import weasyprint  # noqa: F401
                from weasyprint.urls import FatalURLFetchingError
            except OSError:
                return "libraries", b""
            try:
                data = set_pages(job, page)
                return f"done {len(data)}", data
            except FatalURLFetchingError:
                return "outside", b""
    except MemoryError:
        return "memory", b""
    except Incomplete as error:
        return f"incomplete {error}", b""
    except Exception as error:  # its message may quote the document: only kind and place are told
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
        return f"fault {type(error).__name__} at {place}", b""


def _fetcher(assets: dict[str, str], blobs: dict[str, bytes]) -> Any:
    """Return a fetcher that serves ``asset:NAME`` from the job and stops at anything else."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OnlyOurs(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in assets:
                return URLFetcherResponse(url, blobs[url], {"Content-Type": assets[url]})
            raise FatalURLFetchingError("outside")

    return OnlyOurs()


def _finish(document: Any, pdf: Any) -> None:
    """Say PDF/UA-1 beside PDF/A-3a, and mend what WeasyPrint 70 tags or lists otherwise."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    packet = b"".join(metadata.stream)
    if packet.count(b"</rdf:RDF>") != 1:
        raise Incomplete("the metadata of the file is not what it was expected to be")
    metadata.stream = [packet.replace(b"</rdf:RDF>", PDF_UA + b"</rdf:RDF>")]
    listed = pdf.catalog.get("AF")
    if listed:
        listed[:] = list(dict.fromkeys(listed))  # every attachment is there twice
    for one in pdf.objects:
        if getattr(one, "extra", {}).get("Interpolate") == "true":  # PDF/A forbids smoothing
            one.extra["Interpolate"] = "false"
    _describe_links(document)
    parts: list[Any] = [one for one in pdf.objects if isinstance(one, dict)]
    _name_parts({one.reference: one for one in parts})


def _describe_links(document: Any) -> None:
    """Describe every link by its own words instead of its target's identifier."""
    import pydyf

    for sheet in document.pages:
        for *_, box in sheet.links:
            if box.link_annotation:
                words = " ".join("".join(box.element.itertext()).split())
                box.link_annotation["Contents"] = pydyf.String(words)


def _name_parts(objects: dict[str, Any]) -> None:
    """Name as a link what leads somewhere only, and pair the terms of a list with their texts.

    A ``div`` in a ``dl`` comes as a part of the list with two items in it, the term and its text.
    """
    leads = {name for name, one in objects.items() if one.get("Type") == "/OBJR"}
    for one in objects.values():
        kind, kids = one.get("S"), [objects[kid] for kid in one.get("K", ()) if kid in objects]
        if kind == "/Link" and leads.isdisjoint(one["K"]):
            one["S"] = "/Span"
        if kind == "/Div" and objects.get(one["P"], {}).get("S") == "/L":
            one["S"] = "/LI"
            for place, item in enumerate(kids):
                item["S"] = "/LBody" if place else "/Lbl"
                for body in item["K"]:
                    objects[body]["S"] = "/NonStruct"


class _Strict(logging.Handler):
    """Stops at what WeasyPrint would only log: a figure, an anchor or a text left out."""

    def emit(self, record: logging.LogRecord) -> None:
        # The sentence without its arguments: those quote the document.
        raise Incomplete(str(record.msg).replace("%s", "...").replace("%r", "..."))


class _Steps(logging.Handler):
    """Tells the number of every page that is set."""

    def __init__(self, page: Callable[[int], None]) -> None:
        super().__init__()
        self.page = page

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and record.args and isinstance(record.args[0], int):
            self.page(record.args[0])


def _bound(megabytes: int) -> None:
    """Bound the memory of this process, where the system can, and leave no core file behind."""
    import resource

    for what, size in ((resource.RLIMIT_AS, megabytes * 2**20), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
        with suppress(OSError, ValueError):  # macOS bounds no address space
            resource.setrlimit(what, (soft, hard))


def _end_with_parent() -> None:
    """End this process when stdin is closed: whatever became of the parent, it wants no pages."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
