"""The command line: one file a verb; parse, call, print, exit."""

import contextlib
import functools
import io
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from privsynth import __version__
from privsynth.cli._common import printable
from privsynth.cli.audit import audit
from privsynth.cli.compare import compare
from privsynth.cli.doctor import doctor
from privsynth.cli.dp_audit import dp_audit
from privsynth.cli.dp_lint import dp_lint
from privsynth.cli.gate import gate
from privsynth.cli.keygen import keygen
from privsynth.cli.label import label
from privsynth.cli.list_ import list_
from privsynth.cli.policy import VERBS as POLICY_VERBS
from privsynth.cli.report import report
from privsynth.cli.review import review
from privsynth.cli.run import run
from privsynth.cli.schema import schema
from privsynth.cli.sign import sign
from privsynth.cli.sweep import sweep
from privsynth.cli.synthesize import synthesize
from privsynth.cli.verify import verify
from privsynth.errors import PrivsynthError

app = typer.Typer(
    name="privsynth",
    help="Proof that a synthetic table does not leak the people behind it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done or pass, 10 fail, 11 inconclusive, 2 input error, 3 integrity, "
    "130 interrupted, 1 crash.",
)
_VERBS: dict[str, Callable[..., None]] = {
    "run": run,
    "synthesize": synthesize,
    "sweep": sweep,
    "audit": audit,
    "gate": gate,
    "report": report,
    "compare": compare,
    "review": review,
    "keygen": keygen,
    "sign": sign,
    "verify": verify,
    "label": label,
    "schema": schema,
    "dp-audit": dp_audit,
    "dp-lint": dp_lint,
    "list": list_,
    "doctor": doctor,
}


def _guarded(verb: Callable[..., None]) -> Callable[..., None]:
    """Return the verb with its ends in our hands: only ``typer.Exit`` may choose the exit code."""

    @functools.wraps(verb)
    def call(*args: Any, **options: Any) -> None:
        try:
            verb(*args, **options)
        except KeyboardInterrupt:
            print("interrupted; nothing half-written was left", file=sys.stderr)
            raise typer.Exit(130) from None
        except SystemExit as error:
            # A plug-in that calls sys.exit(0) must not look like a table that passed.
            raise RuntimeError.with_traceback(RuntimeError(), error.__traceback__) from None

    return call


for _name, _verb in _VERBS.items():
    app.command(_name)(_guarded(_verb))
_policy = typer.Typer(
    name="policy", help="Check, explain and begin policies and waivers.", no_args_is_help=True
)
for _name, _verb in POLICY_VERBS.items():
    _policy.command(_name)(_guarded(_verb))
app.add_typer(_policy)


def _version(asked: bool) -> None:
    if asked:
        print(f"privsynth {__version__}")
        raise typer.Exit()


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Proof that a synthetic table does not leak the people behind it."""


def main() -> None:
    """Run the command line and leave with the exit code that tells a leak from a breakdown."""
    with contextlib.suppress(ValueError):  # only the main thread may
        signal.signal(signal.SIGTERM, _terminated)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a letter is no crash
        sys.stdout.reconfigure(errors="backslashreplace")
    if not os.environ.get("SOURCE_DATE_EPOCH", "0").isdecimal():  # libraries crash on an empty one
        del os.environ["SOURCE_DATE_EPOCH"]
    # Warnings and logs of libraries may quote cells of a real table.
    logging.getLogger().addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        try:
            app(prog_name="privsynth")
        except PrivsynthError as error:
            print(f"error: {printable(str(error))}", file=sys.stderr)
            sys.exit(error.exit_code)
        # A crash: its message may quote cells, so only kind and place are told.
        except Exception as error:
            _crashed(error)


def _crashed(error: Exception) -> NoReturn:
    frames = traceback.extract_tb(error.__traceback__)
    shown = frames if os.environ.get("PRIVSYNTH_TRACEBACK") else frames[-1:]
    print(f"crash: {type(error).__name__}; this is a bug, please report it", file=sys.stderr)
    for frame in shown:
        print(f"  at {frame.filename}:{frame.lineno} in {frame.name}", file=sys.stderr)
    sys.exit(1)


def _terminated(number: int, frame: Any) -> NoReturn:
    """End like Ctrl-C, so that what was begun is cleaned up."""
    raise KeyboardInterrupt
