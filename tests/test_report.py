"""The report prints what the evidence says, to everybody, and nothing else."""

import io
import os
import re
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
import report_example as example
from markupsafe import escape

from privsynth.errors import InputError
from privsynth.evidence import Bundle
from privsynth.policy.verdict import Status, Verdict
from privsynth.report import figures, html, render, text
from privsynth.report.questions import QUESTIONS

GOLDEN = Path(__file__).parent / "golden" / "report"
TEMPLATES = Path(__file__).parents[1] / "report_templates"
ACCEPT = os.environ.get("PRIVSYNTH_ACCEPT") == "1"
APPENDICES = (
    "methods", "reproducibility", "columns", "regulation", "attachments", "glossary", "changes",
)  # fmt: skip
STATUSES: tuple[Status, ...] = ("pass", "fail", "inconclusive")


def rendered(
    bundle: Bundle, verdict: Verdict | None, folder: Path, name: str = "report"
) -> tuple[bytes, str]:
    """Return the bytes of the PDF and the text of the HTML edition."""
    paths = folder / f"{name}.pdf", folder / f"{name}.html"
    render(example.report(bundle, verdict), pdf=paths[0], html=paths[1])
    return paths[0].read_bytes(), paths[1].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """Return both editions of the report that says HOLD."""
    bundle = example.bundle("fail")
    return rendered(bundle, example.verdict(bundle, "fail"), tmp_path_factory.mktemp("failing"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """Return both editions of the report about names that try to break out."""
    return rendered(*example.hostile(), tmp_path_factory.mktemp("hostile"))


def nodes(element: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    """Yield every structure element below one, in reading order."""
    kids = element.get("/K")
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from nodes(kid)


def structure(data: bytes) -> list[tuple[str, str]]:
    """Return the tags of a PDF in reading order, with their alternative text."""
    with pikepdf.open(io.BytesIO(data)) as document:
        root = document.Root.StructTreeRoot
        return [(str(node.S), str(node.get("/Alt", ""))) for node in nodes(root)]


def accepted(body: str, status: Status, name: str) -> None:
    """Compare with the golden file; a status keeps only those that are not those of a pass."""
    own, usual = GOLDEN / status / name, GOLDEN / "pass" / name
    if ACCEPT:
        own.parent.mkdir(parents=True, exist_ok=True)
        own.unlink(missing_ok=True)
        if status == "pass" or body != usual.read_text(encoding="utf-8"):
            own.write_text(body, encoding="utf-8")
    path = own if own.exists() else usual
    assert body == path.read_text(encoding="utf-8"), f"{status}, {name}: see it, then `make accept`"


@pytest.mark.parametrize("status", STATUSES)
def test_every_section_is_as_it_was_accepted(status: Status) -> None:
    bundle = example.bundle(status)
    verdict = example.verdict(bundle, status)
    assert verdict.status == status
    parts, appendices = html.sections(example.report(bundle, verdict), "html")
    assert parts[-1].slug == "appendices" and len(parts) == 16
    for part in (*parts[:-1], *appendices):
        # The curves are matplotlib's own; that they are there and described is what is kept.
        body = re.sub(r"(</title>).*?(</svg>)", r"\1\2", str(part.body), flags=re.DOTALL)
        body = re.sub(r'<svg [^>]*viewBox="[^"]*"[^>]*>', "<svg>", body)
        mark = f"{part.mark:0>2}" if part.mark.isdigit() else part.mark
        accepted(body, status, f"{mark}_{part.slug}.html")


def test_every_section_template_is_printed_in_the_order_of_its_number(
    failing: tuple[bytes, str],
) -> None:
    files = sorted(path.stem for path in (TEMPLATES / "sections").glob("*.html"))
    printed = re.findall(r'<section id="(\w+)"', failing[1])
    assert printed == [name.partition("_")[2] for name in files]
    assert len(printed) == 16
    appendices = sorted(path.stem[2:] for path in (TEMPLATES / "appendices").glob("*.html"))
    places = [failing[1].index(f'<div class="appendix" id="{slug}">') for slug in APPENDICES]
    assert sorted(APPENDICES) == appendices and places == sorted(places)


def test_the_same_input_gives_the_same_bytes(failing: tuple[bytes, str], tmp_path: Path) -> None:
    bundle = example.bundle("fail")
    again = rendered(bundle, example.verdict(bundle, "fail"), tmp_path, "another-name")
    assert again == failing


def test_every_figure_has_a_sentence_and_headings_do_not_skip(failing: tuple[bytes, str]) -> None:
    tags = structure(failing[0])
    figures_found = [alternative for tag, alternative in tags if tag == "/Figure"]
    assert len(figures_found) == 13  # the worst three attacks have a curve
    assert all(len(a) > 40 and a.endswith(".") for a in figures_found)
    for levels in (
        [int(tag[2]) for tag, _ in tags if re.fullmatch(r"/H[1-6]", tag)],
        [int(level) for level in re.findall(r"<h([1-6])", failing[1])],
    ):
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_headers_with_scope(failing: tuple[bytes, str]) -> None:
    tables = re.findall(r"<table>.*?</table>", failing[1], re.DOTALL)
    assert len(tables) > 15
    for table in tables:
        assert table.count("<caption>") == 1
        assert "<th" in table and not re.search(r"<th(?![^>]*scope=)[ >]", table)
        columns = len(re.findall(r"<col[ >]", table))
        for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL):
            assert len(re.findall(r"<t[hd][ >]", row)) == columns


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pass", "RELEASE"),
        ("fail", "HOLD"),
        ("inconclusive", "INCONCLUSIVE"),
        (None, "NO DECISION"),
    ],
)
def test_the_decision_is_one_page_in_words(status: Status | None, words: str) -> None:
    bundle = example.bundle(status or "pass")
    verdict = None if status is None else example.verdict(bundle, status)
    page = html.page(example.report(bundle, verdict), "pdf")
    decision = page[: page.index("<nav")]
    assert words in decision
    others = {"RELEASE", "HOLD", "INCONCLUSIVE", "NO DECISION"} - {words}
    assert not any(other in decision for other in others)
    if verdict is None:
        assert "no policy applied: no decision" in page.lower()
    else:
        assert verdict.policy_digest in decision and verdict.evidence_digest in decision
        assert decision.count("no rule of this policy") == 2
        for question in (words for words, _ in QUESTIONS):
            assert str(escape(question)) in decision
        for finding in verdict.findings:
            assert finding.status == "pass" or finding.rule in decision
    assert "must not be shared" in decision


@pytest.mark.parametrize("which", ["failing", "hostile"])
def test_the_decision_stays_on_one_page(which: str, request: pytest.FixtureRequest) -> None:
    with pikepdf.open(io.BytesIO(request.getfixturevalue(which)[0])) as document:
        first = document.Root.Outlines.First
        assert first.Dest[0].objgen == document.pages[0].obj.objgen
        assert first.Next.Dest[0].objgen == document.pages[1].obj.objgen


def test_a_policy_chosen_afterwards_is_named_on_the_first_page() -> None:
    bundle = example.bundle("pass")
    late = example.verdict(bundle).model_copy(update={"policy_registered": "after_scoring"})
    page = html.page(example.report(bundle, late), "html")
    assert "policy chosen after the evidence" in page[: page.index("<nav")]


def test_what_was_not_run_says_why_and_what_was_not_tested_is_named(
    failing: tuple[bytes, str],
) -> None:
    assert "no column is declared secret" in failing[1]
    assert len(re.findall("not tested", failing[1])) == 3  # L2, L3, L4
    assert "Business Source" in failing[1]


def test_hostile_names_are_shown_and_do_nothing(
    hostile: tuple[bytes, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data, page = hostile
    assert "&lt;img src=file:///etc/passwd&gt;" in page and "<img" not in page
    assert "{{7*7}}" in page
    assert "age⟨U+202E⟩gnp.exe" in page and "\u202e" not in page
    assert "⟨U+5E74⟩" in page and "年" not in page
    assert "<link" not in page and "javascript:alert(1)&#34;" in page
    assert "x" * 900 not in page
    assert page.count("<style>") == 1 and page.count("</style>") == 1
    with pikepdf.open(io.BytesIO(data)) as document:
        assert sorted(document.attachments) == ["evidence.json", "verdict.json"]
        assert "root:" not in str(document.Root)
        for sheet in document.pages:
            for link in sheet.get("/Annots", []):
                assert "/A" not in link and "/Dest" in link

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the report opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    rendered(*example.hostile(), tmp_path)


def test_the_html_refers_to_nothing_outside_itself(failing: tuple[bytes, str]) -> None:
    page = failing[1]
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert not re.search(r"url\((?!#)", page)
    assert page.count("<script") == 1  # ours, named by its digest in the policy of the page
    assert len(page.encode()) < 1_000_000
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {r for r in re.findall(r'(?:url\(#|href="#)([^)"]+)', page)} <= set(ids)


def test_an_evidence_with_almost_nothing_in_it_is_still_printed() -> None:
    bare = example.bundle("pass").model_copy(
        update={
            "probes": (), "headline": {}, "controls": {}, "power": None, "split": {},
            "columns": (), "warnings": (), "not_covered": (), "versions": {},
        }
    )  # fmt: skip
    page = html.page(example.report(bare, None), "html")
    assert "The evidence holds no attack" in page
    assert figures.forest(bare) is None


def test_cleaning_keeps_what_can_be_shown_and_marks_what_cannot() -> None:
    assert text.clean("Größe, naïve ≤ 5 µg – Ελλάδα") == "Größe, naïve ≤ 5 µg – Ελλάδα"
    assert text.clean("e\u0301") == "é"
    assert text.clean("a\nb\x00\ud800\ufffe\ue000") == (
        "a⟨U+000A⟩b⟨U+0000⟩⟨U+D800⟩⟨U+FFFE⟩⟨U+E000⟩"
    )
    assert text.clean("x" * 10_000) == "x" * 79 + "…"
    assert text.clean("x" * 80) == "x" * 80
    assert len(text.clean("年" * 80)) <= 80
    assert text.name("<b>") == "<bdi>&lt;b&gt;</bdi>"


def test_names_of_estimates_become_words() -> None:
    assert text.label("tpr_at_fpr_0.001") == "TPR at 0.1\u00a0% FPR"
    assert text.label("dcr_q05_holdout") == "DCR 5 % quantile, to holdout"
    assert text.label("marginals_tvd_floor") == "Marginals, total variation, floor"
    assert text.label("something_new") == "Something new"
    assert text.amount(1250.0) == "1,250" and text.amount(0.65) == "0.65"
    assert text.amount(1.0, 5.0) == "1" and text.amount(1.0, 0.65) == "1.00"
    assert text.p_value(0.0) == "≤ 0.0001" and text.p_value(0.0005) == "0.0005"
    assert text.amount(0.0) == "0.00" and text.amount(0.1385) == "0.1385"


def test_a_file_that_cannot_be_written_is_an_input_error_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    taken = tmp_path / "report.html"
    taken.mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        render(example.report(example.bundle("pass"), None), pdf=None, html=taken)
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_mechanism_audit_says_on_the_first_page_that_the_file_was_not_tested(
    tmp_path: Path,
) -> None:
    told = "This audit describes the mechanism. This very file was not itself tested."
    bundle = example.bundle("inconclusive").model_copy(update={"mechanism": told})
    data, page = rendered(bundle, example.verdict(bundle, "inconclusive"), tmp_path)
    assert "not itself tested" in page[: page.index("<nav")]
    with pikepdf.open(io.BytesIO(data)) as document:
        first = document.Root.Outlines.First
        assert first.Next.Dest[0].objgen == document.pages[1].obj.objgen
