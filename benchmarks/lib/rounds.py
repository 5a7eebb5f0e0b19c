"""Jobs of several tools on the same tables, in turn, each tool in a process that stays."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lib.environments import ROOT, NotInstalled, python
from lib.tables import Case

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def environment(tool: str, **more: str) -> dict[str, str]:
    """Return the variables of a process: one thread, and our package only where we run."""
    out = {**os.environ, **ONE_THREAD, "PYTHONWARNINGS": "ignore", **more}
    out.pop("PYTHONPATH", None)
    return {**out, "PYTHONPATH": str(ROOT)} if tool.startswith("ours") else out


def write(case: Case, folder: Path) -> None:
    """Write the tables where ``jobs.py`` reads them."""
    kinds = {"numeric": case.numeric, "categorical": case.categorical}
    (folder / "kinds.json").write_text(json.dumps(kinds))
    for role in ("train", "holdout", "synthetic"):
        getattr(case, role).to_csv(folder / f"{role}.csv", index=False)


class Worker:
    """A process that has read the tables and does a job whenever it is asked."""

    def __init__(self, tool: str, folder: Path, references: int) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        script = str(ROOT / "benchmarks/lib/jobs.py")
        self._process = subprocess.Popen(
            [python(tool), "-P", script, tool, folder, str(references)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
            env=environment(tool),
        )  # fmt: skip
        self._answer()

    def job(self) -> dict[str, float]:
        """Return what one job took."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()
        self._log.close()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            text = self._log.read().decode(errors="replace").strip()
            raise ChildProcessError((text.splitlines() or ["it ended without a word"])[-1][:200])
        return dict(json.loads(line))


def compare(
    case: Case, tools: list[str], label: dict[str, Any], *, references: int = 2, rounds: int = 3
) -> list[dict[str, Any]]:
    """Return one result a tool, medians over ``rounds``; prints each as a JSON line.

    In a round we come before every peer, so that a busy minute of the machine meets both. A tool
    that cannot be installed or stops is a result with the key ``error``.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(case, folder)
        workers: dict[str, Worker] = {}
        errors: dict[str, str] = {}
        taken: dict[str, list[dict[str, float]]] = {tool: [] for tool in ("ours", *tools)}
        for tool in taken:
            try:
                workers[tool] = Worker(tool, folder, references)
            except (NotInstalled, ChildProcessError) as problem:
                errors[tool] = str(problem)
        if "ours" in errors:
            raise SystemExit(f"our own job failed: {errors['ours']}")
        for _ in range(rounds):
            for tool in [tool for tool in tools if tool not in errors] or [None]:
                taken["ours"].append(workers["ours"].job())
                if tool is not None:
                    try:
                        taken[tool].append(workers[tool].job())
                    except (ChildProcessError, BrokenPipeError) as problem:
                        errors[tool] = str(problem)
        for worker in workers.values():
            worker.stop()
    base = {**label, "rows": len(case.train), "columns": case.synthetic.shape[1]}
    base["references"] = references
    pairs = references * len(case.train) * len(case.synthetic)
    own = statistics.median(job["s"] for job in taken["ours"])
    out = []
    for tool, jobs in taken.items():
        found = {"error": errors[tool]} if tool in errors else _medians(jobs, pairs)
        for key in ("s", "search_s"):
            if key in found:  # against our own jobs between theirs, not those of another run
                found[f"{key[:-1]}times_ours"] = round(found[key] / own, 3)
        out.append({**base, "tool": tool, **found})
        print(json.dumps(out[-1]), flush=True)
    return out


def _medians(jobs: list[dict[str, float]], pairs: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        key: round(statistics.median(job[key] for job in jobs), 5) for key in jobs[0]
    }
    out["all_s"] = [round(job["s"], 4) for job in jobs]
    out["Mpairs_per_s"] = round(pairs / out["s"] / 1e6, 1)
    return out


def progress(text: str) -> None:
    """Say on stderr what is measured now."""
    print(text, file=sys.stderr, flush=True)
