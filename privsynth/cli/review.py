"""``privsynth review``: a person's decision into the record."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from privsynth.cli._common import EXIT, WORDS, Json, answer, progress, say
from privsynth.cli.sign import Key

Decision = Literal["approve", "reject"]


def review(
    release: Annotated[Path, typer.Argument(help="The release folder, or its release/ part.")],
    key: Key,
    name: Annotated[str, typer.Option(help="Who decides.")],
    role: Annotated[str, typer.Option(help="As what, such as 'data protection officer'.")],
    decision: Annotated[Decision, typer.Option(help="What was decided.")],
    looked_at: Annotated[
        list[str], typer.Option(help="What the decision rests on; repeatable, at least one.")
    ],
    condition: Annotated[
        list[str] | None, typer.Option(help="Under which the decision stands; repeatable.")
    ] = None,
    next_review: Annotated[
        str | None, typer.Option(metavar="DATE", help="When to look again, such as 2027-11-20.")
    ] = None,
    details: Annotated[
        Path | None,
        typer.Option(help="The YAML of the first report; else what private/config.yaml names."),
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="The templates of the first report, likewise.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take away signatures that the review would break.")
    ] = False,
    json: Json = False,
) -> None:
    """Sign a decision, print it on the report's sign-off page and list it in the manifest.

    Signs evidence, verdict, policy, waivers, table and label. Do it before `privsynth sign`. Exit
    code 0: recorded, whatever was decided. 2: input error. 3: the folder is not intact.
    """
    from privsynth.evidence import read_model
    from privsynth.policy import Verdict
    from privsynth.provenance.attest import ATTESTATIONS, load_private, passphrase
    from privsynth.provenance.attest.folder import travelling
    from privsynth.provenance.attest.reviewing import review as add
    from privsynth.provenance.rerender import rerender
    from privsynth.report import Stated, read_details
    from privsynth.run import now

    folder = travelling(release)
    details, templates = (
        given or _configured(folder, entry)
        for given, entry in ((details, "details"), (templates, "templates"))
    )
    stated = Stated() if details is None else read_details(details)
    signed = (folder / ATTESTATIONS).exists()
    said = {
        "name": name, "role": role, "decision": decision, "looked_at": looked_at,
        "conditions": condition or [], "next_review": next_review,
    }  # fmt: skip
    secret = load_private(key, passphrase(key))
    with progress() as tell:
        made = add(
            folder, secret, said, now(),
            lambda stage: rerender(stage, stated, templates, tell), force=force,
        )  # fmt: skip
    if json:
        answer({"review": made.model_dump(mode="json"), "signatures_dropped": signed})
        return
    say(f"  {made.name}, {made.role}: {made.decision}; printed in {folder / 'report.pdf'}")
    gate = read_model(Verdict, folder / "verdict.json", "verdict").status
    if EXIT.get(gate, 0) and made.decision == "approve":
        say(f"  the gate says {WORDS[gate]}, and a review does not change that")
    if signed:
        say("  the signatures were taken away, since the report changed: everybody signs again")


def _configured(folder: Path, entry: str) -> Path | None:
    """Return a file that the run of a release used, where its private part is beside it."""
    from privsynth.tables.yaml_file import load_yaml

    config = folder.resolve().parent / "private" / "config.yaml"
    found: Any = load_yaml(config, "configuration").get(entry) if config.is_file() else None
    return None if found is None else Path(str(found))
