"""``privsynth audit``: attacks and measures on a table made anywhere."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import (
    Force,
    Json,
    MaxMemory,
    Seed,
    answer,
    check_outputs,
    progress,
    rules_file,
    say,
    show_columns,
    show_earlier,
    wrapped,
)

LONG = 60
"""Seconds from which the length of an audit is told before it begins."""


def audit(
    train: Annotated[Path, typer.Option(help="The real table the generator learnt from.")],
    synthetic: Annotated[
        list[Path], typer.Option(help="The synthetic table; several are audited as one release.")
    ],
    out: Annotated[Path, typer.Option(help="Where to write the full evidence.")] = Path(
        "evidence.json"
    ),
    holdout: Annotated[
        Path | None, typer.Option(help="Real rows of the same source, never trained on.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Further real rows for the attacker; else half of the holdout."),
    ] = None,
    schema: Annotated[Path | None, typer.Option(help="Kinds and domains of the columns.")] = None,
    claim: Annotated[
        Path | None, typer.Option(help="What the maker states of its privacy (`dp-lint`).")
    ] = None,
    dp_audit: Annotated[
        Path | None, typer.Option(help="What `dp-audit` found of the generator, for the report.")
    ] = None,
    policy: Annotated[
        str, typer.Option(help="Policy file or preset:NAME, registered before scoring.")
    ] = "preset:internal",
    name: Annotated[str, typer.Option(help="What the report calls this release.")] = "",
    also: Annotated[
        list[Path] | None,
        typer.Option(
            help="A table of this source released before: the attacker holds all of them."
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Only the fast attacks: finds gross leaks, never passes."),
    ] = False,
    exposed_records: Annotated[
        Path | None,
        typer.Option(help="Also list the members found most surely: PERSONAL DATA, keep private."),
    ] = None,
    max_memory: MaxMemory = None,
    seed: Seed = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Measure what a synthetic table leaks about the people in the training table.

    Writes the full evidence, which stays in the house; `privsynth gate` decides on it, rounded
    outward and without small counts, as it may travel.
    """
    from privsynth.audit import Request, check_also, check_memory, foretell, in_bytes, rows_of
    from privsynth.audit import audit as measure
    from privsynth.audit.checks import check_tables
    from privsynth.audit.mechanism import read_audit
    from privsynth.errors import InputError
    from privsynth.evidence import to_json
    from privsynth.policy import load_policy
    from privsynth.provenance import (
        before,
        check_private,
        counted,
        keeper,
        origin,
        read_also,
        spent,
        write_exposed,
    )
    from privsynth.randomness import fresh_seed
    from privsynth.tables import read, read_schema, stack, widen, write_bytes

    files = (train, *synthetic, *(also or ()), holdout, reference, schema, claim, dp_audit)
    check_outputs(force, out, exposed_records, inputs=(*files, rules_file(policy)))
    if exposed_records is not None:
        check_private(exposed_records)
        if holdout is None:
            raise InputError("--exposed-records without --holdout: no attack can be counted")
    rules = load_policy(policy)
    real = read(train, None if schema is None else read_schema(schema), name="train")
    if schema is None and (wider := widen(real.schema, synthetic)) != real.schema:
        real = read(train, wider, name="train")
    others = {
        role: None if path is None else read(path, real.schema, name=role)
        for role, path in (("holdout", holdout), ("reference", reference))
    }
    if reference is not None and holdout is None:
        raise InputError("--reference without --holdout: give the holdout, the attacks count on it")
    released = stack([read(p, real.schema, role="synthetic", name=p.name) for p in synthetic])
    keep = keeper()
    facts, found = origin(synthetic, keep.commit(real.digest), claim)
    # A refusal is no audit: whatever can be refused is, before it is counted.
    check_tables(real, released, others["holdout"], others["reference"])
    joined = read_also(also or (), real.schema, real.digest, keep)
    check_also(released, joined, has_holdout=holdout is not None)
    earlier = before(keep, real, released)
    allowed = in_bytes(max_memory)
    held = range(len(released) + rows_of(joined))
    tables = (real, held, others["holdout"], others["reference"])
    effort = foretell(tables, len(real.schema.read), rules.limits, quick=quick)
    check_memory(effort, allowed)
    if effort.seconds > LONG:
        say(
            f"  {effort.pairs:,} pairs of records to compare: {effort.seconds / 60:.0f} min or less"
        )
    request = Request(
        train=real,
        synthetic=released,
        holdout=others["holdout"],
        reference=others["reference"],
        seed=fresh_seed() if seed is None else seed,
        commit=keep.commit,
        name=name or synthetic[0].name.partition(".")[0],
        generator=facts,
        claim=found,
        mechanism_audit=None if dp_audit is None else read_audit(dp_audit, facts.synthesizer),
        policy=rules.registration(),
        limits=rules.limits,
        audits=counted(keep, keep.count(real.fingerprint, released.fingerprint), earlier, joined),
        also=joined,
        max_memory=allowed,
        quick=quick,
        tell_exposed=None if exposed_records is None else partial(write_exposed, exposed_records),
    )
    with progress() as report:
        bundle = measure(request, report)
    write_bytes(out, to_json(bundle).encode())
    if json:
        answer(bundle.model_dump(mode="json", exclude_none=True))
        return
    show_columns(bundle.columns, inferred=schema is None)
    for key, entry in bundle.headline.items():
        e = entry.estimate
        say(f"  worst {key:<16} {e.value:.3f}  ({e.low:.3f} to {e.high:.3f})  {entry.attack}")
    for key, control in bundle.controls.items():
        wrapped(f"{control.status}: {control.message}", f"  control {key.replace('_', ' '):<15} ")
    for note in bundle.warnings:
        wrapped(note, "  note: ")
    show_earlier(earlier, spent(keep, real.fingerprint))
    if exposed_records is not None:
        say(f"  PERSONAL DATA in {exposed_records}: the members found most surely; keep it private")
    say(f"  full evidence in {out}, which stays in the house; decide with")
    say(f"  `privsynth gate {out} --policy {policy}`")
