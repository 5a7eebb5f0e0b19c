"""JSON that this package wrote: there is one way to write a document, so every byte counts."""

import json
from pathlib import Path
from typing import Any

from privsynth.errors import IntegrityError

LARGEST = 1 << 27
"""Bytes that a JSON file of the record may have to be read."""
ESCAPED = frozenset({"policy.json", "run.json"})
"""Files that are written in ASCII."""
NEWEST = 1
"""The schema version of every part of the record that this version reads."""


def read_document(path: Path) -> tuple[Any, str]:
    """Return what a JSON file holds, and "" or what is wrong with how it is written.

    Raises ``IntegrityError`` where nothing can be read from it, or a newer version wrote it.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise IntegrityError(
                f"is larger than {LARGEST >> 20} MiB, so it is no part of a record"
            )
        data = path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"cannot be read ({error.strerror})") from None
    if data.startswith(b"\xef\xbb\xbf"):
        raise IntegrityError("begins with a byte order mark: it was saved by another program")
    try:
        raw = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        whole = written(raw, escaped=path.name in ESCAPED)
    except (ValueError, RecursionError):
        raise IntegrityError("is not JSON; it is damaged or another file") from None
    _check_version(raw)
    if data == whole:
        return raw, ""
    if data.startswith(whole) or data.rstrip() == whole.rstrip():
        return raw, "other bytes follow where it ends, or its last line end is missing"
    return raw, "is not written in the one form of this package: it was altered or saved again"


def written(raw: Any, *, escaped: bool = False) -> bytes:
    """Return the one way to write a document: sorted entries, two spaces, a final line end."""
    text = json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=escaped, allow_nan=False)
    return f"{text}\n".encode()


def kept(raw: Any, again: Any) -> bool:
    """Return whether every entry is there, in its type, after a document was read and written.

    ``again`` may hold more: entries that a newer version knows, at their defaults.
    """
    if isinstance(raw, dict) and isinstance(again, dict):
        return all(key in again and kept(value, again[key]) for key, value in raw.items())
    if isinstance(raw, list) and isinstance(again, list):
        return len(raw) == len(again) and all(map(kept, raw, again))
    return type(raw) is type(again) and bool(raw == again)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise IntegrityError("names an entry twice, so that readers differ in what it says")
    return found


def _no_number(name: str) -> Any:
    raise IntegrityError(f"holds {name}, which is no number")


def _check_version(raw: Any) -> None:
    found = raw.get("schema_version") if isinstance(raw, dict) else None
    if isinstance(found, str) and found.isdecimal() and int(found[:9]) > NEWEST:
        raise IntegrityError(
            f"is of schema version {found[:9]}, and this version of privsynth reads {NEWEST}; "
            "verify it with a newer one"
        )
