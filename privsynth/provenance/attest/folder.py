"""A release folder: found, copied and put back whole, its files listed anew."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from privsynth.errors import InputError
from privsynth.evidence import read_model
from privsynth.provenance.manifest import NAME, Manifest, write_manifest


def travelling(folder: Path) -> Path:
    """Return the folder that travels, given itself or the one that holds it as ``release/``."""
    found = folder / "release" if (folder / "release").is_dir() else folder
    if not (found / NAME).exists():
        raise InputError(f"{folder}: no {NAME} here; name a release folder")
    return found


@contextlib.contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Give a copy of a folder that takes its place at the end, or vanishes on any error."""
    folder = folder.resolve()
    stage = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    try:
        shutil.copytree(folder, stage, symlinks=True)
        yield stage
        folder.rename(old)
        stage.rename(folder)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or "a file cannot be copied"
        raise InputError(f"{folder}: cannot be written ({reason})") from None
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for left in (stage, old):
            shutil.rmtree(left, ignore_errors=True)


def list_again(folder: Path) -> None:
    """Write the manifest of a folder anew, and its digest."""
    write_manifest(folder, read_model(Manifest, folder / NAME, "manifest").name)
