"""Calibrated density: more synthetic mass near the target than a fresh sample would put there.

Bootstrapping the reference gives each target a clean distribution of its own. For kernel densities
mean and variance of that bootstrap are known in closed form, so nothing is drawn. (DOMIAS compares
densities by ratio instead and loses its power where few rows lie, in three columns or more.)
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._density import WIDTHS, Densities, cloud, densities
from privsynth.neighbours import STD, Points

PSEUDO = 0.5
"""Reference rows that are taken to lie at the target itself, in the variance alone."""


def score(targets: Points, view: AttackerView, rng: np.random.Generator) -> dict[str, Any]:
    """Return z = (p_S(x) - t·p_R(x)) / √(t·Var_j K(x - r_j) / n_S) by label: the bandwidth.

    ``h1``, ``h2`` and ``h4`` are Silverman's bandwidth over 1, 2 and 4. With t = 1 that is the
    z-score of p_S(x) under tables of n_S rows drawn from the reference. t, the ratio of both
    densities at twice Silverman's bandwidth, lets the draws follow the generator where it misses
    the population broadly; what is left is sharper than that, as a person is.

    Where no reference row is near, the variance would vanish and every score with it: half a row
    at x is added to it (as in Jeffreys' prior for a count), so that a lone copy scores about
    √(2·n_R/n_S), and no score is cut.
    """
    found, held = densities(targets, view), cloud(view)
    sizes = held.synthetic.shape[1], held.reference.shape[1]
    return {
        f"h{round(1 / width)}": standardised(found, line, *sizes)
        for line, width in enumerate(WIDTHS)
        if line > 0
    }


def standardised(found: Densities, line: int, n_synthetic: int, n_reference: int) -> Any:
    """Return z at the bandwidth of that line of the densities, shape ``(n,)``; always finite."""
    pseudo = np.log(PSEUDO / n_reference)
    tilt = found.synthetic[0] - found.reference[0]
    usual, squared = found.reference[line] + tilt, found.squared[line] + tilt
    # All terms relative to the largest: far from every row they would vanish one by one.
    largest = np.maximum(found.synthetic[line], usual)
    largest = np.maximum(np.maximum(largest, squared / 2), pseudo / 2)
    synthetic, expected = np.exp(found.synthetic[line] - largest), np.exp(usual - largest)
    # t·(E K² - (E K)²): one t in either term.
    spread = np.exp(squared - 2 * largest) - np.exp(usual + found.reference[line] - 2 * largest)
    variance = np.maximum(spread, 0.0) + np.exp(pseudo - 2 * largest)
    return (synthetic - expected) * np.sqrt(n_synthetic / variance)


attack = Attack(
    name="calibrated_density",
    home=__name__,
    title="Density against its own bootstrap",
    source="reference bootstrap of a kernel density, in closed form (privsynth)",
    threat=WITH_REFERENCE,
    blind_to="values replayed column by column; many related columns; leaks as broad as the tables",
    score=score,
    encodings=(STD,),
    costly=True,
)
