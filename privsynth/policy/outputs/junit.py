"""JUnit XML as Jenkins, GitLab and Azure read it: one test case a rule."""

from xml.etree import ElementTree as xml

from privsynth.policy.outputs._base import DECISIONS, Context, Output, Row, plain, rows
from privsynth.policy.verdict import Verdict

KINDS = {
    "fail": "failure",
    "inconclusive": "error",
    "waived": "skipped",
    "warn": "skipped",
    "info": "skipped",
}
"""A rule that did not hold never looks like one that did: a warning counts as skipped."""


def write(verdict: Verdict, context: Context) -> bytes:
    """Return a suite of one case a rule; failure: fail, error: inconclusive, skipped: waived."""
    found = rows(verdict)
    kinds = [KINDS.get(row.state) for row in found]
    counts = {"tests": str(len(found))}
    counts |= {f"{kind}s": str(kinds.count(kind)) for kind in ("failure", "error")}
    top = xml.Element("testsuites", {"name": "privsynth gate", **counts})
    policy = plain(verdict.policy_name)
    named = {"name": f"{policy}: {plain(verdict.name)}", "skipped": str(kinds.count("skipped"))}
    suite = xml.SubElement(top, "testsuite", {**named, **counts})
    properties = xml.SubElement(suite, "properties")
    for name, value in _facts(verdict, context).items():
        xml.SubElement(properties, "property", {"name": name, "value": value})
    for row in found:
        _case(suite, row, policy)
    xml.indent(top)
    text = xml.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: xml.Element, row: Row, policy: str) -> None:
    case = xml.SubElement(
        suite, "testcase", {"classname": f"privsynth.gate.{policy}", "name": row.rule, "time": "0"}
    )
    if row.state in KINDS:
        told = {"type": row.state, "message": row.told}
        xml.SubElement(case, KINDS[row.state], told).text = f"{row.title}\n{row.help}"
    else:
        xml.SubElement(case, "system-out").text = row.message


def _facts(verdict: Verdict, context: Context) -> dict[str, str]:
    return {
        "decision": DECISIONS[verdict.status],
        "headline": plain(verdict.headline),
        "policy_digest": plain(verdict.policy_digest),
        "evidence_digest": plain(verdict.evidence_digest),
        "privsynth": context.version,
    }


output = Output("junit", __name__, write)
