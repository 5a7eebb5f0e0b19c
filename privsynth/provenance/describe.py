"""The public descriptions of a release folder: written from its record, and checked against it."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import privsynth
from privsynth.errors import IntegrityError, PrivsynthError
from privsynth.evidence import Bundle, read_model
from privsynth.policy import Verdict
from privsynth.provenance import card, croissant
from privsynth.provenance.label import ENDING, Label
from privsynth.provenance.record import Record, Told, created_of

DESCRIPTIONS = (croissant.NAME, card.NAME)


def describe(record: Record) -> dict[str, bytes]:
    """Return ``croissant.json`` and ``DATASET_CARD.md`` of a release; equal input, equal bytes."""
    return {croissant.NAME: croissant.croissant(record), card.NAME: card.card(record)}


def record_problems(folder: Path, bundle: Bundle, verdict: Verdict) -> list[str]:
    """Return what is wrong with the descriptions in a release folder; none where it has neither.

    Both are written again from label, evidence, verdict and date, and compared byte for byte. Of
    those of another version, which may word them otherwise, only the facts for programs are
    compared. What people stated is taken from ``croissant.json`` itself: nothing but a signature
    vouches for it.
    """
    there = [name for name in DESCRIPTIONS if (folder / name).is_file()]
    if len(there) == 1:
        (missing,) = set(DESCRIPTIONS) - set(there)
        return [f"{missing}: missing, and {there[0]} is there"]
    if not there:
        return []
    told = _told(folder / croissant.NAME)
    if told is None:
        return [f"{croissant.NAME}: is no description that privsynth wrote"]
    try:
        record = _record(folder, bundle, verdict, told)
    except PrivsynthError as error:
        return [f"{croissant.NAME}: cannot be written again: {error}"]
    written = {name: (folder / name).read_bytes() for name in DESCRIPTIONS}
    if bundle.versions.get("privsynth") == privsynth.__version__:
        wrong = [name for name, data in describe(record).items() if written[name] != data]
    else:
        facts = _facts(json.loads(written[croissant.NAME]))
        wrong = [] if facts == _facts(croissant.document(record)) else [croissant.NAME]
    return [f"{name}: does not say what label, evidence and verdict say" for name in wrong]


def _record(folder: Path, bundle: Bundle, verdict: Verdict, told: Told) -> Record:
    labels = list(folder.glob(f"*{ENDING}"))
    if len(labels) != 1:
        raise IntegrityError("there is no one labelled table")
    label = read_model(Label, labels[0], "label")
    table = folder / Path(label.file).name
    if not table.is_file():
        raise IntegrityError(f"{label.file} is missing")
    return Record(label, bundle, verdict, created_of(folder), table.stat().st_size, told)


def _facts(raw: Any) -> Any:
    """Return what programs read of a description, None of one that is built otherwise."""
    try:
        rows = [(one["name"], one["dataType"]) for one in raw["recordSet"][0]["field"]]
        decided = {k: v for k, v in raw["privsynth:decision"].items() if k != "headline"}
        (file,) = raw["distribution"]
        origin = raw["privsynth:origin"], raw.get("privsynth:generationDepth")
        return raw["name"], rows, decided, file["@id"], file["sha256"], origin
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None


def _told(path: Path) -> Told | None:
    """Return what people stated in a description, None where it is not one of ours."""
    try:
        return Told.model_validate(json.loads(path.read_bytes())[croissant.STATED])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError):
        return None
