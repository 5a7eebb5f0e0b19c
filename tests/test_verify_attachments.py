"""What is attached to a report is what lies beside it, and no PDF from elsewhere does harm."""

import io
import shutil
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import release_example as example
from test_verify import MOMENT, bad

from privsynth.provenance.checks import attached_child, attachments
from privsynth.provenance.checks.folder import scan
from privsynth.provenance.manifest import write_manifest
from privsynth.report.pdf import pdf_bytes


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    table = example.csv_file(folder, example.people(60))
    return example.release(folder, table).folder / "release"


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """Return an unsigned release that a test may spoil."""
    return Path(shutil.copytree(original, tmp_path / "release"))


def spoiled(folder: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    """Put a report of other attachments in its place, listed as it now is."""
    inside = example.attached(folder)
    change(inside)
    (folder / "report.pdf").write_bytes(example.small_pdf(inside))
    write_manifest(folder, "people")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.pop("verdict.json"), "does not hold verdict.json"),
        (lambda f: f.clear(), "does not hold evidence.json"),
        (lambda f: f.update({"a.exe": b"MZ"}), "holds a.exe: no part of the record"),
        (
            lambda f: f.update({"evidence-full.json": b"{}"}),
            "holds evidence-full.json: the full evidence, which stays in private/",
        ),
        (
            lambda f: f.update({"policy.json": f["policy.json"].replace(b"0.6", b"0.9")}),
            "policy.json inside it is not the file beside it",
        ),
        (
            lambda f: f.update({"policy.json": f["verdict.json"]}),
            "policy.json inside it unpacks to more than the file beside it",
        ),
        (lambda f: f.update({"policy.json": b""}), "policy.json inside it is not the file"),
        (lambda f: f.update({f"{n}": b"x" for n in range(100)}), "more than 100 attachments"),
    ],
)
def test_attachments_that_are_not_the_files_beside_are_named(
    change: Callable[[dict[str, bytes]], Any], says: str, folder: Path
) -> None:
    spoiled(folder, change)
    assert says in bad(folder).pop("report.pdf")
    assert set(bad(folder)) == {"report.pdf"}


def rebuilt(folder: Path, change: Callable[[pikepdf.Pdf], Any], **how: Any) -> str:
    """Return what is said of a report that was changed in its structure."""
    path = folder / "report.pdf"
    with pikepdf.open(io.BytesIO(path.read_bytes())) as document:
        change(document)
        document.save(path, **how)
    write_manifest(folder, "people")
    return bad(folder).get("report.pdf", "")


def policy_of(document: pikepdf.Pdf) -> Any:
    return document.attachments["policy.json"].obj


def hidden(document: pikepdf.Pdf) -> None:
    """Attach a file that no list names, at an annotation's place, inside another object."""
    spec = pikepdf.AttachedFileSpec(document, b"MZ", filename="a.exe").obj
    document.pages[0].obj["/Hidden"] = pikepdf.Array([pikepdf.Dictionary(FS=dict(spec.items()))])


def listed_twice(document: pikepdf.Pdf) -> None:
    tree = document.Root.Names.EmbeddedFiles.Names
    tree.extend(pikepdf.Array([pikepdf.String("z.json"), policy_of(document)]))


def outside(document: pikepdf.Pdf) -> None:
    policy_of(document).EF.F["/F"] = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="/etc/passwd")


def two_names(document: pikepdf.Pdf) -> None:
    policy_of(document).F = pikepdf.String("other.json")


def one_for_two(document: pikepdf.Pdf) -> None:
    document.attachments["verdict.json"].obj.EF = policy_of(document).EF


def two_in_one(document: pikepdf.Pdf) -> None:
    policy_of(document).EF.UF = document.attachments["verdict.json"].obj.EF.F


def other_filter(document: pikepdf.Pdf) -> None:
    stream = policy_of(document).EF.F
    raw = bytes(stream.read_bytes())
    stream.write(raw.hex().encode() + b">", filter=pikepdf.Name.ASCIIHexDecode)


def nested(document: pikepdf.Pdf) -> None:
    stream = policy_of(document).EF.F
    data = zlib.compress(zlib.compress(bytes(stream.read_bytes())))
    stream.write(data, filter=pikepdf.Array([pikepdf.Name.FlateDecode] * 2))


def more_after(document: pikepdf.Pdf) -> None:
    stream = policy_of(document).EF.F
    data = zlib.compress(bytes(stream.read_bytes()))
    stream.write(data + b"MZ hidden", filter=pikepdf.Name.FlateDecode)


def cut_short(document: pikepdf.Pdf) -> None:
    stream = policy_of(document).EF.F
    data = zlib.compress(bytes(stream.read_bytes()))
    stream.write(data[:-5], filter=pikepdf.Name.FlateDecode)


def no_zlib(document: pikepdf.Pdf) -> None:
    policy_of(document).EF.F.write(b"garbage", filter=pikepdf.Name.FlateDecode)


def no_file(document: pikepdf.Pdf) -> None:
    policy_of(document).EF = pikepdf.Dictionary(F=pikepdf.String("x"))


PLAIN = {"stream_decode_level": pikepdf.StreamDecodeLevel.none, "compress_streams": False}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (hidden, "holds an attachment that it does not list"),
        (listed_twice, "under several names"),
        (outside, "refers to a file outside of it"),
        (two_names, "under several names"),
        (one_for_two, "one under two names"),
        (two_in_one, "several under one"),
        (other_filter, "is packed in a way that no report is"),
        (nested, "is packed in a way that no report is"),
        (more_after, "more follows where it ends"),
        (cut_short, "is cut off"),
        (no_zlib, "cannot be unpacked"),
        (no_file, "under several names, or several under one"),
    ],
)
def test_attachments_that_readers_could_see_otherwise_are_refused(
    change: Callable[[pikepdf.Pdf], Any], says: str, folder: Path
) -> None:
    assert says in rebuilt(folder, change, **PLAIN)


def test_names_outside_of_ascii_are_those_of_the_files(tmp_path: Path) -> None:
    """A report of ours, whose attachments are named by WeasyPrint."""
    names = ("größe 表.csv.label.json", "a(b)\\c.csv.label.json", "evidence.json")
    inside = {name: name.encode() for name in names}
    for name, data in inside.items():
        (tmp_path / name).write_bytes(data)
    page = "<html lang='en'><title>A report</title><p>One page.</p></html>"
    (tmp_path / "report.pdf").write_bytes(pdf_bytes(page, attachments=inside, created=MOMENT))
    (said,) = attachments.check_attachments(scan(tmp_path))
    assert said.ok, said.detail


def test_the_same_attachments_in_another_pdf_are_as_good(folder: Path) -> None:
    """Their bytes count, not how they are packed: compressed, in object streams, or plain."""
    for how in ({}, {"object_stream_mode": pikepdf.ObjectStreamMode.generate}, PLAIN):
        assert rebuilt(folder, lambda document: None, **how) == ""


def test_an_encrypted_report_is_refused(folder: Path) -> None:
    for user in ("", "secret"):
        lock = pikepdf.Encryption(owner="o", user=user)
        path = folder / "report.pdf"
        path.write_bytes(example.small_pdf(example.attached(folder)))
        assert "is encrypted" in rebuilt(folder, lambda document: None, encryption=lock)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<html>", b"%PDF-1.7\n" + b"\x00" * 9999])
def test_a_report_that_is_no_pdf_is_named(data: bytes, folder: Path) -> None:
    (folder / "report.pdf").write_bytes(data)
    write_manifest(folder, "people")
    assert bad(folder) == {"report.pdf": "is no PDF, or a damaged one"}


def test_a_report_cut_off_anywhere_is_no_crash(folder: Path) -> None:
    """Twenty lengths; readers that repair such a file disagree in what is in it."""
    data = (folder / "report.pdf").read_bytes()
    for size in range(1, len(data) - 10, len(data) // 20):
        (folder / "report.pdf").write_bytes(data[:size])
        (said,) = attachments.check_attachments(scan(folder))
        assert said.detail == "is no PDF, or a damaged one"


def bomb(megabytes: int, head: bytes = b"") -> bytes:
    """Return what unpacks to ``head`` and so many megabytes of spaces."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(head), *(packer.compress(b" " * (1 << 20)) for _ in range(megabytes))]
    return b"".join(parts) + packer.flush()


def test_an_archive_bomb_is_unpacked_no_further_than_the_file_beside_it(folder: Path) -> None:
    """200 MB in 200 kB; what is held meanwhile is measured."""
    packed = bomb(200)

    def plant(document: pikepdf.Pdf) -> None:
        policy_of(document).EF.F.write(packed, filter=pikepdf.Name.FlateDecode)

    says = "policy.json inside it unpacks to more than the file beside it"
    assert says in rebuilt(folder, plant, **PLAIN)
    sizes = {name: len(data) for name, data in example.attached(folder).items()}
    tracemalloc.start()
    found = attached_child.attached(str(folder / "report.pdf"), sizes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["policy.json"].startswith("(unpacks to more") and peak < 4 << 20


def test_a_bomb_in_the_structure_itself_ends_at_the_limit_of_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object stream of 400 MB, which readers unpack to find its objects; 300 MB are had."""
    packed = bomb(400, b"5 0 <<>>")
    parts = [b"%PDF-1.7\n"]
    offsets = []
    for number, body in (
        (1, b"<</Type/Catalog/Pages 2 0 R/Names 5 0 R>>"),
        (2, b"<</Type/Pages/Kids[]/Count 0>>"),
        (
            3,
            b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
            + packed
            + b"\nendstream",
        ),
    ):
        offsets.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = sum(map(len, parts))
    rows = [(0, 0, 65535 & 0xFF), *((1, at, 0) for at in offsets), (1, start, 0), (2, 3, 0)]
    table = b"".join(bytes([kind]) + at.to_bytes(4, "big") + bytes([x]) for kind, at, x in rows)
    head = b"<</Type/XRef/Size 6/W[1 4 1]/Root 1 0 R/Length %d>>" % len(table)
    parts.append(b"4 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (head, table))
    parts.append(b"startxref\n%d\n%%%%EOF\n" % start)
    (folder / "report.pdf").write_bytes(b"".join(parts))
    monkeypatch.setattr(attachments, "MEGABYTES", 300)
    (said,) = attachments.check_attachments(scan(folder))
    assert not said.ok and ("memory" in said.detail or "is damaged" in said.detail)
    monkeypatch.setattr(attachments, "MEGABYTES", 3000)
    read = [one.detail for one in attachments.check_attachments(scan(folder))]
    assert "does not hold evidence.json" in read  # so it was the limit that ended it before
