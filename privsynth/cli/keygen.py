"""``privsynth keygen``: a key pair to sign with."""

from pathlib import Path
from typing import Annotated

import typer

from privsynth.cli._common import Json, answer, say


def keygen(
    out: Annotated[Path, typer.Option(help="Where to write the private key; OUT.pub is public.")],
    json: Json = False,
) -> None:
    """Make an ed25519 key pair; the private key is encrypted and never overwrites a file.

    The passphrase comes from PRIVSYNTH_PASSPHRASE, else from a prompt.
    """
    from privsynth.provenance.attest import keygen as make
    from privsynth.provenance.attest import passphrase
    from privsynth.provenance.attest.keys import check_new

    check_new(out)
    key_id = make(out, passphrase(out, new=True)).key_id
    beside = out.with_name(f"{out.name}.pub")
    if json:
        answer({"key": str(out), "public": str(beside), "key_id": key_id})
        return
    say(f"  private key  {out}: keep it and its passphrase; neither can be recovered")
    say(f"  public key   {beside}: give it to whoever verifies")
    say(f"  key id       {key_id}")
