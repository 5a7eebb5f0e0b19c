"""The record behind a report: which files are attached, and that they belong together."""

import json
from dataclasses import dataclass

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import CELL_LIMIT, Bundle, recipient, to_json
from privsynth.policy import Policy, Verdict, Waiver, WaiverFile
from privsynth.report.report import Edition

FULL = "evidence-full.json"


@dataclass(frozen=True)
class Record:
    """The evidence that an edition shows, and the files that go with it, name to bytes."""

    bundle: Bundle
    cell: int
    files: dict[str, bytes]


def record(
    bundle: Bundle,
    verdict: Verdict | None,
    policy: Policy | None,
    edition: Edition = "recipient",
    waivers: tuple[Waiver, ...] = (),
) -> Record:
    """Return what an edition shows and attaches: what the gate read, and what it decided.

    ``evidence.json`` is the recipient's in both editions, since the gate reads no other; the
    restricted one shows and adds the full evidence. Raises ``InputError`` when that or the
    verdict's policy is not at hand, ``IntegrityError`` when the verdict is about other evidence.
    """
    cell = CELL_LIMIT if policy is None else policy.cell_limit
    travels = recipient(bundle, cell)
    if edition == "restricted" and bundle.edition == "recipient":
        raise InputError(
            "the restricted edition needs the full evidence: this is the recipient's; the full one "
            "is what `audit` wrote, or private/evidence.json beside a release"
        )
    files = {"evidence.json": to_json(travels).encode()}
    if verdict is not None:
        if policy is None or verdict.policy_digest != policy.digest:
            raise InputError(
                f"the verdict follows policy {verdict.policy_name}, which is not the registered "
                "one; name it with --policy"
            )
        if not verdict.is_about(travels):
            raise IntegrityError("the verdict decides on other evidence than this; run gate again")
        files["verdict.json"] = to_json(verdict).encode()
        document = json.dumps(policy.document, indent=2, sort_keys=True)
        files["policy.json"] = f"{document}\n".encode()
        if waivers:
            files["waivers.json"] = to_json(WaiverFile(waivers=waivers)).encode()
    if edition == "restricted":
        files[FULL] = to_json(bundle).encode()
    return Record(bundle if edition == "restricted" else travels, cell, files)
