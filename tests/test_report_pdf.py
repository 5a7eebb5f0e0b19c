"""The PDF is both PDF/A-3a and PDF/UA-1, to us and to others' programs, and the same every time."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import report_example as example
import verapdf
from pdf_tags import nodes, spoken, tags
from test_report_process import png

from privsynth.errors import InputError
from privsynth.evidence import Bundle
from privsynth.policy.verdict import Verdict
from privsynth.report import Report
from privsynth.report.html import page
from privsynth.report.pdf import pdf_bytes

EXAMPLES = ("pass", "fail", "inconclusive", "hostile", "names")
ACTIONS = {"/JavaScript", "/Launch", "/URI", "/GoToR", "/SubmitForm", "/ImportData", "/Rendition"}
NAMES = (
    "\U0001f469\u200d⚕️ emoji", "年齢と性別", "age\u202egnp.exe", "x" * 5000,
    "<script>alert(1)</script>", "file:///etc/passwd", '<a href="file:///etc/passwd">',
    "tab\there", "\ue000", "e\u0301" * 40,
)  # fmt: skip
SMALL = """<html lang="en"><title>Small</title><h1>One</h1><h2>Two</h2><table><tr><th scope="col">A
</table><svg width="9" height="9"><title>A square.</title><rect width="9" height="9"/></svg>
<img alt="Logo of the registry" src="asset:logo">"""
PROGRAM = """
import sys; sys.path[:0] = {path!r}
from test_report_pdf import paper
sys.stdout.buffer.write(paper("fail"))
"""


def material(which: str) -> tuple[Bundle, Verdict]:
    """Return evidence and decision of one of the examples."""
    if which == "hostile":
        return example.hostile()
    status: Any = "pass" if which == "names" else which
    bundle = example.bundle(status)
    if which == "names":
        columns = [bundle.columns[0].model_copy(update={"name": n, "note": n}) for n in NAMES]
        bundle = bundle.model_copy(update={"columns": tuple(columns), "name": NAMES[0]})
    return bundle, example.verdict(bundle, status)


@cache
def report(which: str) -> Report:
    """Return the report of an example."""
    return example.report(*material(which))


@cache
def paper(which: str) -> bytes:
    """Return the PDF of an example."""
    made = report(which)
    return pdf_bytes(page(made, "pdf"), attachments=made.attachments, created=made.created)


@pytest.fixture(params=EXAMPLES)
def document(request: pytest.FixtureRequest) -> Iterator[pikepdf.Pdf]:
    """Give the PDF of every example, opened."""
    with pikepdf.open(io.BytesIO(paper(request.param))) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the PDF of every example."""
    made = tmp_path_factory.mktemp("papers")
    for which in EXAMPLES:
        (made / f"{which}.pdf").write_bytes(paper(which))
    return made


def test_it_says_both_standards_its_language_and_its_title(document: pikepdf.Pdf) -> None:
    root = document.Root
    assert str(root.Lang) == "en" and bool(root.MarkInfo.Marked)
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    assert str(document.docinfo["/Title"]).startswith("Leakage report: ")
    assert str(document.docinfo["/CreationDate"]).startswith("D:20261120093000")
    with document.open_metadata() as metadata:
        assert metadata.pdfa_status == "3A"
        assert metadata["pdfuaid:part"] == "1"
        assert str(metadata["dc:title"]) == str(document.docinfo["/Title"])


def test_figures_have_words_tables_have_headers_and_headings_do_not_skip(
    document: pikepdf.Pdf,
) -> None:
    found = tags(document)
    words = [str(node.get("/Alt", "")) for tag, node in found if tag == "/Figure"]
    assert len(words) >= 5 and all(len(text) > 40 for text in words)
    tables = [node for tag, node in found if tag == "/Table"]
    assert len(tables) >= 10
    for table in tables:
        inside = list(nodes(table))
        assert any(str(node.S) == "/TH" for node in inside)
        headers = {str(node.ID) for node in inside if "/ID" in node}
        for cell in inside:
            if str(cell.S) == "/TD" and "/A" in cell and "/Headers" in cell.A:
                assert {str(name) for name in cell.A.Headers} <= headers
    levels = [int(tag[2]) for tag, _ in found if re.fullmatch(r"/H[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert "/Lbl" in {tag for tag, _ in found}, "terms of lists are not told from their texts"


def test_every_link_is_one_link_and_says_where_it_leads(document: pikepdf.Pdf) -> None:
    links = [link for sheet in document.pages for link in sheet.get("/Annots", [])]
    assert len(links) >= 15
    assert all(str(link.Subtype) == "/Link" and len(str(link.Contents)) > 3 for link in links)
    named = [node for tag, node in tags(document) if tag == "/Link"]
    assert len(named) == len(links)
    for node in named:
        assert sum("/Obj" in kid for kid in node.K if isinstance(kid, pikepdf.Dictionary)) == 1


def test_every_font_is_embedded_and_maps_to_text(document: pikepdf.Pdf) -> None:
    fonts = [
        one for one in document.objects
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"
    ]  # fmt: skip
    composite = [one for one in fonts if str(one.Subtype) == "/Type0"]
    assert composite and {str(one.Subtype) for one in fonts} == {"/Type0", "/CIDFontType2"}
    for font in composite:
        assert "DejaVu" in str(font.BaseFont) and "/ToUnicode" in font
        (below,) = font.DescendantFonts
        assert "/FontFile2" in below.FontDescriptor


def test_attachments_are_listed_once_with_relationship_dates_and_words(
    document: pikepdf.Pdf,
) -> None:
    listed = list(document.Root.AF)
    assert [str(one.UF) for one in listed] == ["evidence.json", "verdict.json"]
    assert [str(one.AFRelationship) for one in listed] == ["/Data", "/Supplement"]
    for one in listed:
        assert len(str(one.Desc)) > 30 and str(one.UF) not in str(one.Desc)
        params = one.EF.F.Params
        assert {str(params.CreationDate), str(params.ModDate)} == {"D:20261120093000Z"}
        assert str(one.EF.F.Subtype) == "/application/json"
    in_tree = [str(name) for name in document.Root.Names.EmbeddedFiles.Names[::2]]
    assert in_tree == sorted(in_tree) and len(in_tree) == len(listed)


def test_attachments_are_the_files_byte_for_byte() -> None:
    with pikepdf.open(io.BytesIO(paper("fail"))) as document:
        inside = {name: one.get_file().read_bytes() for name, one in document.attachments.items()}
    assert inside == dict(report("fail").attachments)


def test_a_manifest_cannot_be_attached_since_it_holds_the_digest_of_the_report() -> None:
    with pytest.raises(InputError, match="manifest"):
        pdf_bytes("", attachments={"manifest.json": b"{}"}, created=example.CREATED)


def test_nothing_in_it_runs_or_leads_outside(document: pikepdf.Pdf) -> None:
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(document.Root.keys())
    for one in document.objects:
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            assert "/JS" not in one and "/AA" not in one and one.get("/Type") != "/Action"
            assert str(one.get("/S", "")) not in ACTIONS
    assert sorted(document.attachments) == ["evidence.json", "verdict.json"]
    assert 10 <= len(document.pages) <= 45


def test_the_bookmarks_are_the_parts_in_their_order() -> None:
    with pikepdf.open(io.BytesIO(paper("fail"))) as document, document.open_outline() as outline:
        titles = ["".join(str(one.title).split()) for one in outline.root]
        parts = spoken(document, "/H2")
    assert titles == parts and len(titles) >= 15


def fresh(folder: Path, **environment: str) -> bytes:
    """Return the failing report made by another process in another folder."""
    path = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(path=path)],
        cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "C", "HOME": "/none", "SOURCE_DATE_EPOCH": "1", "PYTHONHASHSEED": "2"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_a_fresh_process_elsewhere_gives_the_same_bytes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    other = fresh(tmp_path, **environment)
    assert hashlib.sha256(other).hexdigest() == hashlib.sha256(paper("fail")).hexdigest()


@pytest.mark.skipif(not shutil.which("qpdf"), reason="no qpdf")
def test_qpdf_finds_no_fault(folder: Path) -> None:
    for which in EXAMPLES:
        done = subprocess.run(["qpdf", "--check", folder / f"{which}.pdf"], capture_output=True)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def headings(which: str) -> list[str]:
    """Return the headings of an example's report without spaces, as its document has them."""
    found = re.findall(r"<(h[1-6])[^>]*>(.*?)</\1>", page(report(which), "pdf"), re.DOTALL)
    return [re.sub(r"\s", "", unescape(re.sub("<[^>]*>", "", text))) for _, text in found]


@pytest.mark.parametrize("which", ["fail", "names"])
def test_a_reader_of_tags_hears_the_headings_in_their_order(which: str) -> None:
    with pikepdf.open(io.BytesIO(paper(which))) as document:
        heard = spoken(document, "/H[1-6]")
    assert heard == headings(which) and len(heard) >= 25


@pytest.mark.slow  # poppler sets a page again for every element of it
@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="no pdfinfo")
def test_poppler_hears_the_headings_in_their_order(folder: Path) -> None:
    told = subprocess.run(
        ["pdfinfo", "-struct-text", folder / "fail.pdf"], capture_output=True, check=True
    ).stdout.decode()
    heard: list[str] = []
    inside = False
    for line in told.splitlines():
        if "(block)" in line:
            inside = bool(re.fullmatch("H[1-6]", line.split()[0]))
            heard += [""] if inside else []
        elif inside and line.lstrip().startswith('"'):
            heard[-1] += re.sub(r"\s", "", line.strip()[1:-1])
    assert heard == headings("fail")


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext")
def test_foreign_names_are_on_the_page_as_text(folder: Path) -> None:
    told = subprocess.run(
        ["pdftotext", folder / "names.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    flat = re.sub(r"\s", "", told)
    assert all(f"⟨U+{code}⟩" in flat for code in ("5E74", "1F469", "202E", "FE0F"))
    assert "<script>alert(1)</script>" in flat and "file:///etc/passwd" in flat
    assert "\u202e" not in told and "x" * 200 not in flat


needs_verapdf = pytest.mark.skipif(bool(verapdf.missing()), reason=verapdf.missing() or "is here")


@needs_verapdf
@pytest.mark.parametrize(
    "which",
    [("fail", "names"), pytest.param(("pass", "inconclusive", "hostile"), marks=pytest.mark.slow)],
    ids="-".join,
)
def test_verapdf_finds_both_standards_met(which: tuple[str, ...], folder: Path) -> None:
    for broken in verapdf.broken([folder / f"{one}.pdf" for one in which]).items():
        assert not broken[1], broken


@needs_verapdf
def test_verapdf_reports_what_is_broken_on_purpose(tmp_path: Path) -> None:
    small = pdf_bytes(
        SMALL, attachments={"evidence.json": b"{}"}, created=example.CREATED, logo=png()
    )

    def without(name: str) -> Path:
        path = tmp_path / f"{name}.pdf"
        with pikepdf.open(io.BytesIO(small)) as document:
            found = dict(tags(document))
            if name == "language":
                del document.Root.Lang
            elif name == "alternative":
                del found["/Figure"].Alt
            elif name == "relationship":
                del document.Root.AF[0].AFRelationship
            elif name == "claim":
                packet = document.Root.Metadata
                packet.write(packet.read_bytes().replace(b'pdfuaid:part="1"', b""))
            elif name == "heading":
                found["/H2"].S = pikepdf.Name("/H5")
            document.save(path)
        return path

    expected = {
        "language": ("ua1", "7.2-"), "alternative": ("ua1", "7.3-1"), "claim": ("ua1", "5-1"),
        "relationship": ("3a", "6.8-"), "heading": ("ua1", "7.4.2-1"),
    }  # fmt: skip
    found = verapdf.broken([without(name) for name in ("nothing", *expected)])
    assert not found["nothing.pdf", "3a"] and not found["nothing.pdf", "ua1"]
    for name, (profile, rule) in expected.items():
        assert any(one.startswith(rule) for one in found[f"{name}.pdf", profile]), (name, found)
