"""The import order is the one line in docs/architecture.md, and every import follows it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "privsynth"
OUTSIDE = {"__init__", "__main__"}
"""The package itself, which holds the version only, and the way in: above and below every room."""


def import_order(page: str) -> list[str]:
    """Return the rooms in the one line of backticked words joined by dots."""
    (line,) = re.findall(r"^`(\w+(?: · \w+){5,})`$", page, re.MULTILINE)
    return str(line).split(" · ")


def imported_rooms(source: str, home: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield line and room of every import in a module, wherever in it the import stands.

    ``home`` are the names of the module's package, the top one first. Names from the top package
    that are no module (its version) come out as they are.
    """
    for node in ast.walk(ast.parse(source)):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*home[: len(home) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{module}.{alias.name}" for alias in node.names]
        for target in targets:
            parts = target.split(".")
            if parts[0] == PACKAGE:
                yield node.lineno, parts[1] if len(parts) > 1 else "__init__"


def faults(package: Path, order: list[str]) -> list[str]:
    """Return every import that goes up the order or to a room that the order does not name."""
    found = []
    version = set(re.findall(r"^(\w+) =", (package / "__init__.py").read_text(), re.MULTILINE))
    for path in sorted(package.rglob("*.py")):
        inner = path.relative_to(package).with_suffix("").parts
        room = inner[0]
        if room in OUTSIDE:
            continue
        where = path.relative_to(package.parent)
        if room not in order:
            found.append(f"{where}: the room {room} is not in the import order")
            continue
        home = (PACKAGE, *inner[:-1])
        for line, target in imported_rooms(path.read_text(encoding="utf-8"), home):
            if target in version or target == "__init__":
                continue
            if target not in order:
                found.append(f"{where}:{line}: {target} is not in the import order")
            elif order.index(target) > order.index(room):
                found.append(f"{where}:{line}: {room} imports {target}, which is above it")
    return found


def order_of_the_page() -> list[str]:
    return import_order((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))


def test_every_import_goes_down_the_order_of_the_architecture_page() -> None:
    assert faults(ROOT / PACKAGE, order_of_the_page()) == []


def test_every_room_of_the_page_exists_once() -> None:
    order = order_of_the_page()
    there = {
        path.stem for path in (ROOT / PACKAGE).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }  # fmt: skip
    assert sorted(order) == sorted(there - OUTSIDE)


def test_the_top_of_the_package_holds_the_version_only() -> None:
    tree = ast.parse((ROOT / PACKAGE / "__init__.py").read_text())
    assert [type(node) for node in tree.body] == [ast.Assign]


@pytest.mark.parametrize(
    "line",
    [
        "from privsynth.policy import decide",
        "from privsynth import policy",
        "import privsynth.policy.decide as deciding",
        "from ..policy import decide",
        "from .. import policy",
        "def f():\n    from privsynth.policy import decide",
        "if False:\n    import os, privsynth.policy",
    ],
)
def test_an_upward_import_that_is_planted_is_found(line: str, tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    for room in ("tables", "policy"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("from privsynth import __version__\n")
    (package / "__init__.py").write_text('__version__ = "0"\n')
    order = ["tables", "policy"]
    (package / "policy" / "decide.py").write_text("from privsynth.tables import read\n")
    assert faults(package, order) == []
    (package / "tables" / "read.py").write_text(line + "\n")
    (fault,) = faults(package, order)
    assert fault.startswith("privsynth/tables/read.py:")
    assert fault.endswith("tables imports policy, which is above it")


def test_a_room_that_the_page_forgets_is_found(tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helpers.py").write_text("")
    assert faults(package, ["tables"]) == [
        "privsynth/helpers.py: the room helpers is not in the import order"
    ]
