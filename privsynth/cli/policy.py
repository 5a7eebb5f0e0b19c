"""``privsynth policy``: check, explain and begin the rules that a table is decided by."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from privsynth.cli._common import (
    Force,
    Json,
    answer,
    check_outputs,
    printable,
    say,
    today,
    wrapped_out,
)


def lint(
    files: Annotated[list[Path], typer.Argument(help="Policy files and waivers files.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 2 for warnings as well.")
    ] = False,
    json: Json = False,
) -> None:
    """Check policies and waivers before they decide anything; all files are read.

    Warnings: looser than the preset, a limit that nothing can pass, waivers that do not hold.
    Exit code 0: usable. 2: at least one file is not.
    """
    from privsynth.errors import InputError

    found: list[dict[str, Any]] = []
    for path in files:
        try:
            found.append({"file": str(path), "error": "", "warnings": _warnings(path)})
        except InputError as error:
            found.append({"file": str(path), "error": str(error), "warnings": []})
    bad = any(one["error"] or (strict and one["warnings"]) for one in found)
    if json:
        answer({"usable": not bad, "files": found})
    else:
        for one in found:
            _show(one)
    raise typer.Exit(2 if bad else 0)


def _warnings(path: Path) -> list[str]:
    from privsynth.policy import load_policy
    from privsynth.policy.lint import extended, policy_warnings, waiver_warnings
    from privsynth.policy.waivers import load_waivers
    from privsynth.tables.yaml_file import load_yaml

    raw = load_yaml(path, "policy")
    if "waivers" in raw:
        return list(waiver_warnings(load_waivers(path), today()))
    return list(policy_warnings(load_policy(path), extended(raw)))


def _show(found: dict[str, Any]) -> None:
    if found["error"]:
        wrapped_out(found["error"], "✗ ")
        return
    n = len(found["warnings"])
    told = "no warnings" if not n else "1 warning" if n == 1 else f"{n} warnings"
    sys.stdout.write(printable(f"{'!' if n else '✓'} {found['file']}: usable, {told}") + "\n")
    for warning in found["warnings"]:
        wrapped_out(warning, "  ! ")


def explain(
    rule: Annotated[str, typer.Argument(help="The name of a rule.")],
    policy: Annotated[
        str | None, typer.Option(help="A policy file or preset:NAME, for its limits.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what a rule compares, where its limit comes from, and what to do about a fail."""
    from dataclasses import asdict

    from privsynth.policy import load_policy
    from privsynth.policy.explain import explain as explained

    asked = None if policy is None else load_policy(policy)
    found = explained(rule, asked)
    if json:
        answer(asdict(found))
        return
    limits = ", ".join(
        f"{key} {_shown(value)}" for key, value in found.limits.items() if value not in ("", [])
    )
    lines = {
        "what": found.metric,
        "compares": found.formula,
        "limits": limits,
        "at the limit": found.tolerates,
        "limit from": found.source,
        "why": found.rationale,
        "severity": found.severity,
        "waivers": "may cover a fail" if found.waivable else "can never cover it",
        "on a fail": found.remedy,
    }
    wrapped_out(found.title, f"{found.name}: ")
    for head, text in lines.items():
        if text:
            wrapped_out(text, f"  {head:<13}")
    if asked is not None and not found.limits and not found.severity:
        say(f"  policy {asked.name} does not ask for this rule")


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)


def schema(
    kind: Annotated[str, typer.Argument(help="policy or waivers.")] = "policy",
) -> None:
    """Print the JSON Schema of policy or waivers files, for editors that check while one types."""
    from privsynth.errors import InputError, nearest_name
    from privsynth.policy.policy import PolicyFile
    from privsynth.policy.waivers import WaiverFile

    models: dict[str, Any] = {"policy": PolicyFile, "waivers": WaiverFile}
    if kind not in models:
        raise InputError(f"unknown kind {kind!r}{nearest_name(kind, list(models))}")
    answer(models[kind].model_json_schema())


def init(
    preset: Annotated[str, typer.Option(help="The preset to begin from.")] = "partner",
    waivers: Annotated[
        bool, typer.Option("--waivers", help="Write a waivers file, not a policy.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; else policy.yaml or waivers.yaml.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a commented policy, or waivers file, to fill in."""
    from privsynth.policy.starting import policy_text, waivers_text
    from privsynth.tables.write import write_bytes

    path = out or Path("waivers.yaml" if waivers else "policy.yaml")
    check_outputs(force, path)
    text = waivers_text(today()) if waivers else policy_text(preset)
    write_bytes(path, text.encode())
    say(f"  {path}: fill it in, then `privsynth policy lint {path}`")


VERBS: dict[str, Callable[..., None]] = {
    "lint": lint,
    "explain": explain,
    "schema": schema,
    "init": init,
}
