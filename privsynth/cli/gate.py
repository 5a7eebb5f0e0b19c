"""``privsynth gate``: the decision of a policy on evidence."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import (
    Force,
    Json,
    answer,
    check_outputs,
    rules_file,
    say,
    today,
)
from privsynth.cli._outputs import (
    ExitZero,
    Outputs,
    Overlook,
    exit_code,
    wanted_outputs,
    write_outputs,
)
from privsynth.cli._verdict import show_verdict


def gate(
    evidence: Annotated[Path, typer.Argument(help="evidence.json of an audit.")],
    policy: Annotated[str, typer.Option(help="A policy file or preset:NAME.")],
    waivers: Annotated[
        Path | None, typer.Option(help="Fails that named people accept, as YAML.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="evidence.json of the last release, to compare with.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write verdict.json.")] = None,
    output: Outputs = [],  # noqa: B006 (never changed)
    fail_on: Overlook = None,
    exit_zero: ExitZero = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Decide: computes no statistics, reads the careful end of every interval.

    On the recipient's evidence, which is made of full evidence here: both give the same verdict.
    Waivers are judged as of today, or of SOURCE_DATE_EPOCH. The last release can only take a pass
    away.

    Exit code 0: pass, also with waivers. 10: fail. 11: inconclusive. 2: input error. 3: damaged
    evidence.
    """
    from privsynth.evidence import read_bundle, to_json
    from privsynth.policy import decide, load_policy, load_waivers
    from privsynth.tables.write import write_bytes

    wanted = wanted_outputs(output, json=json)
    check_outputs(
        force, out, *wanted.paths, inputs=(evidence, rules_file(policy), waivers, baseline)
    )
    verdict = decide(
        read_bundle(evidence),
        load_policy(policy),
        waivers=() if waivers is None else load_waivers(waivers),
        last=None if baseline is None else read_bundle(baseline),
        on=today(),
    )
    if out is not None:
        write_bytes(out, to_json(verdict).encode())
    write_outputs(verdict, wanted, evidence, policy)
    if json:
        answer(verdict.model_dump(mode="json"))
    else:
        show_verdict(verdict)
        if baseline is not None and not any(".regression" in f.rule for f in verdict.findings):
            say("  nothing was compared with the last release: no rule has max_increase")
        if out is not None:
            say(f"  verdict in {out}")
    raise typer.Exit(exit_code(verdict, fail_on, exit_zero))
