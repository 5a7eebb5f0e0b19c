"""The list of the people most at risk: personal data, for a private folder, on request only."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from privsynth.audit.at_risk import Standing
from privsynth.errors import InputError
from privsynth.provenance.keys import write_own
from privsynth.provenance.manifest import NAME

NOTICE = (
    "PERSONAL DATA, even under pseudonyms: whoever holds the training rows and the key can name "
    "these people. Keep this file private; it must not leave the house, and no report, evidence "
    "or signed file may hold any of it."
)
READING = (
    "pseudonym: `commit` of privsynth.provenance.Keeper for 'exposed DIGEST row N', N counted from "
    "1 in the training table of that logical digest, or 'exposed DIGEST entity NAME'. percentile: "
    "the share of people who were not trained on whom the surest of the worst attacks scores "
    "lower. attacks: those that score 1 % of these people or fewer as high; of a clean table, each "
    "lists 1 % of the members by chance."
)


def check_private(path: Path) -> None:
    """Refuse a place from which a list of people would travel: a release folder, or inside one."""
    for folder in path.resolve().parents:
        if folder.name == "release" or (folder / NAME).exists():
            raise InputError(
                f"{path}: the list of exposed records is personal data, and {folder} is a folder "
                "that leaves the house; name a private place"
            )


def write_exposed(path: Path, found: Sequence[Standing]) -> None:
    """Write the list so that its owner alone may read it, whole or not at all."""
    check_private(path)
    raw = {"notice": NOTICE, "reading": READING, "units": [asdict(one) for one in found]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_own(path, (json.dumps(raw, indent=2) + "\n").encode())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
