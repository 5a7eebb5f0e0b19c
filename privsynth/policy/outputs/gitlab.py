"""Code Quality JSON of GitLab: an entry a rule that did not hold, in the merge request."""

import json

from privsynth.policy.outputs._base import Context, Output, fingerprint, rows
from privsynth.policy.verdict import Verdict

SEVERITIES = {"fail": "blocker", "inconclusive": "critical", "warn": "minor"}


def write(verdict: Verdict, context: Context) -> bytes:
    """Return a list; the table stays in the house where one entry is a blocker or critical."""
    entries = []
    for row in rows(verdict):
        if row.state == "pass":
            continue
        path, line = context.place(row.rule)
        entries.append(
            {
                "check_name": row.rule,
                "description": f"{row.rule} {row.told}",
                "fingerprint": fingerprint(row.rule, verdict.name),
                "severity": SEVERITIES.get(row.state, "info"),
                "location": {"path": path, "lines": {"begin": line}},
            }
        )
    return (json.dumps(entries, indent=2, sort_keys=True) + "\n").encode()


output = Output("gitlab", __name__, write)
