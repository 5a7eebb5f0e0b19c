"""The nearest records of a table that is never in memory whole: a Parquet file, piece by piece."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from privsynth.errors import InputError
from privsynth.neighbours import cost
from privsynth.neighbours.search import Neighbours, Tick, merge, nearest_records
from privsynth.tables.encode import Records, Space
from privsynth.tables.load import column_names, frame_of
from privsynth.tables.read import from_raw
from privsynth.tables.schema import Schema


def nearest_in_parquet(
    queries: Records, path: Path, space: Space, schema: Schema, *, k: int = 2,
    threads: int | None = None, max_memory: int | None = None, tick: Tick | None = None,
) -> Neighbours:  # fmt: skip
    """Return the k nearest rows of a Parquet file for each query, as if it had been read whole.

    ``ids`` are row numbers in the file. Memory does not grow with the file: a batch of rows is
    read, searched no farther than the k-th nearest so far, merged and dropped. Only the columns of
    ``space`` are read, by the kinds of ``schema``. Raises ``InputError`` for a ``k`` beyond the
    file's rows, a lacking column, kinds that differ, cells that are no value of their kind (with
    the row in the file), a damaged file, or a search that needs more than ``max_memory`` bytes.
    """
    path = Path(path)
    with _opened(path) as file:
        rows = file.metadata.num_rows
        compared = _compared(queries, space, schema)
        wanted = _columns(file, compared, path)
        if not 1 <= k <= rows:
            raise InputError(f"{path}: k must lie between 1 and the file's {rows} rows, not {k}")
        needed = cost.streamed_cost(
            len(queries), rows, len(space.names), k, threads or os.cpu_count() or 1
        )
        cost.check_memory(needed, max_memory, streamed=True)
        found = Neighbours(
            np.full((len(queries), k), np.inf), np.full((len(queries), k), -1, np.int64)
        )
        before = 0
        for piece in _pieces(file, wanted, path):
            table = from_raw(piece, compared, role="real", name=str(path), rows_above=before)
            records = space.encode(table)
            near = nearest_records(
                queries, records, k=k, threads=threads, tick=tick, limits=found.distances[:, -1]
            )
            found = merge([found, near], [before, len(records)])
            before += len(records)
    if before != rows:
        raise InputError(f"{path}: {before} of {rows} rows could be read; the file is damaged")
    return found


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.is_dir():
        raise InputError(f"{path}: this is a folder; name a Parquet file")
    try:
        # Buffered: else a whole row group, which may be the whole file, is fetched at once.
        return pq.ParquetFile(
            path, buffer_size=2**16, pre_buffer=False, page_checksum_verification=True
        )
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    if isinstance(error, OSError) and error.strerror:
        return InputError(f"{path}: cannot be read ({error.strerror})")
    return InputError(f"{path}: not a Parquet file, or one that ends in the middle")


def _compared(queries: Records, space: Space, schema: Schema) -> Schema:
    """Return the schema of the columns that are compared, in the order of the space."""
    if not space.names:
        raise InputError("there is no column to compare; declare the kinds in the schema")
    declared = {column.name: column for column in schema.columns}
    for column in (*space.ordered, *space.coded):
        if column.name not in declared:
            raise InputError(f"column {column.name!r} is compared, but not in the schema; add it")
        kind = declared[column.name].kind
        if kind != column.kind:
            raise InputError(
                f"column {column.name!r} is {kind} in the schema of the file and {column.kind} in "
                "that of the queries; declare one kind for both"
            )
    if (queries.numbers.shape[1], queries.codes.shape[1]) != (len(space.ordered), len(space.coded)):
        raise InputError("the queries were encoded in another space; encode them in this one")
    return Schema(columns=tuple(declared[name] for name in space.names))


def _columns(file: Any, compared: Schema, path: Path) -> list[str]:
    """Return the compared columns as the file spells them."""
    spelled = file.schema_arrow.names
    there = dict(zip(column_names(spelled, path), spelled, strict=True))
    missing = [name for name in compared.names if name not in there]
    if len(missing) == len(compared.names):
        raise InputError(f"{path}: it has no column in common with the queries; name at least one")
    if missing:
        raise InputError(
            f"{path}: the columns differ from those of the queries (missing: "
            f"{', '.join(map(repr, missing[:8]))}{' …' if len(missing) > 8 else ''}); make the "
            "column names equal"
        )
    return [there[name] for name in compared.names]


def _pieces(file: Any, wanted: list[str], path: Path) -> Iterator[pd.DataFrame]:
    """Yield ``cost.BATCH`` rows at a time, whatever the size of the row groups; then the rest."""
    import pyarrow as pa

    held: list[Any] = []
    rows = 0
    try:
        for batch in file.iter_batches(cost.BATCH, columns=wanted, use_threads=False):
            held.append(batch)
            rows += len(batch)
            if rows >= cost.BATCH:
                table = pa.Table.from_batches(held)
                held, rows = table.slice(cost.BATCH).to_batches(), rows - cost.BATCH
                yield frame_of(table.slice(0, cost.BATCH).select(wanted), path)
        if rows:
            yield frame_of(pa.Table.from_batches(held).select(wanted), path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from None
