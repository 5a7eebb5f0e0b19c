"""The report claims nothing that no test can show, and says something in every part of it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import report_example as example

from privsynth.evidence import Bundle
from privsynth.policy import rule_catalogue
from privsynth.policy.verdict import Verdict
from privsynth.report import html, read_details
from privsynth.report.html import APPENDICES, SECTIONS, parts, template_folder
from privsynth.report.report import Report

TEMPLATES = template_folder()
CODE = Path(html.__file__).parent
DETAILS = Path(__file__).parents[1] / "sample_data" / "details.yaml"
NEVER = (
    r"anonymous", r"anonymi[sz]ed", r"GDPR.compliant", r"HIPAA.compliant", r"\bsafe\b", r"no risk",
    r"cannot be re-?identified", r"\bcertified\b", r"risk.free", r"guaranteed",
    r"\bcompl(y|ies|iant)\b", r"compliance", r"no leak", r"leak.free", r"does not leak",
    r"\bproven\b", r"privacy.preserving", r"fully private", r"is private\b", r"legally",
)  # fmt: skip
NAMED = {"leaks nothing": "a table that leaks nothing"}
"""Words that are right in one sentence only: what a number would be if there were no leak."""
VERDICTS = ("pass", "fail", "inconclusive", None)


def report(status: str | None, **more: object) -> Report:
    """Return the report on the example evidence."""
    bundle: Bundle = example.bundle(status or "pass")  # type: ignore[arg-type]
    verdict: Verdict | None = example.verdict(bundle, status) if status else None  # type: ignore[arg-type]
    return example.report(bundle, verdict, **more)


def bare(status: str | None, **more: object) -> Report:
    """Return the same report without its probes, which takes no time to draw."""
    made = report(status, **more)
    return replace(made, bundle=made.bundle.model_copy(update={"probes": (), "headline": {}}))


def almost_empty() -> Report:
    """Return a report on evidence that holds nothing but its name and its tables."""
    bare = example.bundle("pass").model_copy(
        update={
            "probes": (), "headline": {}, "controls": {}, "power": None, "split": {}, "tables": {},
            "columns": (), "warnings": (), "not_covered": (), "versions": {},
        }
    )  # fmt: skip
    return Report(bare, None, example.CREATED)


def words(body: object) -> str:
    """Return what a reader sees of some HTML."""
    text = re.sub(r"<style.*?</style>|<script.*?</script>|<svg.*?</svg>", "", str(body), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()


def all_parts(made: Report) -> dict[str, str]:
    """Return the text of every part by its slug."""
    sections, appendices = html.sections(made, "html")
    return {part.slug: words(part.body) for part in (*sections, *appendices)}


@pytest.mark.parametrize(
    "path",
    [
        *TEMPLATES.rglob("*.html"),
        *CODE.rglob("*.py"),
        *(CODE.parent / "policy").rglob("*.py"),
        DETAILS,
    ],
    ids=lambda path: path.name,
)
def test_no_file_promises_what_no_test_can_show(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for pattern in NEVER:
        found = re.search(pattern, text, re.IGNORECASE)
        assert not found, f"{path.name} says {found and found[0]!r}"
    for phrase, whole in NAMED.items():
        assert text.count(phrase) == text.count(whole), f"{path.name} says {phrase!r}"


def test_the_words_are_found_where_they_are() -> None:
    for text in ("This table is safe.", "it complies with", "GDPR-compliant", "There is no leak"):
        assert any(re.search(pattern, text, re.IGNORECASE) for pattern in NEVER), text


@pytest.mark.parametrize("status", VERDICTS)
def test_no_page_shouts_or_promises(status: str | None) -> None:
    text = words(html.page(report(status), "pdf"))
    assert "!" not in text
    for pattern in NEVER:
        found = re.search(pattern, text, re.IGNORECASE)
        assert not found, found
    assert "absent" not in text.lower()


def test_a_title_beside_pass_does_not_say_that_all_is_well() -> None:
    asks_of_leaks = {
        name: rule.title for name, rule in rule_catalogue().items()
        if name in ("worst_auc", "worst_tpr", "exposed_fifth", "subgroups", "copies", "replay")
    }  # fmt: skip
    assert len(asks_of_leaks) == 6
    for title in asks_of_leaks.values():
        assert re.match(r"(Can|Do|Does|Are) ", title) and title.endswith("?")
        assert not re.search(r"\b(well|protected|secure|private|hidden)\b", title), title


@pytest.mark.parametrize("status", ["pass", "fail", "inconclusive"])
def test_every_limit_is_printed_with_its_source(status: str) -> None:
    made = bare(status)
    assert made.verdict is not None
    odd = tuple(
        finding.model_copy(update={"source": f"source number {place} of the house"})
        for place, finding in enumerate(made.verdict.findings)
    )
    verdict = made.verdict.model_copy(update={"findings": odd})
    gate = all_parts(replace(made, verdict=verdict))["gate"]
    for finding in odd:
        if finding.limit is not None:
            assert finding.source in gate, f"{finding.rule} has a limit without its source"
    assert any(finding.limit is not None for finding in odd)


def test_the_fixed_limits_are_said_in_every_report() -> None:
    for status in VERDICTS:
        found = all_parts(bare(status))["residual"]
        for sentence in (
            "lower bounds on leakage", "not detected by the attacks that were run",
            "stronger attacks may exist", "for this date", "Legal status is for the controller",
            "every limit is a policy choice",
        ):  # fmt: skip
            assert sentence in found, sentence


def test_sections_and_appendices_are_printed_in_their_order() -> None:
    sections, appendices = html.sections(bare("pass"), "html")
    assert [section.mark for section in sections] == [str(place) for place in range(1, 17)]
    assert [appendix.mark for appendix in appendices] == list("ABCDEFG")
    text = words(sections[-1].body)
    places = [text.index(f"{one.mark} {one.title}") for one in appendices]
    assert places == sorted(places)


def test_every_part_says_something_when_there_is_almost_nothing_to_say() -> None:
    found = all_parts(almost_empty())
    assert len(found) == 23
    for slug, text in found.items():
        assert len(text) > 60 and re.search(r"[a-z]{2} .*\.", text), f"{slug}: {text!r}"
    lineage = found["lineage"]
    assert lineage.count("not recorded") >= 6
    assert not re.search(r"\b0\b", lineage), "a zero that nobody counted"


def test_every_reference_points_at_a_part() -> None:
    slugs = {
        slug for kind in (SECTIONS, APPENDICES) for _, slug in parts([TEMPLATES], kind).values()
    }
    used = {
        slug for path in TEMPLATES.rglob("*.html")
        for slug in re.findall(r"""see\(["']([a-z_]+)["']\)""", path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert used and used <= slugs
    for made in (report("fail"), almost_empty(), example.report(example.private("pass"), None)):
        page = html.page(made, "html")
        assert "a part left out" not in page
        targets = set(re.findall(r'href="#([^"]+)"', page))
        assert targets <= set(re.findall(r'id="([^"]+)"', page))


def regulation(status: str | None = "pass", **more: object) -> str:
    """Return the HTML of the index of laws, guidance and standards."""
    _, appendices = html.sections(bare(status, **more), "html")
    return next(str(one.body) for one in appendices if one.slug == "regulation")


def test_the_index_of_laws_points_at_parts_and_says_how_each_text_is_known() -> None:
    body = regulation()
    first, second = re.findall(r"<tbody>.*?</tbody>", body, re.S)
    rows = re.findall(r"<tr>.*?</tr>", first, re.S)
    assert len(rows) >= 20
    known = ("primary text", "secondary source", "from memory, not checked")
    for row in (*rows, *re.findall(r"<tr>.*?</tr>", second, re.S)):
        assert words(row).endswith(known), words(row)
    for row in rows:
        assert re.search(r'<a href="#\w+">(section|appendix) \w+</a>', row), words(row)
    for name in ("GDPR", "HIPAA", "AI Act", "EHDS", "NIST SP 800-226", "CNIL", "ICO"):
        assert name in words(first)


def test_the_index_gives_no_number_as_law() -> None:
    first, second = re.findall(r"<tbody>.*?</tbody>", regulation(), re.S)
    text = words(first)
    for number in (r"0\.\d", r"\d ?%", r"epsilon \d", r"(?<!\d)1/\d"):
        assert not re.search(number, text), f"{number} in the index of laws"
    assert "No law sets a number" in words(regulation())
    for row in re.findall(r"<tr>.*?</tr>", second, re.S):
        assert not re.search(r"\b(law|statute|act) (requires|says|sets)\b|\bmust be\b(?! argued)",
                             words(row), re.I)  # fmt: skip


def test_what_only_people_can_state_is_said_to_be_missing_until_it_is_there() -> None:
    assert regulation().count("<b>not stated</b>") >= 15
    found = read_details(DETAILS)
    stated = regulation(details=found.details)
    assert stated.count("<b>not stated</b>") == 1  # nobody is an expert there
    assert "expert: <b>not stated</b>" in stated
