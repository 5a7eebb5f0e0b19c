"""Repetitions in processes of one thread, kept as they come, so that a run can be resumed."""

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from lib.rounds import ONE_THREAD

FOLDER = Path(__file__).parents[1] / ".zoo"
Job = tuple[str, str, str, int]
"""Part, family, size or empty, and number of the repetition."""


class Store:
    """Records by job, a line each, in one file a part, which git ignores."""

    def __init__(self, folder: Path = FOLDER) -> None:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
        self._folder = folder
        self.records: dict[Job, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text().splitlines():
                job, record = json.loads(line)
                self.records[tuple(job)] = record

    def add(self, job: Job, record: dict[str, Any]) -> None:
        """Keep a record."""
        self.records[job] = record
        with (self._folder / f"{job[0]}.jsonl").open("a") as file:
            file.write(json.dumps([job, record]) + "\n")

    def forget(self, jobs: list[Job]) -> None:
        """Drop these records, on disk too."""
        for job in jobs:
            self.records.pop(job, None)
        for part in {job[0] for job in jobs}:
            lines = [json.dumps([job, r]) for job, r in self.records.items() if job[0] == part]
            (self._folder / f"{part}.jsonl").write_text("".join(f"{line}\n" for line in lines))

    def of(self, part: str, family: str, size: str = "") -> list[dict[str, Any]]:
        """Return the records of a family in the order of their numbers, failed ones left out."""
        found = {j[3]: r for j, r in self.records.items() if j[:3] == (part, family, size)}
        return [found[k] for k in sorted(found) if "error" not in found[k]]


def run(jobs: list[Job], store: Store, work: Any, processes: int) -> None:
    """Do the jobs that are not in the store yet, with ``work(job)``; tells how far it is."""
    left = [job for job in jobs if job not in store.records or "error" in store.records[job]]
    os.environ |= ONE_THREAD
    started, done = time.perf_counter(), 0
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(work, job): job for job in left}
        for future in as_completed(futures):
            job, done = futures[future], done + 1
            try:
                store.add(job, future.result())
            except Exception as problem:  # one broken repetition must not lose the others
                store.add(job, {"error": f"{type(problem).__name__}: {problem}"[:300]})
                print(job, store.records[job]["error"], file=sys.stderr, flush=True)
            if done % 10 == 0 or done == len(left):
                spent = time.perf_counter() - started
                print(f"{done} of {len(left)}, {spent:.0f} s, {job}", file=sys.stderr, flush=True)
