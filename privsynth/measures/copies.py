"""Identical rows: how many synthetic rows stand in train, against holdout, and beyond chance."""

from collections import Counter

import numpy as np

from privsynth.measures._base import Found, Material, Measure
from privsynth.statistics import copied_excess, proportion
from privsynth.statistics.estimate import Estimate
from privsynth.tables import Records


def run(material: Material) -> Found:
    """Return shares of synthetic rows identical to real ones, of all and of unique real rows.

    ``copied_units_excess`` is the share of copied members minus that of copied non-members, with
    Fisher's exact p: populations repeat rows, so only the excess is a leak.
    """
    released = material.synthetic.row_keys()
    alpha = material.alpha
    if material.holdout is None:
        return Found(
            (_share("identical_in_train", released, set(material.train.row_keys()), alpha),),
            notes=("without a holdout it is unknown how many identical rows chance would give",),
        )
    sides = {"train": material.train.row_keys(), "holdout": material.holdout.row_keys()}
    occurrences = Counter(key for keys in sides.values() for key in keys)
    unique = {side: [key for key in keys if occurrences[key] == 1] for side, keys in sides.items()}
    estimates = [
        *(
            _share(f"identical_in_{side}", released, set(keys), alpha)
            for side, keys in sides.items()
        ),
        *(
            _share(f"unique_identical_in_{side}", keys, set(released), alpha)
            for side, keys in unique.items()
            if keys
        ),
    ]
    hit = _hit(material.targets, set(released))
    return Found((*estimates, copied_excess(hit, material.game, alpha)))


def _share(name: str, keys: list[bytes], among: set[bytes], alpha: float) -> Estimate:
    return proportion(name, sum(key in among for key in keys), len(keys), alpha)


def _hit(targets: Records, released: set[bytes]) -> "np.ndarray":
    return np.array([key in released for key in targets.row_keys()], dtype=bool)


measure = Measure(
    name="copies",
    home=__name__,
    title="Identical rows",
    source="identical match share; unique exact matches (SDNist 2.5); Fisher's exact test by unit",
    run=run,
    needs_holdout=False,
)
