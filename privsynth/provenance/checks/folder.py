"""What lies in a release folder, looked at without opening any of it."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from privsynth.provenance.checks._base import Check

MOST = 1000
"""Entries of a folder that are looked at; a release holds about fifteen."""
KINDS = {
    stat.S_IFLNK: "is a link; what it points to does not travel",
    stat.S_IFIFO: "is a pipe, not a file; it was not opened",
    stat.S_IFSOCK: "is a socket, not a file; it was not opened",
    stat.S_IFCHR: "is a device, not a file; it was not opened",
    stat.S_IFBLK: "is a device, not a file; it was not opened",
}


@dataclass(frozen=True)
class Folder:
    """A release folder: the names of its plain files, sorted, and a line for all that is odd.

    ``closed`` where something is no plain file: then nothing that reads several files is asked.
    A file that has a second name elsewhere (a hard link) is as good as any: its bytes are here.
    """

    path: Path
    files: tuple[str, ...]
    odd: tuple[Check, ...]
    closed: bool


def scan(path: Path) -> Folder:
    """Return what lies in a folder and below it; follows no link and opens no file."""
    files: list[str] = []
    odd: list[Check] = []
    closed = False
    for name, mode in _entries(path, odd):
        if len(files) + len(odd) >= MOST:
            odd.append(_bad(".", f"holds more than {MOST:,} files; the rest was not looked at"))
            closed = True
            break
        if stat.S_ISREG(mode) and os.access(path / name, os.R_OK):
            files.append(name)
        elif stat.S_ISREG(mode):
            odd.append(_bad(name, "cannot be read: you have no permission to"))
            closed = True
        else:
            odd.append(_bad(name, KINDS.get(stat.S_IFMT(mode), "is no file; it was not opened")))
            closed = True
    files.sort()
    odd += _unclear(files)
    return Folder(path, tuple(files), tuple(odd), closed)


def _entries(path: Path, odd: list[Check]) -> Iterator[tuple[str, int]]:
    """Yield name and mode of everything below a folder that is no folder itself."""

    def unread(error: OSError) -> None:
        name = os.path.relpath(os.fsdecode(error.filename or path), path)
        odd.append(_bad(name, f"cannot be read ({error.strerror})"))

    for home, folders, names in os.walk(path, onerror=unread):
        links = [name for name in folders if os.path.islink(os.path.join(home, name))]
        for name in sorted([*names, *links]):
            whole = os.path.join(home, name)
            yield os.path.relpath(whole, path), os.lstat(whole).st_mode


def _unclear(files: list[str]) -> Iterator[Check]:
    """Yield files whose names people or other systems could take for another."""
    seen: dict[str, str] = {}
    for name in files:
        try:
            name.encode()
        except UnicodeEncodeError:
            yield _bad(name, "its name is not UTF-8")
            continue
        if not name.isprintable():
            yield _bad(name, "its name holds characters that cannot be seen")
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        if plain in seen:
            yield _bad(name, f"on other systems it is the same file as {seen[plain]}")
        seen.setdefault(plain, name)


def _bad(name: str, detail: str) -> Check:
    return Check(name, False, detail, "files")
