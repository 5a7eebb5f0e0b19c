"""``privsynth label``: the history of a table that was made elsewhere, or joined."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from privsynth.cli._common import Json, answer, say, wrapped

SEEDS = {
    "private": "seeded, seed kept private",
    "published": "seeded, seed published",
    "entropy": "operating-system entropy",
}


def label(
    table: Annotated[Path, typer.Argument(help="The table to label.")],
    origin: Annotated[
        Literal["human", "synthetic", "mixed", "unknown"] | None,
        typer.Option(help="Of its rows; nothing said is unknown, which blocks a release."),
    ] = None,
    generator: Annotated[str, typer.Option(help="What made it.")] = "",
    generator_version: Annotated[str, typer.Option(help="In which version.")] = "",
    option: Annotated[
        list[str] | None, typer.Option(help="Setting of the generator, key=value; repeatable.")
    ] = None,
    seed_policy: Annotated[
        Literal["private", "published", "entropy"] | None,
        typer.Option(help="A seed that is kept private or published, or none at all."),
    ] = None,
    dp_statement: Annotated[
        Path | None, typer.Option(help="What its maker claims, as for `privsynth dp-lint`.")
    ] = None,
    parent: Annotated[
        list[Path] | None,
        typer.Option(help="A table that it was trained on or derived from; repeatable."),
    ] = None,
    joined_from: Annotated[
        list[Path] | None,
        typer.Option(help="A table that it was joined from; repeatable. Gives the origin."),
    ] = None,
    filter_: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            help="'name, rows_in=120, rows_out=100, touches_real_data=no, key=value'; repeatable, "
            "in their order.",
        ),
    ] = None,
    generation_depth: Annotated[
        int | None, typer.Option(min=0, help="0: human, 1: trained on human, 2: on that.")
    ] = None,
    real_fraction: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of rows that are people's records.")
    ] = None,
    review: Annotated[
        list[str] | None, typer.Option(help="Where a person's review stands; repeatable.")
    ] = None,
    licence: Annotated[
        list[str] | None, typer.Option(help="Licence of the table, best as a URL; repeatable.")
    ] = None,
    note: Annotated[str, typer.Option(help="A sentence of your own; it travels.")] = "",
    schema: Annotated[Path | None, typer.Option(help="Kinds of the columns.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Elsewhere than beside the table, where tools look for it.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a label that says something else.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the label of a table, or refuse what cannot be true of it.

    Digests of a table that may hold people's records are keyed. No cell is written.
    """
    from privsynth.cli._common import key_values
    from privsynth.errors import InputError
    from privsynth.evidence import to_json
    from privsynth.privacy import NoClaim
    from privsynth.privacy.lint import read_statement
    from privsynth.provenance import keeper, release_problem
    from privsynth.provenance.label import label_path
    from privsynth.provenance.labelling import Said, label_for, read_filter
    from privsynth.tables import read, read_schema, write_bytes

    keep = keeper()
    said = Said(
        origin=origin,
        generator=generator,
        generator_version=generator_version,
        options=dict(key_values(option or [], "--option")),
        seed_policy=SEEDS.get(seed_policy or "", "not stated"),  # type: ignore[arg-type]
        filters=None if filter_ is None else tuple(map(read_filter, filter_)),
        parents=tuple(parent or ()),
        parts=tuple(joined_from or ()),
        generation_depth=generation_depth,
        real_fraction=real_fraction,
        human_review=tuple(review or ()),
        licences=tuple(licence or ()),
        claim=NoClaim() if dp_statement is None else read_statement(dp_statement),
        note=note,
    )
    found = None if schema is None else read_schema(schema)
    rows = read(table, found, role="synthetic" if origin == "synthetic" else "real")
    made = label_for(table, rows, said, keep)
    path, data = out or label_path(table), to_json(made).encode()
    if path.exists() and path.read_bytes() != data and not force:
        raise InputError(
            f"{path} exists already and says something else; read it, and replace it with --force"
        )
    if path.resolve() in {one.resolve() for one in (table, *said.parents, *said.parts)}:
        raise InputError(f"{path} is read by this command; name another output file")
    write_bytes(path, data)
    problem = release_problem(made)
    if json:
        answer({"label": made.model_dump(mode="json"), "blocks_release": problem})
        return
    depth = "unknown" if made.generation_depth is None else made.generation_depth
    say(f"  {table.name}: {made.origin}, generation depth {depth}; label in {path}")
    if problem:
        wrapped(problem, "  blocks a release: ", "yellow")
