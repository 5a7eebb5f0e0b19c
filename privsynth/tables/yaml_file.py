"""YAML files as mappings, read so that a text stays the text that was written."""

import re
from pathlib import Path
from typing import Any

import yaml

from privsynth.errors import InputError

_PLAIN = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?(0|[1-9][0-9]*)",
    "float": r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?|[-+]?\.inf|\.nan",
}
_TWICE = "a key comes twice"


class _Loader(yaml.SafeLoader):
    """YAML whose ``No``, ``12:30``, ``007`` and ``2020-01-01`` are texts, and no key comes twice.

    As in YAML 1.2: in 1.1 a list of countries with Norway, ``NO``, holds the value false.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: list[Any] = []
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=_TWICE, problem_mark=key.start_mark)
            seen.append(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern in _PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"({_pattern})$"), None)


def load_yaml(path: Path, what: str) -> dict[str, Any]:
    """Return the mapping in a YAML file; ``InputError`` names the file and the line."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise InputError(f"{what} file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{what} file {path} cannot be read ({type(error).__name__})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        twice = getattr(error, "problem", None) == _TWICE
        why = _TWICE if twice else "this is not valid YAML"
        raise InputError(f"{what} file {path}{where}: {why}") from None
    if not isinstance(raw, dict):
        raise InputError(f"{what} file {path} must hold `key: value` entries")
    return raw
