"""``privsynth run``: from a table to a release folder with a decision."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import (
    EXIT,
    Delta,
    Epsilon,
    Force,
    Json,
    LearnDomain,
    MaxMemory,
    Seed,
    answer,
    progress,
    say,
    show_aside,
    show_claim,
    show_columns,
    show_earlier,
    spending,
    wrapped,
)
from privsynth.cli._verdict import show_verdict


def run(
    source: Annotated[Path, typer.Argument(help="A configuration (.yaml) or a table.")],
    synthesizer: Annotated[
        str | None, typer.Option(help="See `privsynth list synthesizers`.")
    ] = None,
    policy: Annotated[str | None, typer.Option(help="A policy file or preset:NAME.")] = None,
    schema: Annotated[Path | None, typer.Option(help="Kinds and domains of the columns.")] = None,
    synth_cmd: Annotated[
        str | None,
        typer.Option(help='A program as synthesizer: "gen --in {train} --out {out} --n {n}".'),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the synthesizer, key=value; repeatable.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=1, help="Synthetic rows; as many as train.")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(help="2 to 20: no holdout, for small tables; audits the mechanism."),
    ] = None,
    epsilon: Epsilon = None,
    delta: Delta = 1e-5,
    learn_domain: LearnDomain = False,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            help="A table of this source released before: the attacker holds all of them."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The release folder.")] = None,
    max_memory: MaxMemory = None,
    seed: Seed = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Split, synthesize, audit, decide, report and record, in one go.

    Exit code 0: pass. 10: fail. 11: inconclusive. 2: input error.
    """
    from privsynth.cli._common import check_one_generator, key_values
    from privsynth.run import RunConfig, read_config
    from privsynth.run import run as run_all

    if source.suffix.lower() in (".yaml", ".yml"):
        config = read_config(source)
    else:
        config = RunConfig(table=str(source))
    check_one_generator(synthesizer, synth_cmd)
    if synthesizer:
        config = config.model_copy(update={"synth_cmd": None})
    private = spending(epsilon, delta=delta, learn_domain=learn_domain)
    if private is not None and not synthesizer and source.suffix.lower() not in (".yaml", ".yml"):
        synthesizer = "tan"
    given = {
        "privacy": private,
        "synthesizer": synthesizer,
        "policy": policy,
        "table_schema": None if schema is None else str(schema),
        "synth_cmd": synth_cmd,
        "options": key_values(option, "--option") if option else None,
        "rows": rows,
        "also": tuple(map(str, also)) if also else None,
        "out": None if out is None else str(out),
        "seed": seed,
        "max_memory": max_memory,
        "split": None if folds is None else config.split.model_copy(update={"folds": folds}),
    }
    config = config.model_copy(update={k: v for k, v in given.items() if v is not None})
    with progress() as report:
        release = run_all(config, force=force, progress=report)
    verdict = release.verdict
    if json:
        paths = {name: str(path) for name, path in release.files.items()}
        answer({"verdict": verdict.model_dump(mode="json"), "files": paths})
    else:
        show_columns(release.bundle.columns, inferred=config.table_schema is None)
        show_claim(release.bundle.claim)
        show_aside(release.aside)
        if release.earlier or config.also:
            for note in release.bundle.warnings:
                wrapped(note, "  note: ")
        told = release.bundle.claim.kind == "dp"  # its line has the sum
        show_earlier(release.earlier, None if told else release.spent)
        show_verdict(verdict)
        say(f"  report    {release.files['report.pdf']}")
        say(f"  evidence  {release.files['evidence.json']}")
        say(f"  travels   {release.folder / 'release'}: UNSIGNED, until `privsynth sign`")
        say(f"  stays     {release.folder / 'private'}: full evidence, for --edition restricted")
    raise typer.Exit(EXIT[verdict.status])
