"""``privsynth dp-audit``: does what re-trainings give away refute a claimed epsilon?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from privsynth.cli._common import (
    EXIT,
    Delta,
    Force,
    Json,
    answer,
    check_outputs,
    progress,
    say,
    wrapped,
)


def dp_audit(
    synthesizer: Annotated[str, typer.Option(help="A private synthesizer: tan, mst, vae.")],
    epsilon: Annotated[float, typer.Option(help="The epsilon that is claimed.")],
    delta: Delta = 1e-5,
    runs: Annotated[
        int, typer.Option(min=1, help="Re-trainings with a worst-case row, and as many without.")
    ] = 1000,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="At once; as many as there are processors if left out."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write what was found.")] = Path(
        "dp-audit.json"
    ),
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the synthesizer, key=value; repeatable.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an audit that was interrupted.")
    ] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Audit a private synthesizer itself: re-train it on two tables that differ by one row.

    It refutes the claim (exit code 10) or does not; it never confirms it. Needs no data.
    """
    import os

    from privsynth import synthesizers
    from privsynth.audit.mechanism import Mechanism, audit_mechanism
    from privsynth.cli._common import key_values
    from privsynth.errors import InputError
    from privsynth.evidence import to_json
    from privsynth.privacy import Budget
    from privsynth.registry import choose
    from privsynth.tables import write_bytes

    working = out.with_name(f"{out.name}.runs.jsonl")
    check_outputs(force, out)
    if resume and force:
        raise InputError("--resume goes on and --force starts anew; give one of them")
    if force:
        working.unlink(missing_ok=True)
    elif working.exists() and not resume:
        raise InputError(
            f"{working} holds the runs of an interrupted audit: --resume goes on with it, "
            "--force starts anew"
        )
    maker = choose(synthesizers.catalogue(), synthesizer, "synthesizer")
    if not hasattr(maker, "learn"):
        raise InputError(
            f"{maker.name} is not differentially private: there is no claim to audit; "
            "take tan, mst or vae"
        )
    options = synthesizers.settle(maker, key_values(option or [], "--option"))
    mechanism = Mechanism(maker, options, Budget(epsilon, delta))
    working.parent.mkdir(parents=True, exist_ok=True)
    try:
        with progress() as report:
            found = audit_mechanism(mechanism, runs, working, jobs or os.cpu_count() or 1, report)
    except KeyboardInterrupt:
        say(f"  the runs so far are in {working}: --resume goes on with them")
        raise
    write_bytes(out, to_json(found).encode())
    working.unlink(missing_ok=True)
    if json:
        answer(found.model_dump(mode="json", exclude_none=True))
    else:
        _show(found)
        say(f"  in {out}")
    if found.refuted:
        raise typer.Exit(EXIT["fail"])


def _show(found: Any) -> None:
    verdict = "REFUTED" if found.refuted else "not refuted"
    say(f"  {found.synthesizer}: epsilon {found.epsilon:g}, delta {found.delta:g}: {verdict}")
    for view in found.views:
        kept = "profile refuted" if view.refuted else "profile kept"
        text = f"{kept} (margin {view.margin:+.3f}, AUC {view.auc:.3f}); {_least(view)}"
        wrapped(text, f"  by {view.name:<17} ")
    if found.one_run is not None:
        one = found.one_run
        text = f"{one.correct} of {one.guesses} guesses right; {_least(one)}"
        wrapped(text, f"  by {'one run':<17} ")
    for problem in found.problems:
        wrapped(problem, "  ledger: ", "red")
    for note in (*found.notes, found.statement):
        wrapped(note, "  ")


def _least(found: Any) -> str:
    """Return the lower bounds of epsilon: the one that always holds, and the one for Gaussians."""
    return f"epsilon at least {found.epsilon_low:.2f} ({found.epsilon_low_gdp:.2f} if Gaussian)"
