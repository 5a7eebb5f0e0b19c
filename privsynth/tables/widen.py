"""Guessed kinds that a released table contradicts: whole numbers that come back with fractions."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from privsynth.tables.convert import is_missing, numbers
from privsynth.tables.load import load
from privsynth.tables.schema import Schema


def widen(schema: Schema, released: Iterable[Path]) -> Schema:
    """Return the schema with guessed integers as numbers where a released file has fractions.

    Generators often write 35.2 into a column that happened to hold whole numbers. Read as
    integers such cells would match nothing, and the attacks would lose the column. Declared kinds
    stay as they are.
    """
    guessed = {c.name for c in schema.columns if c.kind == "integer" and "kind" in c.inferred}
    found: set[str] = set()
    for path in released if guessed else ():
        raw = load(path)
        for name in sorted(guessed - found):
            if name in raw.columns:
                values = numbers(raw[name], is_missing(raw[name]))
                finite = values[np.isfinite(values)]
                if (finite != np.round(finite)).any():
                    found.add(name)
    columns = (
        c.model_copy(update={"kind": "numeric"}) if c.name in found else c for c in schema.columns
    )
    return schema.model_copy(update={"columns": tuple(columns)})
