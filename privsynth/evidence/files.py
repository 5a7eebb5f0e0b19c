"""Evidence and its relatives as files: canonical JSON out, and strictly read back."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from privsynth.errors import InputError, IntegrityError
from privsynth.evidence.models import Bundle

M = TypeVar("M", bound=BaseModel)


def to_json(model: BaseModel) -> str:
    """Return canonical JSON: sorted keys, two-space indent, a final newline."""
    raw = model.model_dump(mode="json", exclude_none=True)
    return json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def read_model(model: type[M], path: Path, what: str) -> M:
    """Return ``model`` from a JSON file that this package wrote.

    Raises ``InputError`` when there is no such file and ``IntegrityError`` when it is not what it
    says: broken JSON, another schema version, an unknown or missing entry.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{what} {path} does not exist") from None
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise IntegrityError(f"{what} {path} is not JSON; it is damaged or another file") from None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "top level"
        raise IntegrityError(
            f"{what} {path} does not follow its schema at {where}: {first['msg']}"
        ) from None


def read_bundle(path: Path) -> Bundle:
    """Return the evidence in a file (see ``read_model`` for the errors)."""
    return read_model(Bundle, path, "evidence")
