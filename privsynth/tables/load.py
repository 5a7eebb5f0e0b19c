"""A CSV, CSV.gz or Parquet file as raw columns: texts from CSV, typed cells from Parquet."""

import csv
import gzip
import io
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from privsynth.errors import InputError

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
DELIMITERS = (",", ";", "\t", "|")


def load(path: Path) -> pd.DataFrame:
    """Return the file's columns as they stand; every CSV cell is a text, "" where it is empty.

    Raises ``InputError`` for a file that is missing, empty, truncated, not UTF-8, no table, or has
    two columns of one name or no rows.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; name a table file ({', '.join(SUFFIXES)})")
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise InputError(f"{path}: unknown kind of file; expected one of {', '.join(SUFFIXES)}")
    try:
        frame = _parquet(path) if name.endswith(".parquet") else _delimited(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or 'damaged file'})") from None
    if not len(frame):
        raise InputError(f"{path}: the table has no rows")
    return frame


def _names(names: list[str], path: Path) -> list[str]:
    names = [str(name).strip() for name in names]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        shown = ", ".join(repr(name) for name in twice[:5])
        raise InputError(f"{path}: several columns are called {shown}; give each its own name")
    return names


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except pa.ArrowException:
        raise InputError(f"{path}: not a Parquet file, or one that ends in the middle") from None
    names = _names(table.column_names, path)
    for field in table.schema:
        if pa.types.is_nested(field.type) and not pa.types.is_dictionary(field.type):
            raise InputError(
                f"{path}: column {field.name!r} holds {field.type}; only plain cells can be audited"
            )
    integers = {
        kind: pd.Int64Dtype()
        for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(),
                     pa.uint32(), pa.uint64())
    }  # fmt: skip
    mapping: dict[Any, Any] = {**integers, pa.bool_(): pd.BooleanDtype()}
    frame = table.to_pandas(types_mapper=mapping.get, ignore_metadata=True)
    frame.columns = names
    return frame


def _delimited(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    data = _bytes(path)
    header, delimiter = _header(data, path)
    names = _names(header, path)
    bad: list[Any] = []

    def note(row: Any) -> str:
        bad.append(row)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows=0, use_threads=False, block_size=max(len(data), 1)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(names) > 1,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise InputError(f"{path}: the text is not UTF-8; save it as UTF-8") from None
        raise InputError(f"{path}: this is not a table that can be read as CSV") from None
    if bad:
        where = f"row {bad[0].number - 1}" if bad[0].number else "a row"
        raise InputError(
            f"{path}: {where} has {bad[0].actual_columns} cells where the header has {len(names)} "
            f"({len(bad)} such rows); the file is truncated or damaged, or is no table"
        )
    frame = table.slice(1).to_pandas()
    frame.columns = names
    return frame


def _bytes(path: Path) -> bytes:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path}: not a gzip file, or one that ends in the middle") from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InputError(f"{path}: the file is empty")
    if b"\x00" in data[:65536]:
        raise InputError(f"{path}: this is binary data or not UTF-8, not a CSV table")
    return data


def _header(data: bytes, path: Path) -> tuple[list[str], str]:
    try:
        line = data[:1_000_000].decode(
            "utf-8", errors="strict" if len(data) < 1_000_000 else "ignore"
        )
    except UnicodeDecodeError:
        raise InputError(f"{path}: the text is not UTF-8; save it as UTF-8") from None
    if line.lstrip()[:1] in ("{", "[", "<"):
        raise InputError(f"{path}: this is JSON, HTML or XML, not a CSV table")
    first = line.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=lambda mark: (first.count(mark), -DELIMITERS.index(mark)))
    header = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    return header, delimiter
