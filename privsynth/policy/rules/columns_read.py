"""Columns read: what no attack can read cannot be passed."""

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Nothing(Parameters):
    """No parameters: an unread column can hold anything."""


def check(bundle: Bundle, nothing: Nothing, policy: str) -> Finding:
    """Return inconclusive if a released column, or a cell of one, was read by no attack."""
    unread = [column.name for column in bundle.columns if column.released and not column.read]
    cells = [f"{c.name} ({c.unreadable})" for c in bundle.columns if c.released and c.unreadable]
    parts = []
    if unread:
        parts.append(
            f"no attack reads {', '.join(map(repr, unread))}: drop or regenerate these columns"
        )
    if cells:
        parts.append(f"unreadable cells in {', '.join(cells)}: they match nothing; mend the table")
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="inconclusive" if parts else "pass",
        message="; ".join(parts) if parts else "every cell of every released column was read",
    )


rule = Rule(
    name="columns_read",
    home=__name__,
    title="Was everything that is released attacked?",
    parameters=Nothing,
    check=check,
    mandatory=True,
)
