"""The report of a release folder, rendered anew from what the folder holds."""

import datetime
import json
from pathlib import Path

from privsynth.errors import IntegrityError
from privsynth.evidence import read_bundle, read_model
from privsynth.policy import Verdict, from_document
from privsynth.progress import Progress, silent
from privsynth.provenance.attest import REVIEWS, read_reviews
from privsynth.report.details import Stated
from privsynth.report.render import render
from privsynth.report.report import Report


def rerender(
    folder: Path,
    stated: Stated | None = None,
    templates: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Write ``report.pdf`` and ``report.html`` of a folder, with its reviews and its old date.

    ``stated`` is what people told for the first report: the folder itself does not hold it.
    """
    stated = stated or Stated()
    document = json.loads((folder / "policy.json").read_bytes())
    policy = from_document(document, "policy.json")
    report = Report(
        bundle=read_bundle(folder / "evidence.json"),
        verdict=read_model(Verdict, folder / "verdict.json", "verdict"),
        created=_created(folder / "run.json"),
        attachments=_attached(folder),
        cell=policy.cell_limit,
        details=stated.details,
        logo=stated.logo,
        templates=templates,
        reviews=tuple(read_reviews(folder)),
        signatures=policy.signatures,
    )
    render(report, pdf=folder / "report.pdf", html=folder / "report.html", progress=progress)


def _attached(folder: Path) -> dict[str, bytes]:
    """Return what was there before the report and is no table: the record that it prints."""
    names = ("evidence.json", "verdict.json", "policy.json", "waivers.json", REVIEWS)
    files = [folder / name for name in names] + list(folder.glob("*.label.json"))
    return {path.name: path.read_bytes() for path in files if path.is_file()}


def _created(path: Path) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(json.loads(path.read_bytes())["created"])
    except (OSError, ValueError, KeyError, TypeError):
        raise IntegrityError(f"{path} does not say when the release was made") from None
