"""What a generator learnt as metadata: rare categories, extremes of one person, missing patterns.

Bounds and categories that were read from the training rows are no public knowledge. A generator
that clips to them, or that emits each category it saw, hands out single people's values though no
row is near to theirs. Three parts, each beside the same for the holdout and each an exact test by
unit of one null hypothesis: the released table does not depend on who of train and holdout is a
member. What a schema declares is public and never counts.
"""

from typing import Any

import numpy as np
import pandas as pd

from privsynth.measures._base import MIN_CELL, Found, Material, Measure
from privsynth.measures._rare import Things
from privsynth.statistics import End, Estimate, extreme_excess, extreme_hits
from privsynth.tables import Column, Records
from privsynth.tables.convert import comparable
from privsynth.tables.schema import ORDERED

PARTS = ("rare_categories_excess", "training_extremes_excess", "rare_missingness_excess")
LEVEL = 0.01
"""Of all parts together: each speaks below LEVEL / 3, so that at most 1 % of clean audits do."""
_HINT = 0.2
"""Hits whose p lies between LEVEL / 3 and this are told in a note: few columns prove little."""
_MANY = 50
"""An end with more units at or beyond the released extreme is not followed: no single person's."""


def run(material: Material) -> Found:
    """Return three excesses in [-1, 1], 0 for a clean table, each with an exact one-sided p.

    ``rare_categories_excess``: categories that fewer than 11 units of train and holdout hold, and
    neither the schema (declared) nor the reference; the share of their member holders for whom
    they reappear, minus that of non-member holders (Fisher's exact test in strata of rarity).
    ``training_extremes_excess``: the share of ends (two a column of numbers or dates, without the
    ends at a declared bound) at which the released minimum or maximum is the training extreme and
    one training unit's alone, minus the same for the holdout (labels drawn anew by unit).
    ``rare_missingness_excess``: as the first, for the columns in which a row is empty. A small p
    is evidence and fails a release; hits without one are a description. Clean tables give a p below
    LEVEL / 3 in any part with probability at most LEVEL, at any sizes, ties and entities.
    """
    game, alpha = material.game, material.alpha
    categories, patterns = _categories(material), _patterns(material)
    ends, columns, n_ends = _ends(material)
    rng = material.rng("metadata_leak")
    estimates = (
        categories.excess(PARTS[0], game, alpha).rounded(),
        extreme_excess(PARTS[1], ends, n_ends, game, alpha, rng).rounded(),
        patterns.excess(PARTS[2], game, alpha).rounded(),
    )
    labels = game.unit_is_member[None, :].astype(bool)
    hits = {"train": labels, "holdout": ~labels}
    options: dict[str, Any] = {
        "categories": categories.counts(game),
        "extremes": {side: int(extreme_hits(ends, one)[0]) for side, one in hits.items()},
        "missing_patterns": patterns.counts(game),
    }
    if (estimates[1].p or 0.0) < LEVEL / len(PARTS):
        # Named only beyond chance: of a table that passes, nobody should learn which end is real.
        found = [c for c, end in zip(columns, ends, strict=True) if extreme_hits([end], labels)[0]]
        options["columns_with_training_extremes"] = list(dict.fromkeys(found))
    return Found(estimates, options=options, notes=_notes(material, estimates, options))


def _categories(material: Material) -> Things:
    """Return the categories of every read column whose values are texts."""
    start, parts = len(material.space.ordered), []
    for j, column in enumerate((*material.space.ordered, *material.space.coded)):
        if column.kind not in ("categorical", "ordinal"):
            continue
        targets, released, reference = (
            records.cells[_present(records, j, start), j]
            for records in (material.targets, material.synthetic, material.need_reference())
        )
        units = material.game.units[_present(material.targets, j, start)]
        known = np.concatenate([reference, _declared(column)])
        parts.append(Things.of(units, targets, released, known))
    return Things.joined(parts)


def _present(records: Records, j: int, start: int) -> Any:
    """Return which rows hold a value in the column at place ``j`` of ``Records.cells``."""
    if j < start:
        return ~np.isnan(records.numbers[:, j])
    return records.codes[:, j - start] != 0


def _declared(column: Column) -> Any:
    """Return the cells of the categories that a person declared."""
    if column.categories is None or "categories" in column.inferred:
        return np.zeros(0, np.int64)
    texts = np.array([comparable(text) for text in column.categories], dtype=object)
    return pd.util.hash_array(texts).view(np.int64)


def _patterns(material: Material) -> Things:
    """Return the patterns of empty cells over all read columns, one a row."""
    targets, released, reference = (
        np.packbits(np.hstack([np.isnan(r.numbers), r.codes == 0]), axis=1)
        for r in (material.targets, material.synthetic, material.need_reference())
    )
    sizes = np.cumsum([len(targets), len(released)])
    numbers = np.unique(
        np.concatenate([targets, released, reference]), axis=0, return_inverse=True
    )[1].ravel()
    own, back, known = np.split(numbers, sizes)
    return Things.of(material.game.units, own, back, known)


def _ends(material: Material) -> tuple[list[End], list[str], int]:
    """Return the ends that a counted unit shares with the release, their columns, and all ends."""
    ends: list[End] = []
    columns: list[str] = []
    n_ends = 0
    for j, column in enumerate(material.space.ordered):
        if column.kind not in ORDERED:
            continue
        seen, released = (_values(r, j, column) for r in (material.targets, material.synthetic))
        for outward, bound in _directions(column):
            if not len(released[1]):
                continue
            end = (outward * released[1]).max()
            if bound is not None and end >= outward * bound:
                continue
            n_ends += 1
            units = material.game.units[seen[0]]
            beyond = np.unique(units[outward * seen[1] > end])
            at = np.setdiff1d(units[outward * seen[1] == end], beyond)
            if len(at) > 0 and len(at) + len(beyond) <= _MANY:
                ends.append((beyond, at))
                columns.append(column.name)
    return ends, columns, n_ends


def _directions(column: Column) -> list[tuple[int, float | None]]:
    """Return -1 for the lower end and 1 for the upper, each with the bound a person declared."""
    low, high = column.ends
    return [
        (-1, None if "low" in column.inferred else low),
        (1, None if "high" in column.inferred else high),
    ]


def _values(records: Records, j: int, column: Column) -> tuple[Any, Any]:
    """Return which rows hold a readable value, and those values exactly."""
    rows = np.flatnonzero(np.isfinite(records.numbers[:, j]))
    cells = records.cells[rows, j]
    return rows, cells if column.kind == "integer" else cells.view(np.float64)


def _notes(
    material: Material, estimates: tuple[Estimate, ...], options: dict[str, Any]
) -> tuple[str, ...]:
    kinds = ("categories", "extremes", "missing_patterns")
    notes = [
        f"{PARTS[i]}: {options[kind]['train']} of train and {options[kind]['holdout']} of the "
        "holdout came back; at these sizes chance may explain it"
        for i, kind in enumerate(kinds)
        if options[kind]["train"] > 0 and LEVEL / len(PARTS) <= (estimates[i].p or 0.0) < _HINT
    ]
    learnt = [c.name for c in material.schema.read if not c.has_declared_domain]
    if learnt:
        notes.append(
            "bounds or categories were not declared, so what a generator knows of them comes from "
            f"rows and is not public: {', '.join(map(repr, learnt))}"
        )
    return tuple(notes)


measure = Measure(
    name="metadata_leak",
    home=__name__,
    title="Metadata learnt from single people",
    source=f"exact tests by unit; rare is what fewer than {MIN_CELL} units hold (US CMS cell size)",
    run=run,
)
