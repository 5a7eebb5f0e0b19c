"""The public descriptions of a release: what they say, and that no name in them is markup."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import release_example as example
import report_example
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tables_example import QUICK
from test_report_wording import NEVER

from privsynth.evidence import Bundle, ColumnFacts, Generator, read_bundle, read_model
from privsynth.policy import Verdict
from privsynth.provenance import verify
from privsynth.provenance.card import card, md
from privsynth.provenance.croissant import STATED, TYPES, croissant, document
from privsynth.provenance.describe import describe, record_problems
from privsynth.provenance.label import Label
from privsynth.provenance.lineage import Filter, Parent
from privsynth.provenance.manifest import write_manifest
from privsynth.provenance.record import Record, Told, told_of, visible
from privsynth.report.details import Details

HOSTILE = (
    "a|b", "`a`", "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](http://e.il/i.png)",
    "# head", "- item", "1. item", "a\nb\n\n# c", "<!-- ", "&lt;", "https://evil.example",
    "www.evil.example", "*a* _b_ ~~c~~", "\\", "a\\|b", "|", "```", "$x$", "a\u202eb",
    "\x00\x1b[31m", "年齢", "@everyone", ":-)", "---", "| a | b |", "[^1]", "x" * 500, "{{7*7}}",
    "'\"", "</td>", "+ x", "12) x", "===", "WWW.evil.example", "- - x",
)  # fmt: skip
ROWS = 2633


def record(
    status: Any = "pass", told: Told | None = None, bundle: Bundle | None = None, **more: Any
) -> Record:
    """Return the record of made-up evidence; ``more`` are entries of its label."""
    bundle = bundle or report_example.bundle(status)
    verdict = report_example.verdict(report_example.bundle(status), status)
    entries: dict[str, Any] = {
        "file": "people.csv", "sha256": "ab" * 32, "logical_digest": "sha256:" + "5f" * 32,
        "rows": ROWS, "columns": tuple(c.name for c in bundle.columns if c.released),
        "generator": bundle.generator, "generator_version": "privsynth 0.1.0, sdv 2.0.0",
        "seed_policy": "seeded, seed kept private", "filters": (), "generation_depth": 1,
        "real_fraction": 0.0, "verdict": status,
        "parents": (
            Parent(name="training table", digest="hmac-sha256:00", origin="human",
                   basis="assumed", generation_depth=0),
        ),
    }  # fmt: skip
    label = Label.model_validate({**entries, **more})
    return Record(label, bundle, verdict, "2026-11-20T09:30:00+00:00", 12345, told or Told())


def hostile() -> Record:
    """Return a record in which every name that comes from outside is hostile."""
    columns = tuple(
        ColumnFacts(name=n, kind="integer", read=True, domain="inferred", released=True)
        for n in HOSTILE
    )
    bundle = report_example.bundle("pass").model_copy(
        update={
            "columns": columns, "name": HOSTILE[2], "not_covered": HOSTILE, "mechanism": HOSTILE[3],
        }
    )  # fmt: skip
    words = {key: HOSTILE[i] for i, key in enumerate(("organisation", "contact", "source"))}
    told = Told(dataset=HOSTILE[8], intended_uses=HOSTILE, excluded_uses=HOSTILE,
                data_classes=HOSTILE, conditions=HOSTILE, **words)  # fmt: skip
    return record(
        "pass", told, bundle, columns=tuple(HOSTILE), licences=HOSTILE[:7],
        human_review=HOSTILE[:7], file="a|b`c.csv",
        generator=Generator(synthesizer="<b>g</b>", options={text: text for text in HOSTILE}),
        filters=(Filter(name="a|b", parameters={"|": "|"}, rows_in=ROWS, rows_out=ROWS,
                        touches_real_data=False),),
        parents=(Parent(name="[x](y)", digest="sha256:`|", origin="synthetic", basis="labelled",
                        generation_depth=1),),
        generation_depth=2,
    )  # fmt: skip


# --- croissant.json


def nodes(raw: Any) -> Iterator[dict[str, Any]]:
    """Yield every JSON object that is a node of the graph: no JSON literals."""
    if isinstance(raw, dict):
        yield raw
        for key, value in raw.items():
            if key not in ("@context", "privsynth:options", STATED):
                yield from nodes(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from nodes(value)


def structure_problems(raw: dict[str, Any]) -> list[str]:
    """Return where a document breaks Croissant 1.1: required entries, types and references."""
    found = [
        f"lacks {key}" for key in (
            "@context", "conformsTo", "description", "license", "name", "url", "creator",
            "datePublished", "distribution", "recordSet",
        ) if not raw.get(key)
    ]  # fmt: skip
    if raw.get("@type") != "sc:Dataset":
        found.append("is no sc:Dataset")
    if "http://mlcommons.org/croissant/1.1" not in raw.get("conformsTo", ()):
        found.append("does not name its version")
    prefixes = {k for k, v in raw["@context"].items() if isinstance(v, str)}
    for node in nodes({key: value for key, value in raw.items() if key != "@context"}):
        found += ["an empty node"] if not node else []
        for key in node:
            head, colon, _ = key.partition(":")
            if colon and head not in prefixes:
                found.append(f"the prefix of {key} is not declared")
            if not colon and not key.startswith("@") and not key.isalnum():
                found.append(f"{key} is no term")
    ids = [one["@id"] for one in raw["distribution"]] + [
        one["@id"] for rows in raw["recordSet"] for one in (rows, *rows["field"])
    ]
    found += [f"{one} is defined twice" for one in set(ids) if ids.count(one) > 1]
    for rows in raw["recordSet"]:
        for one in rows["field"]:
            if one["source"]["fileObject"]["@id"] not in ids:
                found.append(f"{one['@id']} has no file")
            if one["dataType"] not in {*TYPES.values(), "sc:Text"}:
                found.append(f"{one['@id']} has no known type")
    for file in raw["distribution"]:
        if not re.fullmatch(r"[0-9a-f]{64}", file["sha256"]):
            found.append("a file has no digest")
        if file["encodingFormat"] not in ("text/csv", "application/x-parquet"):
            found.append("a file has no format")
    return found


EVERY: tuple[Callable[[], Record], ...] = (
    record, lambda: record("fail"), lambda: record("inconclusive"), hostile,
)  # fmt: skip


@pytest.mark.parametrize("make", EVERY, ids=["pass", "fail", "inconclusive", "hostile"])
def test_the_description_has_the_structure_of_croissant(make: Callable[[], Record]) -> None:
    raw = json.loads(croissant(make()))
    assert raw == document(make())
    assert structure_problems(raw) == []
    assert raw["rai:dataCollectionType"] == ["Synthetic data"]
    assert raw["privsynth:origin"] == "synthetic"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda raw: raw.pop("license"), "lacks license"),
        (lambda raw: raw.update({"conformsTo": []}), "does not name its version"),
        (lambda raw: raw.update({"odd:key": 1}), "the prefix of odd:key is not declared"),
        (lambda raw: raw.update({"prov:wasGeneratedBy": {}}), "an empty node"),
        (lambda raw: raw["recordSet"][0]["field"].append(raw["recordSet"][0]["field"][0]), "twice"),
        (lambda raw: raw["distribution"][0].update({"@id": "other"}), "has no file"),
        (lambda raw: raw["distribution"][0].update(sha256="hmac-sha256:00"), "no digest"),
    ],
)
def test_the_structural_test_sees_what_is_wrong(spoil: Callable[[Any], Any], says: str) -> None:
    raw = json.loads(croissant(record()))
    spoil(raw)
    assert any(says in one for one in structure_problems(raw))


def validator() -> Any:
    """Return the library of Croissant's authors; its absence skips the test."""
    return pytest.importorskip("mlcroissant", reason="run `pip install mlcroissant` for this test")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("make", EVERY, ids=["pass", "fail", "inconclusive", "hostile"])
def test_mlcroissant_accepts_the_description(make: Callable[[], Record], tmp_path: Path) -> None:
    mlc = validator()
    path = tmp_path / "croissant.json"
    path.write_bytes(croissant(make()))
    found = mlc.Dataset(path)
    issues = found.metadata.ctx.issues
    assert not issues.errors
    wanting = sorted(re.findall(r'Property "([^"]+)"', " ".join(issues.warnings)))
    assert wanting == ["http://mlcommons.org/croissant/citeAs", "https://schema.org/version"]
    kept = found.metadata.to_json()
    for key in ("prov:wasGeneratedBy", "prov:wasDerivedFrom", "rai:dataCollectionType"):
        assert key in kept


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_mlcroissant_loads_the_rows_of_a_release(form: str, tmp_path: Path) -> None:
    mlc = validator()
    people = example.people(60).assign(visit=["2020-01-31", "2021-02-28"] * 30)
    people["gap"] = [1, None, 3] * 20
    source = example.csv_file(tmp_path, people)
    made = example.release(tmp_path, source, "bootstrap", format=form)
    rows = list(mlc.Dataset(made.folder / "release" / "croissant.json").records("rows"))
    assert len(rows) == 30 and len(rows[0]) == 7
    assert {type(row["rows/1"]) for row in rows} == {int}
    assert {row["rows/7"] for row in rows} <= {1, 3, None}


def test_a_description_can_stand_in_a_web_page(tmp_path: Path) -> None:
    data = croissant(hostile())
    assert data.isascii() and not set(b"<>&") & set(data)
    assert json.loads(data)["name"] == HOSTILE[2]


def test_columns_are_told_by_name_and_kind_and_nothing_else() -> None:
    fields = document(record())["recordSet"][0]["field"]
    assert [one["name"] for one in fields] == [name for name, _ in report_example.COLUMNS]
    kinds = dict(report_example.COLUMNS)
    for one in fields:
        assert one["dataType"] == TYPES.get(kinds[one["name"]], "sc:Text")
        assert one["description"] == f"{kinds[one['name']]}; attacks read it"
    alien = record(columns=("other",))
    (only,) = document(alien)["recordSet"][0]["field"]
    assert (only["dataType"], "no recorded kind" in only["description"]) == ("sc:Text", True)


def test_what_was_stated_is_said_and_what_was_not_is_said_to_be_missing() -> None:
    raw = document(record())
    assert raw["creator"]["name"] == "not stated"
    assert raw["license"] == [{"@type": "sc:CreativeWork", "name": "not stated"}]
    details = Details.model_validate(
        {
            "organisation": "House", "contact": "dpo@house.example", "valid_until": "2027-11-20",
            "scope": {"dataset": "Patients.", "intended_uses": ["teaching"],
                      "excluded_uses": ["care"], "data_classes": ["health data"],
                      "recipient": "INTERNAL"},
            "system": {"source": "Records of 2024.", "owner": "INTERNAL"},
        }
    )  # fmt: skip
    full = replace(record(licences=("https://spdx.org/licenses/CC0-1.0",)), told=told_of(details))
    raw, text = document(full), card(full).decode()
    assert raw["creator"] == {
        "@type": "sc:Organization", "name": "House", "description": "Contact: dpo@house.example"
    }  # fmt: skip
    assert raw["license"] == ["https://spdx.org/licenses/CC0-1.0"]
    assert raw["rai:dataUseCases"] == ["teaching", "Not for: care"]
    assert raw["rai:personalSensitiveInformation"] == ["health data"]
    assert raw["rai:dataReleaseMaintenancePlan"] == "Valid until 2027-11-20."
    for words in (
        "House",
        "dpo@house.example",
        "teaching",
        "care",
        "Records of 2024.",
        "Patients.",
    ):
        assert words in text and words in json.dumps(raw)
    assert "INTERNAL" not in text + json.dumps(raw)


# --- DATASET_CARD.md

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False, "html": True})


def tokens(text: str) -> list[Any]:
    """Return every token that a Markdown parser finds, those inside lines too."""
    blocks = MARKDOWN.parse(text)
    return [one for block in blocks for one in (block, *(block.children or ()))]


@QUICK
@given(text=st.text() | st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map("".join))
def test_foreign_text_is_only_text_whatever_it_holds(text: str) -> None:
    shown = md(text)
    found = tokens(f"Dataset: {shown}")
    assert {one.type for one in found} <= {
        "paragraph_open", "inline", "text", "text_special", "paragraph_close"
    }  # fmt: skip
    told = "".join(one.content for one in found if one.type in ("text", "text_special"))
    assert told == f"Dataset: {visible(text)}".rstrip()
    item = [one.type for one in tokens(f"- {shown}\n")]
    assert set(item) <= {
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "text", "text_special",
        "paragraph_close", "list_item_close", "bullet_list_close",
    } and item.count("bullet_list_open") == 1  # fmt: skip
    row = tokens(f"| a | b |\n| --- | --- |\n| {shown} | x |\n")
    assert [one.type for one in row].count("td_open") == 2
    assert not {"html_inline", "html_block", "link_open", "image", "code_inline"} & {
        one.type for one in row
    }
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)://|www\.", shown, re.IGNORECASE)


def test_no_name_can_break_the_card() -> None:
    plain, odd = tokens(card(record()).decode()), tokens(card(hostile()).decode())
    for kind in ("html_inline", "html_block", "link_open", "image", "fence", "code_block", "hr"):
        assert kind not in {one.type for one in odd}, kind
    heads = [one.type for one in odd].count("heading_open")
    assert heads == [one.type for one in plain].count("heading_open")
    assert [one.type for one in odd].count("th_open") == [one.type for one in plain].count(
        "th_open"
    )
    opened = [one.type for one in odd]
    wanted = sum(
        width * rows for width, rows in (
            (3, len(hostile().verdict.findings)), (2, 11), (2, 5), (2, len(HOSTILE)), (2, 6),
        )
    )  # fmt: skip
    assert opened.count("td_open") == wanted


def test_names_are_shown_as_they_are_and_nothing_hides() -> None:
    assert visible("a\u202eb\x00\n c") == "a⟨U+202E⟩b⟨U+0000⟩ c"
    assert visible("年齢") == "年齢"
    assert visible("x" * 500, 80) == "x" * 79 + "…"
    assert visible("\ud800") == "⟨U+D800⟩"


@pytest.mark.parametrize("status", ["pass", "fail", "inconclusive"])
def test_the_card_says_what_was_decided_and_what_that_does_not_say(status: str) -> None:
    made = record(status)
    text = card(made).decode()
    word = {"pass": "✓ RELEASE", "fail": "✗ HOLD", "inconclusive": "? INCONCLUSIVE"}[status]
    assert word in text
    worst = made.bundle.headline["auc"].estimate
    for number in (worst.value, worst.low, worst.high):
        assert f"{number:.3f}" in text
    for words in (
        "lower bounds on leakage", "stronger attacks may exist", "seed or model may be shared",
        "Legal status is for the controller", "No differential privacy is claimed.",
        "training table (human, assumed, depth 0)", "seeded, seed kept private",
        "privsynth 0.1.0, sdv 2.0.0", "Business Source License",
    ):  # fmt: skip
        assert words in text.replace("\\_", "_"), words
    for pattern in NEVER:
        for told in (text, croissant(made).decode()):
            assert not re.search(pattern, told, re.IGNORECASE), pattern
    assert "!" not in text


def test_a_claim_is_told_with_its_numbers() -> None:
    claim = report_example.dp_claim()
    made = record(claim=claim, seed_policy="operating-system entropy")
    assert f"epsilon {claim.epsilon:g} at delta {claim.delta:g}" in card(made).decode()
    stated = record(claim=report_example.stated_claim())
    assert "Its maker states differential privacy: epsilon 3" in card(stated).decode()
    assert "nothing here verifies it" in document(stated)["privsynth:claim"]


# --- in a release


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    return example.release(folder, example.csv_file(folder, example.people(60)), "bootstrap").folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original / "release", tmp_path / "release"))


def problems(folder: Path) -> list[str]:
    bundle = read_bundle(folder / "evidence.json")
    return record_problems(folder, bundle, read_model(Verdict, folder / "verdict.json", "verdict"))


def test_a_release_holds_both_descriptions_and_they_fit_its_record(copy: Path) -> None:
    assert problems(copy) == []
    assert [c for c in verify(copy) if not c.ok] == []
    assert structure_problems(json.loads((copy / "croissant.json").read_bytes())) == []


@pytest.mark.parametrize("name", ["croissant.json", "DATASET_CARD.md"])
def test_a_description_that_says_something_else_is_found(name: str, copy: Path) -> None:
    text = (copy / name).read_text()
    assert text.count("HOLD") == 1
    (copy / name).write_text(text.replace("HOLD", "FINE"))
    told = f"{name}: does not say what label, evidence and verdict say"
    assert problems(copy) == [told]
    write_manifest(copy, "people")
    assert [c.detail for c in verify(copy) if not c.ok] == [told]


def test_descriptions_of_another_version_are_compared_by_their_facts(copy: Path) -> None:
    bundle = read_bundle(copy / "evidence.json")
    older = bundle.model_copy(update={"versions": {"privsynth": "0.0.1"}})
    verdict = read_model(Verdict, copy / "verdict.json", "verdict")
    path = copy / "croissant.json"
    raw = json.loads(path.read_bytes())
    path.write_text(json.dumps(raw | {"description": "In other words."}))
    assert record_problems(copy, older, verdict) == []
    assert record_problems(copy, bundle, verdict)
    raw["privsynth:decision"]["status"] = "pass"
    for entries in (raw, {"privsynth:stated": {}}):
        path.write_text(json.dumps(entries))
        assert record_problems(copy, older, verdict) == [
            "croissant.json: does not say what label, evidence and verdict say"
        ]


@pytest.mark.parametrize("name", ["croissant.json", "DATASET_CARD.md"])
def test_one_description_without_the_other_is_found(name: str, copy: Path) -> None:
    (copy / name).unlink()
    (only,) = problems(copy)
    assert only.startswith(f"{name}: missing")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"privsynth:stated": {"x": 1}}', "\x00", "[" * 9**5]
)
def test_a_description_that_is_none_is_a_finding_and_no_crash(text: str, copy: Path) -> None:
    (copy / "croissant.json").write_text(text)
    assert problems(copy) == ["croissant.json: is no description that privsynth wrote"]


@pytest.mark.parametrize("name", ["run.json", "people.csv.label.json", "people.csv"])
def test_a_record_without_a_part_cannot_be_described_again(name: str, copy: Path) -> None:
    (copy / name).unlink()
    (only,) = problems(copy)
    assert only.startswith("croissant.json: cannot be written again")


def test_what_was_stated_for_the_report_is_in_the_descriptions(tmp_path: Path) -> None:
    details = tmp_path / "details.yaml"
    details.write_text("organisation: House\nscope:\n  intended_uses: [teaching]\n")
    source = example.csv_file(tmp_path, example.people(60))
    folder = example.release(
        tmp_path, source, "bootstrap", details=str(details), licences=["CC0-1.0"]
    ).folder
    raw = json.loads((folder / "release" / "croissant.json").read_bytes())
    assert raw[STATED] == {"organisation": "House", "intended_uses": ["teaching"]}
    assert raw["license"] == ["CC0-1.0"]
    assert [c for c in verify(folder) if not c.ok] == []


def test_equal_records_give_equal_bytes_and_no_cell(tmp_path: Path) -> None:
    assert describe(record()) == describe(record())
    source = example.csv_file(tmp_path, example.with_secrets(example.people(60)))
    folder = example.release(tmp_path, source, "bootstrap").folder / "release"
    for name in ("croissant.json", "DATASET_CARD.md", "people.csv.label.json"):
        text = (folder / name).read_text()
        assert example.SECRET not in text and "98765" not in text
        assert "Springfield" not in text
