"""``privsynth sign``: stand behind a finished release with a key."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from privsynth.cli._common import Json, answer, say

Role = Literal["builder", "reviewer", "owner"]
Key = Annotated[Path, typer.Option(help="A private key of `privsynth keygen`.")]


def sign(
    release: Annotated[Path, typer.Argument(help="The release folder, or its release/ part.")],
    key: Key,
    role: Annotated[
        Role, typer.Option(help="builder: states making, tests and decision; others stand by it.")
    ],
    seal_pdf: Annotated[
        Path | None,
        typer.Option(metavar="CERT.P12", help="Also seal the PDF; needs the extra `seal`."),
    ] = None,
    json: Json = False,
) -> None:
    """Verify the folder, then add signed statements about every file in it.

    The first to sign may also put a seal into the PDF, which viewers show; its passphrase comes
    from PRIVSYNTH_SEAL_PASSPHRASE, else from a prompt.

    Exit code 0: signed. 2: input error. 3: the folder is not intact; nothing was signed.
    """
    from privsynth.provenance.attest import ATTESTATIONS, load_private, passphrase
    from privsynth.provenance.attest.folder import travelling
    from privsynth.provenance.attest.sealing import VARIABLE
    from privsynth.provenance.attest.sealing import seal_pdf as seal
    from privsynth.provenance.attest.signing import sign as add
    from privsynth.run import now

    folder = travelling(release)
    private, sealer = load_private(key, passphrase(key)), None
    if seal_pdf is not None:
        secret = passphrase(seal_pdf, variable=VARIABLE)
        sealer = partial(seal, certificate=seal_pdf, secret=secret)
    by = add(folder, private, role, now(), sealer)
    if json:
        answer({"signer": by.model_dump(mode="json"), "file": str(folder / ATTESTATIONS)})
        return
    say(f"  signed as {by.role} in {folder / ATTESTATIONS}")
    say(f"  key id {by.key_id}; the time, {by.time}, is self-declared")
