"""A review is signed, printed and listed; the folder is as before until all of that is done."""

import datetime
import html
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import release_example as example

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import read_model
from privsynth.policy.review import Review
from privsynth.provenance import verify
from privsynth.provenance.attest import (
    ATTESTATIONS,
    REVIEWS,
    check_signatures,
    keygen,
    load_private,
    read_reviews,
)
from privsynth.provenance.attest.reviewing import review
from privsynth.provenance.attest.signing import sign
from privsynth.provenance.manifest import Manifest

SECRET = b"open sesame"
MOMENT = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
SAID: dict[str, Any] = {
    "name": "Jo <b>Bloggs</b> {{7*7}}",
    "role": "data protection officer",
    "decision": "approve",
    "looked_at": ["report.pdf", "the rarest group by hand"],
    "conditions": ["only under contract"],
    "next_review": "2027-11-20",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    return example.release(folder, example.csv_file(folder, example.people(60))).folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "copy")) / "release"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("keys")
    for name in ("builder", "reviewer", "other"):
        keygen(home / name, SECRET)
    return {name: home / name for name in ("builder", "reviewer", "other")}


def plain(folder: Path) -> None:
    """Stand in for the report: it takes seconds, and one test here renders a real one."""
    names = ", ".join(f"{one.name}: {one.decision}" for one in read_reviews(folder))
    (folder / "report.pdf").write_bytes(example.small_pdf(example.attached(folder)))
    (folder / "report.html").write_text(names)


def reviewed(folder: Path, key: Path, **change: Any) -> Review:
    force = change.pop("force", False)
    secret = load_private(key, SECRET)
    return review(folder, secret, SAID | change, MOMENT, plain, force=force)


def wrong(folder: Path) -> dict[str, str]:
    return {check.name: check.detail for check in verify(folder) if not check.ok}


def test_a_review_is_signed_printed_and_listed_and_the_folder_verifies(
    folder: Path, keys: dict[str, Path]
) -> None:
    before = example.listing(folder)
    made = reviewed(folder, keys["reviewer"])
    after = example.listing(folder)
    assert {name for name in after if after[name] != before.get(name)} == {
        REVIEWS, "manifest.json", "manifest.sha256", "report.html", "report.pdf",
    }  # fmt: skip
    assert read_reviews(folder) == [made] and made.time == "2026-11-20T12:00:00+00:00"
    assert made.model_dump(mode="json", exclude={"time", "key_id"}) == SAID
    assert REVIEWS in read_model(Manifest, folder / "manifest.json", "manifest").files
    assert wrong(folder) == {}
    assert [path.name for path in folder.parent.iterdir() if path.name[0] == "."] == []
    (said, unsigned) = check_signatures(folder, [keys["reviewer"].with_name("reviewer.pub")])
    assert said.vouched and "decided to approve" in said.detail
    assert unsigned.detail.startswith("UNSIGNED")


def test_two_people_review_and_then_a_third_signs_over_both(
    folder: Path, keys: dict[str, Path]
) -> None:
    reviewed(folder, keys["reviewer"])
    reviewed(folder, keys["other"], name="Ann", decision="reject", conditions=[], next_review=None)
    sign(folder, load_private(keys["builder"], SECRET), "builder", MOMENT)
    assert [one.decision for one in read_reviews(folder)] == ["approve", "reject"]
    assert wrong(folder) == {}
    sign(folder, load_private(keys["reviewer"], SECRET), "reviewer", MOMENT)
    assert wrong(folder) == {}


def test_a_review_of_a_signed_release_takes_force_and_takes_the_signatures_away(
    folder: Path, keys: dict[str, Path]
) -> None:
    sign(folder, load_private(keys["builder"], SECRET), "builder", MOMENT)
    before = example.listing(folder)
    with pytest.raises(InputError, match="--force adds it and takes the signatures away"):
        reviewed(folder, keys["reviewer"])
    with pytest.raises(InputError, match="a review takes a key of its own"):
        reviewed(folder, keys["builder"], force=True)
    assert example.listing(folder) == before
    reviewed(folder, keys["reviewer"], force=True)
    assert not (folder / ATTESTATIONS).exists() and wrong(folder) == {}


def test_whoever_reviewed_a_release_is_not_its_builder(folder: Path, keys: dict[str, Path]) -> None:
    reviewed(folder, keys["reviewer"])
    with pytest.raises(InputError, match="has reviewed this release; another role takes another"):
        sign(folder, load_private(keys["reviewer"], SECRET), "builder", MOMENT)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x1b[2Jb"}, "cannot be printed"),
        ({"name": "a\u202eb"}, "cannot be printed"),
        ({"name": "a\nb"}, "cannot be printed"),
        ({"name": "\udc80"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"role": "  "}, "role"),
        ({"decision": "maybe"}, "decision"),
        ({"looked_at": []}, "looked_at"),
        ({"looked_at": ["x" * 1001]}, "looked_at"),
        ({"conditions": ["\x07"]}, "cannot be printed"),
        ({"next_review": "20271120"}, "a date is written as"),
        ({"next_review": "soon"}, "a date is written as"),
        ({"next_review": "2026-11-19"}, "in the past"),
    ],
)
def test_what_cannot_stand_in_a_record_is_refused_and_nothing_is_written(
    change: dict[str, Any], sentence: str, folder: Path, keys: dict[str, Path]
) -> None:
    before = example.listing(folder.parent)
    with pytest.raises(InputError, match=sentence) as caught:
        reviewed(folder, keys["reviewer"], **change)
    assert "\x1b" not in str(caught.value) and "\u202e" not in str(caught.value)
    assert example.listing(folder.parent) == before


def test_a_report_that_cannot_be_rendered_leaves_the_folder_as_it_was(
    folder: Path, keys: dict[str, Path]
) -> None:
    before = example.listing(folder.parent)

    def broken(stage: Path) -> None:
        (stage / "report.pdf").write_bytes(b"half")
        raise InputError("no library")

    with pytest.raises(InputError, match="no library"):
        review(folder, load_private(keys["reviewer"], SECRET), SAID, MOMENT, broken)
    assert example.listing(folder.parent) == before


def test_a_folder_that_is_not_intact_is_not_reviewed(folder: Path, keys: dict[str, Path]) -> None:
    (folder / "run.json").write_text("{}")
    with pytest.raises(IntegrityError, match="nothing was signed"):
        reviewed(folder, keys["reviewer"])


@pytest.mark.parametrize("name", ["evidence.json", "verdict.json", "people.csv"])
def test_a_review_of_other_files_is_found_though_the_manifest_was_mended(
    name: str, folder: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    reviewed(folder, keys["reviewer"])
    other = example.release(
        tmp_path, example.csv_file(tmp_path, example.people(60, 1)), seed=8
    ).folder / "release"  # fmt: skip
    shutil.copy(folder / REVIEWS, other)
    (line,) = (one for one in check_signatures(other) if not one.ok)
    assert name in line.detail and "signed for other files" in line.detail
    with pytest.raises(IntegrityError, match="signed for other files"):
        read_reviews(other)


def test_every_byte_of_a_review_counts(folder: Path, keys: dict[str, Path]) -> None:
    reviewed(folder, keys["reviewer"])
    path = folder / REVIEWS
    data = path.read_bytes()
    for at in [*range(0, len(data), 5), len(data) - 1]:
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with pytest.raises(IntegrityError):
            read_reviews(folder)


def test_the_verb_prints_the_review_on_the_sign_off_page_of_a_real_report(
    folder: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    (folder.parent / "private" / "config.yaml").write_text(f"details: {tmp_path / 'told.yaml'}\n")
    (tmp_path / "told.yaml").write_text("organisation: Institute of Tables\n")
    said = [
        "review", folder.parent, "--key", keys["reviewer"], "--name", SAID["name"], "--role",
        SAID["role"], "--decision", "approve", "--looked-at", "report.pdf", "--condition",
        "only under contract", "--next-review", "2099-11-20",
    ]  # fmt: skip
    done = example.command(*said, "--json", PRIVSYNTH_PASSPHRASE=SECRET.decode())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["review"]["name"] == SAID["name"]
    assert wrong(folder) == {}
    page = (folder / "report.html").read_text()
    assert html.escape("Jo <b>Bloggs</b> {{7*7}}") in page and "<b>Bloggs" not in page
    for text in ("✓ approved", "only under contract", "2099-11-20", "Institute of Tables"):
        assert text in page
    created = json.loads((folder / "run.json").read_text())["created"]
    assert created[:10] in page
