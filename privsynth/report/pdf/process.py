"""The pages are set in a process of their own, which is bounded in time and memory."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn
from xml.sax.saxutils import escape

from privsynth.errors import InputError, IntegrityError
from privsynth.progress import Progress, silent
from privsynth.report.pdf import child

SECONDS, MEGABYTES = "PRIVSYNTH_REPORT_SECONDS", "PRIVSYNTH_REPORT_MB"
NO_LIBRARIES = (
    "the PDF report needs system libraries that are missing: libpangoft2-1.0-0 and "
    "libharfbuzz-subset0; on Debian and Ubuntu: apt-get install --no-install-recommends "
    "libpangoft2-1.0-0 libharfbuzz-subset0 (macOS: brew install pango)"
)
ONE_FONT = "<?xml version='1.0'?><fontconfig><dir>{}</dir></fontconfig>"
"""The only font of the child's system: what no rule of the document names is set in it."""


@dataclass(frozen=True)
class Limits:
    """What the setting of one report may take: seconds of wall time, MiB of address space."""

    seconds: int = 300
    megabytes: int = 2048

    def __post_init__(self) -> None:
        if self.seconds < 1 or self.megabytes < 1:
            raise InputError(f"{SECONDS} and {MEGABYTES} must be whole numbers from 1 up")


def limits() -> Limits:
    """Return the limits of the environment, or ours; ``InputError`` if they are no numbers."""
    given = {
        field: os.environ[variable]
        for field, variable in (("seconds", SECONDS), ("megabytes", MEGABYTES))
        if os.environ.get(variable)
    }
    if not all(value.isascii() and value.isdigit() for value in given.values()):
        raise InputError(f"{SECONDS} and {MEGABYTES} must be whole numbers from 1 up")
    return Limits(**{field: int(value) for field, value in given.items()})


def run(
    job: Mapping[str, Any],
    blobs: Mapping[str, bytes],
    bounds: Limits,
    *,
    fallback: bytes,
    progress: Progress = silent,
) -> bytes:
    """Return the PDF that a child makes of a job (``child.read_job``).

    ``fallback`` is the font of whatever names no other; no font of the system is seen.
    Raises ``InputError`` for a limit that was reached or libraries that are missing,
    ``IntegrityError`` for a document that refers to something outside itself or cannot be set
    whole; no message quotes the document.
    """
    sizes = {name: len(data) for name, data in blobs.items()}
    head = json.dumps({**job, "blobs": sizes, "megabytes": bounds.megabytes}).encode() + b"\n"
    late = threading.Event()
    with (
        tempfile.TemporaryDirectory(prefix="privsynth-fonts-") as folder,
        subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", child.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(Path(folder), fallback),
        ) as process,
        _killed_after(bounds.seconds, process, late),
    ):
        _send(process.stdin, [head, *blobs.values()])
        ending, data = _receive(process.stdout, progress)
    if ending == f"done {len(data)}":
        return data
    _refuse("late" if late.is_set() else ending, bounds)


@contextmanager
def _killed_after(
    seconds: int, process: subprocess.Popen[bytes], late: threading.Event
) -> Iterator[None]:
    """Kill a process on the way out and, if that takes too long, before; then ``late`` is set."""

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        process.kill()


def _environment(folder: Path, fallback: bytes) -> dict[str, str]:
    """Return the child's environment: our own import path, and no font but ours."""
    config, fonts = folder / "fonts.conf", folder / "fonts"
    fonts.mkdir()
    (fonts / "fallback.ttf").write_bytes(fallback)
    config.write_text(ONE_FONT.format(escape(str(fonts))), encoding="utf-8")
    return {
        **os.environ,
        "FONTCONFIG_FILE": str(config),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        "TMPDIR": str(folder),
    }


def _send(stream: IO[bytes] | None, parts: Sequence[bytes]) -> None:
    """Write a job and leave the stream open: the child ends when it is closed."""
    assert stream is not None
    try:
        for part in parts:
            stream.write(part)
        stream.flush()
    except BrokenPipeError:  # it ended already; what it said, or its silence, tells why
        with suppress(BrokenPipeError):
            stream.close()


def _receive(stream: IO[bytes] | None, progress: Progress) -> tuple[str, bytes]:
    """Return how the child ended and the bytes that follow, "" if it was killed."""
    assert stream is not None
    furthest = 0
    for line in stream:
        ending = line.decode("ascii", "replace").strip()
        if not ending.startswith("page "):
            return ending, stream.read()
        furthest = max(furthest, int(ending[5:]))
        # How many there will be is not known before the last.
        progress("report: setting the pages", furthest / (furthest + 20))
    return "", b""


def _refuse(ending: str, bounds: Limits) -> NoReturn:
    mend = "make it smaller (fewer columns, groups or attachments), or allow more by the "
    kind, _, detail = ending.partition(" ")
    if kind == "late":
        raise InputError(
            f"the report was not set within {bounds.seconds} seconds; {mend}"
            f"environment variable {SECONDS}"
        )
    if kind in ("memory", ""):  # libraries that get no memory end without a word
        raise InputError(
            f"the report was not set within {bounds.megabytes} MiB of memory; {mend}"
            f"environment variable {MEGABYTES}"
        )
    if kind == "libraries":
        raise InputError(NO_LIBRARIES)
    if kind == "outside":
        raise IntegrityError("the report refers to something outside itself")
    if kind == "incomplete":
        raise IntegrityError(f"the report would not be complete on paper: {detail}")
    raise RuntimeError(f"setting the pages failed: {detail or kind}")
