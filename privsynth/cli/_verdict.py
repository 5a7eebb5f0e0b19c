"""A verdict in a terminal: the decision, a line a rule, and what became of waivers."""

from typing import Any

from privsynth.cli._common import COLOURS, SIGNS, WORDS, say, wrapped


def show_verdict(verdict: Any) -> None:
    """Print a verdict for a person: the decision, one line a rule, then the waivers."""
    say()
    status = verdict.status
    say(f"  {SIGNS[status]} {WORDS[status]}  {verdict.name}", style=f"bold {COLOURS[status]}")
    wrapped(verdict.headline, "  ")
    say()
    for finding in verdict.findings:
        sign, colour, note = _state(finding)
        _named(f"{finding.message}{note}", sign, finding.rule, colour)
    if verdict.waivers:
        say()
    for use in verdict.waivers:
        sign, colour = ("◐", "green") if use.state == "used" else ("!", "yellow")
        told = f"{use.state}: {use.message}"
        if use.state == "used":
            told += f"; instead: {use.compensating_control}; approved by {use.approved_by}"
        _named(told, sign, f"waiver {use.id}", colour)
    say()


def _named(text: str, sign: str, name: str, style: str | None) -> None:
    """Print a message beside the name of what it is about, or under one that is long."""
    head = f"  {sign} {name:<19} "
    if len(name) > 19:
        say(head.rstrip(), style=style)
        head = " " * 24
    wrapped(text, head, style)


def _state(finding: Any) -> tuple[str, str | None, str]:
    """Return sign, colour and a remark for one finding."""
    if finding.status == "pass":
        return SIGNS["pass"], None, ""
    if finding.waiver:
        return SIGNS["pass_with_waivers"], "green", f" (waived: {finding.waiver})"
    if finding.severity != "block":
        words = {"warn": "a warning", "info": "for information"}[finding.severity]
        return "!", "yellow" if finding.severity == "warn" else None, f" ({words}: does not block)"
    return SIGNS[finding.status], COLOURS[finding.status], ""
