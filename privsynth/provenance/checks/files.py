"""Are the files those of the manifest, and is the manifest that of its digest?"""

import os
from collections.abc import Iterator
from pathlib import Path

from privsynth.provenance.attest.statements import ATTESTATIONS, REVIEWS
from privsynth.provenance.checks._base import Check
from privsynth.provenance.checks.folder import Folder
from privsynth.provenance.describe import DESCRIPTIONS
from privsynth.provenance.label import ENDING
from privsynth.provenance.manifest import DIGEST, NAME, Entry, Manifest, digest_line, entry

REQUIRED = (
    "evidence.json", "verdict.json", "policy.json", "report.pdf", "report.html", "run.json", DIGEST,
)  # fmt: skip
OPTIONAL = ("waivers.json", REVIEWS, ATTESTATIONS, *DESCRIPTIONS)
ALONE = {
    "evidence-full.json": "the full evidence, which stays in private/",
    "split.csv": "which rows went where, which stays in private/",
    "config.yaml": "the configuration with its seed, which stays in private/",
}


def check_digest(folder: Folder) -> Check:
    """Return whether ``manifest.sha256`` is the digest of the manifest, to the last byte."""
    if DIGEST not in folder.files:
        return Check(DIGEST, False, "missing: nothing says whether the manifest is whole", "files")
    here, data = folder.path / DIGEST, (folder.path / NAME).read_bytes()
    wanted = digest_line(data)
    found = here.read_bytes() if here.stat().st_size == len(wanted) else b""
    if found == wanted:
        return Check(NAME, True, f"digest as in {DIGEST}", "files")
    if found[64:] != wanted[64:] or not set(found[:64]) <= set(b"0123456789abcdef"):
        return Check(DIGEST, False, f"is not the digest of {NAME} as sha256sum writes it", "files")
    return Check(NAME, False, f"differs from its digest in {DIGEST}", "files")


def check_files(folder: Folder, manifest: Manifest) -> Iterator[Check]:
    """Yield one line a file of the manifest, and one for each that it does not list."""
    odd = {check.name for check in folder.odd if check.name not in folder.files}
    files, lost = set(folder.files), {}
    for name, listed in manifest.files.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            yield _line(name, "points outside the release folder")
        elif name in files:
            said = digest_problem(folder.path / name, listed)
            if said:
                lost[name] = said
            else:
                yield Check(name, True, "digest as listed", "files")
        elif name not in odd:
            yield _line(name, "missing")
    yield from _differing(folder, manifest, lost)
    for name in folder.files:
        if name not in {*manifest.files, NAME, DIGEST, ATTESTATIONS}:
            yield _line(name, "not listed in the manifest")


def digest_problem(path: Path, listed: Entry) -> str:
    """Return how a file differs from what is listed of it, "" if it does not; size comes first."""
    try:
        size = path.stat().st_size
        if size != listed.bytes:
            return f"differs from its digest: {size:,} bytes, and {listed.bytes:,} are listed"
        return "" if entry(path).sha256 == listed.sha256 else "differs from its digest"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _differing(folder: Folder, manifest: Manifest, lost: dict[str, str]) -> Iterator[Check]:
    """Yield the files that are not as listed, and say where two of them changed places."""
    for name, said in lost.items():
        path = folder.path / name
        others = [
            other for other in list(lost)[:20]
            if other != name and not digest_problem(path, manifest.files[other])
        ]  # fmt: skip
        yield _line(name, f"holds what is listed as {others[0]}: swapped?" if others else said)


def check_complete(folder: Folder, manifest: Manifest) -> Iterator[Check]:
    """Yield what a release must hold and does not, and tables that nobody labelled."""
    told = {*folder.files, *manifest.files, *(check.name for check in folder.odd), DIGEST}
    for name in REQUIRED:
        if name not in told:
            yield _line(name, "missing: every release holds this file")
    here = [name for name in folder.files if os.sep not in name]
    labels = {name.removesuffix(ENDING) for name in here if name.endswith(ENDING)}
    if len(labels) != 1:
        yield Check(
            "label", False, f"{len(labels)} labels; a release holds one labelled table", "files"
        )
    known = {*REQUIRED, *OPTIONAL, NAME, *labels, *(f"{name}{ENDING}" for name in labels)}
    for name in sorted({name.split(os.sep)[0] for name in folder.files} - known):
        what = ALONE.get(name, "neither the labelled table nor a part of its record")
        yield _line(name, what)


def _line(name: str, detail: str) -> Check:
    return Check(name, False, detail, "files")
