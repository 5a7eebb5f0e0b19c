"""The families of the zoo: name, how a case is made, and what efficiency is asked of attacks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lib.zoo_cases import (
    Case,
    Rng,
    copies,
    kernel,
    noisy,
    null,
    outliers,
    private_histogram,
    quantised,
    resampled,
)
from privsynth.randomness import generator


@dataclass(frozen=True)
class Family:
    """One family: how it is made, what kind it is and the efficiency asked of the best attack.

    ``of_attainable``: asked against the best kernel score of as many rows as are released, where
    the best AUC of theory needs any number of them.
    """

    make: Callable[[Rng], Case]
    kind: str = "leak"
    group: str = ""
    asked: float | None = None
    of_attainable: bool = False


def _leak(make: Callable[..., Case], group: str, asked: float | None, *args: float) -> Family:
    return Family(partial(make, *args), "leak", group, asked)


NULLS = ("fresh rows", "reference rows", "mode collapse", "shuffled labels")
FAMILIES = {
    "copies 5 %, 500 × 4": _leak(copies, "copies", 0.8, 0.05, 500, 4),
    "copies 20 %, 500 × 4": _leak(copies, "copies", 0.8, 0.2, 500, 4),
    "copies 5 %, 2,000 × 4": _leak(copies, "copies", 0.8, 0.05, 2000, 4),
    "copies 20 %, 2,000 × 10": _leak(copies, "copies", 0.8, 0.2, 2000, 10),
    "copies 5 %, NHANES": _leak(copies, "copies", 0.8, 0.05, 0, 0),
    "copies 20 %, NHANES": _leak(copies, "copies", 0.8, 0.2, 0, 0),
    "outlier copies 1 %, 2,000 × 4": _leak(outliers, "outliers", None, 0.01, 2000, 4),
    "outlier copies 1 %, NHANES": _leak(outliers, "outliers", None, 0.01, 0, 0),
    "noisy copies, d 2, σ 0.1": _leak(noisy, "noisy copies", 0.5, 2, 0.1),
    "noisy copies, d 3, σ 0.05": _leak(noisy, "noisy copies", 0.5, 3, 0.05),
    "noisy copies, d 3, σ 0.2": _leak(noisy, "noisy copies", 0.5, 3, 0.2),
    "noisy copies, d 6, σ 0.1": _leak(noisy, "noisy copies", 0.5, 6, 0.1),
    "noisy copies, d 6, σ 0.5": _leak(noisy, "noisy copies", 0.5, 6, 0.5),
    "kernel density, d 1, h 0.05, 2,000": _leak(kernel, "kernel density", 0.5, 1, 0.05, 2000),
    "kernel density, d 2, h 0.15, 2,000": _leak(kernel, "kernel density", 0.5, 2, 0.15, 2000),
    "kernel density, d 2, h 0.30, 2,000": _leak(kernel, "kernel density", 0.5, 2, 0.30, 2000),
    "kernel density, d 2, h 0.30, 500": Family(
        partial(kernel, 2, 0.30, 500), "leak", "kernel density", 0.5, of_attainable=True
    ),
    "kernel density, d 3, h 0.50, 2,000": _leak(kernel, "kernel density", None, 3, 0.50, 2000),
    "kernel density, d 5, h 0.80, 2,000": _leak(kernel, "kernel density", None, 5, 0.80, 2000),
    "resampled columns, k 1": _leak(resampled, "resampled", 0.8, 1, 1000),
    "resampled columns, k 2": _leak(resampled, "resampled", 0.8, 2, 1000),
    "resampled columns, k 3": _leak(resampled, "resampled", 0.8, 3, 1000),
    "resampled columns, k 1, NHANES": _leak(resampled, "resampled", 0.8, 1, 0),
    "resampled columns, k 3, NHANES": _leak(resampled, "resampled", 0.8, 3, 0),
    "quantised copies, w 0.1": _leak(quantised, "quantised", None, 0.1),
    "quantised copies, w 0.5": _leak(quantised, "quantised", None, 0.5),
    "Laplace histogram, ε 0.01": Family(partial(private_histogram, 0.01), "dp", "dp"),
    "Laplace histogram, ε 1": Family(partial(private_histogram, 1.0), "dp", "dp"),
    "Laplace histogram, ε ∞": Family(partial(private_histogram, np.inf), "dp", "dp"),
    **{f"{kind}, 500 × 3": Family(partial(null, kind, 500, 3), "null", "null") for kind in NULLS},
    **{f"{kind}, NHANES": Family(partial(null, kind, 0, 0), "null", "null") for kind in NULLS},
}


def case(name: str, number: int) -> Case:
    """Return a repetition of a family; the same number gives the same tables."""
    return FAMILIES[name].make(generator(number, "zoo", name))
