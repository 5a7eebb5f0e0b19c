"""Environments of the peers: made on first use, because their pins exclude each other."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / ".envs"
REQUIREMENTS = {
    "faiss": ("faiss-cpu", "pandas<3"),
    "anonymeter": ("anonymeter==1.1.*", "pandas<3"),
    "syntheval": ("syntheval==1.7.*",),
    "mostlyai-qa": ("mostlyai-qa==1.10.*",),
    "dpmm": ("dpmm==0.1.9",),
    "smartnoise-synth": ("smartnoise-synth==1.0.8",),
}
"""What pip installs. Tools that are not here run beside us."""

OF_TOOL = {"faiss-l2": "faiss", "faiss-l1": "faiss"}
NEEDS_TORCH = ("mostlyai-qa", "smartnoise-synth")
"""These get torch as we have it first: the default build is several gigabytes."""


class NotInstalled(Exception):
    """A peer could not be installed; the text says why."""


def python(tool: str) -> str:
    """Return the interpreter that has the tool; makes its environment if there is none yet."""
    name = OF_TOOL.get(tool, tool)
    if name not in REQUIREMENTS:
        return sys.executable
    home = FOLDER / name
    interpreter, ready = home / "bin" / "python", home / ".ready"
    if not ready.exists():
        print(f"installing {name} into {home.relative_to(ROOT)}", file=sys.stderr, flush=True)
        _call([sys.executable, "-m", "venv", "--clear", str(home)], name)
        if name in NEEDS_TORCH:
            _call([str(interpreter), "-m", "pip", "install", "-q", _torch()], name)
        _call([str(interpreter), "-m", "pip", "install", "-q", *REQUIREMENTS[name]], name)
        ready.touch()
    return str(interpreter)


def version_of(tool: str) -> str:
    """Return the version of the tool in its environment, empty where it tells none."""
    package = {"ours": "privsynth", "faiss-l2": "faiss-cpu", "faiss-l1": "faiss-cpu"}.get(
        tool, tool
    )
    code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    command = [python(tool), "-c", code, package]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _torch() -> str:
    return f"torch=={version('torch')}"


def _call(command: list[str], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise NotInstalled(f"{name}: {lines[-1][:200]}")
