"""What people state is checked, cleaned, printed where it belongs, and can run nothing."""

import io
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import report_example as example
import yaml
from markupsafe import escape

from privsynth import cli
from privsynth.errors import InputError
from privsynth.evidence import Bundle
from privsynth.privacy import Budget
from privsynth.report import html, read_details
from privsynth.report.details import Details, Stated
from privsynth.report.pdf import pdf_bytes
from privsynth.report.report import Report
from privsynth.run.config import check_apart, read_config

BARE = example.bundle("pass").model_copy(update={"probes": (), "headline": {}})
SAMPLE = Path(__file__).parents[1] / "sample_data" / "details.yaml"


def stated(folder: Path, text: str) -> Stated:
    """Return what a details file with this text states."""
    (folder / "details.yaml").write_text(text, encoding="utf-8")
    return read_details(folder / "details.yaml")


def report(found: Stated | None = None, bundle: Bundle = BARE) -> Report:
    """Return a report with these details, on evidence that has no figure to draw."""
    verdict = example.verdict(example.bundle("pass"), "pass")
    found = found or Stated()
    return Report(bundle, verdict, example.CREATED, details=found.details, logo=found.logo)


def bodies(made: Report) -> dict[str, str]:
    """Return the text of every part by its slug."""
    parts, appendices = html.sections(made, "html")
    return {part.slug: str(part.body) for part in (*parts[:-1], *appendices)}


@cache
def untold() -> dict[str, str]:
    """Return the parts of a report whose organisation stated nothing."""
    return bodies(report())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("organization: x", "organization.*unknown key.*did you mean 'organisation'"),
        ("scope: {recipients: x}", "recipients: unknown key"),
        ("valid_until: 2027-02-30", "valid_until"),
        ("valid_until: next year", "valid_until: a date is written as 2026-11-20"),
        ("valid_until: 20271120", "valid_until: a date is written as"),
        ("next_review: '2026-W47-5'", "next_review: a date is written as 2026-11-20"),
        ("lineage: {real_fraction: 1.5}", "real_fraction"),
        ("lineage: {generation_depth: 0}", "generation_depth"),
        ("organisation: [a, b]", "organisation"),
        ("people: [R. Okafor]", "people.0"),
        ("people: [{name: R. Okafor}]", "people.0.role"),
        ("organisation: " + "x" * 201, "organisation: .*at most 200"),
        ("conditions: [" + "x" * 1001 + "]", "conditions.0: .*at most 1000"),
        ("", "must hold `key: value` entries"),
        ("- a", "must hold `key: value` entries"),
        ("organisation: a\norganisation: b", "line 2: a key comes twice"),
        ("logo: !!python/object/apply:os.system [id]", "not valid YAML"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        stated(tmp_path, text)


def test_a_file_that_is_not_there_and_one_that_states_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_details(tmp_path / "none.yaml")
    assert stated(tmp_path, "{}") == Stated()
    assert "not stated" in untold()["scope"]


def test_the_sample_states_everything_and_all_of_it_is_printed() -> None:
    raw = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    found = read_details(SAMPLE)
    told = {*Details.model_fields} - {key for key in raw if raw[key]}
    assert not told, f"the sample shows no {told}"
    for entry in ("scope", "system", "lineage", "residual", "committee"):
        missing = {*type(getattr(found.details, entry)).model_fields} - {*raw[entry]}
        assert missing <= {"filters", "releases"}, f"the sample shows no {missing} in {entry}"
    page = html.page(report(found), "html")
    for text in _leaves({key: raw[key] for key in raw if key != "logo"}):
        assert str(escape(text)) in page, f"{text!r} is not printed"
    scope = bodies(report(found))["scope"]
    assert "DPIA-2026-09" in scope and "ALD-2026-014" in scope and "not stated" not in scope


def _leaves(raw: Any) -> list[str]:
    if isinstance(raw, dict):
        return [leaf for value in raw.values() for leaf in _leaves(value)]
    if isinstance(raw, list):
        return [leaf for value in raw for leaf in _leaves(value)]
    return [raw] if isinstance(raw, str) else []


@pytest.mark.parametrize(
    ("slug", "text", "words"),
    [
        ("signoff", "committee: {decision: Release, date: 2026-11-17, reference: DRB-9}",
         "2026-11-17, DRB-9"),
        ("signoff", "people: [{role: DPO, name: S. Moreau}]", "S. Moreau"),
        ("system", "people: [{role: Auditor, did: Ran the audit.}]", "Ran the audit."),
        ("system", "system: {filters: [Rows of minors were removed]}", "Rows of minors"),
        ("lineage", "lineage: {real_fraction: 0.25}", "25\u00a0%"),
        ("lineage", "lineage: {generation_depth: 2}", "<td>2</td><td>stated</td>"),
        ("residual", "residual: {incident_contact: call 112}", "call 112"),
        ("residual", "valid_until: 2027-11-20", "until <b>2027-11-20</b>"),
        ("regulation", "scope: {dpia_reference: DPIA-1}", "DPIA reference: stated"),
        ("scope", "scope: {deviations: [one more attack]}", "one more attack"),
    ],
)  # fmt: skip
def test_an_entry_is_printed_where_it_belongs(
    tmp_path: Path, slug: str, text: str, words: str
) -> None:
    found = bodies(report(stated(tmp_path, text)))
    assert words in found[slug]
    assert words not in untold()[slug]


def test_who_does_not_sign_gets_no_line_and_a_role_that_is_there_is_not_missed(
    tmp_path: Path,
) -> None:
    text = """people:
    - {role: Data protection officer, name: S. Moreau}
    - {role: Key holder, name: K. Wu, signs: false}"""
    found = bodies(report(stated(tmp_path, text)))
    assert "Key holder" in found["system"] and "Key holder" not in found["signoff"]
    assert "officer or expert" not in found["signoff"]
    assert found["signoff"].count('<tr class="line">') == 4


@pytest.mark.parametrize(("answer", "voids"), [("true", True), ("false", False)])
def test_a_filter_that_read_real_rows_is_not_covered_by_a_claim(
    tmp_path: Path, answer: str, voids: bool
) -> None:
    text = f"system: {{filters: [{{what: near copies left out, touches_real_data: {answer}}}]}}"
    found = stated(tmp_path, text)
    private = BARE.model_copy(update={"claim": example.dp_claim(Budget(1.0, 1e-5))})
    words = "does not cover the filtered table"
    assert (words in bodies(report(found, bundle=private))["system"]) is voids
    assert words not in bodies(report(found))["system"]


def test_three_hundred_long_entries_are_cut_and_counted(tmp_path: Path) -> None:
    lines = [f"{place:03} " + "y" * 990 for place in range(300)]
    raw = {
        "conditions": lines,
        "people": [{"role": f"r{place:03}", "did": "z" * 990} for place in range(300)],
        "scope": {"excluded_uses": lines, "deviations": lines},
        "system": {"preparation": lines, "filters": lines},
        "lineage": {"parents": lines, "releases": lines},
        "residual": {"recipient_controls": lines, "retest_triggers": lines},
    }
    found = bodies(report(stated(tmp_path, yaml.safe_dump(raw))))
    for slug in ("scope", "system", "lineage", "signoff", "residual"):
        assert "280 more" in found[slug], slug
        assert "019 y" in found[slug] or "r019" in found[slug]
        assert "020 y" not in found[slug] and "r020" not in found[slug]
    assert sum(map(len, found.values())) < 800_000


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    nasty = {key: text[:190] for key, text in example.HOSTILE.items()}
    one = nasty["markup"]
    raw = {
        "organisation": one, "classification": nasty["style"], "contact": nasty["link"],
        "conditions": [*nasty.values()],
        "people": [{"role": t, "name": t, "did": t} for t in nasty.values()],
        "committee": {"name": nasty["bidi"], "decision": nasty["template"]},
        "scope": {"dataset": one, "excluded_uses": [*nasty.values()], "dpia_reference": one},
        "system": {"preparation": [*nasty.values()], "source": nasty["han"]},
        "lineage": {"parents": [*nasty.values()], "origin": nasty["link"]},
        "residual": {"retest_triggers": [*nasty.values()], "incident_contact": nasty["style"]},
    }  # fmt: skip
    (tmp_path / "details.yaml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    made = report(read_details(tmp_path / "details.yaml"))
    for medium in ("html", "pdf"):
        page = html.page(made, medium)
        assert "<img" not in page and "<link" not in page and "\u202e" not in page
        assert page.count("<style>") == 1 and "&lt;img src=file:///etc/passwd&gt;" in page
        assert "{{7*7}}" in page and "年" not in page
    with pikepdf.open(io.BytesIO(pdf_bytes(page, attachments={}, created=made.stamp))) as document:
        assert not document.attachments


def test_a_run_finds_details_and_templates_beside_its_file_and_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(
        "table: t.csv\ndetails: house/details.yaml\ntemplates: house/templates\n", "utf-8"
    )
    config = read_config(tmp_path / "run.yaml")
    house = tmp_path / "house"
    assert Path(str(config.details)).resolve() == house / "details.yaml"
    assert Path(str(config.templates)).resolve() == house / "templates"
    check_apart(tmp_path / "release", config)
    with pytest.raises(InputError, match="which this run reads"):
        check_apart(house, config)


def test_the_json_schema_of_the_file_can_be_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["privsynth", "list", "schemas", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    printed = json.loads(capsys.readouterr().out)
    assert end.value.code in (0, None)
    assert sorted(printed) == ["details", "policy", "run", "schema", "waivers"]
    assert set(printed["details"]["properties"]) == set(Details.model_fields)
    assert printed["details"]["additionalProperties"] is False
    assert printed["details"]["properties"]["valid_until"]["anyOf"][0]["format"] == "date"
