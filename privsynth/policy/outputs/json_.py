"""The verdict itself, canonical JSON; nothing is cut."""

from privsynth.evidence import to_json
from privsynth.policy.outputs._base import Context, Output
from privsynth.policy.verdict import Verdict


def write(verdict: Verdict, context: Context) -> bytes:
    """Return ``verdict.json``, byte for byte what ``--out`` writes."""
    return to_json(verdict).encode()


output = Output("json", __name__, write)
