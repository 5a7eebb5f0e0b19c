"""Signing keys: ed25519, the private half encrypted, named by the digest of the public one."""

import contextlib
import getpass
import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privsynth.errors import InputError
from privsynth.provenance.manifest import NAME
from privsynth.tables.write import write_bytes

VARIABLE = "PRIVSYNTH_PASSPHRASE"
LARGEST = 65_536
"""Bytes that a file may have to be read as a key."""
LONGEST = 1023
"""Bytes of a passphrase that OpenSSL takes."""


@dataclass(frozen=True)
class Public:
    """The public half of a key, by which everybody checks what its private half signed."""

    key: Ed25519PublicKey

    @property
    def der(self) -> bytes:
        """The key as SubjectPublicKeyInfo."""
        return self.key.public_bytes(pem.Encoding.DER, pem.PublicFormat.SubjectPublicKeyInfo)

    @property
    def key_id(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, 64 hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()


def public_of(der: bytes) -> Public:
    """Return the public key in a SubjectPublicKeyInfo; ``ValueError`` for anything else."""
    try:
        found = pem.load_der_public_key(der)
    except UnsupportedAlgorithm:
        raise ValueError("no ed25519 key") from None
    if not isinstance(found, Ed25519PublicKey) or Public(found).der != der:
        raise ValueError("no ed25519 key in its one encoding")
    return Public(found)


def keygen(path: Path, secret: bytes) -> Public:
    """Write a new key pair, PEM, to ``path`` (mode 0600) and ``path.pub``; return the public half.

    Raises ``InputError`` when one of both files exists, or when they would travel with a release.
    """
    beside = check_new(path)
    key = Ed25519PrivateKey.generate()
    public = Public(key.public_key())
    data = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(secret)
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        write_bytes(
            beside,
            public.key.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo),
        )
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        raise
    return public


def check_new(path: Path) -> Path:
    """Return where the public half of a new key goes; refuse places that it may not take."""
    check_apart(path)
    beside = path.with_name(f"{path.name}.pub")
    for file in (path, beside):
        if os.path.lexists(file):
            raise InputError(f"{file} exists already; a key is never overwritten, name another")
    return beside


def load_private(path: Path, secret: bytes) -> Ed25519PrivateKey:
    """Return the private key in a file; ``InputError`` says why it cannot be used, and no more."""
    data = _read(path)
    check_apart(path)
    if b"-----BEGIN PUBLIC KEY-----" in data:
        raise InputError(f"{path} is a public key; sign with the private one beside it")
    if b"-----BEGIN ENCRYPTED PRIVATE KEY-----" not in data:
        raise InputError(
            f"{path} is no encrypted private key; make one with `privsynth keygen`, which never "
            "writes one without a passphrase"
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InputError(f"{path} may be read by others; take that away with chmod 600")
    try:
        key = pem.load_pem_private_key(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(f"{path}: the passphrase does not open this key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path} is no ed25519 key; make one with `privsynth keygen`")
    return key


def load_public(path: Path) -> Public:
    """Return the public key in a PEM file; ``InputError`` for anything else."""
    data = _read(path)
    if b"PRIVATE KEY-----" in data:
        raise InputError(f"{path} is a private key; name the public one, {path.name}.pub")
    try:
        found = pem.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{path} is no public key in PEM") from None
    if not isinstance(found, Ed25519PublicKey):
        raise InputError(f"{path} is no ed25519 key; make one with `privsynth keygen`")
    return Public(found)


def passphrase(path: Path, *, new: bool = False, variable: str = VARIABLE) -> bytes:
    """Return the passphrase of a key: from the environment, else asked for on the terminal.

    It is taken out of the environment, so that no child of this process inherits it. A new one is
    asked for twice. Raises ``InputError`` when there is none, or nobody to ask.
    """
    given = os.environ.pop(variable, None)
    if given is None:
        if not sys.stdin.isatty():
            raise InputError(f"{path} needs a passphrase; set {variable}, or run it in a terminal")
        with contextlib.suppress(EOFError):
            given = getpass.getpass(f"Passphrase of {path.name}: ", sys.stderr)
            if new and given != getpass.getpass("The same again: ", sys.stderr):
                raise InputError("the two passphrases differ; nothing was written")
    secret = os.fsencode(given or "")
    if not 0 < len(secret) <= LONGEST:
        raise InputError(f"a passphrase has between 1 and {LONGEST} bytes; nothing was done")
    return secret


def check_apart(path: Path) -> None:
    """Refuse a key inside a folder that leaves the house."""
    for folder in path.resolve().parents:
        if folder.name == "release" or (folder / NAME).exists():
            raise InputError(
                f"{path}: {folder} is a folder that leaves the house; keep private keys elsewhere"
            )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"key {path} does not exist") from None
    except OSError as error:
        raise InputError(f"key {path} cannot be read ({error.strerror})") from None
    if len(data) > LARGEST:
        raise InputError(f"{path} is too large for a key")
    return data
