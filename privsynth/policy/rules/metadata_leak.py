"""Learnt metadata: rare categories, single people's extremes and rare gaps may fail a release."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, reason, said
from privsynth.policy.verdict import Finding

PARTS = {
    "rare_categories_excess": "categories that few people hold",
    "training_extremes_excess": "extremes that one training person holds",
    "rare_missingness_excess": "patterns of empty cells that few people have",
}


class Level(Parameters):
    """The p-value that each part must fall below, times the number of parts, to fail a release."""

    p_below: float = Field(0.01, gt=0, lt=1)


def check(bundle: Bundle, level: Level, policy: str) -> Finding:
    """Return a fail if what single members hold came back beyond chance (fail-only, not hard)."""
    measure = bundle.measure("metadata_leak")
    found = {name: measure.estimate(name) if measure else None for name in PARTS}
    values = {name: one.p for name, one in found.items() if one is not None and one.p is not None}
    limit = level.p_below / len(PARTS)
    beyond = [f"{PARTS[name]} ({said(p)})" for name, p in values.items() if p < limit]
    if beyond:
        status, message = "fail", f"beyond chance, the table repeats {'; '.join(beyond)}"
        columns = measure.options.get("columns_with_training_extremes") if measure else None
        if columns and values.get("training_extremes_excess", 1.0) < limit:
            message += f"; extremes in {', '.join(map(repr, columns))}"
        message += ": declare public bounds and categories, and generate within them"
    elif len(values) < len(PARTS):
        status, message = "inconclusive", f"learnt metadata was not measured: {reason(measure)}"
    else:
        status = "pass"
        message = "rare categories, extremes and gaps of members come back no more than chance"
    return Finding(
        rule=rule.name, title=rule.title, status=status, message=message,
        probes=("metadata_leak",), limit=limit, observed=min(values.values(), default=None),
        holds_when="at least", quantity="p", fail_only=True,
        tolerates="single people's extremes or categories that are too few to tell from chance",
    )  # fmt: skip


rule = Rule(
    name="metadata_leak",
    home=__name__,
    title="Does the table repeat what only one person has?",
    parameters=Level,
    check=check,
    formula="p of an exact test >= p_below / 3, for rare categories, training extremes and rare "
    "patterns of empty cells",
    remedy="declare public bounds and categories in the schema and generate within them",
)
