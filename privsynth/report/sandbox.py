"""Templates of others may print what a report holds; they cannot run, read or write anything."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.debug import rewrite_traceback_stack
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from privsynth.errors import InputError

MACHINERY = frozenset(dir(BaseModel))
"""Names every model has; among them are some that open files and unpickle text."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which paths and the machinery of models are out of reach too."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a template may read this attribute of this value."""
        if isinstance(obj, PurePath):
            return False
        if isinstance(obj, BaseModel | type) and attr in MACHINERY:
            return False
        return super().is_safe_attribute(obj, attr, value)


@contextmanager
def blamed(own: Path | None) -> Iterator[None]:
    """Turn an error in somebody's own templates into an ``InputError`` with file and line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        place = None if own is None else _place(own, error)
        if place is None:
            raise
        said = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
        raise InputError(f"template folder {own}: {place}: {str(said)[:300]}") from None


def _place(own: Path, error: Exception) -> str | None:
    """Return file and line below ``own`` where an error comes from, None if from elsewhere."""
    if isinstance(error, UnicodeDecodeError):
        return "a file that is not UTF-8 text"
    if isinstance(error, TemplateSyntaxError):
        frames = [(error.filename or "", error.lineno)]
    else:  # lines of templates in place of those of the Python that Jinja made of them
        trail = traceback.extract_tb(rewrite_traceback_stack().__traceback__)
        frames = [(frame.filename, frame.lineno or 0) for frame in reversed(trail)]
    for file, line in frames:
        if Path(file).is_relative_to(own):
            return f"{Path(file).relative_to(own)}, line {line}"
    return None
