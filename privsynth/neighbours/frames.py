"""The nearest rows of one DataFrame in another, from the frames as they are."""

import os

import pandas as pd

from privsynth.errors import InputError
from privsynth.neighbours import cost
from privsynth.neighbours.search import Neighbours, nearest_records
from privsynth.tables.encode import Records, fit_space
from privsynth.tables.infer import infer
from privsynth.tables.read import from_raw
from privsynth.tables.schema import Schema


def nearest(
    queries: pd.DataFrame,
    reference: pd.DataFrame,
    schema: Schema | None = None,
    *,
    k: int = 2,
    threads: int | None = None,
    max_memory: int | None = None,
) -> Neighbours:
    """Return the ``k`` nearest rows of ``reference`` for every row of ``queries``, exactly.

    ``distances (m, k)`` is the Gower sum over columns (see ``Neighbours``), ``ids (m, k)`` the row
    positions in ``reference``, the smaller one where two are equally near. Without ``schema`` kinds
    are inferred from the reference and ranges span both frames. Raises ``InputError`` for frames
    without a common column, kinds that differ, a ``k`` beyond the reference's rows, or a search
    that needs more than ``max_memory`` bytes (see ``cost``).
    """
    if not 1 <= k <= len(reference):
        raise InputError(f"k must lie between 1 and the {len(reference)} reference rows, not {k}")
    columns = len(reference.columns)
    needed = cost.cost(len(queries), len(reference), columns, k, threads or os.cpu_count() or 1)
    cost.check_memory(needed, max_memory)
    asked, given = encode_frames(queries, reference, schema)
    return nearest_records(asked, given, k=k, threads=threads)


def encode_frames(
    queries: pd.DataFrame, reference: pd.DataFrame, schema: Schema | None = None
) -> tuple[Records, Records]:
    """Return both frames in one space: declared bounds, else ranges over both together."""
    if schema is None:
        common = [name for name in reference.columns if name in queries.columns]
        if not common:
            raise InputError("the two tables have no common column; name at least one alike")
        queries, reference = queries[common], reference[common]
        schema = infer(reference)
        if not schema.read:
            raise InputError("every common column is an id or free text; declare their kinds")
    tables = [
        from_raw(frame, schema, role="synthetic", name=name)
        for frame, name in ((queries, "queries"), (reference, "reference"))
    ]
    for column in schema.read:
        bad = tables[0].unreadable.get(column.name)
        if bad is not None and bad.all():
            raise InputError(
                f"column {column.name!r} is {column.kind} in the reference, and no cell of the "
                "queries is; make the kinds alike, or declare them in a schema"
            )
    space = fit_space(schema, tables)
    return space.encode(tables[0]), space.encode(tables[1])
