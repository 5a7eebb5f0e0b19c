"""OpenDP's discrete samplers: each answer comes with the cost that OpenDP proved for it.

Integer noise has no floating-point holes (Canonne, Kamath, Steinke 2020). Its randomness is the
operating system's, and takes no seed: noise that can be replayed can be subtracted.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

UNITS = 1024
"""Scores are counted in 1024ths, as whole numbers: a sensitivity must survive the rounding."""

Cost = Callable[[float], float]
"""What an answer costs in rho, as a function of how far one unit can move it."""


def gaussian(scale: float) -> tuple[Callable[[Any], Any], Cost]:
    """Return the discrete Gaussian mechanism on counts ``(m,)``, and its cost by L2 sensitivity."""
    draw = _gaussian(scale)

    def answer(counts: Any) -> Any:
        return np.asarray(draw(np.asarray(counts, np.int64).tolist()), np.int64)

    return answer, lambda sensitivity: float(draw.map(float(sensitivity)))


def noisy_max(scale: float) -> tuple[Callable[[Any], int], Cost]:
    """Return the exponential mechanism on scores ``(m,)``: the index of the noisily largest.

    Its cost by how far one unit can move a score: rho = s^2 / (2 scale^2), an eighth of the
    square of the pure epsilon (Rogers and Steinke 2021).
    """
    draw = _noisy_max(scale * UNITS)

    def answer(scores: Any) -> int:
        whole = np.rint(np.asarray(scores, np.float64) * UNITS).astype(np.int64)
        return int(draw(whole.tolist()))

    return answer, lambda sensitivity: float(draw.map(math.ceil(sensitivity * UNITS) + 1))


def thresholded(
    scale: float, threshold: int
) -> tuple[Callable[[dict[str, int]], dict[str, int]], Callable[[int, float], tuple[float, float]]]:
    """Return noisy counts of unknown keys above ``threshold``, and their cost (rho, delta).

    The cost by how many keys one unit can move, and how far in L2; no key moves farther than that.
    """
    draw = _thresholded(scale, threshold)

    def cost(keys: int, distance: float) -> tuple[float, float]:
        rho, delta = draw.map((keys, distance, distance))
        return float(rho), float(delta)

    return lambda counts: dict(draw(counts)), cost


@lru_cache(maxsize=256)
def _gaussian(scale: float) -> Any:
    dp = _opendp()
    integers = dp.vector_domain(dp.atom_domain(T="i64"))
    return dp.m.make_gaussian(integers, dp.l2_distance(T="f64"), scale=scale)


@lru_cache(maxsize=256)
def _noisy_max(scale: float) -> Any:
    dp = _opendp()
    return dp.m.make_noisy_max(
        dp.vector_domain(dp.atom_domain(T="i64")),
        dp.linf_distance(T="i64"),
        dp.zero_concentrated_divergence(),
        scale=scale,
    )


@lru_cache(maxsize=64)
def _thresholded(scale: float, threshold: int) -> Any:
    dp = _opendp()
    return dp.m.make_gaussian_threshold(
        dp.map_domain(dp.atom_domain(T="String"), dp.atom_domain(T="i64")),
        dp.l02inf_distance(dp.absolute_distance(T="f64")),
        scale=scale,
        threshold=threshold,
    )


def _opendp() -> Any:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    return dp
