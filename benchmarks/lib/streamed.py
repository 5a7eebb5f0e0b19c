"""Peak memory of a search in a Parquet file, where the file grows and the queries stay.

As a script it is the process that is measured: it reads the queries and searches the file.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PIECE = 100_000
ROWS = (500_000, 2_000_000)


def peaks(queries: int = 10_000, rows: tuple[int, ...] = ROWS) -> dict[str, Any]:
    """Return wall and CPU seconds and peak MB for each size of the file."""
    from lib.rounds import environment
    from lib.tables import census

    out: dict[str, Any] = {"queries": queries}
    with tempfile.TemporaryDirectory() as name:
        asked, file = Path(name, "queries.parquet"), Path(name, "reference.parquet")
        census(queries, seed=0).synthetic.to_parquet(asked)
        for count in rows:
            _write(file, count)
            command = [sys.executable, "-P", __file__, str(asked), str(file)]
            started = time.perf_counter()
            with tempfile.TemporaryFile() as log:
                child = subprocess.Popen(command, stdout=log, stderr=log, env=environment("ours"))
                _, status, used = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                log.seek(0)
                if status:
                    text = log.read().decode(errors="replace").strip().splitlines() or [""]
                    return {**out, "error": text[-1][:200]}
            out[str(count)] = {
                "wall_s": round(time.perf_counter() - started, 1),
                "cpu_s": round(used.ru_utime + used.ru_stime, 1),
                "peak_MB": round(used.ru_maxrss / 1024),
            }
            print(json.dumps({"streamed": count, **out[str(count)]}), flush=True)
    return out


def _write(file: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from lib.tables import census

    writer = None
    for seed in range(0, rows, PIECE):
        piece = pa.Table.from_pandas(census(min(PIECE, rows), seed=seed + 1).train)
        writer = writer or pq.ParquetWriter(file, piece.schema)
        writer.write_table(piece)
    assert writer
    writer.close()


def main(asked: str, file: str) -> None:
    """Search; ranges and categories are those of the queries."""
    import pandas as pd

    from privsynth.neighbours import nearest_in_parquet
    from privsynth.tables.encode import fit_space
    from privsynth.tables.infer import infer
    from privsynth.tables.read import from_raw

    frame = pd.read_parquet(asked)
    schema = infer(frame)
    table = from_raw(frame, schema, role="real", name="queries")
    space = fit_space(schema, [table])
    nearest_in_parquet(space.encode(table), Path(file), space, schema, threads=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
