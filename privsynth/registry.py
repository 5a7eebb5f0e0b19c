"""A folder of plug-ins plus entry points, as one catalogue; a broken plug-in stops the program.

A plug-in is one file in its room, without a leading underscore, that holds one object under the
room's singular name (``attack``, ``measure``, ``synthesizer``, ``rule``) with a ``name``.
The first line of the file's docstring is its line in ``privsynth list``.
"""

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from privsynth.errors import InputError, PrivsynthError, nearest_name


def summary(plugin: Any) -> str:
    """Return the catalogue line of a plug-in: the first docstring line of its file."""
    module = importlib.import_module(plugin.__module__ if isinstance(plugin, type) else plugin.home)
    return (module.__doc__ or "").strip().split("\n")[0] or "(its file has no docstring)"


def catalogue(room: ModuleType, singular: str) -> dict[str, Any]:
    """Return every plug-in of ``room`` by name, its own files first, then entry points.

    Raises ``PrivsynthError`` naming the file or entry point that cannot be loaded, or two
    plug-ins of one name: a plug-in that silently vanished would be a measurement that nobody made.
    """
    found: dict[str, Any] = {}
    for info in sorted(pkgutil.iter_modules(room.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{room.__name__}.{info.name}")
            _add(found, getattr(module, singular, None), f"{room.__name__}.{info.name}", singular)
    for entry in sorted(entry_points(group=room.__name__), key=lambda entry: entry.name):
        try:
            loaded = entry.load()
        except Exception as error:
            raise PrivsynthError(
                f"the plug-in {entry.name!r} ({entry.value}) cannot be loaded "
                f"({type(error).__name__}); repair or uninstall its package"
            ) from None
        _add(found, loaded, entry.value, singular)
    return found


def choose(plugins: dict[str, Any], name: str, what: str) -> Any:
    """Return the plug-in called ``name``; ``InputError`` names the nearest one otherwise."""
    if name not in plugins:
        raise InputError(f"unknown {what} {name!r}{nearest_name(name, list(plugins))}")
    return plugins[name]


def _add(found: dict[str, Any], plugin: Any, origin: str, singular: str) -> None:
    named = plugin is not None and isinstance(getattr(plugin, "name", None), str)
    if not named or not isinstance(getattr(plugin, "home", None), str):
        raise PrivsynthError(f"{origin} holds no {singular!r} object with a name and a home")
    if plugin.name in found:
        raise PrivsynthError(f"two {singular}s are called {plugin.name!r}; the second is {origin}")
    found[plugin.name] = plugin
