"""What other tools say of the same tables: each in its own environment, as its manual calls it.

Train, holdout and released table are equally large and have no missing cells, which is what the
peers handle best.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lib.environments import ROOT, NotInstalled, python
from lib.rounds import environment, write
from lib.tables import Case as Written
from lib.zoo_cases import Case, leaks
from lib.zoo_gate import kernel_table, population, replaced
from lib.zoo_peer_jobs import TOOLS
from lib.zoo_score import judged, material
from privsynth.neighbours import nearest
from privsynth.randomness import generator
from privsynth.tables import Table

N = 1000
TIMEOUT = 600
FAMILIES = (
    "fresh people", "mode collapse", "20 % copies", "copied 1 % outliers", "resampled columns",
    "over-fitted kernel density",
)  # fmt: skip


def tables(family: str, rng: np.random.Generator) -> tuple[Table, Table, Table, Table]:
    """Return train, holdout, reference and released table."""
    people = population()
    train, holdout, reference, fresh = (
        people.draw(N, rng, role, missing=False) for role in ("train", "holdout", "reference", "a")
    )
    if family == "mode collapse":
        released = fresh.take(rng.integers(0, 60, N), "released")
    elif family == "20 % copies":
        released = replaced(fresh, train.take(range(N // 5), "leak"))
    elif family == "copied 1 % outliers":
        far = nearest(train.frame, reference.frame, k=5, threads=1).distances[:, 4]
        released = replaced(fresh, train.take(np.sort(np.argsort(-far)[: N // 100]), "leak"))
    elif family == "resampled columns":
        frame = leaks.resampled_columns(train.frame, N, rng).astype(train.frame.dtypes.to_dict())
        released = Table(frame, train.schema, "released")
    elif family == "over-fitted kernel density":
        released = kernel_table(train, reference, rng)
    else:
        released = fresh
    return train, holdout, reference, released


def repetition(family: str, number: int) -> dict[str, Any]:
    """Return what every tool, and this package, says of one repetition."""
    given = tables(family, generator(number, "zoo", "peers", family))
    case = Case(*(table.frame for table in given), schema=given[0].schema)
    out: dict[str, Any] = {"ours": judged(material(case, number))}
    kinds = {column.name: column.kind for column in given[0].schema.read}
    numeric = [name for name, kind in kinds.items() if kind in ("numeric", "integer")]
    written = Written(
        *(given[i].frame.astype(dict.fromkeys(numeric, float)) for i in (0, 1, 3)),
        numeric=numeric,
        categorical=[name for name in kinds if name not in numeric],
    )
    with tempfile.TemporaryDirectory() as folder:
        write(written, Path(folder))
        for tool in TOOLS:
            out[tool] = _said(tool, folder)
    return out


def _said(tool: str, folder: str) -> dict[str, Any]:
    try:
        command = [python(tool), "-P", str(ROOT / "benchmarks/lib/zoo_peer_jobs.py"), tool, folder]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT,
            env=environment(tool),
        )  # fmt: skip
    except (NotInstalled, subprocess.TimeoutExpired) as problem:
        return {"error": str(problem)[:200]}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))
