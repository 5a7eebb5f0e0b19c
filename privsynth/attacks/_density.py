"""Kernel densities for attacks: both tables under one bandwidth, computed once for all of them.

Points are whitened by the covariance of synthetic and reference rows together, on their ten
strongest principal axes, and divided by twice Silverman's bandwidth; so the widest kernel is
exp(-½·|x - c|²) there, and its square, fourth power, … are the kernels of √½, ½, … of that
bandwidth. Constants of normalisation are left out: attacks use ratios under one bandwidth only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth import randomness
from privsynth.attacks._base import AttackerView
from privsynth.attacks._order import canonical
from privsynth.neighbours import Points

CENTRES = 5000
AXES = 10
WIDTHS = (2.0, 1.0, 0.5, 0.25)
"""Bandwidths, in units of Silverman's; each is half of the one before."""
SILVERMAN = 1
_CELLS = 320_000
"""Kernels held at a time: few enough for the processor's own memory."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """Centres of both tables ``(d, m)`` float32, whitened and in units of the widest bandwidth."""

    mean: Any
    axes: Any
    synthetic: Any
    reference: Any

    def place(self, points: Points) -> Any:
        """Return points ``(n, d)`` float32 in the coordinates of the centres."""
        # Not a matrix product: its last digits depend on the rows beside a row.
        moved = points.values.astype(np.float64) - self.mean
        return np.einsum("ij,jk->ik", moved, self.axes, optimize=False).astype(np.float32)


def cloud(view: AttackerView) -> Cloud:
    """Return the centres of a view in ``std``: at most 5,000 seeded random rows of each table.

    Bandwidth: Silverman's rule, (4 / ((d + 2)·m))^(1/(d+4)), m the smaller number of centres.
    """
    key = ("cloud", id(view.synthetic), id(view.reference))
    if key not in view.done:
        view.done[key] = (view.synthetic, view.reference, _fit(view))
    found: Cloud = view.done[key][2]
    return found


def _fit(view: AttackerView) -> Cloud:
    rng = randomness.generator(view.seed, "attack", "density")
    sides = []
    for rows in (view.synthetic, view.reference):
        values = rows.values[canonical(rows)].astype(np.float64)
        if len(values) > CENTRES:
            values = values[np.sort(rng.choice(len(values), CENTRES, replace=False))]
        sides.append(values)
    both = np.concatenate(sides)
    mean = both.mean(axis=0)
    spreads, axes = np.linalg.eigh((both - mean).T @ (both - mean) / len(both))
    kept = np.argsort(-spreads, kind="stable")[:AXES]
    kept = kept[spreads[kept] > 1e-9 * max(float(spreads.max(initial=0.0)), 1e-9)]
    d, m = len(kept), min(map(len, sides))
    bandwidth = WIDTHS[0] * (4 / ((d + 2) * m)) ** (1 / (d + 4))
    whiten = axes[:, kept] / (np.sqrt(spreads[kept]) * bandwidth)
    plain = Cloud(mean, whiten, None, None)
    placed = [np.ascontiguousarray(plain.place(Points(side)).T) for side in sides]
    return Cloud(mean, whiten, *placed)


@dataclass(frozen=True, eq=False)
class Densities:
    """Logs of mean kernels at points, one line a bandwidth of ``WIDTHS``: each ``(4, n)`` float64.

    ``squared`` are those of the squared reference kernels.
    """

    synthetic: Any
    reference: Any
    squared: Any


def densities(targets: Points, view: AttackerView) -> Densities:
    """Return log densities of the targets under both tables, computed once for all attacks."""
    key = ("densities", id(targets), id(view.synthetic), id(view.reference))
    if key not in view.done:
        found = cloud(view)
        placed = found.place(targets)
        synthetic = log_means(placed, found.synthetic, 2 * len(WIDTHS) - 1)
        reference = log_means(placed, found.reference, 2 * len(WIDTHS))
        held = Densities(synthetic[::2], reference[::2], reference[1::2])
        view.done[key] = (targets, view.synthetic, view.reference, held)
    done: Densities = view.done[key][3]
    return done


def log_means(placed: Any, centres: Any, powers: int, weights: Any = None) -> Any:
    """Return the log of the mean over the centres of w·k, w·k², w·k⁴, …: ``(powers, n)`` float64.

    ``placed (n, d)`` and ``centres (d, m)`` as a ``Cloud`` has them; ``weights (m,)`` are positive,
    1 each without them. Taken relative to the nearest centre, so that nothing vanishes however
    far a point lies.
    """
    from privsynth.attacks import _kernel

    n, m = len(placed), centres.shape[1]
    given = np.ones(m, np.float32) if weights is None else weights.astype(np.float32)
    out = np.empty((powers, n))
    step = max(1, _CELLS // m)
    block = np.empty((min(step, n), m), np.float32)
    least = np.empty(len(block), np.float32)
    scale = 2.0 ** np.arange(powers)[:, None]
    for start in range(0, n, step):
        part = placed[start : start + step]
        held, small = block[: len(part)], least[: len(part)]
        sums = np.empty((powers, len(part)))
        _kernel.half_squares(part, centres, held, small)
        np.exp(held, out=held)
        _kernel.power_sums(held, given, powers, sums)
        out[:, start : start + step] = np.log(sums / m) - scale * small
    return out
