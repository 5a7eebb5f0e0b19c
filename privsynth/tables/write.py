"""Tables into files: atomically, and the same bytes for the same rows."""

import csv
import gzip
import io
import os
import secrets
from contextlib import suppress
from pathlib import Path

import pandas as pd

from privsynth.errors import InputError
from privsynth.tables.table import Table


def write(table: Table, path: Path | str) -> None:
    """Write a table as CSV, CSV.gz or Parquet, by the file's ending."""
    path = Path(path)
    write_bytes(path, table_bytes(table, path.name))


def table_bytes(table: Table, name: str) -> bytes:
    """Return the file of a table as bytes; ``name`` chooses the format by its ending."""
    frame = _printable(table.frame)
    if name.lower().endswith(".parquet"):
        buffer = io.BytesIO()
        table.frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    text: bytes = frame.to_csv(index=False, lineterminator="\n").encode()
    if b"\r" in text:  # which the csv module leaves unquoted, though readers end a row at it
        quoted = csv.QUOTE_NONNUMERIC
        text = frame.to_csv(index=False, lineterminator="\n", quoting=quoted).encode()
    if name.lower().endswith(".csv.gz"):
        return gzip.compress(text, mtime=0)
    if name.lower().endswith(".csv"):
        return text
    raise InputError(f"{name}: tables are written as .csv, .csv.gz or .parquet")


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
