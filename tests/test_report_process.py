"""Setting the pages is bounded in time and memory, leaves nothing behind and tells no content."""

import os
import re
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pikepdf
import pytest
import report_example as example

from privsynth.errors import InputError, IntegrityError
from privsynth.report.pdf import Limits, pdf_bytes, process, versions

HEAD = '<html lang="en"><title>x</title><h1>x</h1>'
ENDLESS = HEAD + "<table>" + "<tr><td>secret<td>cell<td>text</tr>" * 60_000 + "</table>"
ORPHAN = """
import sys; sys.path[:0] = {path!r}
from test_report_process import ENDLESS, made
made(ENDLESS)
"""


def made(document: str, **more: object) -> bytes:
    """Return a PDF of a document without attachments."""
    return pdf_bytes(document, attachments={}, created=example.CREATED, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that all temporary files go to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_a_report_that_takes_too_long_is_stopped_and_says_what_to_do(temporary: Path) -> None:
    started = time.monotonic()
    with pytest.raises(InputError, match=r"within 2 seconds.*PRIVSYNTH_REPORT_SECONDS") as caught:
        made(ENDLESS, bounds=Limits(seconds=2))
    assert time.monotonic() - started < 20
    assert "secret" not in str(caught.value)
    assert os.listdir(temporary) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory")
def test_a_report_that_needs_too_much_memory_is_stopped_and_says_what_to_do(
    temporary: Path,
) -> None:
    with pytest.raises(InputError, match=r"within 220 MiB of memory.*PRIVSYNTH_REPORT_MB"):
        made(ENDLESS, bounds=Limits(seconds=100, megabytes=220))
    assert os.listdir(temporary) == []


def test_the_environment_sets_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert process.limits() == Limits()
    monkeypatch.setenv("PRIVSYNTH_REPORT_SECONDS", "1")
    monkeypatch.setenv("PRIVSYNTH_REPORT_MB", "900")
    assert process.limits() == Limits(1, 900)
    with pytest.raises(InputError, match="within 1 seconds"):
        made(ENDLESS)
    for wrong in ("soon", "-1", "0", "1.5"):
        monkeypatch.setenv("PRIVSYNTH_REPORT_MB", wrong)
        with pytest.raises(InputError, match="whole numbers"):
            made(HEAD)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_ends_with_a_parent_that_is_killed() -> None:
    path = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN.format(path=path)])
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    try:
        until = time.monotonic() + 30
        while not (found := children.read_text().split()) and time.monotonic() < until:
            time.sleep(0.05)
        (child,) = found
        time.sleep(1)
        assert Path(f"/proc/{child}").exists()
    finally:
        parent.kill()
        parent.wait()
    until = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_progress_goes_on_while_pages_are_set() -> None:
    told: list[float] = []
    made(HEAD + "<p style='break-after: page'>x" * 5, progress=lambda _, done: told.append(done))
    assert len(told) >= 5 and told == sorted(told) and told[0] > 0 and told[-1] < 1


def test_missing_system_libraries_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weasyprint.py").write_text("print('banner'); raise OSError('cannot load library')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"apt-get install .*libharfbuzz-subset0"):
        made(HEAD)


@pytest.mark.parametrize(
    "part",
    [
        '<img alt="x" src="file:///etc/passwd">',
        '<img alt="x" src="http://127.0.0.1:9/x">',
        '<img alt="x" src="data:image/svg+xml,<svg/>">',
        '<img alt="x" src="asset:../x">',
        '<img alt="x" src="asset:logo">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        "<style>@import url(file:///etc/passwd);</style>",
        '<style>@font-face { font-family: f; src: url("file:///etc/passwd") }</style>',
        '<svg width="9" height="9"><title>x</title><image width="9" height="9" '
        'href="file:///etc/passwd"/></svg>',
    ],
)
def test_a_document_that_asks_for_more_than_our_own_is_refused(part: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        made(HEAD + part)
    assert "passwd" not in str(caught.value)


def test_a_document_cannot_attach_a_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    asks = '<link rel="attachment" href="file:///etc/passwd">'
    path.write_bytes(made(HEAD + asks + '<a rel="attachment" href="#x" id="x">x</a>'))
    with pikepdf.open(path) as document:
        assert len(document.attachments) == 0


@pytest.mark.parametrize(
    "document",
    [HEAD + '<a href="#secret">x</a>', "<title>secret</title>x", HEAD + '<img src="asset:logo">'],
    ids=["a link to nowhere", "no language", "a picture without words"],
)
def test_what_would_be_left_out_is_no_report(document: str) -> None:
    with pytest.raises(IntegrityError, match="not be complete") as caught:
        made(document, logo=png())
    assert "secret" not in str(caught.value)


def test_a_failure_tells_its_place_and_no_content() -> None:
    job = {"created": "secret", "assets": {}, "attachments": []}
    with pytest.raises(RuntimeError, match=r"ValueError at \w+\.py:\d+") as caught:
        process.run(job, {"document": b"secret"}, Limits(), fallback=b"")
    assert "secret" not in str(caught.value)


def test_warnings_and_modules_of_the_working_folder_do_not_reach_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    assert made(HEAD).startswith(b"%PDF-1.7")


def png() -> bytes:
    """Return a picture of two by one pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        code = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + code

    head = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + bytes(6))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_logo_is_shown_with_its_words(tmp_path: Path) -> None:
    path = tmp_path / "logo.pdf"
    path.write_bytes(made(HEAD + '<img alt="Logo of the registry" src="asset:logo">', logo=png()))
    with pikepdf.open(path) as document:
        (sheet,) = document.pages
        assert len(sheet.get_images()) == 1
        figures = [
            one for one in document.objects
            if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure"
        ]  # fmt: skip
        assert [str(one.Alt) for one in figures] == ["Logo of the registry"]


def test_what_the_bytes_depend_on_is_told_the_same_way_each_time() -> None:
    told = versions()
    assert told == versions() and list(told) == list(versions())
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["pango"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["harfbuzz"])
    assert told["DejaVuSans.ttf"].startswith("sha256:") and told["weasyprint"][0].isdigit()
