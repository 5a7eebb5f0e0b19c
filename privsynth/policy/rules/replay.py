"""Replayed identifiers: names, numbers or texts of members that come back stop any release."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, reason, said
from privsynth.policy.verdict import Finding


class Level(Parameters):
    """The p-value below which recurring values are proof of replay, over all columns together."""

    p_below: float = Field(0.01, gt=0, lt=1)


def check(bundle: Bundle, level: Level, policy: str) -> Finding:
    """Return a hard fail if members' identifiers or texts come back beyond the holdout's."""
    unread = [column.name for column in bundle.columns if column.released and not column.read]
    if not unread:
        return _finding("pass", "no identifier or free-text column was released")
    measure = bundle.measure("replay")
    found = {
        name: measure.estimate(f"replayed_excess[{name}]") if measure else None for name in unread
    }
    values = {name: one.p for name, one in found.items() if one is not None and one.p is not None}
    limit = level.p_below / len(unread)
    worst = min(values.values(), default=None)
    beyond = [f"{name!r} ({said(p)})" for name, p in values.items() if p < limit]
    untested = [name for name in unread if name not in values]
    if beyond:
        status = "fail"
        message = f"beyond chance, values of members come back in {', '.join(beyond)}"
    elif untested:
        names = ", ".join(map(repr, untested))
        status, message = "inconclusive", f"not tested for replay: {names}: {reason(measure)}"
    else:
        status = "pass"
        message = (
            f"values of members come back no more than the holdout's in "
            f"{', '.join(map(repr, unread))}"
        )
    return _finding(status, message, limit, worst)


def _finding(
    status: str, message: str, limit: float | None = None, p: float | None = None
) -> Finding:
    return Finding.model_validate(
        {
            "rule": rule.name, "title": rule.title, "status": status, "message": message,
            "probes": ("replay",), "limit": limit, "observed": p,
            "holds_when": "" if limit is None else "at least",
            "quantity": "" if limit is None else "p",
            "hard": True, "fail_only": True,
            "tolerates": "values that recur as often among people who were not trained on, and "
            "texts told in other words",
        }
    )  # fmt: skip


rule = Rule(
    name="replay",
    home=__name__,
    title="Do names, numbers or texts of people come back?",
    parameters=Level,
    check=check,
    formula="p of an exact test that members' values of an id or text column come back more often "
    "than the holdout's >= p_below / number of such columns",
    remedy="drop the column, or let it be made anew without looking at the rows",
)
