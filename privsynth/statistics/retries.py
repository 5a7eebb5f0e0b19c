"""The level that a further try of the same source leaves to its bounds."""

import math

BASE_ALPHA = 0.05


def level(number: int) -> float:
    """Return the one-sided level of the bounds in the ``number``-th audit of one source.

    0.05·6 / (π²·k²): all audits of a source together keep 5 % (gate-statistics 7).
    """
    exact = BASE_ALPHA * 6 / (math.pi**2 * number**2)
    return math.floor(exact * 1e6) / 1e6 or exact  # rounded down: the sum stays below BASE_ALPHA
