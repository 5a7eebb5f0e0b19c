"""Markdown for a comment or a job summary: the decision, a table of rules, the waivers."""

import re

from privsynth.policy.outputs._base import STATES, Context, Output, decision, plain, rows
from privsynth.policy.verdict import Verdict

ORDER = ("fail", "inconclusive", "waived", "warn", "info", "pass")

MARKS = re.compile(
    r"""(?P<mention> (?<![\w/]) [@#!$%~&] (?=\w) )  # of a person or an issue, behind entities too
    | [&<>|*`~\[\]\\$!]
    | (?<!\w)_ | _(?!\w)
    | :(?=//) | (?<=www)\.""",
    re.VERBOSE | re.IGNORECASE,
)


def write(verdict: Verdict, context: Context) -> bytes:
    """Return the verdict as Markdown; foreign texts stay texts: no link, mention or markup."""
    lines = [
        f"### {_text(decision(verdict))}",
        "",
        f"In a sentence: {_text(plain(verdict.headline))}",
        "",
    ]
    lines += ["| | Rule | Question | Found |", "| --- | --- | --- | --- |"]
    for row in sorted(rows(verdict), key=lambda row: ORDER.index(row.state)):
        by = f" by {row.waiver}" if row.state == "waived" else ""
        cells = (STATES[row.state] + by, row.rule, row.title, row.message)
        lines.append(f"| {' | '.join(_text(cell) for cell in cells)} |")
    if verdict.waivers:
        lines += ["", "| Waiver | State | Rule | Approved by | Expires | Reason |"]
        lines.append("| --- | --- | --- | --- | --- | --- |")
        for one in verdict.waivers:
            why = one.reason if one.state == "used" else f"{one.message} ({one.reason})"
            told = (one.id, one.state, one.rule, one.approved_by, str(one.expires), why)
            lines.append(f"| {' | '.join(_text(plain(cell)) for cell in told)} |")
    foot = f"Policy {verdict.policy_name} ({verdict.policy_digest[:19]}…), evidence "
    foot += f"{verdict.evidence_digest[:19]}…, privsynth {context.version}."
    lines += ["", _text(plain(foot)), ""]
    return "\n".join(lines).encode()


def _text(text: str) -> str:
    """Return Markdown that shows exactly this text, anywhere but at the start of a line."""
    return MARKS.sub(lambda found: f"&#{ord(found[0])};{_apart(found)}", text)


def _apart(found: re.Match[str]) -> str:
    return "&#8203;" if found["mention"] else ""


output = Output("markdown", __name__, write)
