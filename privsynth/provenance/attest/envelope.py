"""DSSE envelopes: signed and verified by securesystemslib, read so that no flipped bit passes.

Source: https://github.com/secure-systems-lab/dsse, protocol and envelope version 1.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privsynth.errors import IntegrityError
from privsynth.provenance.attest.keys import Public

PAYLOAD_TYPE = "application/vnd.in-toto+json"
ENTRIES = {"payload", "payloadType", "signatures"}


@dataclass(frozen=True)
class Envelope:
    """A payload and its signatures, by key id."""

    payload: bytes
    signatures: dict[str, bytes]

    def signed_by(self, key: Public) -> bool:
        """Return whether the signature that names this key is the key's, of this payload."""
        from securesystemslib.dsse import Envelope as Dsse
        from securesystemslib.exceptions import VerificationError
        from securesystemslib.signer import Signature  # type: ignore[attr-defined]

        found = {name: Signature(name, sig.hex()) for name, sig in self.signatures.items()}
        try:
            Dsse(self.payload, PAYLOAD_TYPE, found).verify([_known(key)], 1)
        except VerificationError:
            return False
        return True


def canonical(document: Any) -> bytes:
    """Return the one way to write a JSON document here: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def seal(document: Any, *keys: Ed25519PrivateKey) -> bytes:
    """Return the envelope of a document under the signatures of ``keys``, one line without end."""
    from securesystemslib.dsse import Envelope as Dsse
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

    made = Dsse(canonical(document), PAYLOAD_TYPE, {})
    for key in keys:
        made.sign(CryptoSigner(key, _known(Public(key.public_key()))))
    return canonical(made.to_dict())


def read_envelope(line: bytes) -> Envelope:
    """Return what one line holds; ``IntegrityError`` says in which way it is no such envelope."""
    raw = _json(line, "the envelope")
    if not isinstance(raw, dict) or set(raw) != ENTRIES:
        raise IntegrityError("the envelope has other entries than payload, payloadType, signatures")
    if raw["payloadType"] != PAYLOAD_TYPE:
        raise IntegrityError(f"the envelope holds another type of payload than {PAYLOAD_TYPE}")
    payload = _decoded(raw["payload"], "payload")
    signatures: dict[str, bytes] = {}
    if not isinstance(raw["signatures"], list) or not raw["signatures"]:
        raise IntegrityError("the envelope has no signature")
    for one in raw["signatures"]:
        if not isinstance(one, dict) or set(one) != {"keyid", "sig"}:
            raise IntegrityError("a signature has other entries than keyid and sig")
        if not isinstance(one["keyid"], str):
            raise IntegrityError("a signature names no key")
        if one["keyid"] in signatures:
            raise IntegrityError("two signatures name the same key")
        signatures[one["keyid"]] = _decoded(one["sig"], "signature")
    if canonical(raw) != line:
        raise IntegrityError("the envelope is not written the canonical way: it was altered")
    return Envelope(payload, signatures)


def read_payload(envelope: Envelope) -> Any:
    """Return the document in an envelope; ``IntegrityError`` unless it is canonical JSON."""
    found = _json(envelope.payload, "the payload")
    if canonical(found) != envelope.payload:
        raise IntegrityError("the payload is not written the canonical way")
    return found


def _json(data: bytes, what: str) -> Any:
    try:
        found = json.loads(data.decode("utf-8"))
        canonical(found)  # not a lone surrogate, not NaN
    except (ValueError, RecursionError):
        raise IntegrityError(f"{what} is not JSON; it is damaged or cut off") from None
    return found


def _decoded(text: Any, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
        same = base64.b64encode(data).decode() == text
    except (binascii.Error, TypeError, ValueError):
        same = False
    if not same:
        raise IntegrityError(f"the {what} is not base64 in its one way to be written")
    return data


def _known(key: Public) -> Any:
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

    return SSlibKey.from_crypto(key.key, key.key_id)
