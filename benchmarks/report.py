"""What one report costs: the whole ``privsynth report`` command, its child too, on one core.

Targets: 15 s and 450 MB for 30 to 40 pages, 40 s for 200 columns and 30 subgroups. The
evidence is made up (``tests/report_example.py``, widened). CPU seconds are the command's with those
of its child; memory is the greatest sum of what both hold at one moment, seen every 20 ms.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import report_example as example  # noqa: E402

from privsynth.evidence import Bundle, ColumnFacts, to_json  # noqa: E402
from privsynth.policy import decide, load_policy  # noqa: E402

CASES = {
    "full report": {"columns": 40, "subgroups": 10, "attacks": 12, "limit_s": 15},
    "wide table": {"columns": 200, "subgroups": 30, "attacks": 12, "limit_s": 40},
}
ROUNDS = 3
ONE_CORE = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def wide(columns: int, subgroups: int, attacks: int) -> Bundle:
    """Return evidence about so many columns, from so many attacks and subgroups."""
    plain = example.bundle("fail")
    names = [(f"{name}_{i // len(example.COLUMNS)}", kind) for i, (name, kind) in _around(columns)]
    kept = [probe for probe in plain.probes if probe.kind != "attack"]
    scores = [
        example.attack(i % 4, 0.52 + 0.01 * i, 0.017).model_copy(update={"id": f"attack_{i}"})
        for i in range(attacks)
    ]
    probes = []
    for probe in kept:
        if probe.id == "fidelity":
            rows = probe.series["columns"]
            told = [{**rows[i % len(rows)], "name": name} for i, (name, _) in enumerate(names)]
            probe = probe.model_copy(update={"series": {**probe.series, "columns": told}})
        elif probe.id == "subgroups":
            probe = _divided(probe, subgroups)
        probes.append(probe)
    facts = tuple(
        ColumnFacts(name=name, kind=kind, read=True, domain="declared", released=True)
        for name, kind in names
    )
    policy = load_policy("preset:internal")
    changes = {
        "probes": (*scores, *probes), "columns": facts, "policy": policy.registration(),
    }  # fmt: skip
    return plain.model_copy(update=changes)


def _around(columns: int) -> Any:
    return enumerate(example.COLUMNS[i % len(example.COLUMNS)] for i in range(columns))


def _divided(probe: Any, subgroups: int) -> Any:
    """Return the stratum of subgroups with so many of them."""
    first = probe.estimates[0]
    told = next(iter(probe.series["groups"].values()))
    estimates = tuple(
        first.model_copy(update={"name": f"auc[region=#{i}]"}) for i in range(1, subgroups + 1)
    )
    groups = {one.name: {**told, "label": f"Region {i}"} for i, one in enumerate(estimates, 1)}
    listed = [
        {"name": f"region #{i}", "label": f"Region {i}", "assessed": True}
        for i in range(1, subgroups + 1)
    ]
    return probe.model_copy(
        update={
            "estimates": estimates, "series": {**probe.series, "groups": groups},
            "options": {**probe.options, "groups": listed},
        }
    )  # fmt: skip


def measured(folder: Path) -> dict[str, float]:
    """Return wall and CPU seconds, peak memory and pages of one report of a folder's evidence."""
    command = [
        sys.executable, "-m", "privsynth", "report", "evidence.json", "--verdict", "verdict.json",
        "--out", "report.pdf", "--html", "report.html", "--edition", "restricted", "--force",
    ]  # fmt: skip
    started = time.perf_counter()
    environment = {**os.environ, **ONE_CORE, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        peak, status = 0, None
        while status is None:
            peak = max(peak, _resident(process.pid))
            done, code, used = os.wait4(process.pid, os.WNOHANG)
            status = code if done else None
            time.sleep(0.02)
        if status:
            log.seek(0)
            raise SystemExit(log.read()[-500:].decode())
    import pikepdf

    with pikepdf.open(folder / "report.pdf") as document:
        pages = len(document.pages)
    return {
        "pages": pages, "wall_s": round(time.perf_counter() - started, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2), "peak_MB": round(peak / 1e6),
        "pdf_kB": round((folder / "report.pdf").stat().st_size / 1e3),
    }  # fmt: skip


def _resident(pid: int) -> int:
    """Return the bytes that a process and its children hold now (Linux)."""
    total, open_pids = 0, [pid]
    itself = Path(f"/proc/{pid}/cmdline").read_bytes()
    while open_pids:
        one = open_pids.pop()
        try:
            # Between fork and exec a child shows all that its parent holds.
            if one != pid and Path(f"/proc/{one}/cmdline").read_bytes() == itself:
                continue
            status = Path(f"/proc/{one}/statm").read_text().split()
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue
        total += int(status[1]) * os.sysconf("SC_PAGE_SIZE")
        open_pids += map(int, children)
    return total


def main() -> None:
    """Write ``report.json`` and print a table; best of three by CPU seconds."""
    policy, out = load_policy("preset:internal"), {}
    print("| report | columns | subgroups | pages | CPU s | target s | peak MB | PDF kB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, case in CASES.items():
        shape = {key: case[key] for key in ("columns", "subgroups", "attacks")}
        bundle = wide(**shape)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "evidence.json").write_text(to_json(bundle), encoding="utf-8")
            (folder / "verdict.json").write_text(to_json(decide(bundle, policy)), encoding="utf-8")
            runs = [measured(folder) for _ in range(ROUNDS)]
        best = min(runs, key=lambda run: run["cpu_s"])
        best["peak_MB"] = max(run["peak_MB"] for run in runs)
        out[name] = {**case, **best}
        print(
            f"| {name} | {case['columns']} | {case['subgroups']} | {best['pages']} | "
            f"{best['cpu_s']:.1f} | {case['limit_s']} | {best['peak_MB']} | {best['pdf_kB']} |"
        )
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n")


if __name__ == "__main__":
    main()
