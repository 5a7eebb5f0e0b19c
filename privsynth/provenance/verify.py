"""Does a release folder still say what it said? Recomputes digests, decision and label."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import privsynth
from privsynth.errors import InputError, IntegrityError, PrivsynthError
from privsynth.evidence import Bundle, read_bundle, read_model
from privsynth.policy import Verdict, decide, from_document
from privsynth.policy.policy import PolicyFile
from privsynth.privacy import Claim, DpClaim, StatedClaim, recompute
from privsynth.provenance.label import Label, label
from privsynth.provenance.manifest import NAME, Manifest, entry
from privsynth.provenance.reread import reread

REQUIRED = (
    "evidence.json", "verdict.json", "policy.json", "report.pdf", "report.html", "run.json",
)  # fmt: skip
LABEL = ".label.json"


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
    checks = [*_files(folder, manifest), *_complete(folder), *_record(folder)]
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
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            yield Check(name, False, "is a link; what it points to does not travel")
        elif path.is_file() and name not in {*manifest.files, NAME}:
            yield Check(name, False, "not listed in the manifest")


def _complete(folder: Path) -> Iterator[Check]:
    """Yield what a release must hold and does not, and tables that nobody labelled."""
    for name in REQUIRED:
        if not (folder / name).is_file():
            yield Check(name, False, "missing: every release holds this file")
    labels = {path.name.removesuffix(LABEL) for path in folder.glob(f"*{LABEL}")}
    if len(labels) != 1:
        yield Check("label", False, f"{len(labels)} labels; a release holds one labelled table")
    known = {*REQUIRED, NAME, *labels, *(f"{name}{LABEL}" for name in labels)}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            yield Check(path.name, False, "neither the labelled table nor a part of its record")


def _record(folder: Path) -> Iterator[Check]:
    """Yield whether evidence, policy, verdict, label and table fit together."""
    try:
        bundle = read_bundle(folder / "evidence.json")
        verdict = read_model(Verdict, folder / "verdict.json", "verdict")
        document = read_model(PolicyFile, folder / "policy.json", "policy")
        policy = from_document(document.model_dump(), "policy.json")
    except PrivsynthError as error:
        yield Check("record", False, str(error))
        return
    yield Check("evidence.json", True, "follows its schema")
    yield _claim(bundle.claim)
    same = policy.digest == bundle.policy.digest
    yield Check("policy.json", same, f"{'the' if same else 'not the'} policy that was registered")
    again = decide(bundle, policy)
    # Another version may word its sentences otherwise; what it decides is compared all the same.
    own = bundle.versions.get("privsynth") == privsynth.__version__
    same = again == verdict if own else _decided(again) == _decided(verdict)
    detail = (
        f"decided again from the evidence: {again.status}"
        if same
        else f"the evidence and the policy give {again.status}, not what verdict.json says"
    )
    yield Check("decision", same, detail)
    for path in sorted(folder.glob(f"*{LABEL}")):
        problem = _label_problem(folder, path, bundle, verdict)
        yield Check(path.name, not problem, problem or "names the audited rows, as they stand here")


def _claim(claim: Claim) -> Check:
    """Return whether a formal claim follows from its own ledger."""
    if isinstance(claim, StatedClaim):
        return Check(
            "claim",
            True,
            f"epsilon {claim.epsilon:g} as the producer states it: nothing here verifies it",
        )
    if not isinstance(claim, DpClaim):
        return Check("claim", True, "no claim")
    again = recompute(claim)
    if again.problems:
        return Check("claim", False, "; ".join(again.problems))
    told = f"epsilon {again.epsilon:.6g} recomputed from {len(claim.events):,} events"
    return Check("claim", True, f"{told}, claimed {claim.epsilon:g}")


def _decided(verdict: Verdict) -> tuple[object, ...]:
    """Return what a verdict decides, without its wording."""
    rules = tuple((f.rule, f.status, f.limit, f.observed, f.hard) for f in verdict.findings)
    digests = verdict.policy_digest, verdict.policy_registered, verdict.evidence_digest
    return verdict.name, verdict.status, rules, digests


def _label_problem(folder: Path, path: Path, bundle: Bundle, verdict: Verdict) -> str:
    """Return what is wrong with a label and its table, "" if they are those of the record."""
    try:
        found = read_model(Label, path, "label")
    except IntegrityError as error:
        return str(error)
    if path.name != f"{found.file}{LABEL}":
        return "names another file than the one that it stands beside"
    facts = {role: bundle.tables[role].digest for role in bundle.tables}
    try:
        table = reread(folder / found.file, bundle)
    except InputError as error:
        return str(error)
    if f"sha256:{table.digest}" != facts.get("synthetic"):
        return "the audited table is not the one that is released"
    made = label(
        found.file,
        (folder / found.file).read_bytes(),
        table,
        bundle.generator,
        claim=bundle.claim,
        training_table=facts.get("train", ""),
        verdict=verdict.status,
        evidence="evidence.json",
        made_by=found.made_by,
        note=found.note,
    )
    wrong = sorted(key for key, value in made if value != getattr(found, key))
    return f"does not fit table and evidence at {', '.join(wrong)}" if wrong else ""
