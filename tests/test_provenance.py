"""The record: every kind of tampering is found, digests are keyed, audits are counted."""

import hashlib
import json
import math
import multiprocessing
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import release_example as example

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import read_bundle, to_json
from privsynth.policy import decide, from_document
from privsynth.provenance import Keeper, home, keeper, verify
from privsynth.provenance.checks.canonical import written
from privsynth.provenance.describe import DESCRIPTIONS
from privsynth.provenance.manifest import digest_line, write_manifest
from privsynth.statistics import level

FILES = (
    "DATASET_CARD.md", "croissant.json", "evidence.json", "people.csv", "people.csv.label.json",
    "policy.json", "report.html", "report.pdf", "run.json", "verdict.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    return example.release(folder, example.csv_file(folder, example.people(60))).folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """Return the travelling part of a copy that a test may spoil."""
    return Path(shutil.copytree(original, tmp_path / "copy")) / "release"


def wrong(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for check in verify(folder):
        if not check.ok:
            found[check.name] = " | ".join(filter(None, [found.get(check.name), check.detail]))
    return found


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    raw = json.loads(path.read_text())
    raw = change(raw) or raw
    path.write_bytes(written(raw, escaped=path.name == "policy.json"))


def correct_manifest(folder: Path) -> None:
    """Do what a forger does last: attach and list the files as they now stand.

    What nobody misses, the public descriptions, is taken away: they would not fit.
    """
    for name in DESCRIPTIONS:
        (folder / name).unlink(missing_ok=True)
    (folder / "report.pdf").write_bytes(example.small_pdf(example.attached(folder)))
    write_manifest(folder, "people")


def correct_verdict(folder: Path) -> None:
    policy = from_document(json.loads((folder / "policy.json").read_text()), "policy")
    verdict = decide(read_bundle(folder / "evidence.json"), policy)
    (folder / "verdict.json").write_text(to_json(verdict))


def correct_label(folder: Path) -> None:
    digest = hashlib.sha256((folder / "people.csv").read_bytes()).hexdigest()
    edit(folder / "people.csv.label.json", lambda raw: raw | {"sha256": digest})


def test_a_release_as_it_was_made_is_intact_from_both_folders(copy: Path) -> None:
    assert wrong(copy) == wrong(copy.parent) == {}
    checks = verify(copy)
    assert [c.name for c in checks][: len(FILES) + 1] == ["manifest.json", *FILES]
    assert checks[-1].detail.startswith("UNSIGNED")


def test_the_whole_folder_can_be_copied_elsewhere_without_its_private_part(copy: Path) -> None:
    shutil.rmtree(copy.parent / "private")
    assert wrong(copy.parent) == {}


@pytest.mark.parametrize("file", FILES)
def test_one_changed_byte_is_found_in_every_file(file: str, copy: Path) -> None:
    data = bytearray((copy / file).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / file).write_bytes(data)
    assert wrong(copy)[file].startswith("differs from its digest")


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_found_with_the_manifest_and_without(file: str, copy: Path) -> None:
    (copy / file).unlink()
    assert wrong(copy)[file].startswith("missing")
    write_manifest(copy, "people")
    assert wrong(copy)


@pytest.mark.parametrize("name", ["more.csv", "notes.txt", ".hidden", "deeper/more.csv"])
def test_an_extra_file_is_found_with_the_manifest_and_without(name: str, copy: Path) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("a\n1\n")
    assert wrong(copy)[name].startswith("not listed in the manifest")
    correct_manifest(copy)
    assert wrong(copy) == {
        name.split("/")[0]: "neither the labelled table nor a part of its record"
    }


def test_a_second_table_with_a_label_of_its_own_is_found(copy: Path) -> None:
    shutil.copy(copy / "people.csv", copy / "again.csv")
    shutil.copy(copy / "people.csv.label.json", copy / "again.csv.label.json")
    edit(copy / "again.csv.label.json", lambda raw: raw | {"file": "again.csv"})
    correct_manifest(copy)
    assert wrong(copy) == {"label": "2 labels; a release holds one labelled table"}


def test_a_verdict_that_the_evidence_does_not_give_is_found(copy: Path) -> None:
    def whiten(raw: Any) -> None:
        raw["status"] = "pass"
        for finding in raw["findings"]:
            finding["status"] = "pass"

    edit(copy / "verdict.json", whiten)
    edit(copy / "people.csv.label.json", lambda raw: raw | {"verdict": "pass"})
    correct_manifest(copy)
    assert wrong(copy) == {
        "decision": "the evidence and the policy give fail, not what verdict.json says"
    }


def test_a_headline_sentence_that_the_evidence_does_not_give_is_found(copy: Path) -> None:
    edit(copy / "verdict.json", lambda raw: raw | {"headline": "All is well."})
    correct_manifest(copy)
    assert "decision" in wrong(copy)


def test_evidence_that_was_changed_after_the_verdict_is_found(copy: Path) -> None:
    edit(copy / "evidence.json", lambda raw: raw | {"warnings": []})
    edit(copy / "evidence.json", lambda raw: raw["power"].update(sentence="We see everything."))
    correct_manifest(copy)
    assert "decision" in wrong(copy)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema_version": "9"}', "\x00", "NaN"])
@pytest.mark.parametrize("file", ["evidence.json", "verdict.json", "policy.json"])
def test_a_broken_part_of_the_record_is_a_finding_and_no_crash(
    file: str, text: str, copy: Path
) -> None:
    (copy / file).write_text(text)
    correct_manifest(copy)
    assert {file, "decision"} <= set(wrong(copy))


def test_a_laxer_policy_with_its_own_verdict_is_found(copy: Path) -> None:
    def loosen(raw: Any) -> None:
        raw["rules"] = {"worst_auc": {"below": 1.0}, "attribute_advantage": {"below": 1.0}}

    edit(copy / "policy.json", loosen)
    edit(copy / "policy.json", lambda raw: from_document(raw, "policy").document)
    correct_verdict(copy)
    status = json.loads((copy / "verdict.json").read_text())["status"]
    edit(copy / "people.csv.label.json", lambda raw: raw | {"verdict": status})
    correct_manifest(copy)
    assert wrong(copy) == {"policy.json": "not the policy that was registered"}


def test_another_table_under_the_same_label_is_found(copy: Path) -> None:
    """The digest of the audited rows is taken again from the file, so no label can cover it."""
    rows = pd.read_csv(copy / "people.csv", dtype=str)
    rows.loc[0, "age"] = "20" if rows.loc[0, "age"] != "20" else "30"
    rows.to_csv(copy / "people.csv", index=False)
    correct_label(copy)
    correct_manifest(copy)
    assert wrong(copy) == {
        "people.csv.label.json": "the audited table is not the one that is released"
    }


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"age,weight\n1,2\n", "the audited table is not"),
        (b"name\nAda\n", "holds none of the audited columns"),
        (b"\x00\x01", "not a CSV table"),
    ],
)
def test_a_table_that_is_no_such_table_is_found(data: bytes, says: str, copy: Path) -> None:
    (copy / "people.csv").write_bytes(data)
    correct_label(copy)
    correct_manifest(copy)
    assert says in wrong(copy)["people.csv.label.json"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("verdict", "pass"),
        ("rows", 1),
        ("columns", ["age"]),
        ("sha256", "0" * 64),
        ("generator", {"synthesizer": "differentially_private"}),
        ("training_table", "hmac-sha256:" + "0" * 64),
        ("evidence", "other.json"),
    ],
)
def test_a_label_that_says_something_else_than_the_record_is_found(
    key: str, value: Any, copy: Path
) -> None:
    edit(copy / "people.csv.label.json", lambda raw: raw | {key: value})
    correct_manifest(copy)
    assert wrong(copy) == {"people.csv.label.json": f"does not fit table and evidence at {key}"}


def test_a_label_of_a_file_outside_the_folder_is_found(copy: Path) -> None:
    shutil.move(copy / "people.csv", copy.parent / "people.csv")
    edit(copy / "people.csv.label.json", lambda raw: raw | {"file": "../people.csv"})
    correct_manifest(copy)
    assert "names another file" in wrong(copy)["people.csv.label.json"]


@pytest.mark.parametrize("name", ["../../key", "/etc/hostname", "a/../../key", ".."])
def test_a_manifest_that_points_outside_the_folder_is_found(name: str, copy: Path) -> None:
    edit(copy / "manifest.json", lambda raw: raw["files"].update({name: raw["files"]["run.json"]}))
    (copy / "manifest.sha256").write_bytes(digest_line((copy / "manifest.json").read_bytes()))
    assert wrong(copy) == {name: "points outside the release folder"}


def test_a_link_in_place_of_a_file_is_found(copy: Path) -> None:
    shutil.move(copy / "run.json", copy.parent / "run.json")
    (copy / "run.json").symlink_to("../run.json")
    assert wrong(copy) == {
        "run.json": "is a link; what it points to does not travel",
        "record": "not read: first mend what is no file that can be read",
    }


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', '{"name": "x", "files": {"a": 1}}'])
def test_a_broken_manifest_is_an_integrity_error(text: str, copy: Path) -> None:
    (copy / "manifest.json").write_text(text)
    with pytest.raises(IntegrityError, match=r"manifest\.json"):
        verify(copy)


def test_a_folder_that_is_no_release_is_an_input_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError, match="name a release folder"):
            verify(folder)


HOSTILE_CELLS = {
    "tiny": [1e-300, -0.0, None, 0.1 + 0.2],
    "large": [2**53 + 2, -(2**60), 0, None],
    "text": ["None", "007", "a,b", 'q"u\no\rte'],
    "order": ["low", "none", None, "low"],
    "flag": ["True", None, "False", "True"],
    "day": ["01/02/2020", None, "29/02/2020", "31/12/1969"],
    "moment": ["2020-01-01T00:00:00.000001", None, "1969-12-31T23:59:59", "2020-01-01"],
    "nothing": [None, None, None, None],
}
HOSTILE_SCHEMA = """\
columns:
- {name: tiny, kind: numeric}
- {name: large, kind: integer}
- {name: text, kind: categorical, categories: ["None", "007", "a,b", "q\\"u\\no\\rte", "x"]}
- {name: order, kind: ordinal, categories: [low, none, high]}
- {name: flag, kind: boolean}
- {name: day, kind: datetime, format: "%d/%m/%Y"}
- {name: moment, kind: datetime}
- {name: nothing, kind: ordinal, categories: [a, b]}
"""


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_cells_of_every_kind_and_format_verify_as_they_were_audited(
    form: str, tmp_path: Path
) -> None:
    table = example.csv_file(tmp_path, pd.DataFrame(HOSTILE_CELLS).loc[[0, 1, 2, 3] * 15])
    (tmp_path / "schema.yaml").write_text(HOSTILE_SCHEMA)
    schema = str(tmp_path / "schema.yaml")
    made = example.release(tmp_path, table, "bootstrap", schema=schema, format=form)
    assert wrong(made.folder) == {}


# --- the key


def test_digests_under_the_key_are_keyed_and_another_key_gives_others(tmp_path: Path) -> None:
    ours, theirs = keeper(tmp_path / "a"), keeper(tmp_path / "b")
    assert ours.commit("x") == keeper(tmp_path / "a").commit("x") != theirs.commit("x")
    assert ours.commit("x").startswith("hmac-sha256:")
    assert hashlib.sha256(b"x").hexdigest() not in ours.commit("x")


def test_the_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    keeper(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert {p.name for p in (tmp_path / "a" / "b").iterdir()} == {"key", ".lock"}


def test_the_home_of_the_key_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home() == Path(os.environ["PRIVSYNTH_HOME"])
    monkeypatch.delenv("PRIVSYNTH_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert home() == tmp_path / "privsynth"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".local" / "share" / "privsynth"


@pytest.mark.parametrize("damage", [b"", b"ab" * 16, b"zz" * 32, b"ab" * 31 + b"a", b"\xff\xfe"])
def test_a_damaged_key_is_an_integrity_error(damage: bytes, tmp_path: Path) -> None:
    keeper(tmp_path)
    (tmp_path / "key").write_bytes(damage)
    with pytest.raises(IntegrityError, match="key is damaged"):
        keeper(tmp_path)
    assert (tmp_path / "key").read_bytes() == damage


def test_a_home_that_cannot_be_written_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="set PRIVSYNTH_HOME to a folder that can be written"):
        keeper(tmp_path / "file" / "home")
    (tmp_path / "home" / "key").mkdir(parents=True)
    with pytest.raises(InputError, match="set PRIVSYNTH_HOME"):
        keeper(tmp_path / "home")


# --- the count


def test_the_same_table_keeps_its_number_and_a_new_one_gets_the_next(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    numbers = [keep.count("source", table).number for table in ("a", "b", "a", "c", "b", "c")]
    assert numbers == [1, 2, 1, 3, 2, 3]
    assert keep.count("other source", "c").number == 1
    assert keeper(tmp_path).count("source", "d").number == 4


def test_the_level_falls_with_the_square_and_all_levels_together_stay_below_five_percent() -> None:
    """α_k = 0.05 · 6 / (π² k²); the sum over all k is 0.05 exactly, rounding only takes away."""
    for k in (1, 2, 3, 10, 246):
        exact = 0.05 * 6 / (math.pi**2 * k**2)
        assert exact - 1e-6 <= level(k) <= exact
    assert 0.049 < sum(level(k) for k in range(1, 10_000)) < 0.05
    assert level(100_000) > 0


def test_the_count_holds_no_digest_that_can_be_guessed(tmp_path: Path) -> None:
    keeper(tmp_path).count("source", "table")
    text = (tmp_path / "audits.json").read_text()
    for guess in ("source", "table", "source source"):
        assert guess not in text
        assert hashlib.sha256(guess.encode()).hexdigest() not in text


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"a": 1}', b'{"a": [1]}', b'{"a": {"b": 1}}', b"null", b"\xff"]
)
def test_a_damaged_count_stops_the_audit_and_stays_as_it_is(damage: bytes, tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    (tmp_path / "audits.json").write_bytes(damage)
    with pytest.raises(IntegrityError, match=r"audits\.json is damaged"):
        keep.count("source", "table")
    assert (tmp_path / "audits.json").read_bytes() == damage


def test_a_count_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    (tmp_path / "audits.json").mkdir()
    with pytest.raises(InputError, match="the key and the count of audits cannot be kept"):
        keep.count("source", "table")
    gone = Keeper(tmp_path / "gone", b"0" * 32)
    with pytest.raises(InputError, match="gone: the key and the count of audits cannot be kept"):
        gone.count("source", "table")


def _count(folder: str, first: int) -> list[int]:
    keep = keeper(Path(folder))
    return [keep.count("source", f"table {first + i}").number for i in range(10)]


def test_audits_at_the_same_time_are_counted_once_each(tmp_path: Path) -> None:
    """Three processes, ten tables each: 30 different numbers, however they interleave."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        found = pool.starmap(_count, [(str(tmp_path), 10 * i) for i in range(3)], chunksize=1)
    assert sorted(number for numbers in found for number in numbers) == list(range(1, 31))
    assert len((tmp_path / "key").read_bytes()) == 64
