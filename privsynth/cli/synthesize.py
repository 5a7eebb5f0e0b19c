"""``privsynth synthesize``: one synthetic table with its label."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import Force, Json, Seed, answer, progress, say


def synthesize(
    table: Annotated[Path, typer.Argument(help="The table to learn from.")],
    rows: Annotated[int, typer.Option(min=1, help="How many synthetic rows.")],
    out: Annotated[Path, typer.Option(help="Where to write: .csv, .csv.gz or .parquet.")],
    synthesizer: Annotated[str, typer.Option(help="See `privsynth list synthesizers`.")] = (
        "gaussian_copula"
    ),
    synth_cmd: Annotated[str | None, typer.Option(help="A program as synthesizer.")] = None,
    schema: Annotated[Path | None, typer.Option(help="Kinds and domains of the columns.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the synthesizer, key=value; repeatable.")
    ] = None,
    seed: Seed = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Make one synthetic table and its label; what it leaks is not known before an audit."""
    from privsynth import synthesizers
    from privsynth.cli._common import key_values
    from privsynth.errors import InputError
    from privsynth.evidence import to_json
    from privsynth.provenance import keeper, label
    from privsynth.randomness import fresh_seed
    from privsynth.registry import choose
    from privsynth.run import generator_facts
    from privsynth.tables import check_informative, read, read_schema, table_bytes, write_bytes

    beside = out.with_name(f"{out.name}.label.json")
    for path in (out, beside):
        if path.exists() and not force:
            raise InputError(
                f"{path} exists already; name another file, or replace it with --force"
            )
    maker = (
        synthesizers.command_synthesizer(synth_cmd)
        if synth_cmd
        else choose(synthesizers.catalogue(), synthesizer, "synthesizer")
    )
    source = read(table, None if schema is None else read_schema(schema))
    check_informative(source)
    options = key_values(option or [], "--option")
    with progress("synthesize") as report:
        candidate = synthesizers.generate(
            maker, source, rows, fresh_seed() if seed is None else seed, options, report
        )
    data = table_bytes(candidate.synthetic, out.name)
    text = label(
        out.name, data, candidate.synthetic, generator_facts(candidate), claim=candidate.claim,
        training_table=keeper().commit(source.digest),
    )  # fmt: skip
    write_bytes(out, data)
    write_bytes(beside, to_json(text).encode())
    if json:
        answer(text.model_dump(mode="json"))
        return
    say(f"  {rows:,} synthetic rows in {out}")
    say(f"  label in {beside}; not audited yet: `privsynth audit` measures what it leaks")
    for note in candidate.notes:
        say(f"  note: {note}")
