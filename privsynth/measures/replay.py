"""Identifiers and free text: released values that train holds, against those of the holdout.

No attack reads such columns, yet a name or a remark that comes back names the person. Public
values (common names, codes, stock phrases) recur for everybody: only what members' rare values do
beyond those of the holdout is a leak.
"""

from typing import Any

import numpy as np
import pandas as pd

from privsynth.measures._base import MIN_CELL, Found, Material, Measure
from privsynth.measures._rare import Things
from privsynth.statistics import Estimate, proportion
from privsynth.tables.distinct import distinct

NONE_RELEASED = "no identifier or free-text column was released"
WORDS = 6
"""A longer text is compared by its runs of this many words, so that a repeated part is seen."""


def run(material: Material) -> Found:
    """Return for each released identifier or free-text column (the entity among them) three shares.

    ``replayed[COLUMN]``: share of the distinct released values that occur in train, in [0, 1];
    ``replayed_holdout[COLUMN]``: the same for the holdout, as a comparison (not scaled for sizes).
    ``replayed_excess[COLUMN]`` in [-1, 1], 0 for a clean table: of the units that hold a value (or
    a run of six words) that fewer than 11 units of train and holdout hold and nobody in the
    reference, the share of members whose rarest one reappears, minus that of non-members; ``p`` is
    Fisher's exact test in strata of rarity, by unit. Case and spaces make no difference.
    """
    released = material.tables["synthetic"]
    columns = [c for c in material.schema.ignored if c.name in released.schema.names]
    if not columns:
        return Found(not_run=NONE_RELEASED)
    estimates: list[Estimate] = []
    for column in columns:
        estimates += _column(material, column.name, runs=column.kind == "text")
    entity = material.schema.entity
    notes = [
        "values that were changed in any letter, and meanings told in other words, are not seen"
    ]
    if any(c.kind == "id" or c.name == entity for c in columns):
        notes.append(
            "row numbers that happen to be those of train are called replayed: release others"
        )
    return Found(
        tuple(estimates), options={"columns": [c.name for c in columns]}, notes=tuple(notes)
    )


def _column(material: Material, name: str, *, runs: bool) -> list[Estimate]:
    sides = {
        role: _texts(material.tables[role].frame[name])
        for role in ("train", "holdout", "reference", "synthetic")
    }
    whole = {role: set(texts) - {None} for role, texts in sides.items()}
    shares = [
        proportion(
            label, len(whole["synthetic"] & whole[role]), len(whole["synthetic"]), material.alpha
        )
        for label, role in (
            (f"replayed[{name}]", "train"),
            (f"replayed_holdout[{name}]", "holdout"),
        )
        if whole["synthetic"]
    ]
    pieces = {role: _pieces(texts, runs=runs) for role, texts in sides.items()}
    rows = np.concatenate(
        [pieces["train"][0], pieces["holdout"][0] + len(material.tables["train"])]
    )
    things = Things.of(
        material.game.units[rows],
        np.concatenate([pieces["train"][1], pieces["holdout"][1]]),
        pieces["synthetic"][1],
        pieces["reference"][1],
    )
    return [*shares, things.excess(f"replayed_excess[{name}]", material.game, material.alpha)]


def _texts(cells: pd.Series) -> list[Any]:
    """Return what is compared for each cell, None where it is missing."""
    codes, values = distinct(cells.astype(object))
    plain = [" ".join(str(value).split()).casefold() for value in values]
    table = [*(text or None for text in plain), None]
    return [table[code] for code in codes]


def _pieces(texts: list[Any], *, runs: bool) -> tuple[Any, Any]:
    """Return pairs of a row and a 64-bit hash of what it holds: its text, or a long one's runs."""
    rows: list[int] = []
    found: list[str] = []
    for row, text in enumerate(texts):
        if text is None:
            continue
        words = text.split() if runs else []
        if len(words) <= WORDS:
            parts = [text]
        else:
            parts = [" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)]
        rows += [row] * len(parts)
        found += parts
    return np.array(rows, dtype=np.int64), pd.util.hash_array(np.array(found, dtype=object))


measure = Measure(
    name="replay",
    home=__name__,
    title="Identifiers and free text that come back",
    source=f"share of distinct values that recur (SDV, NeMo); rare: under {MIN_CELL} units; Fisher",
    run=run,
)
