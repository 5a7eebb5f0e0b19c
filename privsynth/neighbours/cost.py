"""What a search will take, told before it is begun: pairs, seconds and memory."""

import os
from dataclasses import dataclass

from privsynth.errors import InputError

CELLS_PER_SECOND = 6e9
"""Cells compared by one thread on rows without structure, where no tile can be skipped: half of
what was measured for 2 to 75 columns. Related columns make a search many times faster."""

ENCODED_PER_SECOND = 2e6
"""Cells of a table that are read and encoded by one thread, texts included."""

BATCH = 65_536
"""Reference rows that a streamed search holds at a time."""


@dataclass(frozen=True)
class Cost:
    """What one search takes: pairs compared, seconds (rather too many), and extra bytes."""

    pairs: int
    seconds: float
    memory: int


def cost(queries: int, reference: int, columns: int, k: int, threads: int) -> Cost:
    """Return what the search of ``queries`` rows in ``reference`` rows in memory takes.

    The memory is what comes on top of the two tables: both encoded, and the search at its peak.
    """
    memory = (queries + reference) * _encoded(columns) + _search(queries, reference, columns, k)
    return Cost(queries * reference, _seconds(queries, reference, columns, k, threads), memory)


def streamed_cost(queries: int, reference: int, columns: int, k: int, threads: int) -> Cost:
    """Return what a search in a Parquet file takes, with the queries encoded already."""
    held = min(reference, BATCH)
    batch = held * (_encoded(columns) + _raw(columns))
    # The search of a batch and the merge of its result with the one so far, one after the other.
    memory = batch + max(_search(queries, held, columns, k), 64 * queries * k) + 32 * queries * k
    return Cost(queries * reference, _seconds(queries, reference, columns, k, threads), memory)


def check_memory(needed: Cost, max_memory: int | None, *, streamed: bool = False) -> None:
    """Refuse a search that needs more than ``max_memory`` bytes, before anything is allocated."""
    if max_memory is not None and needed.memory > max_memory:
        mend = (
            "ask for fewer rows at a time or fewer neighbours"
            if streamed
            else "keep the reference in a Parquet file and stream it, use fewer rows"
        )
        raise too_large(f"the search of {needed.pairs:,} pairs", needed, max_memory, mend)


def too_large(work: str, needed: Cost, allowed: int, mend: str) -> InputError:
    """Return the error of work that needs more memory than is allowed."""
    return InputError(
        f"{work} needs about {_megabytes(needed.memory)} of memory, and {_megabytes(allowed)} are "
        f"allowed; {mend}, or raise --max-memory"
    )


def _seconds(queries: int, reference: int, columns: int, k: int, threads: int) -> float:
    at_once = max(1, min(threads, os.cpu_count() or 1))
    rate = CELLS_PER_SECOND / (1 + k / 50)
    searched = queries * reference * columns / (rate * at_once)
    return searched + (queries + reference) * columns / ENCODED_PER_SECOND


def _encoded(columns: int) -> int:
    """Return bytes a row of ``Records``: numbers or codes and cells, 8 bytes each, and units."""
    return 16 * columns + 8


def _raw(columns: int) -> int:
    """Return bytes a row of a batch: as Arrow has it, as pandas, and converted.

    Columns whose texts are all different, and long ones, take more.
    """
    return 96 * columns


def _search(queries: int, reference: int, columns: int, k: int) -> int:
    """Return bytes of the search of encoded rows at its peak.

    Ready for the search a cell takes 2 bytes of code and 8 of float64, and a row the 8 of its
    place; while that is made, about 24 a cell and a row.
    """
    made, ready = 24 * columns + 24, 10 * columns + 8
    result = 16 * queries * k
    making = max(reference * made, reference * ready + queries * made)
    return max(making, (reference + queries) * ready + 2 * result)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"
