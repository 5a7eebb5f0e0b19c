"""Against the last release: how much worse a table may be than the one before it."""

from collections.abc import Iterator, Mapping

from privsynth.evidence import Bundle, recipient
from privsynth.policy._base import Rule, corrected
from privsynth.policy.policy import Policy
from privsynth.policy.verdict import Baseline, Finding, Status, evidence_digest

SUFFIX = ".regression"


def baseline(
    last: Bundle, bundle: Bundle, policy: Policy, catalogue: Mapping[str, Rule]
) -> Baseline:
    """Return what rules with ``max_increase`` compare this evidence with.

    The last release is read from its recipient's edition, which its folder holds. ``bundle`` is
    the recipient's edition as well.
    """
    travels = recipient(last, policy.cell_limit)
    found = ((name, policy.rule(name, catalogue)) for name in _asked(policy))
    ends = {name: rule.end(travels, policy.rules[name]) for name, rule in found}
    return Baseline(
        digest=evidence_digest(travels),
        name=travels.name,
        ends={name: end for name, end in ends.items() if end is not None},
        fault=_fault(travels, bundle),
        notes=tuple(_notes(travels, bundle, policy)),
    )


def regressions(
    bundle: Bundle, policy: Policy, catalogue: Mapping[str, Rule], last: Baseline | None
) -> Iterator[Finding]:
    """Yield one finding for each rule with ``max_increase``; it can fail, and never pass, a table.

    The careful end of this table may lie beyond that of the last one by the increase at most.
    """
    for name in _asked(policy):
        if last is not None or policy.baseline_required:
            rule = policy.rule(name, catalogue)
            step = policy.terms_of(name).max_increase or 0.0
            finding = Finding(
                rule=name + SUFFIX,
                title=f"Is it worse than the last release? {rule.title}",
                status="inconclusive",
                message="no last release to compare with; name its evidence by --baseline",
                fail_only=True,
            )
            yield finding if last is None else _compared(finding, bundle, policy, rule, step, last)


def _asked(policy: Policy) -> list[str]:
    return [name for name in policy.rules if policy.terms_of(name).max_increase is not None]


def _compared(
    finding: Finding, bundle: Bundle, policy: Policy, rule: Rule, step: float, last: Baseline
) -> Finding:
    found = rule.reads(bundle, policy.rules[rule.name]) if rule.reads else None
    before = last.ends.get(rule.name)
    problem = last.fault
    if not problem and before is None:
        problem = f"the last release's evidence does not hold what {rule.name} reads"
    if not problem and found is None:
        problem = "what it compares was not measured"
    if problem or found is None or before is None:
        return finding.model_copy(update={"message": "; ".join((problem, *last.notes))})
    careful, floor = corrected(found) or found, found.low
    end, other = (floor, found.high) if rule.more else (found.high, careful.low)
    limit = round(before - step if rule.more else before + step, 6)
    status: Status = "pass"
    if _worse(end, limit, rule.more):
        status = "fail" if _worse(other, limit, rule.more) else "inconclusive"
    which, change = ("lower", "less") if rule.more else ("upper", "more")
    message = (
        f"its {which} bound is {end:.4g}, and was {before:.4g} in the last release; {step:g} "
        f"{change} is allowed"
    )
    return finding.model_copy(
        update={
            "status": status, "message": "; ".join((message, *last.notes)), "limit": limit,
            "observed": other if status == "fail" else end,
            "holds_when": "at least" if rule.more else "at most",
            "tolerates": f"each release {step:g} {change}, up to the limit of the rule itself",
        }
    )  # fmt: skip


def _worse(x: float, limit: float, more: bool) -> bool:
    return x < limit if more else x > limit


def _fault(last: Bundle, bundle: Bundle) -> str:
    """Return why nothing can be compared with the last release, "" if it can."""
    tables = [one.tables["synthetic"] for one in (last, bundle) if "synthetic" in one.tables]
    same = len(tables) == 2 and tables[0].digest == tables[1].digest
    if same or evidence_digest(last) == evidence_digest(bundle):
        return "the last release is this very table; name the evidence of the one before"
    columns = [{column.name for column in one.columns} for one in (last, bundle)]
    if columns[0] != columns[1]:
        return f"the last release, {last.name!r}, has other columns: it is of another dataset"
    bad = sorted(name for name, control in last.controls.items() if control.status != "ok")
    if bad or not last.controls:
        shown = ", ".join(name.replace("_", " ") for name in bad) or "none was run"
        return f"the last release's own controls did not come out: {shown}"
    return ""


def _notes(last: Bundle, bundle: Bundle, policy: Policy) -> Iterator[str]:
    """Yield what a reader of the comparison should know."""
    if last.name != bundle.name:
        yield f"the last release was called {last.name!r}"
    if last.policy.digest != policy.digest:
        yield "it was audited under another policy"
    now, then = ({f"{p.kind}:{p.id}": p.version for p in one.probes} for one in (bundle, last))
    moved = sorted(one for one in now.keys() & then if now[one] != then[one])
    if moved:
        shown = ", ".join(f"{one} {then[one]} to {now[one]}" for one in moved)
        yield f"other versions since: {shown}"
