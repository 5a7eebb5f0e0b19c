"""Does every part of the record follow its schema, written the one way that it is written?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from privsynth.errors import IntegrityError, PrivsynthError
from privsynth.evidence import Bundle, read_model, to_json
from privsynth.policy import Policy, Verdict, Waiver, WaiverFile, from_document
from privsynth.provenance.checks._base import Check
from privsynth.provenance.checks.canonical import kept, read_document
from privsynth.provenance.checks.folder import Folder
from privsynth.provenance.label import ENDING, Label
from privsynth.tables.schema import validated

M = TypeVar("M", bound=BaseModel)
WAIVERS = "waivers.json"
RUN = "run.json"


@dataclass(frozen=True)
class Parts:
    """What a release says, as far as it can be read; None where a part cannot."""

    bundle: Bundle | None = None
    verdict: Verdict | None = None
    policy: Policy | None = None
    label: Label | None = None
    waivers: tuple[Waiver, ...] | None = ()
    created: str = ""


def read_parts(folder: Folder) -> tuple[Parts, list[Check]]:
    """Return the parts of a record and one line for each of its JSON files."""
    checks: list[Check] = []
    here = folder.path
    labels = [name for name in folder.files if name.endswith(ENDING)]
    parts = Parts(
        bundle=_model(Bundle, here / "evidence.json", "evidence", checks),
        verdict=_model(Verdict, here / "verdict.json", "verdict", checks),
        policy=_policy(here / "policy.json", checks),
        label=_model(Label, here / labels[0], "label", checks) if len(labels) == 1 else None,
        waivers=_waivers(here / WAIVERS, checks) if WAIVERS in folder.files else (),
        created=_created(here / RUN, checks),
    )
    return parts, checks


def _model(model: type[M], path: Path, what: str, checks: list[Check]) -> M | None:
    """Return a part that follows a schema, and note how it is written; None if it does not."""
    if not path.is_file():
        return None
    try:
        raw, odd = read_document(path)
        found = read_model(model, path, what)
    except PrivsynthError as error:
        checks.append(Check(path.name, False, _told(error, path)))
        return None
    again = found.model_dump(mode="json", exclude_none=True)
    if not odd and not kept(raw, again):
        odd = "holds values in other types than its schema names"
    checks.append(_written(path.name, odd))
    return found


def _policy(path: Path, checks: list[Check]) -> Policy | None:
    """Return the policy of a release; one that is newer or cannot be enforced says so."""
    if not path.is_file():
        return None
    try:
        raw, odd = read_document(path)
        if not isinstance(raw, dict):
            raise IntegrityError("does not follow its schema: it is no list of rules")
        found = from_document(raw, path.name)
    except PrivsynthError as error:
        checks.append(Check(path.name, False, _told(error, path)))
        return None
    if not odd and raw != found.document:
        odd = "is not the effective policy, with all of its limits spelled out"
    checks.append(_written(path.name, odd))
    return found


def _waivers(path: Path, checks: list[Check]) -> tuple[Waiver, ...] | None:
    try:
        raw, odd = read_document(path)
        found = validated(WaiverFile, raw, path.name)
    except PrivsynthError as error:
        checks.append(Check(path.name, False, _told(error, path)))
        return None
    checks.append(_written(path.name, odd))
    return found.waivers


def _created(path: Path, checks: list[Check]) -> str:
    """Return when the release was made, as it says itself."""
    if not path.is_file():
        return ""
    try:
        raw, odd = read_document(path)
        created: Any = raw.get("created") if isinstance(raw, dict) else None
        if not isinstance(created, str):
            raise IntegrityError("does not say when the release was made")
    except PrivsynthError as error:
        checks.append(Check(path.name, False, _told(error, path)))
        return ""
    checks.append(Check(path.name, not odd, odd or "written in its one form"))
    return created


def check_manifest_form(path: Path, manifest: BaseModel) -> Iterator[Check]:
    """Yield how the manifest is written, if it is not written the one way."""
    try:
        raw, odd = read_document(path)
    except IntegrityError as error:
        odd, raw = str(error), None
    if not odd and to_json(manifest).encode() != path.read_bytes():
        odd = "" if kept(raw, manifest.model_dump(mode="json")) else "holds values in other types"
    if odd:
        yield Check(path.name, False, odd)


def _written(name: str, odd: str) -> Check:
    return Check(name, not odd, odd or "follows its schema, written in its one form")


def _told(error: PrivsynthError, path: Path) -> str:
    """Return what is wrong with a part, without the path: the line names the file."""
    said = str(error)
    for lead in (f"evidence {path} ", f"verdict {path} ", f"label {path} ", f"{path.name}: "):
        said = said.removeprefix(lead)
    return said
