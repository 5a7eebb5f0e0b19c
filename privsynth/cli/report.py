"""``privsynth report``: evidence and verdict as PDF and HTML."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import Force, Json, answer, check_outputs, progress, say


def report(
    evidence: Annotated[Path, typer.Argument(help="evidence.json of an audit.")],
    out: Annotated[Path, typer.Option(help="Where to write the PDF.")] = Path("report.pdf"),
    verdict: Annotated[Path | None, typer.Option(help="verdict.json of the gate.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write an HTML edition.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Render the report; it prints what the evidence holds and computes nothing."""
    from privsynth.errors import IntegrityError
    from privsynth.evidence import read_bundle, read_model
    from privsynth.policy import Verdict, evidence_digest
    from privsynth.report import render
    from privsynth.run import now

    check_outputs(force, out, html, inputs=(evidence, verdict))
    bundle = read_bundle(evidence)
    decided = None if verdict is None else read_model(Verdict, verdict, "verdict")
    if decided is not None and decided.evidence_digest != evidence_digest(bundle):
        raise IntegrityError(f"{verdict} decides on other evidence than {evidence}; run gate again")
    files = {"evidence.json": evidence.read_bytes()}
    if verdict is not None:
        files["verdict.json"] = verdict.read_bytes()
    with progress() as tell:
        render(bundle, decided, pdf=out, html=html, created=now(), attachments=files, progress=tell)
    if json:
        answer({"pdf": str(out), "html": None if html is None else str(html)})
    else:
        say(f"  report in {out}" + ("" if html is None else f" and {html}"))
