"""SARIF 2.1.0 for code scanning: one result a rule that did not hold, at its line of the policy."""

import json
from typing import Any
from urllib.parse import quote

from privsynth.policy.outputs._base import (
    Context,
    Output,
    Row,
    fingerprint,
    plain,
    rows,
)
from privsynth.policy.verdict import Verdict

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {"fail": "error", "inconclusive": "error", "waived": "error", "warn": "warning"}
"""What is inconclusive holds the table back like a fail. SARIF has ``kind: open`` for it, which
viewers do not show."""
SEVERITIES = {"block": "error", "warn": "warning", "info": "note"}


def write(verdict: Verdict, context: Context) -> bytes:
    """Return a log of one run; a waiver that covers a rule is an accepted suppression.

    A waiver that does not hold (expired, exceeded, refused) suppresses nothing and is not written
    as a suppression: many readers take any suppression for an accepted one.
    """
    found = rows(verdict)
    run = {
        "tool": {
            "driver": {
                "name": "privsynth",
                "version": context.version,
                "rules": [_rule(row) for row in found],
            }
        },
        # Its part before the last slash sets two tables of one repository apart.
        "automationDetails": {"id": f"privsynth/{quote(verdict.name, '', errors='replace')}/"},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "The root of the repository."}}
        },
        "properties": {
            "decision": verdict.status,
            "headline": plain(verdict.headline),
            "policy": plain(verdict.policy_name),
            "policyDigest": verdict.policy_digest,
            "evidenceDigest": verdict.evidence_digest,
        },
        "results": [
            _result(i, row, verdict, context) for i, row in enumerate(found) if row.state != "pass"
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(log, indent=2, sort_keys=True) + "\n").encode()


def _rule(row: Row) -> dict[str, Any]:
    return {
        "id": row.rule,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.title},
        "help": {"text": row.help or row.title},
        "defaultConfiguration": {"level": SEVERITIES[row.severity]},
        "properties": {"tags": ["privacy"]},
    }


def _result(place: int, row: Row, verdict: Verdict, context: Context) -> dict[str, Any]:
    path, line = context.place(row.rule)
    digest = fingerprint(row.rule, verdict.name)
    result: dict[str, Any] = {
        "ruleId": row.rule,
        "ruleIndex": place,
        "level": LEVELS.get(row.state, "note"),
        "message": {"text": row.told.rstrip(".") + "."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": quote(path, errors="replace"),
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {"startLine": line},
                }
            }
        ],
        # The first is the one that GitHub compares; without it, it hashes the line of the policy.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{digest[:16]}:1",
            "privsynthRuleAndTable/v1": digest,
        },
        "properties": {"status": row.state},
    }
    if row.state == "waived":
        result["suppressions"] = [_suppression(row.waiver, verdict)]
    return result


def _suppression(waiver: str, verdict: Verdict) -> dict[str, Any]:
    used = next((w for w in verdict.waivers if plain(w.id) == waiver), None)
    said = f"waiver {waiver}"
    if used is not None:
        said = plain(
            f"{said}: {used.reason}; compensating control: {used.compensating_control}; approved "
            f"by {used.approved_by}, asked for by {used.requested_by}, expires {used.expires}"
            + (f"; {used.ticket}" if used.ticket else "")
        )
    return {"kind": "external", "status": "accepted", "justification": said}


output = Output("sarif", __name__, write)
