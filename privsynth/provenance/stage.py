"""A release folder that is there whole or not at all, whatever ends the run."""

import contextlib
import fcntl
import glob
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from privsynth.errors import InputError
from privsynth.provenance.manifest import NAME

PARTS = {"release", "private"}


@contextlib.contextmanager
def staged(target: Path, force: bool) -> Iterator[Path]:
    """Give a folder beside ``target`` that becomes it at the end, or vanishes on any error.

    Raises ``InputError`` when the target exists and may not be replaced, or cannot be written. A
    run that was killed cannot clean up: the next one to the same target does it.
    """
    folder = target.resolve()
    stage = folder.parent / f".{folder.name}.partial-{os.getpid()}"
    made: list[Path] = []
    try:
        _sweep(folder)
        _check_free(target, folder, force)
        made = [parent for parent in folder.parents if not parent.exists()]
        stage.mkdir(mode=0o700, parents=True)
    except (OSError, ValueError) as error:
        _remove_empty(made)
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise InputError(f"{target}: cannot be written ({reason})") from None
    lock = _lock(stage)
    try:
        yield stage
        stage.chmod(0o755)
        (stage / "private").chmod(0o700)
        _check_free(target, folder, force)
        _replace(folder, stage)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        os.close(lock)
        _remove_empty(made)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _check_free(target: Path, folder: Path, force: bool) -> None:
    if folder.exists() and not force:
        raise InputError(
            f"{target} exists already; name another folder, or replace it with --force"
        )
    if folder.exists() and not _replaceable(folder):
        raise InputError(
            f"{target} is no release folder or holds other things besides, so --force does not "
            "replace it; name another folder"
        )


def _replaceable(folder: Path) -> bool:
    """Return whether a folder is empty or an earlier release and nothing else."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or (names <= PARTS and (folder / "release" / NAME).is_file())


def _replace(folder: Path, stage: Path) -> None:
    """Put ``stage`` in the place of ``folder``; on any error the old one is back."""
    old = _aside(stage)
    try:
        if folder.exists():
            folder.rename(old)
        stage.rename(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be replaced ({error.strerror})") from None
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _aside(stage: Path) -> Path:
    head, _, pid = stage.name.rpartition(".partial-")
    return stage.with_name(f"{head}.old-{pid}")


def _lock(stage: Path) -> int:
    """Return an open lock on a folder: it tells a working run from a killed one."""
    descriptor = os.open(stage, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _sweep(folder: Path) -> None:
    """Undo what killed runs left beside the target."""
    hidden = glob.escape(f".{folder.name}.")
    for stage in folder.parent.glob(f"{hidden}partial-*"):
        with contextlib.suppress(OSError):  # a working run holds the lock
            descriptor = os.open(stage, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                old = _aside(stage)
                if old.exists() and not folder.exists():
                    old.rename(folder)
                shutil.rmtree(stage, ignore_errors=True)
            finally:
                os.close(descriptor)
    for old in folder.parent.glob(f"{hidden}old-*"):
        if folder.exists() and not _stage_of(old).exists():
            shutil.rmtree(old, ignore_errors=True)


def _stage_of(old: Path) -> Path:
    head, _, pid = old.name.rpartition(".old-")
    return old.with_name(f"{head}.partial-{pid}")
