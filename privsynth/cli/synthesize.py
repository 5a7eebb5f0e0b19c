"""``privsynth synthesize``: one synthetic table with its label."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import (
    Delta,
    Epsilon,
    Force,
    Json,
    LearnDomain,
    Neighbours,
    ProtectedUnit,
    RowsPerEntity,
    Seed,
    SourceEpsilon,
    SourceOrigin,
    answer,
    check_outputs,
    progress,
    say,
    show_aside,
    show_claim,
    spending,
    wrapped,
)


def synthesize(
    table: Annotated[Path, typer.Argument(help="The table to learn from.")],
    rows: Annotated[int, typer.Option(min=1, help="How many synthetic rows.")],
    out: Annotated[Path, typer.Option(help="Where to write: .csv, .csv.gz or .parquet.")],
    synthesizer: Annotated[
        str | None,
        typer.Option(help="See `privsynth list synthesizers`; gaussian_copula unless given."),
    ] = None,
    synth_cmd: Annotated[str | None, typer.Option(help="A program as synthesizer.")] = None,
    schema: Annotated[Path | None, typer.Option(help="Kinds and domains of the columns.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the synthesizer, key=value; repeatable.")
    ] = None,
    epsilon: Epsilon = None,
    delta: Delta = 1e-5,
    unit: ProtectedUnit = "row",
    rows_per_entity: RowsPerEntity = 1,
    neighbours: Neighbours = "add_remove",
    learn_domain: LearnDomain = False,
    source_epsilon: SourceEpsilon = None,
    origin: SourceOrigin = None,
    seed: Seed = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Make one synthetic table and its label; what it leaks is not known before an audit.

    With --epsilon it is made under differential privacy, and the label holds the ledger.
    """
    from privsynth import synthesizers
    from privsynth.cli._common import check_one_generator, key_values
    from privsynth.errors import InputError
    from privsynth.provenance import keeper, parent_of
    from privsynth.randomness import fresh_seed
    from privsynth.registry import choose
    from privsynth.run import booked, refuse_seed, write_labelled
    from privsynth.tables import check_informative, read, read_schema

    check_outputs(force, out, inputs=(table, schema))
    if not out.name.lower().endswith((".csv", ".csv.gz", ".parquet")):
        raise InputError(f"{out}: tables are written as .csv, .csv.gz or .parquet")
    beside = out.with_name(f"{out.name}.label.json")
    check_outputs(force, beside, inputs=(table, schema))
    check_one_generator(synthesizer, synth_cmd)
    private = spending(
        epsilon, delta=delta, unit=unit, rows_per_entity=rows_per_entity, neighbours=neighbours,
        learn_domain=learn_domain, source_epsilon=source_epsilon,
    )  # fmt: skip
    if private is not None:
        refuse_seed(seed)
    maker = (
        synthesizers.command_synthesizer(synth_cmd)
        if synth_cmd
        else choose(
            synthesizers.catalogue(),
            synthesizer or ("tan" if private else "gaussian_copula"),
            "synthesizer",
        )
    )
    keep = keeper()
    source = read(table, None if schema is None else read_schema(schema))
    check_informative(source)
    parent = parent_of(table, source.digest, origin, keep)
    options = key_values(option or [], "--option")
    privacy = None if private is None else private.privacy
    recipe = synthesizers.Recipe(maker, rows, options, privacy)
    recipe.check(source)
    if private is not None:
        private.check_source(keep, source.fingerprint)
    with progress() as report:
        candidate = recipe.make(source, fresh_seed() if seed is None else seed, report)
    candidate = booked(candidate, keep, source.fingerprint)
    text = write_labelled(out, candidate, keep.commit(source.digest), parent)
    if json:
        answer(text.model_dump(mode="json"))
        return
    say(f"  {rows:,} synthetic rows in {out}")
    say(f"  label in {beside}; not audited yet: `privsynth audit` measures what it leaks")
    show_claim(candidate.claim)
    for note in candidate.notes:
        wrapped(note, "  note: ")
    show_aside(candidate.aside)
