"""The share closer to train again, within parts of the columns: a copied half hides in the whole.

Screening only, and beside the gate: it reads the share over all columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.measures._base import Found, Material, Measure
from privsynth.neighbours import nearest_records, tie_credit
from privsynth.statistics import share_closer
from privsynth.tables import Records

FEWEST = 2
"""Columns that a part holds at least, and leaves out at least one."""
MOST_ROWS = 2000
"""Synthetic rows that are searched for, drawn at random: keeps the measure cheap."""


def run(material: Material) -> Found:
    """Return the share closer to train within each part of the columns, as ``share_closer`` does.

    Parts: what is declared quasi-identifying, numbers, categories, and two random halves; the
    series ``parts`` names their columns. Bounds hold for all of them at once (Bonferroni); ``p`` is
    each part's own.
    """
    rng = material.rng("measure", "dcr", "subsets")
    rows, targets = material.synthetic, material.targets
    if len(rows) > MOST_ROWS:
        rows = rows.take(np.sort(rng.permutation(len(rows))[:MOST_ROWS]))
    parts = list(_parts(material, rng))
    if not parts:
        return Found(not_run=f"needs at least {FEWEST + 1} columns")
    shares = []
    for part in parts:
        asked, given = part.of(rows), part.of(targets)
        best = nearest_records(asked, given, k=1, threads=material.search.threads).distances[:, 0]
        credit = tie_credit(asked, given, best, threads=material.search.threads)
        share = share_closer(credit, material.game, material.alpha / len(parts), rng)
        shares.append(share.model_copy(update={"name": f"{share.name}[{part.name}]"}))
    return Found(
        tuple(shares),
        series={"parts": {part.name: list(part.columns) for part in parts}},
        options={"rows": len(rows)},
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Some columns: their names, and where they stand in ``numbers`` and ``codes``."""

    name: str
    columns: tuple[str, ...]
    numbers: Any
    codes: Any

    def of(self, rows: Records) -> Records:
        """Return the rows with these columns alone."""
        cells = np.r_[self.numbers, self.codes + rows.numbers.shape[1]]
        return Records(
            rows.numbers[:, self.numbers], rows.codes[:, self.codes], rows.cells[:, cells],
            rows.units,
        )  # fmt: skip


def _parts(material: Material, rng: np.random.Generator) -> Iterator[_Part]:
    """Yield the parts of at least ``FEWEST`` columns, each one once and none with all of them."""
    names = np.array(material.space.names)
    p = len(material.space.ordered)
    order = rng.permutation(len(names))
    half = (len(names) + 1) // 2
    known = [name in material.schema.quasi_identifiers for name in names]
    seen = set()
    for name, chosen in (
        ("quasi-identifiers", np.flatnonzero(known)),
        ("numbers and dates", np.arange(p)),
        ("categories", np.arange(p, len(names))),
        ("one random half", np.sort(order[:half])),
        ("the other half", np.sort(order[half:])),
    ):
        if FEWEST <= len(chosen) < len(names) and tuple(chosen) not in seen:
            seen.add(tuple(chosen))
            columns = tuple(map(str, names[chosen]))
            yield _Part(name, columns, chosen[chosen < p], chosen[chosen >= p] - p)


measure = Measure(
    name="dcr_subsets",
    home=__name__,
    title="Distance to the closest record within parts of the columns",
    source="share closer to train, by part of the columns; after the worst subset of mostlyai-qa",
    run=run,
    costly=True,
)
