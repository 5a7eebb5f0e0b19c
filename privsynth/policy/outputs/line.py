"""One line for a chat or a log: decision, table and headline."""

from privsynth.policy.outputs._base import Context, Output, decision, plain
from privsynth.policy.verdict import Verdict


def write(verdict: Verdict, context: Context) -> bytes:
    """Return the decision in one line of plain text."""
    return f"{decision(verdict)}. {plain(verdict.headline)}\n".encode()


output = Output("line", __name__, write)
