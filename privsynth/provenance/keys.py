"""The key that hides what real tables hash to, and the count of audits; outside any release."""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import Audits
from privsynth.statistics import level


def home() -> Path:
    """Return the folder of key and audit count: PRIVSYNTH_HOME, else the user's data folder."""
    if os.environ.get("PRIVSYNTH_HOME"):
        return Path(os.environ["PRIVSYNTH_HOME"])
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "privsynth"


@dataclass(frozen=True)
class Keeper:
    """Keyed digests, and the count of audits by source, under one folder."""

    folder: Path
    key: bytes

    def commit(self, text: str) -> str:
        """Return HMAC-SHA-256 of ``text`` under the key, as ``hmac-sha256:…``.

        A plain hash of a small real table, or of a seed, can be guessed and confirmed by anybody;
        a keyed one only by whoever holds the key.
        """
        return "hmac-sha256:" + hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()

    def count(self, source_digest: str, synthetic_digest: str) -> Audits:
        """Return which audit of this source it is, and the level of its bounds; remember it.

        The k-th *different* synthetic table audited against one source gets one-sided level
        0.05·6 / (π²·k²), so that all audits together keep 5 % (gate-statistics 7). Auditing the
        same table again gives the same k. Counted before scoring: an audit that was looked at and
        then stopped has been looked at.
        """
        path = self.folder / "audits.json"
        source, table = self.commit(f"source {source_digest}"), self.commit(synthetic_digest)
        with kept(self.folder), locked(self.folder):
            known = _read_count(path)
            tables = known.setdefault(source, [])
            if table not in tables:
                tables.append(table)
                write_own(path, json.dumps(known, indent=1, sort_keys=True).encode())
            number = tables.index(table) + 1
        return Audits(number=number, alpha=level(number))


def _read_count(path: Path) -> dict[str, list[str]]:
    """Return the digests of the audited tables by source, none where nothing was audited yet."""
    if not path.exists():
        return {}
    try:
        known = TypeAdapter(dict[str, list[str]]).validate_json(path.read_bytes(), strict=True)
    except ValidationError:
        raise IntegrityError(
            f"{path} is damaged; restore it from a backup: without it the number of audits of a "
            "source is unknown"
        ) from None
    return known


def keeper(folder: Path | None = None) -> Keeper:
    """Return the keeper in ``folder`` (default: ``home()``), making its key on first use."""
    folder = folder or home()
    with kept(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(folder):
            path = folder / "key"
            if not path.exists():
                write_own(path, secrets.token_hex(32).encode())
            text = path.read_bytes().strip()
    if not re.fullmatch(rb"[0-9a-f]{64}", text):
        raise IntegrityError(
            f"{folder / 'key'} is damaged: it must hold 64 hexadecimal digits; restore it from a "
            "backup, or nothing here can be matched with earlier releases"
        )
    return Keeper(folder, bytes.fromhex(text.decode()))


def write_own(path: Path, data: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Turn what goes wrong with the folder into words that say what to do."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: the key and the count of audits cannot be kept there "
            f"({type(error).__name__}); set PRIVSYNTH_HOME to a folder that can be written"
        ) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: one process at a time reads and writes there."""
    with (folder / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
