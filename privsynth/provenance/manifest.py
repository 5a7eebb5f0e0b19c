"""``manifest.json``: the digest of every other file of a release, written last."""

import hashlib
from pathlib import Path
from typing import Literal

from privsynth.evidence import Model

NAME = "manifest.json"


class Entry(Model):
    """One file: its digest and size."""

    sha256: str
    bytes: int


class Manifest(Model):
    """Every file of a release but the manifest itself, by name."""

    schema_version: Literal["1"] = "1"
    name: str
    files: dict[str, Entry]
    signed: Literal[False] = False


def entry(path: Path) -> Entry:
    """Return the digest and size of a file."""
    data = path.read_bytes()
    return Entry(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def build(folder: Path, name: str) -> Manifest:
    """Return the manifest of the files in ``folder``."""
    files = {
        str(path.relative_to(folder)): entry(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }
    return Manifest(name=name, files=files)
