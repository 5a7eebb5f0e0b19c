"""Columns read: what no attack can read, and no test of replay clears, cannot be passed."""

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding

SILENT = 0.01
"""A test of replay with a p-value from here on found nothing, over all columns together."""


class Nothing(Parameters):
    """No parameters: an unread column can hold anything."""


def check(bundle: Bundle, nothing: Nothing, policy: str) -> Finding:
    """Return inconclusive if a released column, or a cell of one, was read by no attack.

    A column that was tested for replay and found silent does not block.
    """
    unread = [column.name for column in bundle.columns if column.released and not column.read]
    measure = bundle.measure("replay")
    silent = []
    for name in unread:
        tested = measure.estimate(f"replayed_excess[{name}]") if measure else None
        if tested is not None and tested.p is not None and tested.p >= SILENT / len(unread):
            silent.append(name)
    blind = [name for name in unread if name not in silent]
    cells = [f"{c.name} ({c.unreadable})" for c in bundle.columns if c.released and c.unreadable]
    parts = []
    if blind:
        parts.append(
            f"no attack reads {', '.join(map(repr, blind))}: drop or regenerate these columns"
        )
    if cells:
        parts.append(f"unreadable cells in {', '.join(cells)}: they match nothing; mend the table")
    fine = "every cell of every released column was read"
    if silent:
        fine += f", or tested for replay alone: {', '.join(map(repr, silent))}"
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="inconclusive" if parts else "pass",
        message="; ".join(parts) if parts else fine,
    )


rule = Rule(
    name="columns_read",
    home=__name__,
    title="Was everything that is released attacked?",
    parameters=Nothing,
    check=check,
    mandatory=True,
    formula="every released column was read by an attack, or tested for replay and found silent",
    remedy="drop free text and identifiers, or let them be made anew; mend unreadable cells",
)
