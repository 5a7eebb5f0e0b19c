"""``privsynth list``: what there is, from the first line of every plug-in."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from privsynth.cli._common import Json, answer

KINDS = ("synthesizers", "attacks", "measures", "rules", "outputs", "presets", "schemas")
SCHEMAS = {
    "details": "privsynth.report.details:Details",
    "policy": "privsynth.policy.policy:PolicyFile",
    "run": "privsynth.run.config:RunConfig",
    "schema": "privsynth.tables.schema:Schema",
    "waivers": "privsynth.policy.waivers:WaiverFile",
}
"""What a YAML file of ours may hold, by the word for it."""


def list_(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    json: Json = False,
) -> None:
    """List plug-ins and presets by name, with a line each; schemas of YAML files with --json."""
    from privsynth.errors import InputError, nearest_name

    if kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}{nearest_name(kind, KINDS)}")
    if json:
        answer(_schemas() if kind == "schemas" else _lines(kind))
        return
    lines = _lines(kind)
    width = max(len(name) for name in lines)
    for name, text in lines.items():
        sys.stdout.write(f"{name:<{width}}  {text}\n")


def _terms(synthesizer: Any) -> str:
    """Return the licence of its engine, and whether it can be private."""
    private = "; differentially private with --epsilon" if hasattr(synthesizer, "learn") else ""
    return f"{synthesizer.licence}{private}"


def _schemas() -> dict[str, Any]:
    """Return the JSON Schema of each of our YAML files, for editors that check while one types."""
    return {word: model.model_json_schema() for word, model in _models().items()}


def _models() -> dict[str, Any]:
    found = {}
    for word, place in SCHEMAS.items():
        module, _, name = place.partition(":")
        found[word] = getattr(import_module(module), name)
    return found


def _lines(kind: str) -> dict[str, str]:
    from privsynth.registry import summary

    if kind == "presets":
        from privsynth.policy import summaries

        return summaries()
    if kind == "schemas":
        return {word: model.__doc__.split("\n")[0] for word, model in _models().items()}
    found: dict[str, Any]
    if kind == "rules":
        from privsynth.policy import rule_catalogue

        found = dict(rule_catalogue())
    elif kind == "outputs":
        found = import_module("privsynth.policy.outputs").catalogue()
    else:
        found = import_module(f"privsynth.{kind}").catalogue()
    lines = {name: summary(plugin) for name, plugin in sorted(found.items())}
    if kind == "synthesizers":
        return {name: f"{text} [{_terms(found[name])}]" for name, text in lines.items()}
    return lines
