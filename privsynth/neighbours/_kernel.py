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
def tile(codes, order):  # type: ignore[no-untyped-def]
    """Return codes as (tiles, columns, TILE): what one visit reads lies together in memory.

    The last row is repeated to fill the last tile.
    """
    n, columns = codes.shape
    tiles = np.empty(((n + TILE - 1) // TILE, columns, TILE), np.uint16)
    for b in range(len(tiles)):
        for t in range(TILE):
            row = order[min(b * TILE + t, n - 1)]
            for j in range(columns):
                tiles[b, j, t] = codes[row, j]
    return tiles


@njit(nogil=True, cache=True)
def boxes(tiles):  # type: ignore[no-untyped-def]
    """Return the smallest and largest code of every column in every tile, each (columns, tiles)."""
    count, columns = tiles.shape[:2]
    low = np.empty((columns, count), np.uint16)
    high = np.empty((columns, count), np.uint16)
    for b in range(count):
        for j in range(columns):
            low[j, b] = tiles[b, j].min()
            high[j, b] = tiles[b, j].max()
    return low, high


# The loops below take whole arrays and row numbers: a slice of an array costs as much as a column.


@njit(nogil=True, cache=True)
def _box_sums(i, queries, costs, low, high, ordered, out):  # type: ignore[no-untyped-def]
    columns, count = low.shape
    out[:] = 0
    for j in range(ordered):
        q = queries[i, j]
        for b in range(count):
            out[b] += (max(low[j, b], q) - q) + (q - min(high[j, b], q))
    for j in range(ordered, columns):
        q, cost = queries[i, j], costs[i, j - ordered]
        for b in range(count):
            out[b] += cost if (q < low[j, b]) | (q > high[j, b]) else np.uint16(0)


@njit(nogil=True, cache=True)
def _tile_sums(i, queries, costs, b, tiles, ordered, out):  # type: ignore[no-untyped-def]
    # Three columns at a time: every sum is then stored a third as often, which is what costs.
    columns, none = tiles.shape[1], np.uint16(0)
    out[:] = 0
    alone = ordered - ordered % 3
    for j in range(0, alone, 3):
        x, y, z = queries[i, j], queries[i, j + 1], queries[i, j + 2]
        for t in range(TILE):
            out[t] += (
                (max(tiles[b, j, t], x) - min(tiles[b, j, t], x))
                + (max(tiles[b, j + 1, t], y) - min(tiles[b, j + 1, t], y))
                + (max(tiles[b, j + 2, t], z) - min(tiles[b, j + 2, t], z))
            )
    for j in range(alone, ordered):
        x = queries[i, j]
        for t in range(TILE):
            out[t] += max(tiles[b, j, t], x) - min(tiles[b, j, t], x)
    alone = columns - (columns - ordered) % 3
    for j in range(ordered, alone, 3):
        c = j - ordered
        x, y, z = queries[i, j], queries[i, j + 1], queries[i, j + 2]
        u, v, w = costs[i, c], costs[i, c + 1], costs[i, c + 2]
        for t in range(TILE):
            out[t] += (
                (u if tiles[b, j, t] != x else none)
                + (v if tiles[b, j + 1, t] != y else none)
                + (w if tiles[b, j + 2, t] != z else none)
            )
    for j in range(alone, columns):
        x, u = queries[i, j], costs[i, j - ordered]
        for t in range(TILE):
            out[t] += u if tiles[b, j, t] != x else none


@njit(nogil=True, cache=True)
def _least(sums):  # type: ignore[no-untyped-def]
    least = sums[0]
    for t in range(1, TILE):
        least = min(least, sums[t])
    return least


@njit(nogil=True, cache=True)
def _exact(i, queries, weights, r, rows, ordered):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(ordered):
        total += min(abs(rows[r, j] - queries[i, j]), 1.0)
    for j in range(ordered, rows.shape[1]):
        total += weights[i, j - ordered] * (rows[r, j] != queries[i, j])
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
    near_by = np.empty(count, np.int64)
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
                reached = max(reached, _exact(i, q_rows, weights, found[t], rows, ordered))
            limit = min(limit, reached)
        if brute:
            box[:] = 0
        else:
            _box_sums(i, q_codes, costs, low, high, ordered, box)
        reach = _threshold(limit, unit, ordered)
        within, first = 0, 0
        for b in range(count):
            if box[b] <= reach:
                near_by[within] = b
                first = within if box[b] < box[near_by[first]] else first
                within += 1
        # The nearest box, those within half of the bound, then the rest: the bound falls early.
        for step in range(2 * within + 1 if within else 0):
            at = first if step == 0 else step - 1 if step <= within else step - 1 - within
            b = near_by[at]
            if box[b] == DONE or box[b] > (reach // 2 if 0 < step <= within else reach):
                continue
            box[b] = DONE
            visited += 1
            start, stop = b * TILE, min((b + 1) * TILE, n)
            _tile_sums(i, q_codes, costs, b, tiles, ordered, sums)
            if _least(sums) > reach:
                continue
            for t in range(stop - start):
                if sums[t] > reach:
                    continue
                d = _exact(i, q_rows, weights, start + t, rows, ordered)
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
        _box_sums(i, q_codes, costs, low, high, ordered, box)
        for b in range(count):
            if box[b] > reach:
                continue
            start, stop = b * TILE, min((b + 1) * TILE, n)
            _tile_sums(i, q_codes, costs, b, tiles, ordered, sums)
            for t in range(stop - start):
                if (
                    sums[t] <= reach
                    and _exact(i, q_rows, weights, start + t, rows, ordered) == best[i]
                ):
                    if out.shape[0] == 0:
                        ties[i] += 1
                    else:
                        out[order[start + t]] += 1.0 / ties[i]


@njit(nogil=True, cache=True)
def merge(near, ids, others, other_ids, offset, distances, names):  # type: ignore[no-untyped-def]
    """Fill ``distances`` and ``names`` (m, k) from two sorted lists, the first one's ids smaller.

    ``offset`` is added to the ids of the second list; a missing neighbour stays infinity and -1.
    """
    m, k = distances.shape
    for i in range(m):
        a, b = 0, 0
        for t in range(k):
            if near[i, a] <= others[i, b]:
                distances[i, t], names[i, t] = near[i, a], ids[i, a]
                a += 1
            else:
                distances[i, t] = others[i, b]
                names[i, t] = other_ids[i, b] + offset if other_ids[i, b] >= 0 else -1
                b += 1
