"""A logo that somebody gave us, drawn anew: nothing hidden in its file reaches a report."""

import io
import warnings
from pathlib import Path
from typing import Any

from privsynth.errors import InputError

MAX_BYTES = 2_000_000
MAX_PIXELS = 25_000_000
SIDE = 1200
"""Pixels of the longer side at most: 25 mm at 1,200 dots per inch."""


def read_logo(folder: Path, name: str, where: str) -> bytes:
    """Return the PNG or JPEG file ``name`` below ``folder`` as PNG bytes, on white.

    It is drawn anew, so that its metadata (position, thumbnail, author) stays behind. Raises
    ``InputError`` for a file elsewhere, for another format and for one that is too large.
    """
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise InputError(f"{where}: {name!r} is not in the folder of the details file")
        if not path.is_file():
            raise InputError(f"{where}: {name!r} does not exist")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError):
        raise InputError(f"{where}: {name!r} cannot be read") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{where}: {name!r} is larger than {MAX_BYTES:,} bytes")
    try:
        return _drawn(data)
    except _TooLarge:
        raise InputError(f"{where}: {name!r} has more than {MAX_PIXELS:,} pixels") from None
    except Exception:  # a damaged image can raise anything
        raise InputError(f"{where}: {name!r} is no PNG or JPEG file that can be read") from None


class _TooLarge(Exception):
    pass


def _drawn(data: bytes) -> bytes:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as found:
                if found.width * found.height > MAX_PIXELS:
                    raise _TooLarge
                image: Any = found.convert("RGBA")
        except Image.DecompressionBombError:
            raise _TooLarge from None
        image.thumbnail((SIDE, SIDE))
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(image, mask=image.getchannel("A"))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
