"""Times that the issue names: the demo, ``privsynth --help``, and audits of 20,000 and 100,000 rows
each.

Wall and CPU seconds of whole processes; medians of three for ``--help``. Peak memory is that of the
process itself (ru_maxrss). Machines differ: read the figures beside the calibration loop's.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
AUDIT = """
import sys
sys.path.insert(0, "tests")
from population import people
from privsynth.audit import Request, audit
from privsynth.policy import load_policy
from privsynth.randomness import generator
import pandas as pd
from privsynth.tables import Column, Schema, Table
n = int(sys.argv[1])
def wide(n, rng, name):
    "Fifteen columns: six kinds two and a half times over."
    parts = [people(n, rng) for _ in range(3)]
    frame, columns = {}, []
    for i, part in enumerate(parts):
        for column in part.schema.columns[: 3 if i == 2 else 6]:
            label = f"{column.name}_{i}"
            frame[label] = part.frame[column.name]
            columns.append(column.model_copy(update={"name": label}))
    schema = Schema(columns=tuple(columns), target="smokes_0")
    return Table(pd.DataFrame(frame), schema, name)
rng = generator(1, "benchmark", "speed")
policy = load_policy("preset:partner")
tables = {role: wide(n, rng, role) for role in ("train", "holdout", "reference", "synthetic")}
import time, resource
started = time.perf_counter()
audit(Request(**tables, seed=1, commit=lambda text: "x", own_split=True,
              quick=len(sys.argv) > 2,
              policy=policy.registration(), limits=policy.limits))
print(time.perf_counter() - started)
"""


def measured(command: list[str], home: str) -> dict[str, float]:
    """Return wall and CPU seconds and peak memory of a command."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PRIVSYNTH_HOME": home}
        )
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        if status:
            log.seek(0)
            raise SystemExit(f"{command[:4]} failed: {log.read()[-500:].decode()}")
    cpu = used.ru_utime + used.ru_stime
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "peak_MB": round(used.ru_maxrss / 1024),
    }


def calibration() -> float:
    """Return seconds of a fixed pure-Python loop, to compare machines."""
    started = time.perf_counter()
    sum(i * i for i in range(5_000_000))
    return round(time.perf_counter() - started, 3)


def main() -> None:
    """Write ``speed.json`` and print it."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        config = (ROOT / "sample_data" / "release.yaml").resolve()
        helps = [measured([python, "-m", "privsynth", "--help"], folder) for _ in range(3)]
        out = {
            "cpus": os.cpu_count(),
            "calibration_s": calibration(),
            "help": sorted(helps, key=lambda one: one["wall_s"])[1],
            "demo": measured(
                [python, "-m", "privsynth", "run", str(config), "--out", f"{folder}/demo"], folder
            ),
            "audit_20000x15": measured([python, "-c", AUDIT, "20000"], folder),
            "audit_20000x15_quick": measured([python, "-c", AUDIT, "20000", "quick"], folder),
            "audit_100000x15": measured([python, "-c", AUDIT, "100000"], folder),
            "audit_100000x15_quick": measured([python, "-c", AUDIT, "100000", "quick"], folder),
        }
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n")
    print(json.dumps(out, indent=2))


if __name__ == "__main__":
    main()
