"""``privsynth sweep``: usefulness and worst attack over epsilon."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import (
    Delta,
    Json,
    LearnDomain,
    Neighbours,
    ProtectedUnit,
    RowsPerEntity,
    SourceEpsilon,
    SourceOrigin,
    answer,
    progress,
    say,
    spending,
    wrapped,
)


def sweep(
    table: Annotated[Path, typer.Argument(help="The table to learn from.")],
    epsilon: Annotated[str, typer.Option(help="Epsilons with commas; each is paid for.")],
    out: Annotated[Path, typer.Option(help="The folder for tables, evidence and curve.")],
    synthesizer: Annotated[str, typer.Option(help="tan, mst or vae.")] = "tan",
    schema: Annotated[Path | None, typer.Option(help="Kinds and domains of the columns.")] = None,
    policy: Annotated[
        str, typer.Option(help="Policy file or preset:NAME, registered before scoring.")
    ] = "preset:internal",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the synthesizer, key=value; repeatable.")
    ] = None,
    delta: Delta = 1e-5,
    unit: ProtectedUnit = "row",
    rows_per_entity: RowsPerEntity = 1,
    neighbours: Neighbours = "add_remove",
    learn_domain: LearnDomain = False,
    source_epsilon: SourceEpsilon = None,
    origin: SourceOrigin = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only fast attacks, and no model trained on the table.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a private table at each epsilon, measure and attack all, and draw the curve.

    The epsilons add up: every point is a private fit of the same rows.
    """
    from privsynth import synthesizers
    from privsynth.cli._common import key_values
    from privsynth.errors import InputError
    from privsynth.provenance import keeper, parent_of
    from privsynth.registry import choose
    from privsynth.report.sweep import row
    from privsynth.run.sweep import Plan
    from privsynth.run.sweep import sweep as run_sweep
    from privsynth.tables import check_informative, read, read_schema

    try:
        wanted = tuple(sorted({float(text) for text in epsilon.split(",")}))
    except ValueError:
        raise InputError("--epsilon takes numbers with commas between them, as 0.5,1,3") from None
    plans = [
        spending(
            one, delta=delta, unit=unit, rows_per_entity=rows_per_entity, neighbours=neighbours,
            learn_domain=learn_domain, source_epsilon=source_epsilon,
        )
        for one in wanted
    ]  # fmt: skip
    source = read(table, None if schema is None else read_schema(schema))
    check_informative(source)
    keep = keeper()
    parent = parent_of(table, source.digest, origin, keep)
    maker = choose(synthesizers.catalogue(), synthesizer, "synthesizer")
    rows = len(source) // 2
    recipe = synthesizers.Recipe(maker, rows, key_values(option or [], "--option"))
    name = table.name.partition(".")[0]
    plan = Plan(source, recipe, plans[0], wanted, out, name, parent, policy, quick)
    with progress() as report:
        done = run_sweep(plan, keep, report)
    if json:
        answer(done.model_dump(mode="json", exclude_none=True))
        return
    for head, pairs, tstr, auc, tpr in map(row, done.points):
        say(f"  {head}")
        say(f"    pairs of columns, total variation  {pairs}")
        say(f"    trained on it, tested on real      {tstr}")
        say(f"    worst attack, AUC                  {auc}")
        say(f"    worst attack, TPR at 1 % FPR       {tpr}")
    if done.composition is not None:
        say(
            f"  {done.composition.fits} private fits of this source so far: together epsilon "
            f"{done.composition.epsilon:.3f} at delta {done.composition.delta:g}"
        )
    wrapped(done.note, "  note: ")
    say(f"  curve in {out / 'sweep.html'}")
