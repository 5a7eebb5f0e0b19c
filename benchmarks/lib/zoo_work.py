"""One repetition of any part, in a process of its own."""

import time
from typing import Any

from lib.zoo_store import Job


def work(job: Job) -> dict[str, Any]:
    """Return the record of a job: part, family, size, number."""
    part, family, size, number = job
    started = time.process_time()
    if part == "gate":
        from lib import zoo_gate

        record = zoo_gate.repetition(family, size, number)
    elif part == "peers":
        from lib import zoo_peers

        record = zoo_peers.repetition(family, number)
    else:
        from lib import zoo_score

        record = zoo_score.repetition(family, number)
    return {**record, "cpu_s": round(time.process_time() - started, 2)}
