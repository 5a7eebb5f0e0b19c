"""What the bytes of the PDF depend on beside the report itself."""

import ctypes
import hashlib
import zlib
from importlib.metadata import PackageNotFoundError, version

from privsynth.report.text import FONTS, font_folder

PACKAGES = ("weasyprint", "pydyf", "fonttools", "tinycss2", "jinja2", "matplotlib", "pillow")
LIBRARIES = {
    "pango": (("libpango-1.0.so.0", "libpango-1.0.dylib"), "pango_version_string"),
    "harfbuzz": (("libharfbuzz.so.0", "libharfbuzz.0.dylib"), "hb_version_string"),
    "harfbuzz-subset": (("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib"), ""),
}
MISSING = "not found"


def versions() -> dict[str, str]:
    """Return versions of packages and system libraries, and SHA-256 digests of the fonts.

    The same report with the same of these gives the same bytes.
    """
    found = {name: _package(name) for name in PACKAGES}
    found |= {name: _library(*how) for name, how in LIBRARIES.items()}
    found["zlib"] = zlib.ZLIB_RUNTIME_VERSION
    for name in FONTS:
        found[name] = "sha256:" + hashlib.sha256((font_folder() / name).read_bytes()).hexdigest()
    return found


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def _library(names: tuple[str, ...], function: str) -> str:
    """Return what a library says of its version, "found" where it has no such function."""
    for name in names:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        if not function:
            return "found"
        asked = getattr(library, function)
        asked.restype = ctypes.c_char_p
        return str(asked().decode("ascii"))
    return MISSING
