"""A CSV, CSV.gz or Parquet file as raw columns: texts from CSV, typed cells from Parquet."""

import csv
import gzip
import io
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from privsynth.errors import InputError

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
DELIMITERS = (",", ";", "\t", "|")
_LAST = "end"


def load(path: Path) -> pd.DataFrame:
    """Return the file's columns as they stand; every CSV cell is a text, "" where it is empty.

    Raises ``InputError`` for a file that is missing, empty, truncated, not UTF-8, no table, or has
    two columns of one name or no rows.
    """
    name = path.name.lower()
    try:
        if not path.exists():
            raise InputError(f"{path}: there is no such file")
        if path.is_dir():
            raise InputError(f"{path}: this is a folder; name a table file ({', '.join(SUFFIXES)})")
        if not name.endswith(SUFFIXES):
            raise InputError(f"{path}: unknown kind of file; expected one of {', '.join(SUFFIXES)}")
        frame = _parquet(path) if name.endswith(".parquet") else _delimited(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or 'damaged file'})") from None
    if not len(frame):
        raise InputError(f"{path}: the table has no rows")
    return frame


def column_names(names: list[str], path: Path) -> list[str]:
    """Return stripped column names; ``InputError`` where two are the same."""
    names = [str(name).strip() for name in names]
    for place, name in enumerate(names, start=1):
        first = names.index(name) + 1
        if first < place:  # not quoted: in a file without a header these are somebody's cells
            raise InputError(
                f"{path}: columns {first} and {place} have the same name in the first line; give "
                "each column its own name"
            )
    return names


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except pa.ArrowException:
        raise InputError(f"{path}: not a Parquet file, or one that ends in the middle") from None
    return frame_of(table, path)


def frame_of(table: Any, path: Path) -> pd.DataFrame:
    """Return an Arrow table, whole or a piece of a file, as raw columns (see ``load``)."""
    import pyarrow as pa

    names = column_names(table.column_names, path)
    for i, field in enumerate(table.schema):
        table = table.set_column(i, field.name, _plain_cells(table.column(i), field, path))
    integers = {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32()}
    mapping: dict[Any, Any] = {
        **dict.fromkeys(integers, pd.Int64Dtype()),
        pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    frame = table.to_pandas(types_mapper=mapping.get, ignore_metadata=True)
    frame.columns = names
    return frame


def _plain_cells(cells: Any, field: Any, path: Path) -> Any:
    """Return a Parquet column whose cells pandas takes as they would stand in a CSV file."""
    import pyarrow as pa

    kind = field.type
    if pa.types.is_dictionary(kind):
        cells = cells.cast(kind.value_type)
        kind = kind.value_type
    if pa.types.is_nested(kind):
        raise InputError(
            f"{path}: column {field.name!r} holds {kind}; only plain cells can be audited"
        )
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        # By way of the shortest text, so that 0.1 in single precision is the 0.1 of a CSV file.
        return cells.cast(pa.string()).cast(pa.float64())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        try:
            return cells.cast(pa.large_string())
        except pa.ArrowInvalid:
            raise InputError(
                f"{path}: column {field.name!r} holds bytes that are no text; leave it out"
            ) from None
    return cells


def _delimited(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    data = _bytes(path)
    header, delimiter = _header(data, path)
    names = column_names(header, path)
    # A row of our own at the end comes out as itself, unless a quote before it was never closed.
    last = delimiter.join([_LAST] * len(names))
    data = data.strip(b"\r\n") + b"\n" + last.encode()
    bad: list[Any] = []

    def note(row: Any) -> str:
        bad.append(row)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows=0, use_threads=False, block_size=len(data)
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
    if not len(frame) or not (frame.iloc[-1] == _LAST).all():
        raise InputError(
            f"{path}: a quote is opened and never closed; the file is truncated or damaged"
        )
    return frame.iloc[:-1]


def _bytes(path: Path) -> bytes:
    try:
        data = (
            gzip.decompress(path.read_bytes())
            if path.suffix.lower() == ".gz"
            else path.read_bytes()
        )
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path}: not a gzip file, or one that ends in the middle") from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InputError(f"{path}: the file is empty")
    if b"\x00" in data:
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
    headers = {mark: _cells(line.lstrip("\r\n"), mark, path) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: (len(headers[mark]), -DELIMITERS.index(mark)))
    return headers[delimiter], delimiter


def _cells(text: str, delimiter: str, path: Path) -> list[str]:
    """Return the cells of the first row of ``text``."""
    try:
        return next(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter))
    except csv.Error:
        raise InputError(f"{path}: this is not a table that can be read as CSV") from None
