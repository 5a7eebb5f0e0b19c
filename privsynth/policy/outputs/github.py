"""Workflow commands of GitHub Actions: an annotation a rule that did not hold."""

from privsynth.policy.outputs._base import (
    Context,
    Output,
    Row,
    cautions,
    decision,
    plain,
    rows,
)
from privsynth.policy.verdict import Verdict

LEVELS = {"fail": "error", "inconclusive": "error", "warn": "warning"}


def write(verdict: Verdict, context: Context) -> bytes:
    """Return one command a line; the last one is the decision.

    GitHub reads them from what a step prints, so the place for them is ``-``. It shows ten
    errors and ten warnings a step.
    """
    lines = [_annotation(row, context) for row in rows(verdict) if row.state != "pass"]
    lines += [_command("warning", text, title="privsynth waiver") for text in cautions(verdict)]
    held = verdict.status in ("fail", "inconclusive")
    told = f"{decision(verdict)}. {plain(verdict.headline)}"
    lines.append(_command("error" if held else "notice", told, title="privsynth gate"))
    return "".join(line + "\n" for line in lines).encode()


def _annotation(row: Row, context: Context) -> str:
    path, line = context.place(row.rule)
    level = LEVELS.get(row.state, "notice")
    return _command(level, row.told, file=path, line=str(line), title=f"privsynth {row.rule}")


def _command(level: str, message: str, **properties: str) -> str:
    """Return a command whose texts cannot end it, or begin another one."""
    told = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    text = text.replace("%", "%25")
    for letter in "\r\n" + more:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


output = Output("github", __name__, write)
