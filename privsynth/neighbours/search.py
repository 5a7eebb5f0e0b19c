"""The k nearest records, exactly, each pair of tables searched once."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.tables.encode import Records

BLOCK = 512
Tick = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest records: ``distances (m, k)`` float64 ascending, ``ids (m, k)`` int64 rows.

    A distance is the Gower sum over columns: numbers |x - y| / range (at most 1), categories 0 or
    1, two missing cells 0, one missing 1, unreadable ones 1. Ties go to the smaller row number.
    Where the reference has fewer than k rows the rest is infinity and -1.
    """

    distances: Any
    ids: Any


def nearest(
    queries: Records, reference: Records, *, k: int = 2, threads: int | None = None,
    tick: Tick | None = None,
) -> Neighbours:  # fmt: skip
    """Return the k nearest ``reference`` rows of each query; the same for any number of threads.

    ``tick`` is called with the number of pairs compared since its last call, for progress.
    """
    from privsynth.neighbours import _kernel

    distances = np.empty((len(queries), k))
    ids = np.empty((len(queries), k), np.int64)

    asked, given = _rows(queries), _columns(reference)
    ordered = queries.numbers.shape[1]

    def block(start: int) -> int:
        part = slice(start, start + BLOCK)
        _kernel.nearest(asked[part], given, ordered, distances[part], ids[part])
        return len(distances[part]) * len(reference)

    _in_blocks(block, len(queries), threads, tick)
    return Neighbours(distances, ids)


def merge(parts: list[Neighbours], sizes: list[int]) -> Neighbours:
    """Return the k nearest over references laid one below the other, from each one's k nearest."""
    offsets = np.cumsum([0, *sizes[:-1]])
    distances = np.concatenate([part.distances for part in parts], axis=1)
    ids = np.concatenate(
        [np.where(p.ids < 0, p.ids, p.ids + o) for p, o in zip(parts, offsets, strict=True)], axis=1
    )
    k = parts[0].distances.shape[1]
    # Stable: parts come in row order, so among equal distances the smaller row number stays first.
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return Neighbours(
        np.take_along_axis(distances, order, axis=1), np.take_along_axis(ids, order, axis=1)
    )


def tie_credit(
    queries: Records, reference: Records, best: Any, *, threads: int | None = None,
    tick: Tick | None = None,
) -> Any:  # fmt: skip
    """Return what each reference row receives, shape ``(rows,)``, summing to the queries' number.

    Every query gives 1, split evenly among the reference rows at exactly its distance ``best``.
    """
    from privsynth.neighbours import _kernel

    ties = np.zeros(len(queries), np.int64)
    blocks: dict[int, Any] = {}

    asked, given = _rows(queries), _columns(reference)
    ordered = queries.numbers.shape[1]

    def block(start: int) -> int:
        part = slice(start, start + BLOCK)
        found = np.zeros(len(reference))
        for out in (np.empty(0), found):
            _kernel.credit(asked[part], given, ordered, best[part], ties[part], out)
        blocks[start] = found
        return len(ties[part]) * len(reference)

    _in_blocks(block, len(queries), threads, tick)
    total = np.zeros(len(reference))
    for start in sorted(blocks):  # a fixed order of addition: equal for any number of threads
        total += blocks[start]
    return total


class Search:
    """Each pair of tables is searched once, and every probe reuses the result.

    Joined records (``concat``) are searched part by part and merged, so that a planted table costs
    only its planted rows.
    """

    def __init__(self, k: int = 2, threads: int | None = None, tick: Tick | None = None) -> None:
        self.k, self.threads, self.tick = k, threads, tick
        self._found: dict[tuple[int, int], tuple[Records, Records, Neighbours]] = {}

    def nearest(self, queries: Records, reference: Records) -> Neighbours:
        """Return the ``k`` nearest reference rows of each query."""
        rows = [self._against(query, reference) for query in queries.leaves]
        return Neighbours(
            np.concatenate([part.distances for part in rows]),
            np.concatenate([part.ids for part in rows]),
        )

    def _against(self, query: Records, reference: Records) -> Neighbours:
        leaves = reference.leaves
        return merge([self._pair(query, leaf) for leaf in leaves], [len(leaf) for leaf in leaves])

    def _pair(self, query: Records, leaf: Records) -> Neighbours:
        key = (id(query), id(leaf))
        if key not in self._found:
            found = nearest(query, leaf, k=self.k, threads=self.threads, tick=self.tick)
            self._found[key] = (query, leaf, found)  # holding both keeps their ids from reuse
        return self._found[key][2]


def _rows(queries: Records) -> Any:
    """Return queries as float64 rows ``(m, p + q)``; unreadable cells far from any reference's."""
    return np.ascontiguousarray(_plain(queries, unreadable=9.0))


def _columns(reference: Records) -> Any:
    """Return reference rows as float64 columns ``(p + q, n)``; see ``_rows``."""
    return np.ascontiguousarray(_plain(reference, unreadable=13.0).T)


def _plain(records: Records, unreadable: float) -> Any:
    # Numbers lie in [0, 1]: a missing one becomes 5, so missing against missing is 0 and missing
    # against a value at least 4, which the kernel cuts to 1. Codes are whole and not negative.
    numbers = np.where(np.isnan(records.numbers), 5.0, records.numbers)
    numbers = np.where(np.isinf(numbers), unreadable, numbers)
    codes = np.where(records.codes < 0, -unreadable, records.codes)
    return np.hstack([numbers, codes.astype(np.float64)])


def _in_blocks(block: Callable[[int], int], n: int, threads: int | None, tick: Tick | None) -> None:
    starts = range(0, n, BLOCK)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for done in pool.map(block, starts):
            if tick is not None:
                tick(done)
