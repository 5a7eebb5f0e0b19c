"""``manifest.json``: the digest of every other file of a release, written when they are there.

``manifest.sha256`` holds its own digest, so that ``sha256sum -c manifest.sha256`` checks it.
"""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import Field

from privsynth.evidence import Model, to_json
from privsynth.tables.write import write_bytes

NAME = "manifest.json"
DIGEST = "manifest.sha256"
APART = frozenset({NAME, DIGEST})
"""What the manifest does not list: itself, and what is made from it."""


class Entry(Model):
    """One file: its digest and size."""

    sha256: str
    bytes: int


class Manifest(Model):
    """Every file of a release but ``APART`` and the signatures, by name."""

    schema_version: Literal["1"] = "1"
    name: str
    files: dict[str, Entry]
    signed: Literal[False] | None = Field(
        None, description="of older manifests; one is written before anybody can sign it"
    )


def entry(path: Path) -> Entry:
    """Return the digest and size of a file, whatever its size."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Entry(sha256=digest, bytes=stream.tell())


def build(folder: Path, name: str) -> Manifest:
    """Return the manifest of the files in ``folder``."""
    files = {
        str(path.relative_to(folder)): entry(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in APART
    }
    return Manifest(name=name, files=files)


def write_manifest(folder: Path, name: str) -> None:
    """Write the manifest of the files in ``folder``, then its digest."""
    data = to_json(build(folder, name)).encode()
    write_bytes(folder / NAME, data)
    write_bytes(folder / DIGEST, digest_line(data))


def digest_line(data: bytes) -> bytes:
    """Return what ``manifest.sha256`` holds for a manifest, the one way to write it."""
    return f"{hashlib.sha256(data).hexdigest()}  {NAME}\n".encode()
