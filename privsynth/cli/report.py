"""``privsynth report``: evidence and verdict as PDF and HTML."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from privsynth.cli._common import (
    Force,
    Json,
    answer,
    check_outputs,
    progress,
    rules_file,
    say,
)

Edition = Literal["recipient", "restricted"]


def report(
    evidence: Annotated[Path, typer.Argument(help="evidence.json of an audit or a release.")],
    out: Annotated[Path, typer.Option(help="Where to write the PDF.")] = Path("report.pdf"),
    verdict: Annotated[Path | None, typer.Option(help="verdict.json of the gate.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write an HTML edition.")] = None,
    edition: Annotated[
        Edition,
        typer.Option(help="restricted: exact values, all groups; it must not leave the house."),
    ] = "recipient",
    policy: Annotated[
        str | None,
        typer.Option(help="The verdict's policy, where it is not the registered one."),
    ] = None,
    label: Annotated[
        Path | None, typer.Option(help="The table's label.json, to be attached.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="evidence.json of an earlier release: adds what moved.")
    ] = None,
    details: Annotated[
        Path | None,
        typer.Option(help="YAML of what people state: organisation, logo, scope, sign-off."),
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Folder of templates that stand in for ours.")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Render the report; it prints what the evidence holds and computes nothing."""
    from privsynth.evidence import read_bundle, read_model, to_json
    from privsynth.policy import Verdict, from_document, load_policy
    from privsynth.provenance import Label
    from privsynth.report import Report, Stated, read_details, record, render
    from privsynth.report.changes import changes
    from privsynth.run import now

    inputs = (evidence, verdict, details, label, compare, rules_file(policy or "preset:"))
    check_outputs(force, out, html, inputs=inputs)
    bundle = read_bundle(evidence)
    decided = None if verdict is None else read_model(Verdict, verdict, "verdict")
    registered = bundle.policy.document
    rules = (
        load_policy(policy)
        if policy
        else from_document(registered, f"{evidence}: policy")
        if registered
        else None
    )
    shown = record(bundle, decided, rules, edition)
    if label is not None:
        shown.files[label.name] = to_json(read_model(Label, label, "label")).encode()
    stated = Stated() if details is None else read_details(details)
    moved = None if compare is None else changes(shown.bundle, read_bundle(compare))
    made = Report(
        shown.bundle, decided, now(), shown.files, edition, shown.cell,
        stated.details, stated.logo, moved, templates,
        signatures={} if rules is None else rules.signatures,
    )  # fmt: skip
    with progress() as tell:
        render(made, pdf=out, html=html, progress=tell)
    if json:
        answer({"pdf": str(out), "html": None if html is None else str(html)})
    else:
        say(f"  report in {out}" + ("" if html is None else f" and {html}"))
