"""Noisy counts of one ordered column, finer where rows gather, down to values that repeat.

Cells that hold many rows are cut into 64 and counted again, a level at a time: one histogram over
all the pieces, so that a row moves one count by one. Pieces that hold a large share of their cell
are cut further until a single tick is left, an atom. Each level is one question to the ledger,
and where nothing is concentrated the descent ends and leaves what it had not spent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.privacy import Noise
from privsynth.synthesizers._codebook.grid import Line, cut, first_ticks, reference, shortest
from privsynth.synthesizers._codebook.smooth import nearest_weights, smooth

WAYS = 64
LEVELS = 4
"""With noise; without it the descent goes on until single ticks are left."""

_FIRST = 3
"""The first counts take so many parts of rho, each level one."""

_CLEAR = 4.0
"""A count stands clear of its noise at four standard deviations: 3e-5 by chance."""

_SHARE = 1 / 8
"""Of its cell, what a piece must hold to be cut further."""

_REPEATS = 3
"""Without noise: a value in fewer rows is not known to its last digit."""

_REST = 1.5
_HEAVIEST = 256


@dataclass(frozen=True)
class Cells:
    """Runs of ticks and what is known of them, arrays of one length in ascending order.

    ``starts`` first ticks; ``low`` and ``high`` the ticks a value is drawn from (both are the atom
    where there is one); ``counts`` unbiased noisy counts with their ``variances``; ``weights``
    non-negative estimates of the counts; ``origin`` which of the first cells a cell is part of.
    """

    starts: Any
    low: Any
    high: Any
    counts: Any
    variances: Any
    weights: Any
    origin: Any

    def __len__(self) -> int:
        return len(self.starts)


def levels(line: Line, is_noisy: bool) -> int:
    """Return how many times cells may have to be cut until single ticks are left."""
    starts = first_ticks(line)
    widest, found = int(np.diff(starts, append=line.last + 1).max()), 0
    while widest > 1:
        widest, found = -(-widest // WAYS), found + 1
    return min(found, LEVELS) if is_noisy else found


def survey(
    line: Line, ticks: Any, missing: list[int], noise: Noise, what: str, rho: float
) -> tuple[Cells, Any, float]:
    """Return the cells of a column whose present values are ``ticks``, for at most ``rho``.

    ``missing`` are further counts of the same column, asked together with the first ones; they
    come back noisy, with the standard deviation of their noise. A level at which atoms are
    followed takes only what lets the lightest of them stand clear.
    """
    ticks, most = np.sort(ticks), levels(line, noise.scale(rho) > 0)
    share = rho / (_FIRST + most)
    starts, scale = first_ticks(line), noise.scale(share * _FIRST)
    exact = np.diff(np.searchsorted(ticks, np.append(starts, line.last + 1)))
    asked = np.append(exact, np.array(missing, np.int64))
    answer = noise.histogram(asked, f"histogram of {what}", share * _FIRST).astype(np.float64)
    noisy, rest = answer[: len(starts)], answer[len(starts) :]
    cells = Cells(
        starts=starts,
        low=starts,
        high=np.append(starts[1:], line.last + 1) - 1,
        counts=noisy,
        variances=np.full(len(starts), scale**2),
        weights=smooth(noisy, reference(line, starts), scale),
        origin=np.arange(len(starts)),
    )
    heavy = (noisy > _CLEAR * noise.scale(share)) & (cells.weights > 0)
    for level in range(1, most + 1):
        heavy &= cells.high > cells.low
        if not heavy.any():
            break
        heavy &= cells.counts >= np.sort(cells.counts[heavy])[-_HEAVIEST:][0]
        enough = 2.5 * _CLEAR * noise.scale(share) / max(cells.weights[heavy].min(), 1.0)
        spend = share * min(enough**2, 1.0) if level > 1 and scale else share
        cells, heavy = _finer(cells, heavy, ticks, noise, f"{what}, level {level}", spend)
    if scale:
        for k in np.flatnonzero(heavy):
            cells.low[k] = cells.high[k] = shortest(int(cells.low[k]), int(cells.high[k]))
    return cells, rest, scale


def _finer(
    cells: Cells, heavy: Any, ticks: Any, noise: Noise, what: str, rho: float
) -> tuple[Cells, Any]:
    """Return the cells with the heavy ones cut, and which pieces hold a large share of theirs."""
    widths = cells.high[heavy] - cells.low[heavy] + 1
    starts, pieces = cut(cells.low[heavy], widths, WAYS)
    ends = np.append(starts[1:], 0)
    ends[np.cumsum(pieces) - 1] = cells.high[heavy] + 1
    exact = np.searchsorted(ticks, ends) - np.searchsorted(ticks, starts)
    noisy = noise.histogram(exact, f"histogram of {what}", rho).astype(np.float64)
    scale = noise.scale(rho)
    of = np.repeat(np.arange(len(pieces)), pieces)
    above, variance, weight = (
        array[heavy] for array in (cells.counts, cells.variances, cells.weights)
    )
    clear = (noisy > _CLEAR * scale) & (noisy >= _REPEATS)
    if scale:
        clear &= noisy > _SHARE * above[of]
    # The pieces add up to what their cell was found to hold.
    counts = noisy + ((above - np.bincount(of, noisy)) / pieces)[of]
    variances = scale**2 * (1 - 1 / pieces[of]) + (variance / pieces**2)[of]
    if scale:
        weights = _shared(noisy, scale, (weight, above, variance), clear, pieces)
    else:
        weights = noisy if cells.origin[-1] == len(cells) - 1 else _vague(noisy, clear, of)
    keep = ~heavy
    order = np.argsort(np.concatenate([cells.starts[keep], starts]), kind="stable")

    def merged(old: Any, new: Any) -> Any:
        return np.concatenate([old[keep], new])[order]

    found = Cells(
        starts=merged(cells.starts, starts),
        low=merged(cells.low, starts),
        high=merged(cells.high, ends - 1),
        counts=merged(cells.counts, counts),
        variances=merged(cells.variances, variances),
        weights=merged(cells.weights, weights),
        origin=merged(cells.origin, cells.origin[heavy][of]),
    )
    return found, merged(np.zeros(len(cells), bool), clear)


def _shared(noisy: Any, scale: float, whole: tuple[Any, Any, Any], clear: Any, pieces: Any) -> Any:
    """Return the weight of each cell shared out to its pieces, shrunk where it is mostly noise.

    Pieces that do not stand clear are drawn towards their mean (James and Stein 1961), so that a
    cell whose pieces are noise is evenly filled; they hold nothing where what the others leave of
    their cell does not stand clear either. ``whole``: weight, count and variance of each cell.
    """
    shared = np.zeros(len(noisy))
    for end, size, weight, count, variance in zip(np.cumsum(pieces), pieces, *whole, strict=True):
        part = np.arange(end - size, end)
        rest, atoms = part[~clear[part]], part[clear[part]]
        left = count - noisy[atoms].sum()
        if len(atoms) and left < _REST * np.sqrt(variance + len(atoms) * scale**2):
            shared[atoms] = nearest_weights(noisy[atoms], weight)
            continue
        drawn = noisy[part].copy()
        if len(rest) > 2:
            centre = noisy[rest].mean()
            spread = noisy[rest] - centre
            kept = 1 - (len(rest) - 2) * scale**2 / max(float(spread @ spread), 1e-300)
            drawn[~clear[part]] = centre + max(kept, 0.0) * spread
        shared[part] = nearest_weights(drawn, weight)
    return shared


def _vague(counts: Any, clear: Any, of: Any) -> Any:
    """Return counts in which what is not clear is spread evenly over the pieces of its cell."""
    rest = np.bincount(of, np.where(clear, 0.0, counts)) / np.maximum(np.bincount(of, ~clear), 1)
    return np.where(clear, counts, rest[of])
