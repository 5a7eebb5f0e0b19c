"""The loops: Gower sums of one query against a tile of rows, which the compiler makes vector code.

Rows come as columns of float64 ``(p, n)``: the first ``ordered`` ones scaled numbers, the others
category codes. ``search.columns`` has replaced missing and unreadable cells by numbers so far apart
that the plain formulas below give their distance. Every loop adds the columns in the same order, so
equal rows are at distance exactly 0 and a distance can be compared with ``==`` between searches.
"""

import numpy as np
from numba import njit

TILE = 512


@njit(nogil=True, cache=True)
def _sums(query, reference, ordered, start, stop, out):  # type: ignore[no-untyped-def]
    size = stop - start
    for t in range(size):
        out[t] = 0.0
    for j in range(ordered):
        q = query[j]
        column = reference[j, start:stop]
        for t in range(size):
            gap = abs(column[t] - q)
            out[t] += gap if gap < 1.0 else 1.0
    for j in range(ordered, len(query)):
        q = query[j]
        column = reference[j, start:stop]
        for t in range(size):
            out[t] += 1.0 if column[t] != q else 0.0


@njit(nogil=True, cache=True)
def nearest(queries, reference, ordered, distances, ids):  # type: ignore[no-untyped-def]
    """Fill ``distances`` and ``ids`` (m, k) with the k nearest rows, smallest id first."""
    m, k = distances.shape
    n = reference.shape[1]
    sums = np.empty(TILE)
    distances[:] = np.inf
    ids[:] = -1
    for start in range(0, n, TILE):
        stop = min(start + TILE, n)
        for i in range(m):
            _sums(queries[i], reference, ordered, start, stop, sums)
            bound = distances[i, k - 1]
            closer = 0
            for t in range(stop - start):
                closer += sums[t] < bound
            if closer == 0:
                continue
            for t in range(stop - start):
                d = sums[t]
                if d < distances[i, k - 1]:
                    place = k - 1
                    while place > 0 and distances[i, place - 1] > d:
                        distances[i, place] = distances[i, place - 1]
                        ids[i, place] = ids[i, place - 1]
                        place -= 1
                    distances[i, place] = d
                    ids[i, place] = start + t


@njit(nogil=True, cache=True)
def credit(queries, reference, ordered, best, ties, out):  # type: ignore[no-untyped-def]
    """Count the reference rows at exactly ``best`` into ``ties``, or, once counted, credit them.

    With ``out`` empty the ties are counted; otherwise every tied row gets ``1 / ties``.
    """
    n = reference.shape[1]
    sums = np.empty(TILE)
    counting = out.shape[0] == 0
    for start in range(0, n, TILE):
        stop = min(start + TILE, n)
        for i in range(queries.shape[0]):
            _sums(queries[i], reference, ordered, start, stop, sums)
            equal = 0
            for t in range(stop - start):
                equal += sums[t] == best[i]
            if equal == 0:
                continue
            if counting:
                ties[i] += equal
            else:
                for t in range(stop - start):
                    if sums[t] == best[i]:
                        out[start + t] += 1.0 / ties[i]
