"""``privsynth list``: what there is, from the first line of every plug-in."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from privsynth.cli._common import Json, answer

KINDS = ("synthesizers", "attacks", "measures", "rules", "presets")


def list_(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    json: Json = False,
) -> None:
    """List synthesizers, attacks, measures, rules or presets."""
    from privsynth.errors import InputError, nearest_name

    if kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}{nearest_name(kind, KINDS)}")
    lines = _lines(kind)
    if json:
        answer(lines)
        return
    width = max(len(name) for name in lines)
    for name, text in lines.items():
        sys.stdout.write(f"{name:<{width}}  {text}\n")


def _terms(synthesizer: Any) -> str:
    """Return the licence of its engine, and whether it can be private."""
    private = "; differentially private with --epsilon" if hasattr(synthesizer, "learn") else ""
    return f"{synthesizer.licence}{private}"


def _lines(kind: str) -> dict[str, str]:
    from privsynth.registry import summary

    if kind == "presets":
        from privsynth.policy import summaries

        return summaries()
    found: dict[str, Any]
    if kind == "rules":
        from privsynth.policy import rule_catalogue

        found = dict(rule_catalogue())
    else:
        found = import_module(f"privsynth.{kind}").catalogue()
    lines = {name: summary(plugin) for name, plugin in sorted(found.items())}
    if kind == "synthesizers":
        return {name: f"{text} [{_terms(found[name])}]" for name, text in lines.items()}
    return lines
