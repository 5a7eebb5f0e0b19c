"""What an output is: a verdict and where its policy stands, as the bytes of one file."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from privsynth.policy.verdict import Finding, Severity, Verdict, waived

State = Literal["pass", "waived", "info", "warn", "inconclusive", "fail"]
"""What became of one rule; only the last two hold a table back."""

DECISIONS = {
    "pass": "PASS",
    "pass_with_waivers": "RELEASE WITH WAIVERS",
    "fail": "FAIL",
    "inconclusive": "INCONCLUSIVE",
}
SIGNS = {"pass": "✓", "pass_with_waivers": "◐", "fail": "✗", "inconclusive": "?"}
STATES: dict[State, str] = {
    "pass": "✓ pass",
    "waived": "◐ waived",
    "info": "· not met, for information",
    "warn": "! not met, warning only",
    "inconclusive": "? inconclusive",
    "fail": "✗ fail",
}
LONGEST = 1000
"""Characters of one text in a format with limits; all of it is in the JSON."""


@dataclass(frozen=True)
class Context:
    """What a verdict does not say: the tool, and where evidence and policy lie.

    Paths are relative to the repository, with ``/``. ``policy`` is None for a preset. ``lines`` are
    those of the policy file, from 1: by rule, and under "" for a rule that it does not name.
    """

    version: str
    evidence: str
    policy: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, rule: str) -> tuple[str, int]:
        """Return file and line where the limit of a rule is set; without a file, the evidence."""
        if self.policy is None:
            return self.evidence, 1
        return self.policy, self.lines.get(rule, self.lines.get("", 1))


@dataclass(frozen=True)
class Output:
    """One format; ``write`` is deterministic and the bytes it returns are one whole file."""

    name: str
    home: str
    write: Callable[[Verdict, Context], bytes]


@dataclass(frozen=True)
class Row:
    """One rule as every format shows it; the texts are plain, and may still be hostile markup."""

    rule: str
    title: str
    state: State
    message: str
    severity: Severity = "block"
    waiver: str = ""
    reason: str = ""
    help: str = ""

    @property
    def told(self) -> str:
        """What became of the rule and what it found; of a waived one, by which waiver and why."""
        by = f" by {self.waiver} ({self.reason})" if self.state == "waived" else ""
        return f"{STATES[self.state]}{by}: {self.message}"

    @property
    def holds_back(self) -> bool:
        """Whether this row alone keeps the table in the house."""
        return self.state in ("fail", "inconclusive")


def rows(verdict: Verdict) -> tuple[Row, ...]:
    """Return one row a rule, and a last one if no rule shows why the verdict is no pass.

    A reader who counts failures must never count none where the table stays in the house.
    """
    reasons = {one.id: plain(one.reason) for one in verdict.waivers if one.state == "used"}
    found = [_row(finding, reasons.get(finding.waiver, "")) for finding in verdict.findings]
    if verdict.status in ("fail", "inconclusive") and not any(row.holds_back for row in found):
        last = Row("decision", "May the table leave?", verdict.status, plain(verdict.headline))
        return (*found, last)
    return tuple(found)


def cautions(verdict: Verdict) -> tuple[str, ...]:
    """Return a sentence for each waiver that covers nothing: expired, unused, exceeded, refused."""
    void = [waiver for waiver in verdict.waivers if waiver.state != "used"]
    return tuple(plain(f"waiver {w.id} is {w.state}: {w.message}") for w in void)


def state(finding: Finding) -> State:
    """Return what became of a rule: severity and waivers soften what it found, never the words."""
    if finding.status == "pass":
        return "pass"
    if waived(finding):
        return "waived"
    return finding.status if finding.severity == "block" else finding.severity


def _row(finding: Finding, reason: str) -> Row:
    told = [finding.rationale, f"Limit from: {finding.source}." if finding.source else ""]
    told.append(f"A table at the limit may leak {finding.tolerates}." if finding.tolerates else "")
    told.append(f"What to do: privsynth policy explain {finding.rule}")
    return Row(
        rule=plain(finding.rule),
        title=plain(finding.title),
        state=state(finding),
        message=plain(finding.message),
        severity=finding.severity,
        waiver=plain(finding.waiver),
        reason=reason,
        help=plain(" ".join(part for part in told if part)),
    )


def decision(verdict: Verdict) -> str:
    """Return sign, word and name of the table: the first line of what people read."""
    return f"{SIGNS[verdict.status]} {DECISIONS[verdict.status]}: {plain(verdict.name)}"


def plain(text: str) -> str:
    """Return a text on one line, what cannot be printed spelled out, cut at ``LONGEST``.

    Control characters, surrogates and marks that turn the writing around are no longer there:
    what is left is legal in XML, and shows what it holds.
    """
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def fingerprint(rule: str, table: str) -> str:
    """Return 64 hex digits for one rule on one table, the same in every run and version."""
    return hashlib.sha256(f"privsynth\0{rule}\0{table}".encode(errors="replace")).hexdigest()
