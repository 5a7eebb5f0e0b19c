"""Does a release folder still say what it said? Recomputes digests and the decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from privsynth.errors import InputError, IntegrityError, PrivsynthError
from privsynth.evidence import Bundle, read_bundle, read_model
from privsynth.policy import Verdict, decide, from_document
from privsynth.policy.policy import PolicyFile
from privsynth.provenance.label import Label
from privsynth.provenance.manifest import NAME, Manifest, entry


@dataclass(frozen=True)
class Check:
    """One line of the answer."""

    name: str
    ok: bool
    detail: str


def verify(folder: Path) -> list[Check]:
    """Return one check a line; the record is intact when all are ok.

    ``folder`` is the travelling folder or the one that holds it as ``release/``. Raises
    ``InputError`` when there is no release there, ``IntegrityError`` when its manifest is broken.
    """
    folder = folder / "release" if (folder / "release").is_dir() else folder
    if not (folder / NAME).exists():
        raise InputError(f"{folder}: no {NAME} here; name a release folder")
    manifest = read_model(Manifest, folder / NAME, "manifest")
    checks = list(_files(folder, manifest))
    checks += _record(folder)
    checks.append(Check("signature", True, "UNSIGNED: the record proves no author and no time"))
    return checks


def _files(folder: Path, manifest: Manifest) -> Iterator[Check]:
    for name, listed in manifest.files.items():
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            yield Check(name, False, "points outside the release folder")
        elif not path.is_file():
            yield Check(name, False, "missing")
        else:
            same = entry(path) == listed
            yield Check(name, same, "digest as listed" if same else "differs from its digest")
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    for name in sorted(there - set(manifest.files) - {NAME}):
        yield Check(name, False, "not listed in the manifest")


def _record(folder: Path) -> Iterator[Check]:
    """Yield whether evidence, policy, verdict and label fit together."""
    try:
        bundle = read_bundle(folder / "evidence.json")
        verdict = read_model(Verdict, folder / "verdict.json", "verdict")
        document = read_model(PolicyFile, folder / "policy.json", "policy")
        policy = from_document(document.model_dump(), "policy.json")
    except PrivsynthError as error:
        yield Check("record", False, str(error))
        return
    yield Check("evidence.json", True, "follows its schema")
    again = decide(bundle, policy)
    same = again == verdict
    detail = (
        f"decided again from the evidence: {again.status}"
        if same
        else f"the evidence and the policy give {again.status}, not what verdict.json says"
    )
    yield Check("decision", same, detail)
    yield from _labels(folder, bundle)


def _labels(folder: Path, bundle: Bundle) -> Iterator[Check]:
    found = sorted(folder.glob("*.label.json"))
    if not found:
        yield Check("label", False, "no label beside the table")
    for path in found:
        try:
            label = read_model(Label, path, "label")
        except IntegrityError as error:
            yield Check(path.name, False, str(error))
            continue
        table = folder / label.file
        same = table.is_file() and entry(table).sha256 == label.sha256
        audited = label.logical_digest == bundle.tables["synthetic"].digest
        detail = "names the table beside it and the audited rows"
        if not same:
            detail = "its digest is not that of the table beside it"
        elif not audited:
            detail = "the audited table is not the one that is released"
        yield Check(path.name, same and audited, detail)
