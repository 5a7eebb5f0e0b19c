"""Signatures: whoever signed is told, and no bit of an envelope changes without being found."""

import base64
import datetime
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import release_example as example
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privsynth.errors import InputError, IntegrityError
from privsynth.provenance import verify
from privsynth.provenance.attest import (
    ATTESTATIONS,
    check_signatures,
    keygen,
    load_private,
    load_public,
    missing_signatures,
    passphrase,
)
from privsynth.provenance.attest.check import UNSIGNED, opened
from privsynth.provenance.attest.envelope import canonical, read_envelope, seal
from privsynth.provenance.attest.keys import Public
from privsynth.provenance.attest.sealing import seal_pdf
from privsynth.provenance.attest.signing import sign
from privsynth.provenance.attest.statements import TYPES, Subject, signer, state

SECRET = b"open sesame"
MOMENT = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
STAMP = "2026-11-20T12:00:00+00:00"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    return example.release(folder, example.csv_file(folder, example.people(60))).folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """Return the travelling part of a copy that a test may sign and spoil."""
    return Path(shutil.copytree(original, tmp_path / "copy")) / "release"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("keys")
    for name in ("builder", "reviewer", "owner"):
        keygen(home / name, SECRET)
    return {name: home / name for name in ("builder", "reviewer", "owner")}


def public(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def signed(folder: Path, keys: dict[str, Path], *roles: Any) -> list[bytes]:
    for role in roles:
        sign(folder, load_private(keys[role], SECRET), role, MOMENT)
    return (folder / ATTESTATIONS).read_bytes().splitlines()


def small(key: Ed25519PrivateKey, **change: Any) -> bytes:
    """Return a short envelope; ``change`` replaces entries of what is signed."""
    by = signer(Public(key.public_key()), "owner", STAMP)
    about = [Subject(name="a", digest={"sha256": "0" * 64})]
    return seal(state("endorsement", about, {}, by).document() | change, key)


def told(folder: Path, *given: Path) -> list[str]:
    return [one.detail for one in check_signatures(folder, given) if not one.ok]


def test_two_people_sign_and_both_are_told_with_role_key_and_time(
    folder: Path, keys: dict[str, Path]
) -> None:
    lines = signed(folder, keys, "builder", "reviewer")
    assert len(lines) == 4
    found = check_signatures(folder, [public(keys["builder"]), public(keys["reviewer"])])
    kinds = [(one.kind, one.signer.role if one.signer else "") for one in found]
    assert kinds == [
        ("generation", "builder"), ("evidence", "builder"), ("decision", "builder"),
        ("endorsement", "reviewer"),
    ]  # fmt: skip
    assert all(one.ok and one.vouched and STAMP in one.detail for one in found)
    assert all("self-declared" in one.detail for one in found)
    assert all(check.ok for check in verify(folder))
    assert not any(UNSIGNED in check.detail for check in verify(folder))


def test_an_unsigned_release_is_legal_and_said_to_be_unsigned(folder: Path) -> None:
    (only,) = check_signatures(folder)
    assert only.ok and only.detail.startswith("UNSIGNED")


def test_signatures_that_were_taken_away_are_missed_by_whoever_gives_a_key(
    folder: Path, keys: dict[str, Path]
) -> None:
    signed(folder, keys, "builder")
    (folder / ATTESTATIONS).unlink()
    (wrong,) = told(folder, public(keys["builder"]))
    assert "signed nothing" in wrong


def test_the_signature_is_ed25519_over_the_pre_authentication_encoding(
    folder: Path, keys: dict[str, Path]
) -> None:
    """We sign by securesystemslib; this checks by the specification and plain ``cryptography``."""
    lines = signed(folder, keys, "builder", "owner")
    for line, role in zip(lines, ["builder"] * 3 + ["owner"], strict=True):
        key: Any = pem.load_pem_public_key(public(keys[role]).read_bytes())
        raw = json.loads(line)
        body, kind = base64.b64decode(raw["payload"]), raw["payloadType"].encode()
        pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)
        (one,) = raw["signatures"]
        key.verify(base64.b64decode(one["sig"]), pae)
        spki = key.public_bytes(pem.Encoding.DER, pem.PublicFormat.SubjectPublicKeyInfo)
        assert one["keyid"] == hashlib.sha256(spki).hexdigest()
        statement = json.loads(body)
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["predicateType"] in TYPES.values()
        for subject in statement["subject"]:
            data = (folder / subject["name"]).read_bytes()
            assert subject["digest"] == {"sha256": hashlib.sha256(data).hexdigest()}


def test_what_an_implementation_of_the_specification_signs_we_verify() -> None:
    """The other way round: signed by plain ``cryptography``, read by us."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    by = signer(Public(key.public_key()), "owner", STAMP)
    body = canonical(state("endorsement", [], {}, by).document())
    kind = b"application/vnd.in-toto+json"
    sig = key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
    raw = {
        "payload": base64.b64encode(body).decode(), "payloadType": kind.decode(),
        "signatures": [{"keyid": by.key_id, "sig": base64.b64encode(sig).decode()}],
    }  # fmt: skip
    assert opened(canonical(raw)).signer == by


def test_every_single_flipped_bit_of_an_envelope_is_found_without_any_key_at_hand() -> None:
    line = small(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert opened(line).kind == "endorsement"
    for at in range(len(line)):
        for bit in range(8):
            bad = bytearray(line)
            bad[at] ^= 1 << bit
            with pytest.raises(IntegrityError):
                opened(bytes(bad))


def test_flipped_bytes_of_the_file_of_signatures_are_found(
    folder: Path, keys: dict[str, Path]
) -> None:
    signed(folder, keys, "reviewer")
    path = folder / ATTESTATIONS
    data = path.read_bytes()
    for at in [*range(0, len(data), 7), len(data) - 1]:
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert told(folder), at
    for end in (0, 1, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:end])
        assert told(folder), end


def _with(line: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    raw = json.loads(line)
    change(raw)
    return canonical(raw)


def _loose(line: bytes) -> bytes:
    """Return the envelope with other unused bits at the end of its signature."""
    raw = json.loads(line)
    sig = raw["signatures"][0]["sig"]
    assert sig.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = alphabet[alphabet.index(sig[-3]) ^ 1]
    assert base64.b64decode(sig[:-3] + other + "==") == base64.b64decode(sig)
    raw["signatures"][0]["sig"] = sig[:-3] + other + "=="
    return canonical(raw)


SPOILED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not JSON": (lambda line: line[:-1], "not JSON"),
    "deep": (lambda line: b"[" * 100_000, "not JSON"),
    "a list": (lambda line: b"[]", "other entries than payload"),
    "unknown entry": (lambda line: _with(line, lambda r: r.update(more=1)), "other entries than p"),
    "other type": (lambda line: _with(line, lambda r: r.update(payloadType="x")), "another type"),
    "no signature": (lambda line: _with(line, lambda r: r.update(signatures=[])), "no signature"),
    "null": (lambda line: _with(line, lambda r: r.update(signatures=None)), "no signature"),
    "entry of a signature": (
        lambda line: _with(line, lambda r: r["signatures"][0].update(cert="x")), "keyid and sig",
    ),
    "no key id": (
        lambda line: _with(line, lambda r: r["signatures"][0].update(keyid=1)), "names no key",
    ),
    "same key twice": (
        lambda line: _with(line, lambda r: r["signatures"].append(r["signatures"][0])),
        "two signatures name the same key",
    ),
    "spaces": (lambda line: line.replace(b'":', b'": '), "canonical way"),
    "an entry twice": (lambda line: b'{"payload":"x",' + line[1:], "canonical way"),
    "loose base64": (_loose, "the signature is not base64 in its one way"),
    "url base64": (
        lambda line: _with(line, lambda r: r.update(payload=r["payload"] + "-_-_")),
        "the payload is not base64",
    ),
    "no text": (lambda line: _with(line, lambda r: r.update(payload=7)), "the payload is not base"),
    "other key id": (
        lambda line: _with(line, lambda r: r["signatures"][0].update(keyid="0" * 64)),
        "another key than the payload names",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_each_way_to_spoil_an_envelope_has_its_own_sentence(name: str) -> None:
    spoil, sentence = SPOILED[name]
    with pytest.raises(IntegrityError, match=sentence):
        opened(spoil(small(Ed25519PrivateKey.generate())))


def test_a_second_signature_over_one_statement_is_of_another_key_than_it_names() -> None:
    one, two = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    by = signer(Public(one.public_key()), "owner", STAMP)
    line = seal(state("endorsement", [], {}, by).document(), one, two)
    envelope = read_envelope(line)
    assert all(envelope.signed_by(Public(key.public_key())) for key in (one, two))
    assert not envelope.signed_by(Public(Ed25519PrivateKey.generate().public_key()))
    with pytest.raises(IntegrityError, match="another key than the payload names"):
        opened(line)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"predicate": {}}, "states no role"),
        ({"predicate": {"privsynth_signer": {"key_id": "0" * 64}}}, "states no role"),
        ({"predicateType": "https://example.org/x"}, "type that this version does not know"),
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "does not follow its schema at _type"),
        ({"more": 1}, "does not follow its schema at more"),
        ({"subject": [{"name": "a", "digest": {"md5": "0"}}]}, "does not follow its schema"),
    ],
)
def test_a_validly_signed_payload_that_is_no_statement_of_ours_is_refused(
    change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(IntegrityError, match=sentence):
        _ = opened(small(Ed25519PrivateKey.generate(), **change)).kind


def test_a_payload_that_names_a_key_by_a_wrong_digest_is_refused() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    by = signer(Public(key.public_key()), "owner", STAMP).model_dump(mode="json")
    by["key_id"] = Public(other.public_key()).key_id
    with pytest.raises(IntegrityError, match="not that of the public key"):
        opened(small(key, predicate={"privsynth_signer": by}))


def test_signatures_over_swapped_files_do_not_fit(folder: Path, keys: dict[str, Path]) -> None:
    signed(folder, keys, "builder", "owner")
    first, second = folder / "verdict.json", folder / "policy.json"
    data = first.read_bytes(), second.read_bytes()
    for path, other in zip((second, first), data, strict=True):
        path.write_bytes(other)
    wrong = told(folder)
    assert wrong and any("policy.json" in one or "verdict" in one for one in wrong)
    for path, own in zip((first, second), data, strict=True):
        path.write_bytes(own)
    assert told(folder) == []
    (folder / "report.pdf").write_bytes((folder / "report.html").read_bytes())
    (folder / "extra.txt").write_text("x")
    (folder / "report.html").unlink()
    wrong = told(folder)
    assert len(wrong) == 4
    assert all("extra.txt, report.html, report.pdf" in one for one in wrong)


def test_the_signatures_of_another_release_do_not_fit_this_one(
    folder: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    other = example.release(
        tmp_path, example.csv_file(tmp_path, example.people(60, 1)), seed=8
    ).folder / "release"  # fmt: skip
    signed(other, keys, "builder")
    shutil.copy(other / ATTESTATIONS, folder)
    wrong = told(folder, public(keys["builder"]))
    assert len(wrong) == 4 and all("signed for other files" in one for one in wrong[:3])


def test_a_wrong_key_is_told_for_the_signer_and_for_the_reader(
    folder: Path, keys: dict[str, Path]
) -> None:
    signed(folder, keys, "builder")
    found = check_signatures(folder, [public(keys["owner"])])
    assert [one.ok for one in found] == [True, True, True, False]
    assert all("does not say who" in one.detail and not one.vouched for one in found[:3])
    assert "signed nothing" in found[3].detail
    with pytest.raises(InputError, match="is a private key"):
        check_signatures(folder, [keys["owner"]])
    with pytest.raises(InputError, match="no public key"):
        check_signatures(folder, [folder / "verdict.json"])


def test_a_signature_put_under_a_known_key_id_by_somebody_else_is_found(
    folder: Path, keys: dict[str, Path]
) -> None:
    lines = signed(folder, keys, "reviewer")
    raw = json.loads(lines[0])
    forged = seal(json.loads(base64.b64decode(raw["payload"])), load_private(keys["owner"], SECRET))
    stolen = _with(forged, lambda r: r["signatures"][0].update(keyid=raw["signatures"][0]["keyid"]))
    (folder / ATTESTATIONS).write_bytes(stolen + b"\n")
    (first, second) = told(folder, public(keys["reviewer"]))
    assert "does not fit the payload" in first and "signed nothing" in second


@pytest.mark.parametrize(
    ("role", "kind", "said"),
    [
        ("reviewer", "decision", {}),
        ("builder", "endorsement", {}),
        ("builder", "review", {}),
    ],
)
def test_a_role_may_state_only_what_belongs_to_it(
    role: Any, kind: str, said: dict[str, Any], folder: Path, keys: dict[str, Path]
) -> None:
    key = load_private(keys["owner"], SECRET)
    by = signer(Public(key.public_key()), role, STAMP)
    line = seal(state(kind, [], said, by).document(), key)
    (folder / ATTESTATIONS).write_bytes(line + b"\n")
    assert any(
        f"a {kind} does not belong here under the role {role}" in one for one in told(folder)
    )


def test_a_builder_who_states_another_decision_than_the_files_hold_is_found(
    folder: Path, keys: dict[str, Path]
) -> None:
    lines = signed(folder, keys, "builder")
    document = json.loads(base64.b64decode(json.loads(lines[2])["payload"]))
    assert document["predicate"]["verificationResult"] == "FAILED"  # of a memorizer
    document["predicate"]["verificationResult"] = "PASSED"
    lines[2] = seal(document, load_private(keys["builder"], SECRET))
    (folder / ATTESTATIONS).write_bytes(b"\n".join(lines) + b"\n")
    (wrong,) = told(folder, public(keys["builder"]))
    assert wrong == "the decision says other things than the signed files"


def test_a_statement_of_the_builder_that_is_left_out_or_comes_twice_is_found(
    folder: Path, keys: dict[str, Path]
) -> None:
    lines = signed(folder, keys, "builder")
    path = folder / ATTESTATIONS
    path.write_bytes(b"\n".join(lines[:2]) + b"\n")
    (wrong,) = told(folder)
    assert "the builder's decision is missing" in wrong
    path.write_bytes(b"\n".join([*lines, lines[0]]) + b"\n")
    assert told(folder) == ["the same key states the same twice"]
    path.write_bytes(b"\n\n".join(lines) + b"\n")
    assert "empty line" in told(folder)[0]


def test_one_key_signs_once_and_in_one_role(folder: Path, keys: dict[str, Path]) -> None:
    signed(folder, keys, "builder")
    before = (folder / ATTESTATIONS).read_bytes()
    key = load_private(keys["builder"], SECRET)
    with pytest.raises(InputError, match="as builder already"):
        sign(folder, key, "builder", MOMENT)
    with pytest.raises(InputError, match="one pair of eyes"):
        sign(folder, key, "reviewer", MOMENT)
    assert (folder / ATTESTATIONS).read_bytes() == before


def test_a_folder_that_is_not_intact_is_not_signed(folder: Path, keys: dict[str, Path]) -> None:
    (folder / "people.csv").write_bytes((folder / "people.csv").read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match="not intact, so nothing was signed: people"):
        signed(folder, keys, "builder")
    assert not (folder / ATTESTATIONS).exists()


def test_a_policy_that_asks_for_signatures_says_which_are_missing(
    folder: Path, keys: dict[str, Path]
) -> None:
    signed(folder, keys, "builder", "reviewer")
    required = {"builder": 1, "reviewer": 1}
    both = [public(keys["builder"]), public(keys["reviewer"])]
    assert missing_signatures(required, check_signatures(folder, both)) == []
    for given, absent in ((both[:1], "reviewer"), (both[1:], "builder")):
        (sentence,) = missing_signatures(required, check_signatures(folder, given))
        assert f"1 signature of a {absent}; 0 under a key that was given" in sentence
    assert len(missing_signatures(required, check_signatures(folder))) == 2
    (sentence,) = missing_signatures({"reviewer": 2}, check_signatures(folder, both))
    assert "2 signatures of a reviewer; 1" in sentence


def test_predicates_hold_no_seed_and_name_real_rows_by_a_keyed_digest(
    folder: Path, keys: dict[str, Path]
) -> None:
    lines = signed(folder, keys, "builder", "owner")
    said = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in lines]
    assert "seed" not in json.dumps(said)
    made, tested, decided, _ = (one["predicate"] for one in said)
    (trained,) = made["buildDefinition"]["resolvedDependencies"]
    assert set(trained["digest"]) == {"hmac-sha256"}
    assert tested["result"] == "FAILED" and tested["failedTests"]
    assert decided["verificationResult"] == "FAILED" and decided["verifiedLevels"] == ["FAILED"]
    assert "manifest.json" in {one["name"] for one in said[0]["subject"]}


def test_a_key_is_encrypted_private_to_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    made = keygen(path, SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_public(public(path)).key_id == made.key_id == Public(
        load_private(path, SECRET).public_key()
    ).key_id  # fmt: skip
    assert b"ENCRYPTED" in path.read_bytes()
    before = example.listing(tmp_path)
    with pytest.raises(InputError, match="never overwritten"):
        keygen(path, SECRET)
    path.rename(tmp_path / "other")
    with pytest.raises(InputError, match="never overwritten"):
        keygen(path, SECRET)  # its public half is there still
    assert not path.exists()
    assert before["deep/key"] == (tmp_path / "other").read_bytes()


def test_a_private_key_that_cannot_be_used_is_refused_with_a_reason_and_nothing_of_it(
    tmp_path: Path, keys: dict[str, Path]
) -> None:
    data = keys["owner"].read_bytes()
    plain = Ed25519PrivateKey.generate().private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
    )
    curve = ec_key(SECP256R1()).private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(SECRET)
    )
    cases: list[tuple[bytes, int, str]] = [
        (data, 0o644, "chmod 600"),
        (plain, 0o600, "no encrypted private key"),
        (public(keys["owner"]).read_bytes(), 0o600, "is a public key"),
        (curve, 0o600, "no ed25519 key"),
        (data[: len(data) // 2], 0o600, "does not open"),
        (b"", 0o600, "no encrypted private key"),
        (data * 1000, 0o600, "too large"),
    ]
    for content, mode, sentence in cases:
        path = tmp_path / "key"
        path.write_bytes(content)
        path.chmod(mode)
        with pytest.raises(InputError, match=sentence) as caught:
            load_private(path, SECRET)
        body = [line for line in content.decode().splitlines() if line and "-----" not in line]
        assert not any(line[:20] in str(caught.value) for line in body)
    with pytest.raises(InputError, match="does not open"):
        load_private(keys["owner"], b"another")
    with pytest.raises(InputError, match="does not exist"):
        load_private(tmp_path / "none", SECRET)


@pytest.mark.parametrize("where", ["release", "signed/with/manifest"])
def test_a_private_key_is_not_made_in_a_folder_that_leaves_the_house(
    where: str, tmp_path: Path
) -> None:
    (tmp_path / where).mkdir(parents=True)
    (tmp_path / where / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="leaves the house"):
        keygen(tmp_path / where / "key", SECRET)
    assert [path.name for path in (tmp_path / where).iterdir()] == ["manifest.json"]


def test_a_passphrase_leaves_the_environment_when_it_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRIVSYNTH_PASSPHRASE", SECRET.decode())
    assert passphrase(tmp_path / "key") == SECRET
    assert "PRIVSYNTH_PASSPHRASE" not in os.environ
    with open(os.devnull) as nobody, monkeypatch.context() as patch:
        patch.setattr("sys.stdin", nobody)
        with pytest.raises(InputError, match="needs a passphrase; set PRIVSYNTH_PASSPHRASE"):
            passphrase(tmp_path / "key")
    for bad in ("", "x" * 1024):
        monkeypatch.setenv("PRIVSYNTH_PASSPHRASE", bad)
        with pytest.raises(InputError, match="between 1 and 1023"):
            passphrase(tmp_path / "key")


def test_the_verbs_make_a_key_and_sign_with_it(folder: Path, tmp_path: Path) -> None:
    secret = SECRET.decode()
    done = example.command("keygen", "--out", tmp_path / "k", "--json", PRIVSYNTH_PASSPHRASE=secret)
    made = json.loads(done.stdout)
    assert done.returncode == 0 and set(made) == {"key", "public", "key_id"}
    by = ("sign", folder, "--key", tmp_path / "k", "--role", "owner")
    done = example.command(*by, PRIVSYNTH_PASSPHRASE="wrong")
    assert done.returncode == 2 and "does not open" in done.stderr
    assert done.stderr.count("\n") == 1 and "PRIVATE" not in done.stderr
    assert not (folder / ATTESTATIONS).exists()
    done = example.command(*by, "--json", PRIVSYNTH_PASSPHRASE=secret)
    assert done.returncode == 0 and json.loads(done.stdout)["signer"]["key_id"] == made["key_id"]


def test_the_first_signer_may_seal_the_pdf_and_nobody_after(
    folder: Path, keys: dict[str, Path]
) -> None:
    """What a seal is, is tested with pyHanko below; here, that it comes before all signatures."""
    sign(folder, load_private(keys["builder"], SECRET), "builder", MOMENT, lambda pdf: pdf + b"!")
    assert (folder / "report.pdf").read_bytes().endswith(b"!")
    assert all(check.ok for check in verify(folder))
    before = example.listing(folder.parent)
    with pytest.raises(InputError, match="seal it first"):
        sign(folder, load_private(keys["owner"], SECRET), "owner", MOMENT, lambda pdf: pdf)
    assert example.listing(folder.parent) == before


def test_without_pyhanko_or_a_certificate_no_seal_is_made(
    folder: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = example.listing(folder.parent)
    monkeypatch.setitem(sys.modules, "pyhanko.pdf_utils.incremental_writer", None)
    seal = partial(seal_pdf, certificate=tmp_path / "none.p12", secret=SECRET)
    with pytest.raises(InputError, match=r"privsynth\[seal\]"):
        sign(folder, load_private(keys["builder"], SECRET), "builder", MOMENT, seal)
    assert example.listing(folder.parent) == before
