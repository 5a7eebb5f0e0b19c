"""Any external program as a synthesizer: it gets a training file and writes a synthetic one."""

import contextlib
import os
import shlex
import shutil
import signal
import string
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from privsynth.errors import InputError, PrivsynthError, nearest_name
from privsynth.progress import Progress
from privsynth.randomness import integer_seed
from privsynth.synthesizers._base import Option, Synthesizer
from privsynth.tables.table import Table

PLACEHOLDERS = ("train", "out", "n", "seed")
REQUIRED = ("train", "out")
PREFIX = "privsynth-command-"


def command_synthesizer(template: str) -> Synthesizer:
    """Return the synthesizer that runs ``template``, a command line with ``{placeholders}``.

    ``{train}`` (a CSV file to read) and ``{out}`` (the CSV file to write) must occur; ``{n}`` is
    the number of rows asked for and ``{seed}`` a whole number. No shell takes part. ``InputError``
    says what is wrong with the template.
    """
    try:
        words = tuple(shlex.split(template))
        found = {name for word in words for name in _placeholders(word)}
    except ValueError:
        raise InputError("--synth-cmd: unbalanced quotes or braces") from None
    for name in sorted(found - set(PLACEHOLDERS)):
        hint = nearest_name(name, PLACEHOLDERS)
        raise InputError(f"--synth-cmd: unknown placeholder {{{name}}}{hint}")
    for name in REQUIRED:
        if name not in found:
            raise InputError(f"--synth-cmd: the placeholder {{{name}}} is missing")
    return Command(words)


def _placeholders(word: str) -> list[str]:
    fields = string.Formatter().parse(word)
    return [
        name + (f":{style}" if style else "") + (f"!{turn}" if turn else "")
        for _, name, style, turn in fields
        if name is not None
    ]


@dataclass(frozen=True)
class Command:
    """An external program; ``words`` is its command line with placeholders."""

    words: tuple[str, ...]
    name: str = "command"
    home: str = __name__
    licence: str = "unknown: an external command"

    @property
    def options(self) -> Mapping[str, Option]:
        """``time_limit``: seconds that the program may run."""
        return {"time_limit": 3600.0}

    @property
    def program(self) -> str:
        """The program's name, for messages."""
        return Path(self.words[0]).name

    def fit(
        self, train: Table, rng: np.random.Generator, progress: Progress, **options: Any
    ) -> "FittedCommand":
        """Return the training table with the command to run on it."""
        if shutil.which(self.words[0]) is None:
            raise InputError(f"--synth-cmd: there is no program {self.program!r}")
        return FittedCommand(self, train, options["time_limit"])


@dataclass(frozen=True)
class FittedCommand:
    """A command with its training table; it learns and samples in one run."""

    command: Command
    train: Table
    time_limit: float

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return the rows that the command wrote."""
        from privsynth.tables import read, write

        program = self.command.program
        with scratch() as folder:
            train, out = folder / "train.csv", folder / "synthetic.csv"
            write(self.train, train)
            values = {"train": train, "out": out, "n": n, "seed": integer_seed(rng)}
            words = [word.format(**values) for word in self.command.words]
            _run(words, folder, self.time_limit, program)
            if not out.exists():
                raise InputError(f"--synth-cmd: {program!r} ended well but wrote no {{out}} file")
            table = read(out, self.train.schema, role="synthetic", name=f"output of {program!r}")
        for name, mask in table.unreadable.items():
            raise PrivsynthError(
                f"--synth-cmd: {program!r} wrote {int(mask.sum())} cells in column {name!r} "
                f"that are no {self.train.schema[name].kind} values"
            )
        return table.frame


def _run(words: list[str], folder: Path, time_limit: float, program: str) -> None:
    # The program's own messages are dropped: they may quote rows. It runs where the user is, so
    # that relative paths in the command mean what they say; its temporary files go with the folder.
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(folder)},
            start_new_session=True,
        )
    except OSError as error:
        raise InputError(f"--synth-cmd: {program!r} cannot start ({error.strerror})") from None
    try:
        exit_code = process.wait(time_limit)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"--synth-cmd: {program!r} was stopped after {time_limit:g} s; raise time_limit"
        ) from None
    finally:
        # Also on Ctrl-C: whatever the program started ends with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if exit_code:
        raise InputError(
            f"--synth-cmd: {program!r} failed with exit code {exit_code}; "
            "run it by hand on a file of your own to see why"
        )


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that only this user can enter, and remove it whatever happens.

    A run that was killed cannot: the next one removes what it left. A lock tells the two apart.
    """
    import fcntl

    home = Path(tempfile.gettempdir())
    _sweep(home)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(home: Path) -> None:
    import fcntl

    for folder in home.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
