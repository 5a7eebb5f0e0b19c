"""The loops of the densities: half squared distances and sums of powers, row by row.

Every row is computed by itself and always in the same order, so that a target's score does not
depend on where in the table it stands (a matrix product would differ in its last digits).
"""

import numpy as np
from numba import njit

LANES = 16


@njit(nogil=True, cache=True)
def half_squares(points, centres, out, least):  # type: ignore[no-untyped-def]
    """Fill ``out (b, m)`` with ½·|x - c|² less its row's smallest, which goes to ``least (b,)``.

    ``centres`` are (d, m), one coordinate a line; all float32.
    """
    half = np.float32(0.5)
    columns, m = centres.shape
    for i in range(len(points)):
        row = out[i]
        row[:] = np.float32(0.0)
        for c in range(columns):
            x, line = points[i, c], centres[c]
            for j in range(m):
                gap = line[j] - x
                row[j] += gap * gap
        small = row[0]
        for j in range(1, m):
            small = min(small, row[j])
        least[i] = half * small
        for j in range(m):
            row[j] = half * (small - row[j])


@njit(nogil=True, cache=True)
def power_sums(kernels, weights, powers, sums):  # type: ignore[no-untyped-def]
    """Fill ``sums (powers, b)`` float64 with weighted sums over each row of k, k², k⁴ and so on."""
    b, m = kernels.shape
    lanes = np.empty((powers, LANES), np.float32)
    whole = m - m % LANES
    for i in range(b):
        row = kernels[i]
        lanes[:] = np.float32(0.0)
        for start in range(0, whole, LANES):
            for t in range(LANES):
                k, w = row[start + t], weights[start + t]
                for p in range(powers):
                    lanes[p, t] += w * k
                    k = k * k
        for j in range(whole, m):
            k, w = row[j], weights[j]
            for p in range(powers):
                lanes[p, j - whole] += w * k
                k = k * k
        for p in range(powers):
            total = 0.0
            for t in range(LANES):
                total += lanes[p, t]
            sums[p, i] = total
