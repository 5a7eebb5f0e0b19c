"""The loops of the search: a 16-bit filter over tiles, an exact re-check, boxes to skip tiles.

A filter sum of codes is ``floor(x·U)`` differences for ordered columns and ``U`` for unequal
categories, so it exceeds ``U`` times the true distance by less than the number of ordered columns:
a row whose sum is above ``floor(bound·U) + ordered`` cannot be nearer than ``bound``. Only rows
below that are computed in float64, always in the same order of columns, so that equal rows are at
distance exactly 0 and distances can be compared with ``==`` whatever found them.
"""

import numpy as np
from numba import njit

TILE = 256
FULL = 65535
DONE = np.uint16(65535)  # no sum of codes reaches it


@njit(nogil=True, cache=True)
def order_rows(codes, ordered, unit):  # type: ignore[no-untyped-def]
    """Return row numbers such that every run of ``TILE`` of them is a small box.

    Halves recursively at the middle of the column in which two rows of the run differ most.
    """
    n, columns = codes.shape
    order = np.arange(n)
    stack = [(0, n)]
    while len(stack) > 0:
        start, stop = stack.pop()
        size = stop - start
        if size <= TILE:
            continue
        step = max(1, size // 128)
        spread, widest = np.int64(-1), 0
        for j in range(columns):
            total = np.int64(0)
            for i in range(start, stop - step, step):
                a = np.int64(codes[order[i], j])
                b = np.int64(codes[order[i + step], j])
                if j < ordered:
                    total += abs(a - b)
                elif a != b:
                    total += unit
            if total > spread:
                spread, widest = total, j
        keys = np.empty(size, np.uint16)
        for i in range(size):
            keys[i] = codes[order[start + i], widest]
        order[start:stop] = order[start:stop][np.argsort(keys, kind="mergesort")]
        half = start + ((size + TILE - 1) // TILE + 1) // 2 * TILE
        stack.append((half, stop))
        stack.append((start, half))
    return order


@njit(nogil=True, cache=True)
def boxes(tiles):  # type: ignore[no-untyped-def]
    """Return the smallest and largest code of every column in every tile, each (columns, tiles)."""
    columns, n = tiles.shape
    count = (n + TILE - 1) // TILE
    low = np.empty((columns, count), np.uint16)
    high = np.empty((columns, count), np.uint16)
    for j in range(columns):
        for b in range(count):
            low[j, b] = tiles[j, b * TILE : (b + 1) * TILE].min()
            high[j, b] = tiles[j, b * TILE : (b + 1) * TILE].max()
    return low, high


@njit(nogil=True, cache=True)
def _box_sums(query, costs, low, high, ordered, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for j in range(ordered):
        q = query[j]
        for b in range(len(out)):
            below = low[j, b] - q if low[j, b] > q else np.uint16(0)
            above = q - high[j, b] if q > high[j, b] else np.uint16(0)
            out[b] += below + above
    for j in range(ordered, len(query)):
        q, cost = query[j], costs[j - ordered]
        for b in range(len(out)):
            out[b] += cost if (q < low[j, b]) | (q > high[j, b]) else np.uint16(0)


@njit(nogil=True, cache=True)
def _tile_sums(query, costs, tiles, ordered, start, stop, out):  # type: ignore[no-untyped-def]
    size = stop - start
    out[:size] = 0
    for j in range(ordered):
        q = query[j]
        column = tiles[j, start:stop]
        for t in range(size):
            out[t] += column[t] - q if column[t] > q else q - column[t]
    for j in range(ordered, len(query)):
        q, cost = query[j], costs[j - ordered]
        column = tiles[j, start:stop]
        for t in range(size):
            out[t] += cost if column[t] != q else np.uint16(0)


@njit(nogil=True, cache=True)
def _least(sums, size):  # type: ignore[no-untyped-def]
    least = sums[0]
    for t in range(1, size):
        least = min(least, sums[t])
    return least


@njit(nogil=True, cache=True)
def _exact(query, weights, row, ordered):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(ordered):
        gap = abs(row[j] - query[j])
        total += gap if gap < 1.0 else 1.0
    for j in range(ordered, len(query)):
        total += weights[j - ordered] if row[j] != query[j] else 0.0
    return total


@njit(nogil=True, cache=True)
def _threshold(bound, unit, ordered):  # type: ignore[no-untyped-def]
    # One more than the bound, for products that were rounded across a whole number.
    reach = bound * unit + ordered + 1.0
    return FULL if reach >= FULL else int(reach)


@njit(nogil=True, cache=True)
def nearest(  # type: ignore[no-untyped-def]
    q_codes,
    q_rows,
    costs,
    weights,
    tiles,
    rows,
    order,
    low,
    high,
    ordered,
    unit,
    brute,
    limits,
    distances,
    ids,
):
    """Fill ``distances`` and ``ids`` (m, k), smallest id first among equals; return tiles visited.

    Each query starts from what the previous one found: its neighbours bound the distance, and so
    does its entry of ``limits``, beyond which nothing is asked for (the rest stays infinity, -1).
    """
    m, k = distances.shape
    n = rows.shape[0]
    count = low.shape[1]
    sums = np.empty(TILE, np.uint16)
    box = np.zeros(count, np.uint16)
    found = np.full(k, -1)
    visited = 0
    for i in range(m):
        near, names = distances[i], ids[i]
        near[:] = np.inf
        names[:] = -1
        limit = limits[i]
        if i > 0 and ids[i - 1, k - 1] >= 0:  # all of ``found`` is the previous query's
            reached = 0.0
            for t in range(k):
                reached = max(reached, _exact(q_rows[i], weights[i], rows[found[t]], ordered))
            limit = min(limit, reached)
        if brute:
            box[:] = 0
        else:
            _box_sums(q_codes[i], costs[i], low, high, ordered, box)
        reach = _threshold(limit, unit, ordered)
        # The nearest box, those within half of the bound, then the rest: the bound falls early.
        first = int(np.argmin(box))
        for step in range(2 * count + 1):
            b = first if step == 0 else step - 1 if step <= count else step - 1 - count
            if box[b] == DONE or box[b] > (reach // 2 if 0 < step <= count else reach):
                continue
            box[b] = DONE
            visited += 1
            start, stop = b * TILE, min((b + 1) * TILE, n)
            _tile_sums(q_codes[i], costs[i], tiles, ordered, start, stop, sums)
            if _least(sums, stop - start) > reach:
                continue
            for t in range(stop - start):
                if sums[t] > reach:
                    continue
                d = _exact(q_rows[i], weights[i], rows[start + t], ordered)
                name = order[start + t]
                if d > limit or d > near[k - 1] or (d == near[k - 1] and name > names[k - 1]):
                    continue
                place = k - 1
                while place > 0 and (
                    near[place - 1] > d or (near[place - 1] == d and names[place - 1] > name)
                ):
                    near[place] = near[place - 1]
                    names[place] = names[place - 1]
                    found[place] = found[place - 1]
                    place -= 1
                near[place], names[place], found[place] = d, name, start + t
                limit = min(limit, near[k - 1])
                reach = _threshold(limit, unit, ordered)
    return visited


@njit(nogil=True, cache=True)
def credit(  # type: ignore[no-untyped-def]
    q_codes, q_rows, costs, weights, tiles, rows, order, low, high, ordered, unit, best, ties, out
):
    """Count the reference rows at exactly ``best`` into ``ties``, or, once counted, credit them.

    With ``out`` empty the ties are counted; otherwise every tied row gets ``1 / ties``.
    """
    n = rows.shape[0]
    count = low.shape[1]
    sums = np.empty(TILE, np.uint16)
    box = np.zeros(count, np.uint16)
    for i in range(len(best)):
        if out.shape[0] > 0 and ties[i] == 0:
            continue
        reach = _threshold(best[i], unit, ordered)
        _box_sums(q_codes[i], costs[i], low, high, ordered, box)
        for b in range(count):
            if box[b] > reach:
                continue
            start, stop = b * TILE, min((b + 1) * TILE, n)
            _tile_sums(q_codes[i], costs[i], tiles, ordered, start, stop, sums)
            for t in range(stop - start):
                if (
                    sums[t] <= reach
                    and _exact(q_rows[i], weights[i], rows[start + t], ordered) == best[i]
                ):
                    if out.shape[0] == 0:
                        ties[i] += 1
                    else:
                        out[order[start + t]] += 1.0 / ties[i]
