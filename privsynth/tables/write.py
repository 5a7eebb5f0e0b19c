"""Tables into files: atomically, and the same bytes for the same rows."""

import csv
import gzip
import io
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pandas as pd

from privsynth.errors import InputError
from privsynth.tables.table import Table


def write(table: Table, path: Path | str) -> None:
    """Write a table as CSV, CSV.gz or Parquet, by the file's ending."""
    path = Path(path)
    write_bytes(path, table_bytes(table, path.name))


def table_bytes(table: Table, name: str, hints: Mapping[str, str] | None = None) -> bytes:
    """Return the file of a table as bytes; ``name`` chooses the format by its ending.

    ``hints`` go into the metadata of a Parquet file; the other formats have no place for them.
    """
    frame = _printable(table.frame)
    if name.lower().endswith(".parquet"):
        return _parquet(table.frame, hints or {})
    text: bytes = frame.to_csv(index=False, lineterminator="\n").encode()
    if b"\r" in text:  # which the csv module leaves unquoted, though readers end a row at it
        quoted = csv.QUOTE_NONNUMERIC
        text = frame.to_csv(index=False, lineterminator="\n", quoting=quoted).encode()
    if name.lower().endswith(".csv.gz"):
        return gzip.compress(text, mtime=0)
    if name.lower().endswith(".csv"):
        return text
    raise InputError(f"{name}: tables are written as .csv, .csv.gz or .parquet")


def _parquet(frame: pd.DataFrame, hints: Mapping[str, str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(rows.schema.metadata or {}), **dict(sorted(hints.items()))}
    buffer = io.BytesIO()
    pq.write_table(rows.replace_schema_metadata(metadata), buffer)
    return buffer.getvalue()


def _printable(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    for name in out.columns:
        if str(out[name].dtype).startswith("datetime"):
            stamps = out[name]
            whole_days = bool((stamps.dropna() == stamps.dropna().dt.normalize()).all())
            style = "%Y-%m-%d" if whole_days else "%Y-%m-%dT%H:%M:%S.%f"
            out[name] = stamps.dt.strftime(style)
    return out


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all (temporary sibling, then rename)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
