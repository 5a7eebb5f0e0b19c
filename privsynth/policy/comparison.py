"""A rule of a policy's own: one number of the evidence against one limit."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from privsynth.evidence import Bundle, Control, Evidence
from privsynth.policy._base import Parameters, Rule, backed
from privsynth.policy.verdict import Finding, Status
from privsynth.statistics import Estimate

HEADLINE = "headline"
EXACT = {"copies": ("identical_in_train", "identical_in_holdout")}
"""Shares of all rows of the released table: counted, with nothing to infer."""
ALONE = ("dcr", "nndr", "copies", "replay", "metadata_leak")
"""Measures whose silence says nothing: a rule about them can fail a table, never pass it."""
NEVER_WAIVED = ("copies", "replay", "metadata_leak")
LIMITS = {"auc": "limit_auc", "tpr_at_fpr_0.01": "limit_tpr"}


class Comparison(Parameters):
    """What a rule of one's own compares; the names are those of ``evidence.json``.

    ``probe`` is ``headline``, a control, or the id of an attack, measure or stratum, with its kind
    before it (``attack:dcr``) where two share a name. ``upper`` with ``<`` and ``lower`` with ``>``
    are the careful ends: the rule passes if they hold, fails if the other end does not hold either,
    and is undecided between. The other end alone (``lower`` with ``<``) can fail a table and
    never pass one. ``point`` is for exact counts only.
    """

    probe: str = Field(min_length=1)
    estimate: str = Field(min_length=1)
    statistic: Literal["upper", "lower", "adjusted_lower", "point"]
    operator: Literal["<", "<=", ">", ">="]
    limit: float
    title: str = ""
    versions: tuple[str, ...] = Field((), description="versions of the probe that are known")

    @model_validator(mode="after")
    def _exact(self) -> Self:
        name = self.probe.removeprefix("measure:")
        if self.statistic == "point" and self.estimate not in EXACT.get(name, ()):
            raise ValueError(
                "statistic: point is for exact counts only (identical_in_train and "
                "identical_in_holdout of copies); an estimate is compared by upper or lower"
            )
        return self

    @property
    def less(self) -> bool:
        """Whether the rule asks for a value below its limit."""
        return self.operator.startswith("<")

    @property
    def careful(self) -> bool:
        """Whether the rule reads the end that is against it."""
        return self.statistic == ("upper" if self.less else "lower") or (
            not self.less and self.statistic == "adjusted_lower"
        )

    @property
    def fail_only(self) -> bool:
        """Whether the rule says nothing where it holds."""
        name = self.probe.partition(":")[2] or self.probe
        return name in ALONE or not (self.careful or self.statistic == "point")

    def holds(self, x: float) -> bool:
        """Return whether a value lies to the limit as the operator asks."""
        sides = {"<": x < self.limit, "<=": x <= self.limit, ">": x > self.limit}
        return sides.get(self.operator, x >= self.limit)


def comparison(name: str, asked: Comparison) -> Rule:
    """Return the rule that a policy describes under an id of its own."""
    about = asked.probe.partition(":")[2] or asked.probe
    return Rule(
        name=name,
        home=__name__,
        title=asked.title or f"Is {asked.estimate} of {about} {asked.operator} {asked.limit:g}?",
        parameters=Comparison,
        check=partial(_check, name),
        waivable=about not in NEVER_WAIVED,
        limit="limit",
        reads=_estimate,
        more=not asked.less,
        formula=f"{asked.statistic} of {asked.estimate} ({asked.probe}) {asked.operator} "
        f"{asked.limit:g}",
        remedy="the policy says why it asks this: see its rationale and source",
    )


def _check(name: str, bundle: Bundle, asked: Comparison, policy: str) -> Finding:
    found, lacks = _read(bundle, asked)
    if found is None:
        return _finding(name, asked, "inconclusive", lacks)
    ends = _ends(found, asked)
    shown = f"{asked.estimate} of {asked.probe} is {found.value:.4g}"
    if ends is None:
        lacks = f"{shown}, and it has no lower bound corrected over everything tried"
        return _finding(name, asked, "inconclusive", lacks)
    if not all(map(math.isfinite, ends)):
        return _finding(name, asked, "inconclusive", f"{asked.estimate} is not a number")
    status, said, observed = _judged(asked, ends, bundle.blur)
    finding = _finding(name, asked, status, f"{shown}; {said}", observed)
    planted = LIMITS.get(asked.estimate, "") if asked.probe == HEADLINE and asked.less else ""
    return _informed(backed(finding, bundle, planted), bundle, asked)


def _ends(found: Estimate, asked: Comparison) -> tuple[float, float] | None:
    """Return what the rule reads, then what must be beyond the limit as well for a fail."""
    adjusted = asked.statistic == "adjusted_lower"
    if adjusted and found.adjusted_low is None:
        return None
    floor = min(found.low, found.low if found.adjusted_low is None else found.adjusted_low)
    if asked.careful:
        own = floor if adjusted else found.low
        return (found.high, floor) if asked.less else (own, found.high)
    reads = {"upper": found.high, "lower": found.low, "point": found.value}
    return (reads.get(asked.statistic, floor),) * 2


def _judged(asked: Comparison, ends: tuple[float, float], blur: float) -> tuple[Status, str, float]:
    """Return the answer, its words and what was observed.

    Rounding outward helps an end that is against the rule, and a rule that reads the other end or
    a point must hold by more than rounding may have moved it.
    """
    end, other = ends
    limit, name = f"{asked.limit:g}", asked.statistic.replace("_", " ")
    if not asked.careful:
        moved = end + blur if asked.less else end - blur
        if not asked.holds(end):
            return "fail", f"{name} {end:.4g} is not {asked.operator} {limit}", end
        if not asked.holds(moved):
            return "inconclusive", f"too near to {limit} at three decimals", end
        return "pass", f"{name} {end:.4g} is {asked.operator} {limit}", end
    if asked.holds(end):
        return "pass", f"its {name} bound {end:.4g} is {asked.operator} {limit}", end
    if not asked.holds(other):
        return "fail", f"even its better end {other:.4g} is not {asked.operator} {limit}", other
    low, high = sorted(ends)
    return "inconclusive", f"its interval from {low:.4g} to {high:.4g} holds the limit {limit}", end


def _finding(
    name: str, asked: Comparison, status: Status, message: str, observed: float | None = None
) -> Finding:
    words = {"<": "below", "<=": "at most"}.get(asked.operator, "at least")
    return Finding.model_validate(
        {
            "rule": name, "title": comparison(name, asked).title, "status": status,
            "message": message, "probes": (asked.probe,), "limit": asked.limit,
            "observed": observed, "holds_when": words, "fail_only": asked.fail_only,
            "source": "the policy names no source",
        }
    )  # fmt: skip


def _informed(finding: Finding, bundle: Bundle, asked: Comparison) -> Finding:
    """Return a pass only if the measure saw its own positive control, where it has one."""
    (probe, *_) = [*_probes(bundle, asked), None]
    control = probe.options.get("control", "seen") if isinstance(probe, Evidence) else "seen"
    if finding.status != "pass" or control == "seen":
        return finding
    message = (
        f"{finding.message}; but the measure did not see a planted leak, so its silence carries "
        "no information"
    )
    return finding.model_copy(update={"status": "inconclusive", "message": message})


def _estimate(bundle: Bundle, asked: Comparison) -> Estimate | None:
    return _read(bundle, asked)[0]


def _read(bundle: Bundle, asked: Comparison) -> tuple[Estimate | None, str]:
    """Return the estimate, or why there is none."""
    if asked.probe == HEADLINE:
        entry = bundle.headline.get(asked.estimate)
        lacks = f"the headline holds no {asked.estimate}"
        return (entry.estimate, "") if entry else (None, lacks)
    probes = list(_probes(bundle, asked))
    if not probes:
        return None, f"{asked.probe} is not in the evidence; audit again"
    if len(probes) > 1:
        return None, f"{asked.probe} is both an attack and a measure; write attack:{asked.probe}"
    (probe,) = probes
    if isinstance(probe, Evidence):
        if probe.not_run:
            return None, f"{asked.probe} did not run: {probe.not_run}"
        if asked.versions and probe.version not in asked.versions:
            known = ", ".join(asked.versions)
            return None, f"{asked.probe} ran in version {probe.version}; the policy knows {known}"
    found = next((one for one in probe.estimates if one.name == asked.estimate), None)
    return found, "" if found else f"{asked.probe} gives no {asked.estimate}"


def _probes(bundle: Bundle, asked: Comparison) -> Iterator[Evidence | Control]:
    kind, _, name = asked.probe.rpartition(":")
    for probe in bundle.probes:
        if probe.id == name and kind in ("", probe.kind):
            yield probe
    controls: dict[Any, Control] = dict(bundle.controls)
    if kind in ("", "control") and name in controls:
        yield controls[name]
