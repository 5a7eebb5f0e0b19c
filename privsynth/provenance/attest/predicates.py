"""What the builder states about a release: how it was made, how it was tested, what was decided.

Everything is read from the files of the folder, so that a checker can state it again and compare.
Nothing here is secret: real tables are named by keyed digests only, and no seed is stated.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from privsynth.errors import IntegrityError
from privsynth.evidence import Generator, read_model
from privsynth.policy import Finding, Verdict
from privsynth.provenance.attest.statements import Signer
from privsynth.provenance.label import Label

BUILD = "urn:privsynth:release:v1"
RESULTS = {"pass": "PASSED", "pass_with_waivers": "WARNED"}
"""Results of a test; everything else is FAILED, an inconclusive verdict too."""


@dataclass(frozen=True)
class Facts:
    """The parts of a release that statements are made from."""

    label: Label
    verdict: Verdict
    created: str
    digests: dict[str, str]


def facts(folder: Path) -> Facts:
    """Return what a release folder says of itself; ``IntegrityError`` where it is no whole one."""
    labels = sorted(folder.glob("*.label.json"))
    if len(labels) != 1:
        raise IntegrityError(f"{folder}: {len(labels)} labels; a release holds one labelled table")
    try:
        created = json.loads((folder / "run.json").read_bytes())["created"]
        digests = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("manifest.json", "evidence.json", "verdict.json", "policy.json")
        }
    except (OSError, ValueError, KeyError, TypeError):
        raise IntegrityError(f"{folder}: a part of the record is missing or damaged") from None
    verdict = read_model(Verdict, folder / "verdict.json", "verdict")
    return Facts(read_model(Label, labels[0], "label"), verdict, str(created), digests)


def generation(found: Facts, by: Signer) -> dict[str, Any]:
    """Return SLSA provenance: the synthesizer with its settings, and the keyed training table."""
    label = found.label
    made = label.generator or Generator(synthesizer="unknown")
    algorithm, _, digest = label.training_table.partition(":")
    trained = {"name": "training table, keyed digest", "digest": {algorithm: digest}}
    return {
        "buildDefinition": {
            "buildType": BUILD,
            "externalParameters": {
                "synthesizer": made.synthesizer,
                "options": made.options,
                "version": label.generator_version,
                "rows": label.rows,
            },
            "resolvedDependencies": [trained] if digest else [],
        },
        "runDetails": {
            "builder": {"id": _key(by), "version": {"privsynth": _version(label)}},
            "metadata": {"finishedOn": found.created},
        },
    }


def evidence(found: Facts, by: Signer) -> dict[str, Any]:
    """Return a test result: every rule by its name; the numbers are in ``evidence.json``."""
    verdict = found.verdict
    failed = [f.rule for f in verdict.findings if _blocks(f)]
    passed = [f.rule for f in verdict.findings if f.status == "pass"]
    warned = [f.rule for f in verdict.findings if f.rule not in (*passed, *failed)]
    return {
        "result": RESULTS.get(verdict.status, "FAILED"),
        "configuration": [_file(found, "policy.json"), _file(found, "evidence.json")],
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
        "privsynth_inconclusiveTests": [
            f.rule for f in verdict.findings if f.status == "inconclusive"
        ],
    }


def decision(found: Facts, by: Signer) -> dict[str, Any]:
    """Return a verification summary: the verdict of the policy, PASSED only if it releases."""
    verdict = found.verdict
    released = verdict.status in RESULTS
    return {
        "verifier": {"id": _key(by), "version": {"privsynth": _version(found.label)}},
        "timeVerified": found.created,
        "resourceUri": f"urn:privsynth:table:{found.label.logical_digest}",
        "policy": {
            "uri": f"urn:privsynth:policy:{quote(verdict.policy_name, safe='')}",
            "digest": _file(found, "policy.json")["digest"],
        },
        "verificationResult": "PASSED" if released else "FAILED",
        "verifiedLevels": [f"PRIVSYNTH_{verdict.status.upper()}"] if released else ["FAILED"],
        "privsynth_status": verdict.status,
    }


def endorsement(found: Facts, by: Signer) -> dict[str, Any]:
    """Return that a reviewer or owner stands behind the folder as it is, with its verdict."""
    return {"gate": found.verdict.status, "manifest": found.digests["manifest.json"]}


PREDICATES: dict[str, Callable[[Facts, Signer], dict[str, Any]]] = {
    "generation": generation,
    "evidence": evidence,
    "decision": decision,
    "endorsement": endorsement,
}


def _blocks(finding: Finding) -> bool:
    """Return whether a finding stood against the release: not waived, and more than a warning."""
    return finding.status != "pass" and finding.severity == "block" and not finding.waiver


def _file(found: Facts, name: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": found.digests[name]}}


def _key(by: Signer) -> str:
    return f"urn:privsynth:key:sha256:{by.key_id}"


def _version(label: Label) -> str:
    return label.made_by.removeprefix("privsynth ")
