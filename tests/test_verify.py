"""``verify`` finds every byte and part that is not as it was, and says which in a sentence."""

import base64
import datetime
import gzip
import json
import os
import shutil
import socket
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import release_example as example
from test_provenance import correct_manifest, edit

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import read_bundle, to_json
from privsynth.policy import Waiver, WaiverFile, decide, from_document
from privsynth.provenance import Check, verify
from privsynth.provenance.attest import ATTESTATIONS, check_signatures, keygen, load_private
from privsynth.provenance.attest.check import UNSIGNED
from privsynth.provenance.attest.reviewing import review
from privsynth.provenance.attest.signing import sign
from privsynth.provenance.checks.canonical import written
from privsynth.provenance.checks.files import check_digest, digest_problem
from privsynth.provenance.checks.folder import scan
from privsynth.provenance.manifest import DIGEST, NAME, Entry, build, entry, write_manifest
from privsynth.report.pdf import pdf_bytes

SECRET = b"open sesame"
MOMENT = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
LABEL = "people.csv.label.json"
JSON = ("evidence.json", "verdict.json", "policy.json", LABEL, "run.json", NAME, "croissant.json")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    table = example.csv_file(folder, example.people(60))
    return example.release(folder, table).folder / "release"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("keys")
    for name in ("builder", "reviewer", "stranger"):
        keygen(home / name, SECRET)
    return {name: home / name for name in ("builder", "reviewer", "stranger")}


@pytest.fixture(scope="module")
def signed_once(
    original: Path, keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a release with a report of ours, signed by two people; only to be read."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("signed") / "release"))
    page = "<html lang='en'><title>A report</title><p>One page.</p></html>"
    inside = example.attached(folder)
    (folder / "report.pdf").write_bytes(pdf_bytes(page, attachments=inside, created=MOMENT))
    write_manifest(folder, "people")
    for role in ("builder", "reviewer"):
        sign(folder, load_private(keys[role], SECRET), role, MOMENT)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """Return an unsigned release that a test may spoil."""
    return Path(shutil.copytree(original, tmp_path / "release"))


@pytest.fixture
def signed(signed_once: Path, tmp_path: Path) -> Path:
    """Return a signed release that a test may spoil."""
    return Path(shutil.copytree(signed_once, tmp_path / "signed" / "release"))


def public(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def bad(folder: Path, *keys: Path, **more: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for check in verify(folder, keys, **more):
        if not check.ok:
            found[check.name] = " | ".join(filter(None, [found.get(check.name), check.detail]))
    return found


def table_line(folder: Path, table: Path) -> tuple[bool, str]:
    (line,) = [check for check in verify(folder, table=table) if check.name == "--table"]
    return line.ok, line.detail


# --- intact


def test_a_release_signed_by_two_people_verifies_under_both_keys_and_nothing_is_written(
    signed: Path, keys: dict[str, Path]
) -> None:
    before = example.listing(signed), {p: p.stat().st_mtime_ns for p in signed.iterdir()}
    checks = verify(signed, [public(keys["builder"]), public(keys["reviewer"])])
    assert [check for check in checks if not check.ok] == []
    assert {check.group for check in checks} == {
        "files", "report", "record", "decision", "signatures", "table"
    }  # fmt: skip
    assert not any(check.note for check in checks)
    after = example.listing(signed), {p: p.stat().st_mtime_ns for p in signed.iterdir()}
    assert after == before


def test_the_digest_of_the_manifest_is_in_the_format_of_sha256sum(signed: Path) -> None:
    done = subprocess.run(["sha256sum", "--strict", "-c", DIGEST], cwd=signed, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"manifest.json: OK\n")
    assert DIGEST not in json.loads((signed / NAME).read_text())["files"]


def test_an_unsigned_release_is_intact_and_told_what_that_is_worth(folder: Path) -> None:
    *_, last = verify(folder)
    assert last == Check("signature", True, UNSIGNED, "signatures", note=True)
    assert "whoever alters a file can make every digest here agree" in UNSIGNED


def test_a_whole_forgery_passes_while_unsigned_and_fails_once_a_key_is_given(
    folder: Path, signed: Path, keys: dict[str, Path]
) -> None:
    """What digests cannot do: somebody else's record, in itself whole, in the place of this one."""
    assert bad(folder) == {}
    assert "signed nothing" in bad(folder, public(keys["builder"]))["signature"]
    shutil.copy(signed / ATTESTATIONS, folder)
    assert "signed for other files" in bad(folder)[f"{ATTESTATIONS} line 1"]


# --- one byte


def positions(size: int, most: int) -> list[int]:
    """Return all positions of a file, or ``most`` spread over it with its first and its last."""
    return sorted({round(at) for at in np.linspace(0, size - 1, min(size, most))})


def flipped(path: Path, most: int, holds: Callable[[], bool]) -> list[int]:
    """Return the positions at which a flipped bit went unnoticed; the file is as before."""
    size, rng = path.stat().st_size, np.random.default_rng(0)
    missed = []
    with path.open("r+b", buffering=0) as stream:
        for at in positions(size, most):
            (byte,) = os.pread(stream.fileno(), 1, at)
            os.pwrite(stream.fileno(), bytes([byte ^ (1 << int(rng.integers(8)))]), at)
            if holds():
                missed.append(at)
            os.pwrite(stream.fileno(), bytes([byte]), at)
    return missed


def test_a_flipped_bit_at_any_byte_of_any_listed_file_is_found(signed: Path) -> None:
    """Every byte of files up to 8,000 bytes, else 1,000 places with both ends, one bit each.

    By the very comparison that ``verify`` makes of each listed file, and the manifest's own.
    """
    listed = build(signed, "people").files
    assert {*listed, NAME, DIGEST, ATTESTATIONS} == {path.name for path in signed.iterdir()}
    small = 0
    for name, said in listed.items():
        whole = said.bytes <= 8000
        small += whole
        most = said.bytes if whole else 1000
        path = signed / name
        assert flipped(path, most, lambda p=path, s=said: not digest_problem(p, s)) == [], name  # type: ignore[misc]
    assert small >= 4
    here = scan(signed)
    manifest = signed / NAME
    assert flipped(manifest, 10**6, lambda: check_digest(here).ok) == []


def test_any_flipped_bit_of_the_manifests_digest_is_found(signed: Path) -> None:
    """All 80 places times all eight bits, and other lengths and ways to write it."""
    here, path = scan(signed), signed / DIGEST
    data = path.read_bytes()
    assert len(data) == 64 + 2 + len(NAME) + 1
    for at in range(len(data)):
        for bit in range(8):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            assert not check_digest(here).ok
    for other in (
        data[:-1],
        data + b"\n",
        data.upper(),
        b"",
        data + data,
        data.replace(b"  ", b" *"),
    ):
        path.write_bytes(other)
        assert not check_digest(here).ok


def test_a_flipped_bit_in_an_envelope_is_found(signed: Path) -> None:
    """60 places over the file and one bit each; ``test_attest`` flips every bit of an envelope."""
    path = signed / ATTESTATIONS
    assert flipped(path, 60, lambda: all(one.ok for one in check_signatures(signed))) == []


def test_every_file_with_one_flipped_byte_makes_the_whole_check_fail(signed: Path) -> None:
    for path in sorted(signed.iterdir()):
        data = path.read_bytes()
        at = len(data) // 2
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            found = bad(signed)
        except IntegrityError as error:  # of the manifest, which leads to all others
            assert path.name == NAME and error.exit_code == 3
        else:
            assert any(name.startswith(path.name) for name in found) or path.name in (DIGEST, NAME)
            assert found
        path.write_bytes(data)
    assert bad(signed) == {}


@pytest.mark.parametrize("how", ["cut", "longer", "empty"])
def test_a_file_of_another_length_is_found(how: str, signed: Path) -> None:
    for path in sorted(signed.iterdir()):
        data = path.read_bytes()
        path.write_bytes({"cut": data[:-1], "longer": data + b"\n", "empty": b""}[how])
        try:
            assert bad(signed), path.name
        except IntegrityError:
            assert path.name == NAME
        path.write_bytes(data)


def test_two_files_that_changed_places_are_named(signed: Path) -> None:
    one, other = signed / "policy.json", signed / "run.json"
    data = one.read_bytes(), other.read_bytes()
    other.write_bytes(data[0])
    one.write_bytes(data[1])
    found = bad(signed)
    assert "holds what is listed as run.json: swapped?" in found["policy.json"]
    assert "holds what is listed as policy.json: swapped?" in found["run.json"]


def test_a_table_of_100_megabytes_is_digested_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(100 << 20)
    tracemalloc.start()
    made = entry(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.bytes == 100 << 20 and peak < 2 << 20
    assert made.sha256 == "20492a4d0d84f8beb1767f6616229f85d44c2827b64bdbfb260ee12fa1109e0e"


def test_a_file_of_another_size_is_not_read_at_all(tmp_path: Path) -> None:
    """A sparse terabyte, which would take an hour."""
    path = tmp_path / "huge"
    with path.open("wb") as stream:
        try:
            stream.truncate(1 << 40)
        except OSError:
            pytest.skip("no sparse files here")
    said = digest_problem(path, Entry(sha256="0" * 64, bytes=7))
    assert said == "differs from its digest: 1,099,511,627,776 bytes, and 7 are listed"


# --- what lies in the folder


def link_out(folder: Path) -> str:
    shutil.move(folder / "run.json", folder.parent / "run.json")
    (folder / "run.json").symlink_to("../run.json")
    return "is a link; what it points to does not travel"


def link_folder(folder: Path) -> str:
    (folder / "run.json").unlink()
    (folder / "run.json").symlink_to("/")
    return "is a link; what it points to does not travel"


def dangling(folder: Path) -> str:
    (folder / "run.json").unlink()
    (folder / "run.json").symlink_to("nowhere")
    return "is a link; what it points to does not travel"


def pipe(folder: Path) -> str:
    (folder / "run.json").unlink()
    os.mkfifo(folder / "run.json")
    return "is a pipe, not a file; it was not opened"


def plug(folder: Path) -> str:
    (folder / "run.json").unlink()
    with socket.socket(socket.AF_UNIX) as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # the path of a socket is short
        made.bind("run.json")
    return "is a socket, not a file; it was not opened"


def device(folder: Path) -> str:
    (folder / "run.json").unlink()
    try:
        os.mknod(folder / "run.json", 0o20600, os.makedev(1, 5))  # /dev/zero never ends
    except PermissionError:
        pytest.skip("only root makes devices")
    return "is a device, not a file; it was not opened"


@pytest.mark.parametrize("spoil", [link_out, link_folder, dangling, pipe, plug, device])
def test_what_is_no_plain_file_is_named_and_never_opened(
    spoil: Callable[[Path], str], folder: Path
) -> None:
    says = spoil(folder)
    assert bad(folder) == {
        "run.json": says,
        "record": "not read: first mend what is no file that can be read",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "run.json").chmod(0)
    assert "no permission" in bad(folder)["run.json"]


def test_a_pipe_in_place_of_the_manifest_ends_the_check_at_once(folder: Path) -> None:
    (folder / NAME).unlink()
    os.mkfifo(folder / NAME)
    assert "is a pipe" in bad(folder)[NAME]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a\x1b[2Jb", "its name holds characters that cannot be seen"),
        ("run\u202enosj", "its name holds characters that cannot be seen"),
        ("run.json\u200b", "its name holds characters that cannot be seen"),
        (os.fsdecode(b"r\xffn.json"), "its name is not UTF-8"),
        ("RUN.json", "on other systems it is the same file as"),
        ("notes.txt", "neither the labelled table nor a part of its record"),
        ("deeper/notes.txt", "not listed in the manifest"),
        ("evidence-full.json", "the full evidence, which stays in private/"),
        ("config.yaml", "the configuration with its seed, which stays in private/"),
    ],
)
def test_a_file_that_does_not_belong_here_is_named(name: str, says: str, folder: Path) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("{}")
    assert says in " ".join(bad(folder).values())
    assert set(bad(folder)) <= {name, name.split("/")[0], "run.json"}


def test_a_folder_of_too_many_files_is_not_read_to_its_end(folder: Path) -> None:
    for number in range(1000):
        (folder / f"{number}").touch()
    assert "holds more than 1,000 files" in bad(folder)["."]


def test_a_second_name_of_a_file_elsewhere_is_no_damage(folder: Path) -> None:
    """Backups that share files by hard links make such names; the bytes are here all the same."""
    os.link(folder / "run.json", folder.parent / "backup")
    assert bad(folder) == {}


# --- JSON in its one form


def bom(text: str) -> str:
    return "\ufeff" + text


FORMS: dict[str, Callable[[str], str]] = {
    "space": lambda text: text.replace(": ", ":  ", 1),
    "no indent": lambda text: json.dumps(json.loads(text), sort_keys=True) + "\n",
    "order": lambda text: json.dumps(dict(reversed(json.loads(text).items())), indent=2) + "\n",
    "twice": lambda text: text.replace("{", '{"name": 1, "name": 1,', 1),
    "mark": bom,
    "after": lambda text: text + "\n",
    "no end": lambda text: text[:-1],
    "returns": lambda text: text.replace("\n", "\r\n"),
    "letters": lambda text: text.replace("e", "\\u0065", 1),
    "nothing": lambda text: text + "\x00",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_json_in_another_form_is_found_though_all_digests_agree(form: str, folder: Path) -> None:
    for name in JSON:
        path = folder / name
        data = path.read_bytes()
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.write(FORMS[form](data.decode()))
        listed = name != NAME
        (write_manifest if listed else _digest_again)(folder, "people")
        try:
            found = bad(folder)
        except IntegrityError as error:
            assert name == NAME and "is not JSON" in str(error)
        else:
            # The attachment in the report differs as well, except for what is not attached.
            assert {name, "description"} & set(found), (name, found)
            assert set(found) <= {name, "report.pdf", "decision", "description"}
        path.write_bytes(data)
        write_manifest(folder, "people")
    assert bad(folder) == {}


def _digest_again(folder: Path, name: str) -> None:
    from privsynth.provenance.manifest import digest_line

    (folder / DIGEST).write_bytes(digest_line((folder / NAME).read_bytes()))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("30", "NaN", 1), "holds NaN, which is no number"),
        (lambda text: text.replace("30", "-Infinity", 1), "holds -Infinity, which is no number"),
        (lambda text: text.replace("30", "1e999", 1), "is not JSON"),
        (lambda text: text.replace('"rows"', '"rows": 1, "rows"', 1), "names an entry twice"),
        (lambda text: text.replace("30", '"30"', 1), "other types than its schema names"),
        (lambda text: text.replace("30", "30.0", 1), "other types than its schema names"),
        (lambda text: bom(text) if "{" in text else text, "begins with a byte order mark"),
        (lambda text: "[" * 100_000 if "{" in text else text, "is not JSON"),
        (lambda text: text.replace('"1"', '"2"', 1), "is of schema version 2"),
    ],
)
def test_numbers_that_are_none_and_types_that_slip_through_are_found(
    change: Callable[[str], str], says: str, folder: Path
) -> None:
    text = (folder / LABEL).read_text()
    assert '"rows": 30' in text and '"schema_version": "1"' in text
    head, rows, tail = text.partition('"rows": 30')
    changed = change(rows)
    if changed == rows:  # it is about the whole
        head, changed, tail = "", change(text), ""
    (folder / LABEL).write_text(f"{head}{changed}{tail}")
    correct_manifest(folder)
    assert says in bad(folder)[LABEL]


def test_the_policy_of_a_newer_version_says_so(folder: Path) -> None:
    edit(folder / "policy.json", lambda raw: raw | {"schema": "privsynth/policy/v2"})
    correct_manifest(folder)
    assert "a newer file needs a newer privsynth" in bad(folder)["policy.json"]


def test_a_rule_that_this_version_does_not_know_says_so(folder: Path) -> None:
    edit(folder / "policy.json", lambda raw: raw["rules"].update(worst_of_all={"below": 0.5}))
    correct_manifest(folder)
    assert "worst_of_all" in bad(folder)["policy.json"]


# --- who signed


def test_a_wrong_key_is_told_and_a_file_that_is_no_key_is_an_input_error(
    signed: Path, keys: dict[str, Path]
) -> None:
    assert "signed nothing" in bad(signed, public(keys["stranger"]))["signature"]
    for wrong in (keys["builder"], signed / "run.json", signed / "nothing"):
        with pytest.raises(InputError):
            verify(signed, [wrong])


def test_an_envelope_without_a_signature_is_told(signed: Path) -> None:
    path = signed / ATTESTATIONS
    raw = json.loads(path.read_bytes().splitlines()[0])
    line = json.dumps(raw | {"signatures": []}, sort_keys=True, separators=(",", ":"))
    path.write_bytes(line.encode() + b"\n" + b"\n".join(path.read_bytes().splitlines()[1:]) + b"\n")
    assert bad(signed)[f"{ATTESTATIONS} line 1"] == "the envelope has no signature"


def test_base64_that_decodes_to_the_same_is_found(signed: Path) -> None:
    """The bits that base64 does not use: the payload is the same, and the file is not."""
    path = signed / ATTESTATIONS
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    tried = 0
    for line in path.read_bytes().splitlines():
        sig = json.loads(line)["signatures"][0]["sig"].encode()
        assert sig.endswith(b"==")
        other = sig[:-3] + letters[letters.index(sig[-3:-2]) + 1 :][:1] + b"=="
        assert base64.b64decode(other) == base64.b64decode(sig) and other != sig
        data = path.read_bytes()
        path.write_bytes(data.replace(sig, other))
        assert bad(signed)
        path.write_bytes(data)
        tried += 1
    assert tried == 4


def asks_for(folder: Path, **signatures: int) -> None:
    """Make it the release of a policy that asks for signatures, all of the record agreeing."""
    edit(folder / "policy.json", lambda raw: raw | {"signatures": signatures})
    policy = from_document(json.loads((folder / "policy.json").read_text()), "policy")
    document = json.loads(json.dumps(policy.document))
    edit(
        folder / "evidence.json",
        lambda raw: raw["policy"].update(digest=policy.digest, document=document),
    )
    redecide(folder)


def redecide(folder: Path, *waivers: Waiver, on: datetime.date | None = None) -> Any:
    """Decide anew, with waivers in their file, and make label, report and manifest agree."""
    policy = from_document(json.loads((folder / "policy.json").read_text()), "policy")
    verdict = decide(read_bundle(folder / "evidence.json"), policy, waivers=waivers, on=on)
    (folder / "verdict.json").write_text(to_json(verdict))
    if waivers:
        (folder / "waivers.json").write_text(to_json(WaiverFile(waivers=waivers)))
    edit(folder / LABEL, lambda raw: raw | {"verdict": verdict.status})
    correct_manifest(folder)
    return verdict


def test_signatures_that_the_policy_asks_for_are_missed_until_they_are_there_and_vouched_for(
    folder: Path, keys: dict[str, Path]
) -> None:
    asks_for(folder, builder=1, reviewer=1)
    assert "give their public keys with --key" in bad(folder)["signature"]
    for role in ("builder", "reviewer"):
        sign(folder, load_private(keys[role], SECRET), role, MOMENT)  # type: ignore[arg-type]
    assert "of a builder; 0 under a key" in bad(folder)["signature"]
    (only,) = bad(folder, public(keys["builder"])).values()
    assert "of a reviewer; 0 under a key that was given" in only
    assert bad(folder, public(keys["builder"]), public(keys["reviewer"])) == {}


# --- the decision and its waivers


def waiver(**change: Any) -> Waiver:
    said = {
        "id": "W1", "rule": "worst_auc", "dataset": "people", "reason": "a test",
        "compensating_control": "a contract", "requested_by": "Ada", "approved_by": "Bob",
        "approved_at": "2026-11-01", "expires": "2026-12-01", "max_observed": 1.0,
    }  # fmt: skip
    return Waiver.model_validate(said | change)


def waived(folder: Path, **change: Any) -> Any:
    """Return the verdict of a release made on 20 November 2026 with one waiver."""
    edit(folder / "run.json", lambda raw: raw | {"created": MOMENT.isoformat()})
    (folder / "run.json").write_bytes(
        written(json.loads((folder / "run.json").read_text()), escaped=True)
    )
    return redecide(folder, waiver(**change), on=MOMENT.date())


def fails(folder: Path) -> str:
    """Return a rule that the release fails and that may be waived."""
    verdict = redecide(folder)
    return str(next(f.rule for f in verdict.findings if f.status == "fail" and f.waivable))


def test_a_waiver_that_expired_since_is_told_and_the_record_is_intact(folder: Path) -> None:
    rule = fails(folder)
    assert [one.state for one in waived(folder, rule=rule).waivers] == ["used"]
    day = datetime.date(2026, 12, 1)
    for today, told in ((day, []), (day + datetime.timedelta(days=1), ["waivers"])):
        checks = verify(folder, today=today)
        assert [check for check in checks if not check.ok] == []
        assert [check.name for check in checks if check.note and check.name != "signature"] == told
    assert f"waiver W1 for {rule}, approved by Bob, expired on 2026-12-01" in checks[-2].detail


def test_a_waiver_for_another_dataset_covers_nothing_whatever_the_verdict_says(
    folder: Path,
) -> None:
    rule = fails(folder)
    verdict = waived(folder, rule=rule, dataset="other")
    assert verdict.waivers[0].state == "refused"
    assert "it is for the dataset 'other', and this is 'people'" in verdict.waivers[0].message
    assert bad(folder) == {}

    def whiten(raw: Any) -> None:
        raw["waivers"][0]["state"] = "used"
        for finding in raw["findings"]:
            if finding["rule"] == rule:
                finding["waiver"] = "W1"

    edit(folder / "verdict.json", whiten)
    correct_manifest(folder)
    assert "not what verdict.json says" in bad(folder)["decision"]


def test_waivers_that_were_taken_away_added_or_moved_to_another_day_are_found(
    folder: Path,
) -> None:
    rule = fails(folder)
    waived(folder, rule=rule)
    data = (folder / "waivers.json").read_bytes()
    (folder / "waivers.json").unlink()
    correct_manifest(folder)
    assert bad(folder) == {"decision": "the verdict rests on waivers, and waivers.json is missing"}
    redecide(folder)
    (folder / "waivers.json").write_bytes(data)
    correct_manifest(folder)
    assert bad(folder) == {"decision": "waivers.json is here, and the verdict names no day for it"}
    redecide(folder, waiver(rule=rule), on=datetime.date(2026, 11, 10))
    assert bad(folder) == {
        "waivers": "were judged at 2026-11-10, and the release was made on 2026-11-20"
    }


@pytest.mark.parametrize("change", [{"approved_by": "Ada"}, {"expires": "2027-12-01"}])
def test_a_waiver_that_was_altered_is_found(change: dict[str, str], folder: Path) -> None:
    waived(folder, rule=fails(folder))
    edit(folder / "waivers.json", lambda raw: raw["waivers"][0].update(change))
    correct_manifest(folder)
    assert "not what verdict.json says" in bad(folder)["decision"]


def test_two_waivers_of_one_id_are_refused(folder: Path) -> None:
    waived(folder, rule=fails(folder))
    edit(folder / "waivers.json", lambda raw: raw["waivers"].append(raw["waivers"][0]))
    correct_manifest(folder)
    assert "two waivers are called 'W1'" in bad(folder)["waivers.json"]


def test_a_review_that_asked_to_look_again_by_now_is_told(
    folder: Path, keys: dict[str, Path]
) -> None:
    def again(stage: Path) -> None:
        (stage / "report.pdf").write_bytes(example.small_pdf(example.attached(stage)))

    said = {
        "name": "Jo", "role": "officer", "decision": "approve", "looked_at": ["all"],
        "next_review": "2026-12-24",
    }  # fmt: skip
    review(folder, load_private(keys["reviewer"], SECRET), said, MOMENT, again)
    for day, told in ((24, []), (25, ["Jo asked to look again by 2026-12-24, which has passed"])):
        checks = verify(folder, today=datetime.date(2026, 12, day))
        assert all(check.ok for check in checks)
        assert [check.detail for check in checks if check.name == "review"] == told


# --- is this the released table?


def reencoded(folder: Path, tmp_path: Path, how: str) -> Path:
    rows = pd.read_csv(folder / "people.csv", dtype=str)
    path = tmp_path / {"parquet": "a.parquet", "gz": "a.csv.gz"}.get(how, "a.csv")
    if how == "copy":
        shutil.copy(folder / "people.csv", path)
    elif how == "parquet":
        pd.read_csv(folder / "people.csv").to_parquet(path)
    elif how == "quoted":
        rows.to_csv(path, index=False, quoting=1)
    elif how == "semicolon":
        rows.to_csv(path, index=False, sep=";")
    elif how == "returns":
        rows.to_csv(path, index=False, lineterminator="\r\n")
    elif how == "columns":
        rows[rows.columns[::-1]].to_csv(path, index=False)
    elif how == "rows":
        rows.iloc[::-1].to_csv(path, index=False)
    elif how == "cell":
        rows.loc[7, "age"] = "20" if rows.loc[7, "age"] != "20" else "30"
        rows.to_csv(path, index=False)
    elif how == "fewer":
        rows.iloc[:-1].to_csv(path, index=False)
    elif how == "narrow":
        rows.drop(columns="age").to_csv(path, index=False)
    elif how == "wide":
        rows.assign(more="1").to_csv(path, index=False)
    else:
        rows.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("how", "same", "says"),
    [
        ("copy", True, "is people.csv of this release, byte for byte"),
        ("parquet", True, "in other bytes"),
        ("gz", True, "in other bytes"),
        ("quoted", True, "in other bytes"),
        ("semicolon", True, "in other bytes"),
        ("returns", True, "in other bytes"),
        ("columns", True, "in other bytes"),
        ("rows", False, "the same rows in another order, and the order counts"),
        ("cell", False, "the same columns and as many rows, with other values"),
        ("fewer", False, "it has 29 rows, and the released one 30"),
        ("narrow", False, "it lacks 1 of its 5 columns"),
        ("wide", False, "is not the released table"),
    ],
)
def test_the_released_table_is_known_again_in_any_encoding_and_no_other_is(
    how: str, same: bool, says: str, folder: Path, tmp_path: Path
) -> None:
    ok, detail = table_line(folder, reencoded(folder, tmp_path, how))
    assert (ok, says in detail) == (same, True), detail


def test_what_is_no_table_is_not_the_released_one_and_no_file_is_an_input_error(
    folder: Path, tmp_path: Path
) -> None:
    ok, detail = table_line(folder, folder / "run.json")
    assert not ok and "unknown kind of file" in detail
    for missing in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(InputError, match="there is no such file"):
            verify(folder, table=missing)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="there is no such file"):
        verify(folder, table=tmp_path / "pipe.csv")


def test_a_packed_table_that_unpacks_to_anything_is_not_unpacked(
    folder: Path, tmp_path: Path
) -> None:
    packed, wide = tmp_path / "a.csv.gz", tmp_path / "a.parquet"
    packed.write_bytes(gzip.compress(bytes(50 << 20), 1))
    tracemalloc.start()
    ok, detail = table_line(folder, packed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not ok and "unpacks to more than" in detail and peak < 30 << 20
    pd.DataFrame({"age": np.zeros(1_000_000, int)}).to_parquet(wide)
    assert table_line(folder, wide) == (
        False,
        "is not the released table: it has 1,000,000 rows, and the released one 30",
    )


# --- the command


def test_the_command_prints_a_line_a_check_in_80_columns_and_exits_by_the_contract(
    signed: Path, keys: dict[str, Path]
) -> None:
    given = [f"--key={public(keys[role])}" for role in ("builder", "reviewer")]
    done = example.command("verify", signed, *given, COLUMNS="80", PYTHONIOENCODING="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert last == "intact" and max(map(len, lines)) <= 80
    titles = ["Files", "Inside the report", "Record", "Table", "Decision", "Signatures"]
    assert [line for line in lines if line[0] not in "✓ "] == titles
    assert len([line for line in lines if line[0] == "✓"]) == len(verify(signed))
    column = 2 + len(f"{ATTESTATIONS} line 1") + 2
    details = [line[column:] for line in lines if line not in titles]
    assert not any(detail.startswith(" ") for detail in details)
    assert "digest as listed" in details

    (signed / "run.json").write_text("{}")
    done = example.command("verify", signed, COLUMNS="80", PYTHONIOENCODING="utf-8")
    assert done.returncode == 3 and "✗ run.json" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("NOT INTACT: ")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_holds_every_check_with_its_group_and_what_has_expired(folder: Path) -> None:
    waived(folder, rule=fails(folder), approved_at="2026-11-01", expires="2026-11-20")
    done = example.command("verify", folder, "--json", "--table", folder / "people.csv")
    raw = json.loads(done.stdout)
    today = datetime.datetime.now(datetime.UTC).date()
    assert (done.returncode, raw["intact"]) == (0, True)
    assert {tuple(sorted(one)) for one in raw["checks"]} == {
        ("detail", "group", "name", "note", "ok")
    }
    assert raw["checks"][-1]["name"] == "--table"
    notes = {one["name"] for one in raw["checks"] if one["note"]}
    assert notes == ({"signature", "waivers"} if today > MOMENT.date() else {"signature"})
    done = example.command("verify", folder, "--table", folder / "run.json")
    assert done.returncode == 3
    assert example.command("verify", folder, "--table", "nothing.csv").returncode == 2
