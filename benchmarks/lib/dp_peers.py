"""MST as dpmm and smartnoise-synth make it, each in an environment of its own."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from lib.environments import ROOT, python, version_of
from lib.rounds import environment
from privsynth.tables import Table, read

PEERS = ("dpmm", "smartnoise-synth")
TIMEOUT = 1_800


def made(tool: str, train: Table, epsilon: float, seed: int) -> tuple[Table, dict[str, Any]]:
    """Return a peer's synthetic table, as many rows as ``train``, and what its fit took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train.frame.to_csv(folder / "train.csv", index=False)
        columns = [
            {
                "name": c.name, "kind": c.kind, "low": c.ends[0], "high": c.ends[1],
                "categories": ["False", "True"] if c.kind == "boolean" else c.categories,
            }
            for c in train.schema.columns
        ]  # fmt: skip
        asked = {"columns": columns, "epsilon": epsilon, "delta": 1e-5, "seed": seed}
        (folder / "asked.json").write_text(json.dumps(asked))
        script = str(ROOT / "benchmarks/lib/dp_peer_jobs.py")
        done = subprocess.run(
            [python(tool), "-P", script, tool, name], capture_output=True, text=True, check=False,
            timeout=TIMEOUT, env=environment(tool),
        )  # fmt: skip
        if done.returncode:
            raise ChildProcessError((done.stderr.strip().splitlines() or ["no message"])[-1][:300])
        found = json.loads(done.stdout.strip().splitlines()[-1])
        synthetic = read(folder / "synthetic.csv", train.schema, role="synthetic", name="synthetic")
    return synthetic, {**found, "version": version_of(tool)}
