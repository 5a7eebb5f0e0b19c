"""From booked events to epsilon: Renyi accounting (dp-accounting) over orders that are listed.

RDP is what is claimed, since it covers every event; PLD stands beside it (gate-statistics 10).
The order grid moves epsilon, so whoever recomputes must use the same one.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from privsynth.privacy.budget import Relation
from privsynth.privacy.events import DpSgd, Event, Gaussian, Selection, Threshold

ORDERS: tuple[float, ...] = (
    *(1 + k / 20 for k in range(1, 20)),
    *(2 + k / 10 for k in range(100)),
    *(float(k) for k in range(12, 64)),
    *(float(k) for k in range(64, 257, 8)),
    *(float(k) for k in (320, 384, 512, 768, 1024, 2048, 4096)),
)
"""Renyi orders: epsilon from 0.05 to 100 has its optimum inside, not at an end."""


def rho_of(events: Iterable[Event], relation: Relation) -> float:
    """Return the sum of the zero-concentrated events: composition adds rho (Bun, Steinke 2016)."""
    zcdp = [e for e in events if not isinstance(e, DpSgd)]
    return math.fsum(e.rho if relation == "add_remove" else e.rho_replace_one for e in zcdp)


def spent_delta(events: Iterable[Event], relation: Relation) -> float:
    """Return the part of delta that thresholds have used up; the rest is left for epsilon."""
    found = [e for e in events if isinstance(e, Threshold)]
    return math.fsum(e.delta if relation == "add_remove" else e.delta_replace_one for e in found)


def epsilon(
    events: Sequence[Event], delta: float, orders: Sequence[float] = ORDERS,
    relation: Relation = "add_remove",
) -> float:  # fmt: skip
    """Return the smallest epsilon that RDP proves for the events at ``delta``; 0 for none.

    Infinite where thresholds have used up ``delta``. Gradient steps are accounted for units that
    come and go; for a replaced one they count as two (group privacy, Dwork and Roth 2014, 2.2).
    """
    if not events:
        return 0.0
    if relation == "replace_one" and any(isinstance(e, DpSgd) for e in events):
        return _of_two(events, delta, orders)
    left = delta - spent_delta(events, relation)
    if left <= 0:
        return math.inf
    steps = tuple(e for e in events if isinstance(e, DpSgd))
    return _epsilon(rdp(rho_of(events, relation), steps, tuple(orders)), left, orders)


def rdp(rho: float, steps: tuple[DpSgd, ...], orders: Sequence[float] = ORDERS) -> Any:
    """Return the Renyi divergence bound at each order, shape ``(orders,)``."""
    total = rho * np.asarray(orders, np.float64)
    for event in steps:
        total = total + event.steps * _step(
            event.sampling_rate, event.noise_multiplier, tuple(orders)
        )
    return total


@lru_cache(maxsize=4096)
def rho_within(epsilon_budget: float, delta: float, steps: tuple[DpSgd, ...] = ()) -> float:
    """Return the largest rho that fits into (epsilon, delta) beside steps; -1 if steps do not."""
    base = rdp(0.0, steps)

    def fits(rho: float) -> bool:
        return _epsilon(base + rho * np.asarray(ORDERS), delta, ORDERS) <= epsilon_budget

    if delta <= 0 or not fits(0.0):
        return -1.0
    low, high = 0.0, 1.0
    while fits(high):
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


@lru_cache(maxsize=256)
def noise_multiplier_within(
    epsilon_budget: float, delta: float, rho: float, sampling_rate: float, steps: int
) -> float:
    """Return the smallest noise multiplier whose steps fit beside ``rho``; inf if none does."""
    base = rho * np.asarray(ORDERS)

    def fits(multiplier: float) -> bool:
        bound = base + steps * _step(sampling_rate, multiplier, ORDERS)
        return _epsilon(bound, delta, ORDERS) <= epsilon_budget

    low, high = 0.0, 1.0
    while not fits(high):
        low, high = high, high * 2
        if high > 1e6:
            return math.inf
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def pld_epsilon(events: Sequence[Event], delta: float, relation: Relation) -> float | None:
    """Return epsilon by privacy loss distributions of the Gaussian events, None if there are none.

    Selections and thresholds have no such distribution and are left out: the caller labels that.
    A composition of Gaussians is one Gaussian with the sum of their rho (Dong et al. 2022, Cor. 3).
    """
    gaussian = [e for e in events if isinstance(e, Gaussian)]
    steps = [e for e in events if isinstance(e, DpSgd)]
    if not gaussian and not steps:
        return None
    with _quiet():
        import dp_accounting
        from dp_accounting.pld import PLDAccountant

        related = dp_accounting.NeighboringRelation
        # A replaced row moves a histogram by the root of two, not by two: its rho says so.
        chosen = related.ADD_OR_REMOVE_ONE
        if relation == "replace_one" and steps:
            chosen = related.REPLACE_ONE
        accountant = PLDAccountant(chosen)
        if gaussian:
            rho = rho_of(gaussian, "add_remove" if steps else relation)
            accountant.compose(dp_accounting.GaussianDpEvent(1 / math.sqrt(2 * rho)))
        for event in steps:
            accountant.compose(_poisson(event.sampling_rate, event.noise_multiplier), event.steps)
        return float(accountant.get_epsilon(delta))


def deltas(
    events: Sequence[Event], epsilons: Any, relation: Relation,
    orders: Sequence[float] = ORDERS,
) -> Any:  # fmt: skip
    """Return delta at each epsilon: the privacy profile that RDP proves, shape ``(epsilons,)``.

    The smallest over the orders of the conversion of Canonne, Kamath, Steinke (2020, Prop. 12).
    """
    steps = tuple(e for e in events if isinstance(e, DpSgd))
    if steps and relation == "replace_one":
        raise ValueError("gradient steps have a profile for add_remove only")
    alpha = np.asarray(orders, np.float64)
    bound = rdp(rho_of(events, relation), steps, orders)
    eps = np.asarray(epsilons, np.float64)[:, None]
    log_delta = (alpha - 1) * (bound - eps) + alpha * np.log1p(-1 / alpha) - np.log(alpha - 1)
    return np.minimum(np.exp(np.minimum(log_delta, 0)).min(axis=1), 1.0) + spent_delta(
        events, relation
    )


def has_edge_optimum(events: Sequence[Event], delta: float, orders: Sequence[float]) -> bool:
    """Return whether the best order is the first or the last: then the grid sets epsilon."""
    steps = tuple(e for e in events if isinstance(e, DpSgd))
    _, best = _optimum(rdp(rho_of(events, "add_remove"), steps, orders), delta, orders)
    return best in (min(orders), max(orders))


def only_gaussian(events: Sequence[Event]) -> bool:
    """Return whether privacy loss distributions cover every event."""
    return not any(isinstance(e, Selection | Threshold) for e in events)


def _of_two(events: Sequence[Event], delta: float, orders: Sequence[float]) -> float:
    """Return epsilon for two units: 2 e at (1 + exp e) d, for the smallest such d."""
    gone = spent_delta(events, "add_remove")
    low, high = 1e-300, delta
    for _ in range(200):  # on the log scale: (1 + exp(epsilon(d))) * d grows with d
        middle = math.sqrt(low * high)
        one = epsilon(events, gone + middle, orders)
        fits = one < 500 and (1 + math.exp(one)) * (gone + middle) <= delta
        low, high = (middle, high) if fits else (low, middle)
    return 2 * epsilon(events, gone + low, orders)


@lru_cache(maxsize=1024)
def _step(sampling_rate: float, noise_multiplier: float, orders: tuple[float, ...]) -> Any:
    """Return the Renyi divergence of one Poisson-sampled Gaussian step at each order."""
    with _quiet():
        from dp_accounting.rdp import RdpAccountant

        accountant = RdpAccountant(list(orders))
        accountant.compose(_poisson(sampling_rate, noise_multiplier))
        return np.asarray(accountant._rdp, np.float64)


def _poisson(sampling_rate: float, noise_multiplier: float) -> Any:
    import dp_accounting

    return dp_accounting.PoissonSampledDpEvent(
        sampling_rate, dp_accounting.GaussianDpEvent(noise_multiplier)
    )


def _epsilon(bound: Any, delta: float, orders: Sequence[float]) -> float:
    return _optimum(bound, delta, orders)[0]


def _optimum(bound: Any, delta: float, orders: Sequence[float]) -> tuple[float, float]:
    from dp_accounting.rdp import compute_epsilon

    with _quiet():
        found, order = compute_epsilon(np.asarray(orders), np.asarray(bound), delta)
    return float(found), float(order)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence dp-accounting's remarks on orders that do not converge: it leaves those out."""
    import absl.logging

    level = absl.logging.get_verbosity()
    absl.logging.set_verbosity(absl.logging.FATAL)
    try:
        yield
    finally:
        absl.logging.set_verbosity(level)
