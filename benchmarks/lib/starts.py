"""What a fresh process costs: compiling for the first time, from the cache, and as a whole."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from lib.environments import ROOT, NotInstalled, python
from lib.rounds import environment, write
from lib.tables import Case


def first_calls(case: Case) -> dict[str, Any]:
    """Return wall seconds of the first ``nearest`` of a process without and with numba's cache."""
    with tempfile.TemporaryDirectory() as tables, tempfile.TemporaryDirectory() as cache:
        write(case, Path(tables))
        runs = [_once("ours", tables, NUMBA_CACHE_DIR=cache) for _ in range(3)]
    later = statistics.median(run["first_call_s"] for run in runs[1:])
    return {"cold_s": runs[0]["first_call_s"], "cached_s": round(later, 3)}


def one_shot(case: Case, tools: tuple[str, ...], rounds: int = 5) -> dict[str, Any]:
    """Return medians of whole processes, in turn: imports, reading two CSV files, one job."""
    out: dict[str, list[dict[str, float]]] = {tool: [] for tool in ("ours", *tools)}
    errors: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as tables:
        write(case, Path(tables))
        for _ in range(rounds):
            for tool in [tool for tool in out if tool not in errors]:
                try:
                    out[tool].append(_once(tool, tables))
                except (NotInstalled, ChildProcessError) as problem:
                    errors[tool] = {"error": str(problem)}
    medians = {
        tool: {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
        for tool, runs in out.items()
        if tool not in errors
    }
    return {**medians, **errors}


def _once(tool: str, tables: str, **more: str) -> dict[str, float]:
    command = [python(tool), "-P", str(ROOT / "benchmarks/lib/jobs.py"), tool, tables, "1", "once"]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as log:
        child = subprocess.Popen(command, stdout=answer, stderr=log, env=environment(tool, **more))
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        log.seek(0)
        if status:
            raise ChildProcessError(log.read().decode(errors="replace").strip()[-200:])
        answer.seek(0)
        job = json.loads(answer.read())
    cpu = used.ru_utime + used.ru_stime
    return {
        "wall_s": round(wall, 3), "cpu_s": round(cpu, 3), "first_call_s": round(job["wall_s"], 3),
        "peak_MB": round(used.ru_maxrss / 1024),
    }  # fmt: skip
