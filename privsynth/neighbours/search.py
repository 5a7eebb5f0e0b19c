"""The k nearest records, exactly, each pair of tables searched once."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.tables.encode import Records

BLOCK = 512
LARGEST = 8192
PROBE = 1024
MOST = 0.8
"""Share of tiles visited from which boxes cost more than they save."""
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


@dataclass(frozen=True, eq=False)
class Index:
    """Reference rows made ready: 16-bit tiles with their boxes, and float64 rows, in tree order."""

    order: Any
    tiles: Any
    rows: Any
    low: Any
    high: Any
    ordered: int
    unit: Any

    def __len__(self) -> int:
        return len(self.order)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the kernels take of it, in their order."""
        return self.tiles, self.rows, self.order, self.low, self.high, self.ordered, self.unit


def index(reference: Records) -> Index:
    """Return the index of reference rows; it serves any number of searches."""
    from privsynth.neighbours import _kernel

    ordered, unit = reference.numbers.shape[1], _unit(reference)
    codes = _codes(reference, unit)
    order = _kernel.order_rows(codes, ordered, unit)
    tiles = _kernel.tile(codes, order)
    low, high = _kernel.boxes(tiles)
    rows = _plain(reference, unreadable=13.0)[order]
    return Index(order, tiles, rows, low, high, ordered, unit)


def nearest_records(
    queries: Records, reference: Records | Index, *, k: int = 2, threads: int | None = None,
    tick: Tick | None = None, limits: Any = None,
) -> Neighbours:  # fmt: skip
    """Return the k nearest ``reference`` rows of each query; the same for any number of threads.

    ``tick`` is called with the number of pairs compared since its last call, for progress. With
    ``limits (m,)`` the rows farther than a query's limit are left out: infinity and -1.
    """
    from privsynth.neighbours import _kernel

    given = reference if isinstance(reference, Index) else index(reference)
    asked = _Asked.of(queries, given)
    distances = np.full((len(queries), k), np.inf)
    ids = np.full((len(queries), k), -1, np.int64)
    farthest = np.full(len(queries), np.inf) if limits is None else limits[asked.order]

    def visited(part: slice, brute: bool) -> int:
        tiles: int = _kernel.nearest(
            *asked.part(part), *given.arrays, brute, farthest[part],
            distances[part], ids[part],
        )  # fmt: skip
        if tick is not None:
            tick(len(asked.codes[part]) * len(given))
        return tiles

    if len(queries) and len(given):
        # Boxes pay where columns are related: on rows without structure every tile is visited.
        probe = slice(0, min(PROBE, len(queries)))
        brute = visited(probe, False) > MOST * probe.stop * given.low.shape[1]
        at_once = threads or os.cpu_count() or 1
        size = min(max(BLOCK, -(-len(queries) // (4 * at_once))), LARGEST)
        _in_blocks(lambda part: visited(part, brute), PROBE, len(queries), at_once, size)
    back = np.empty(len(queries), np.int64)
    back[asked.order] = np.arange(len(queries))
    return Neighbours(distances[back], ids[back])


def merge(parts: list[Neighbours], sizes: list[int]) -> Neighbours:
    """Return the k nearest over references laid one below the other, from each one's k nearest."""
    from privsynth.neighbours import _kernel

    k, offset = parts[0].distances.shape[1], sizes[0]
    found = parts[0]
    for part, size in zip(parts[1:], sizes[1:], strict=True):
        shape = (len(part.ids), k)
        both = Neighbours(np.empty(shape), np.empty(shape, part.ids.dtype))
        _kernel.merge(
            found.distances, found.ids, part.distances, part.ids, offset, both.distances, both.ids
        )
        found, offset = both, offset + size
    return found


def tie_credit(
    queries: Records, reference: Records | Index, best: Any, *, threads: int | None = None,
    tick: Tick | None = None,
) -> Any:  # fmt: skip
    """Return what each reference row receives, shape ``(rows,)``, summing to the queries' number.

    Every query gives 1, split evenly among the reference rows at exactly its distance ``best``.
    """
    from privsynth.neighbours import _kernel

    given = reference if isinstance(reference, Index) else index(reference)
    asked = _Asked.of(queries, given)
    nearest_ones = np.asarray(best, np.float64)[asked.order]
    ties = np.zeros(len(queries), np.int64)
    blocks: dict[int, Any] = {}

    def block(part: slice) -> None:
        found = np.zeros(len(given))
        for out in (np.empty(0), found):
            _kernel.credit(
                *asked.part(part), *given.arrays, nearest_ones[part], ties[part], out
            )  # fmt: skip
        blocks[part.start] = found
        if tick is not None:
            tick(len(ties[part]) * len(given))

    # Blocks of one size whatever the threads: they fix the order in which credit is added up.
    _in_blocks(block, 0, len(queries), threads, BLOCK)
    total = np.zeros(len(given))
    for start in sorted(blocks):  # a fixed order of addition: equal for any number of threads
        total += blocks[start]
    return total


class Search:
    """Each pair of tables is searched once, and every probe reuses the result.

    Joined records (``concat``) are searched part by part and merged, so that a planted table costs
    only its planted rows. A pair that was searched deep answers for any smaller ``k``. Takes
    ``Points`` as well as ``Records``: the nearest by Euclidean distance then.
    """

    def __init__(self, threads: int | None = None, tick: Tick | None = None) -> None:
        self.threads, self.tick = threads, tick
        self._found: dict[tuple[int, int], tuple[Any, Any, Neighbours]] = {}
        self._indices: dict[int, tuple[Records, Index]] = {}

    def nearest(self, queries: Any, reference: Any, k: int = 2) -> Neighbours:
        """Return the ``k`` nearest reference rows of each query."""
        rows = [self._against(query, reference, k) for query in queries.leaves]
        return Neighbours(
            np.concatenate([part.distances for part in rows]),
            np.concatenate([part.ids for part in rows]),
        )

    def _against(self, query: Any, reference: Any, k: int) -> Neighbours:
        leaves = reference.leaves
        parts = [self._pair(query, leaf, k) for leaf in leaves]
        return parts[0] if len(parts) == 1 else merge(parts, [len(leaf) for leaf in leaves])

    def _pair(self, query: Any, leaf: Any, k: int) -> Neighbours:
        key = (id(query), id(leaf))
        if key not in self._found or self._found[key][2].distances.shape[1] < k:
            found = self._search(query, leaf, k)
            found = Neighbours(found.distances, found.ids.astype(np.int32))
            self._found[key] = (query, leaf, found)  # holding both keeps their ids from reuse
        found = self._found[key][2]
        return Neighbours(found.distances[:, :k], found.ids[:, :k])

    def _search(self, query: Any, leaf: Any, k: int) -> Neighbours:
        if isinstance(leaf, Records):
            return nearest_records(
                query, self._index(leaf), k=k, threads=self.threads, tick=self.tick
            )
        from privsynth.neighbours.dense import nearest_points

        return nearest_points(query, leaf, k, self.tick)

    def _index(self, leaf: Records) -> Index:
        if id(leaf) not in self._indices:
            self._indices[id(leaf)] = (leaf, index(leaf))
        return self._indices[id(leaf)][1]


@dataclass(frozen=True, eq=False)
class _Asked:
    """Queries in an order in which neighbours follow each other."""

    order: Any
    codes: Any
    rows: Any
    costs: Any
    weights: Any

    @classmethod
    def of(cls, queries: Records, given: Index) -> "_Asked":
        from privsynth.neighbours import _kernel

        codes = _codes(queries, given.unit)
        order = _kernel.order_rows(codes, given.ordered, given.unit)
        weights = queries.weights
        if weights is None:
            weights = np.ones(queries.codes.shape)
        weights = np.ascontiguousarray(weights[order])
        costs = (weights * float(given.unit)).astype(np.uint16)
        return cls(order, codes[order], _plain(queries, unreadable=9.0)[order], costs, weights)

    def part(self, rows: slice) -> tuple[Any, ...]:
        """Return what the kernels take of these queries, in their order."""
        return self.codes[rows], self.rows[rows], self.costs[rows], self.weights[rows]


def _unit(records: Records) -> Any:
    """Return what one unit of distance is in codes: small enough for the sum to stay in 16 bits."""
    columns = records.numbers.shape[1] + records.codes.shape[1]
    return np.uint16(min(4096, 65534 // max(columns, 1)))


def _codes(records: Records, unit: Any) -> Any:
    """Return 16-bit codes ``(n, p + q)`` whose distances never exceed the true ones by a unit.

    Missing and unreadable cells are code 0: too near rather than too far; float64 decides.
    """
    numbers = np.where(np.isfinite(records.numbers), records.numbers, 0.0)
    numbers *= float(unit)
    out = np.empty((len(records), numbers.shape[1] + records.codes.shape[1]), np.uint16)
    out[:, : numbers.shape[1]] = numbers
    out[:, numbers.shape[1] :] = np.where(records.codes < 0, 0, records.codes) % 65536
    return out


def _plain(records: Records, unreadable: float) -> Any:
    # Numbers lie in [0, 1]: a missing one becomes 5, so missing against missing is 0 and missing
    # against a value at least 4, which the kernel cuts to 1. Codes are whole and not negative.
    numbers = np.where(np.isnan(records.numbers), 5.0, records.numbers)
    numbers = np.where(np.isinf(numbers), unreadable, numbers)
    codes = np.where(records.codes < 0, -unreadable, records.codes)
    return np.hstack([numbers, codes.astype(np.float64)])


def _in_blocks(
    block: Callable[[slice], Any], start: int, n: int, threads: int | None, size: int
) -> None:
    parts = [slice(a, min(a + size, n)) for a in range(start, n, size)]
    if threads == 1:
        for part in parts:
            block(part)
        return
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(block, parts):
            pass
