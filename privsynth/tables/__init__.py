"""Tables in and out: read, schema, split, encode."""

from privsynth.tables.encode import Records, Space, concat, fit_space
from privsynth.tables.read import check_informative, read
from privsynth.tables.schema import Column, Schema, dump_schema, read_schema
from privsynth.tables.split import Split, halve, split
from privsynth.tables.table import Table, stack, typed
from privsynth.tables.widen import widen
from privsynth.tables.write import table_bytes, write, write_bytes

__all__ = [
    "Column",
    "Records",
    "Schema",
    "Space",
    "Split",
    "Table",
    "check_informative",
    "concat",
    "dump_schema",
    "fit_space",
    "halve",
    "read",
    "read_schema",
    "split",
    "stack",
    "table_bytes",
    "typed",
    "widen",
    "write",
    "write_bytes",
]
