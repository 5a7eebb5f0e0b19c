"""A badge as the JSON that shields.io reads from an address of yours."""

import json

from privsynth.policy.outputs._base import DECISIONS, Context, Output
from privsynth.policy.verdict import Verdict

COLOURS = {
    "pass": "#1a7f37",
    "pass_with_waivers": "#8a6100",
    "fail": "#b42318",
    "inconclusive": "#57606a",
}
"""White letters stand out from each of them by at least 4.5 : 1."""


def write(verdict: Verdict, context: Context) -> bytes:
    """Return the decision as an endpoint badge; it names neither the table nor its people."""
    badge = {
        "schemaVersion": 1,
        "label": "privsynth",
        "message": DECISIONS[verdict.status].lower(),
        "color": COLOURS[verdict.status],
    }
    return (json.dumps(badge, indent=2, sort_keys=True) + "\n").encode()


output = Output("badge", __name__, write)
