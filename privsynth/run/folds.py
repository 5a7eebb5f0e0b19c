"""How the source is divided, and the tables that are made beside the released one."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.audit import Limits, Request, audit, foretell
from privsynth.audit.folds import FoldRequest, audit_folds, check_folds, foretell_folds
from privsynth.audit.seeds import other_seeds
from privsynth.evidence import Bundle
from privsynth.neighbours import Cost
from privsynth.progress import Progress, part
from privsynth.randomness import generator, integer_seed
from privsynth.run.config import Shares
from privsynth.synthesizers import Recipe
from privsynth.tables import Table, split


@dataclass(frozen=True)
class Parts:
    """The source divided by unit; ``rows`` says by role which row numbers each part took.

    With folds there is no ``holdout``: ``train`` is all but the reference, and ``fold (units,)``
    says which table is made without each of its units.
    """

    train: Table
    holdout: Table | None
    reference: Table
    rows: dict[str, Any]
    unit: str
    fold: Any = None

    @property
    def folds(self) -> int:
        """How many folds there are, 0 for none."""
        return 0 if self.fold is None else int(self.fold.max()) + 1

    def effort(self, synthetic_rows: int, limits: Limits) -> Cost:
        """Return what the audit of as many synthetic rows will take."""
        columns = len(self.train.schema.read)
        if self.fold is None:
            tables = self.train, range(synthetic_rows), self.holdout, self.reference
            return foretell(tables, columns, limits)
        sizes = len(self.train), synthetic_rows, len(self.reference)
        return foretell_folds(*sizes, columns, limits, self.folds)


def divide(source: Table, seed: int, shares: Shares) -> Parts:
    """Return the source divided by unit, seeded; ``InputError`` for shares that make no sense."""
    own = seed if shares.seed is None else shares.seed
    made = split(source, generator(own, "split"), shares.parts)
    if shares.folds is None:
        return Parts(made.train, made.holdout, made.reference, made.rows, made.unit)
    kept = np.sort(np.concatenate([made.rows["train"], made.rows["holdout"]]))
    train = source.take(kept, "train")
    units = train.units
    n = int(units.max()) + 1
    check_folds(shares.folds, n)
    fold = generator(seed, "folds").permutation(np.arange(n) % shares.folds)
    rows = {f"fold {k + 1}": kept[fold[units] == k] for k in range(shares.folds)}
    rows["reference"] = made.rows["reference"]
    return Parts(train, None, made.reference, rows, made.unit, fold)


def siblings(
    recipe: Recipe, parts: Parts, seed: int, n_seeds: int, progress: Progress
) -> tuple[Table, ...]:
    """Return tables made as the released one is, which are attacked and thrown away.

    One a fold, made without it; without folds ``n_seeds``, each by another seed.
    """
    units = parts.train.units
    if parts.fold is None:
        sources = [(parts.train, "other seed")] * n_seeds
    else:
        kept = [np.flatnonzero(parts.fold[units] != k) for k in range(parts.folds)]
        sources = [(parts.train.take(rows, "train"), "fold") for rows in kept]
    made = []
    for k, (train, label) in enumerate(sources):
        own = integer_seed(generator(seed, label, k), 62)
        step = part(progress, k / len(sources), (k + 1) / len(sources))
        made.append(recipe.make(train, own, step).synthetic)
    return tuple(made)


def judged(
    request: Request, parts: Parts, made: tuple[Table, ...], n_seeds: int, progress: Progress
) -> Bundle:
    """Return the evidence, on the file itself or, with folds, on the tables in its place."""
    if parts.fold is not None:
        bundle = audit_folds(FoldRequest(request, made, parts.fold), progress)
    else:
        bundle = audit(request, part(progress, 0.0, 0.8 if made else 1.0))
    if not n_seeds:
        return bundle
    seeds = other_seeds(request, made, part(progress, 0.8, 1.0))
    return bundle.model_copy(update={"probes": (*bundle.probes, seeds)})
