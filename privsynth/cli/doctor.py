"""``privsynth doctor``: what is here, what is missing, and the command that installs it."""

import sys
from typing import Any

from privsynth.cli._common import Json, answer

PACKAGES = (
    "numpy", "pandas", "scipy", "scikit-learn", "numba", "pyarrow", "pydantic", "jinja2",
    "matplotlib", "weasyprint", "sdv", "torch", "opacus", "opendp",
    "dp-accounting",
)  # fmt: skip
LIBRARIES = {
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}


def doctor(json: Json = False) -> None:
    """Show versions, system libraries, threads and memory; exit 2 if something is missing."""
    import typer

    facts = _facts()
    if json:
        answer(facts)
    else:
        for section in ("packages", "libraries", "machine"):
            for name, value in facts[section].items():
                sys.stdout.write(f"{name:<24} {value}\n")
        for line in facts["to do"]:
            sys.stdout.write(f"missing: {line}\n")
    raise typer.Exit(2 if facts["to do"] else 0)


def _facts() -> dict[str, Any]:
    import ctypes
    import os
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import privsynth
    from privsynth.audit.effort import physical_memory
    from privsynth.provenance import home

    packages, libraries, todo = {"privsynth": privsynth.__version__}, {}, []
    for package in PACKAGES:
        try:
            packages[package] = version(package)
        except PackageNotFoundError:
            packages[package] = "not installed"
            todo.append(f"pip install {package}")
    for library, debian in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
            libraries[library] = "found"
        except OSError:
            libraries[library] = "not found"
            todo.append(f"apt-get install --no-install-recommends {debian}")
    memory = physical_memory()
    machine = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "memory GiB": "unknown" if memory is None else round(memory / 2**30, 1),
        "key and audit count": str(home()),
    }
    return {"packages": packages, "libraries": libraries, "machine": machine, "to do": todo}
