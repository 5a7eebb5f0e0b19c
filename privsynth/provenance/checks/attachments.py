"""Are the files inside ``report.pdf`` those beside it? Read in a process of its own."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

from privsynth.provenance.attest.statements import BEFORE_REVIEWS, REVIEWS
from privsynth.provenance.checks import attached_child
from privsynth.provenance.checks._base import Check
from privsynth.provenance.checks.files import ALONE
from privsynth.provenance.checks.folder import Folder
from privsynth.provenance.label import ENDING

REPORT = "report.pdf"
LARGEST = 1 << 28
SECONDS, MEGABYTES = 60, 1024


def check_attachments(folder: Folder) -> Iterator[Check]:
    """Yield whether the report holds the record that it prints, byte for byte, and nothing else."""
    if REPORT not in folder.files:
        return
    path = folder.path / REPORT
    if path.stat().st_size > LARGEST:
        yield _bad(f"is larger than {LARGEST >> 20} MiB; what is attached was not read")
        return
    record = {*BEFORE_REVIEWS, REVIEWS}
    wanted = [name for name in folder.files if name in record or name.endswith(ENDING)]
    told = _read(str(path), {name: (folder.path / name).stat().st_size for name in wanted})
    if isinstance(told, str):
        yield _bad(told)
        return
    found = told
    wrong = [_problem(folder, name, found.get(name)) for name in wanted]
    extra = [
        f"holds {name}: {ALONE.get(name, 'no part of the record that is beside it')}"
        for name in sorted(set(found) - set(wanted))
    ]
    for said in [*filter(None, wrong), *extra]:
        yield _bad(said)
    if not any(wrong) and not extra:
        yield Check(REPORT, True, f"its {len(wanted)} attachments are the files here", "report")


def _problem(folder: Folder, name: str, found: str | None) -> str:
    if found is None:
        return f"does not hold {name}"
    if found.startswith("("):
        return f"{name} inside it {found[1:-1]}"
    with (folder.path / name).open("rb") as stream:
        same = hashlib.file_digest(stream, "sha256").hexdigest() == found
    return "" if same else f"{name} inside it is not the file beside it"


def _read(path: str, sizes: dict[str, int]) -> dict[str, str] | str:
    """Return the digests of what is attached to a PDF by name, or what is odd about it."""
    job = {"path": path, "sizes": sizes, "megabytes": MEGABYTES, "seconds": SECONDS}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-W", "ignore", attached_child.__file__],
            input=json.dumps(job).encode() + b"\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            timeout=2 * SECONDS,
            check=False,
        )
        found: dict[str, str] | str = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):  # it was killed, at a limit or by the system
        return "needs more memory or time to be read than a report does"
    return found


def _bad(detail: str) -> Check:
    return Check(REPORT, False, detail, "report")
