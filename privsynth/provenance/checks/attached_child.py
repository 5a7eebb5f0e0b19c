"""The program that reads what is attached to a PDF: a job by stdin, an answer in JSON by stdout.

It is started by its path, imports nothing of this package, and is bounded in memory and time: a
PDF from elsewhere may unpack to anything. ``attachments`` is the other end.
"""

import hashlib
import json
import os
import resource
import sys
import zlib
from collections.abc import Iterator
from typing import Any

MOST = 100
"""Attachments that are looked at."""
DEEPEST = 50
PIECE = 1 << 16


class Odd(Exception):
    """What is not as in a report of ours; the text quotes nothing of the file."""


def main() -> None:
    """Answer with the digest of every attachment by name, or with what is odd."""
    job = json.loads(sys.stdin.readline())
    bound(resource.RLIMIT_AS, job["megabytes"] << 20)
    bound(resource.RLIMIT_CPU, job["seconds"])
    bound(resource.RLIMIT_FSIZE, 0)  # it writes no file
    bound(resource.RLIMIT_CORE, 0)
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries print there
    try:
        told: dict[str, str] | str = attached(job["path"], job["sizes"])
    except Odd as error:
        told = str(error)
    except (MemoryError, RecursionError):
        told = "needs more memory to be read than a report does"
    except Exception as error:  # its message may quote the file
        told = f"cannot be read as a PDF ({type(error).__name__})"
    json.dump(told, answer)
    answer.flush()
    os._exit(0)


def attached(path: str, sizes: dict[str, int]) -> dict[str, str]:
    """Return SHA-256 by name of every file in a PDF, or a sentence in brackets where it has none.

    ``sizes`` are the bytes that each may unpack to; a file of another name is not unpacked.
    """
    import pikepdf

    try:
        document = pikepdf.open(path, attempt_recovery=False)
    except pikepdf.PasswordError:
        raise Odd("is encrypted, so nothing in it can be compared") from None
    except pikepdf.PdfError:
        raise Odd("is no PDF, or a damaged one") from None
    if document.is_encrypted:
        raise Odd("is encrypted, so nothing in it can be compared")
    found: dict[str, str] = {}
    shown = {key: one.obj.objgen for key, one in document.attachments.items()}
    read: set[tuple[int, int]] = set()
    for spec in specifications(document, pikepdf):
        names = [str(spec[key]) for key in ("/UF", "/F", "/Unix", "/DOS", "/Mac") if key in spec]
        names += [key for key, one in shown.items() if one == spec.objgen]
        streams = list(spec["/EF"].values()) if isinstance(spec["/EF"], pikepdf.Dictionary) else []
        ids = {one.objgen for one in streams if isinstance(one, pikepdf.Stream)}
        name = names[0] if names else ""
        same = set(names) <= {name, name.encode().decode("pdfdoc", "replace")}
        if not name or not same or len(ids) != 1 or len({one.objgen for one in streams}) != 1:
            raise Odd("holds an attachment under several names, or several under one")
        if spec.objgen not in shown.values():
            raise Odd("holds an attachment that it does not list")
        if name in found or read & ids:
            raise Odd("holds two attachments of one name, or one under two names")
        if len(found) >= MOST:
            raise Odd(f"holds more than {MOST} attachments; a report holds fewer than ten")
        read |= ids
        found[name] = digest(streams[0], sizes.get(name), pikepdf)
    if len(shown) != len(found):
        raise Odd("lists other attachments than it holds")
    if document.get_warnings():
        raise Odd("is damaged: readers differ in what they make of it")
    return found


def specifications(document: Any, pikepdf: Any) -> Iterator[Any]:
    """Yield every file specification with a file in it, wherever in the document it hangs."""
    for whole in document.objects:
        waiting = [(whole, 0)]
        while waiting:
            one, depth = waiting.pop()
            if depth > DEEPEST:
                raise Odd("is nested deeper than any report")
            if isinstance(one, pikepdf.Stream):
                if one.get("/Type") == "/EmbeddedFile" and "/F" in one.stream_dict:
                    raise Odd("refers to a file outside of it")
                kids: Any = one.stream_dict.values()
            elif isinstance(one, pikepdf.Dictionary):
                if "/EF" in one:
                    yield one
                kids = one.values()
            elif isinstance(one, pikepdf.Array):
                kids = one
            else:
                continue
            waiting += [(kid, depth + 1) for kid in kids if nested(kid, pikepdf)]


def nested(kid: Any, pikepdf: Any) -> bool:
    """Return whether something stands inside another object, not by itself in the document."""
    return isinstance(kid, pikepdf.Dictionary | pikepdf.Array) and not kid.is_indirect


def digest(stream: Any, size: int | None, pikepdf: Any) -> str:
    """Return the SHA-256 of an attachment, unpacked a piece at a time and to ``size`` at most."""
    if size is None:
        return "(not unpacked)"
    how = stream.get("/Filter", None)
    if isinstance(how, pikepdf.Array) and len(how) == 1:
        how = how[0]
    if how not in (None, "/FlateDecode") or "/DecodeParms" in stream or "/F" in stream.stream_dict:
        return "(is packed in a way that no report is)"
    raw, state, length = stream.read_raw_bytes(), hashlib.sha256(), 0
    if how is None or not raw:
        return str(hashlib.sha256(raw).hexdigest())
    inflate = zlib.decompressobj()
    try:
        while True:
            piece = inflate.decompress(raw, PIECE)
            raw = inflate.unconsumed_tail
            length += len(piece)
            state.update(piece)
            if length > size:
                return "(unpacks to more than the file beside it; the rest was not unpacked)"
            if inflate.eof or not (piece or raw):
                break
    except zlib.error:
        return "(cannot be unpacked)"
    if not inflate.eof or inflate.unused_data.strip():
        return "(is cut off, or more follows where it ends)"
    return state.hexdigest()


def bound(what: int, size: int) -> None:
    """Lower a limit of this process where the system can."""
    hard = resource.getrlimit(what)[1]
    try:
        resource.setrlimit(
            what, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard)
        )
    except (OSError, ValueError):  # macOS bounds no address space
        return


if __name__ == "__main__":
    main()
