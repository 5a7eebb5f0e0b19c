"""``privsynth gate``: the decision of a policy on evidence."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import (
    EXIT,
    Force,
    Json,
    answer,
    check_outputs,
    rules_file,
    say,
    show_verdict,
)


def gate(
    evidence: Annotated[Path, typer.Argument(help="evidence.json of an audit.")],
    policy: Annotated[str, typer.Option(help="A policy file or preset:NAME.")],
    out: Annotated[Path | None, typer.Option(help="Where to write verdict.json.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Decide: computes no statistics, reads the careful end of every interval.

    Exit code 0: pass. 10: fail. 11: inconclusive. 2: input error. 3: damaged evidence.
    """
    from privsynth.evidence import read_bundle, to_json
    from privsynth.policy import decide, load_policy
    from privsynth.tables.write import write_bytes

    check_outputs(force, out, inputs=(evidence, rules_file(policy)))
    verdict = decide(read_bundle(evidence), load_policy(policy))
    if out is not None:
        write_bytes(out, to_json(verdict).encode())
    if json:
        answer(verdict.model_dump(mode="json"))
    else:
        show_verdict(verdict)
        if out is not None:
            say(f"  verdict in {out}")
    raise typer.Exit(EXIT[verdict.status])
