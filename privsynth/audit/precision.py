"""How often an attacker is right who accuses at 1 % false positives, by how many he expects."""

from privsynth.statistics import Estimate

PRIORS = (0.01, 0.1, 0.5)
"""Shares of members among those whom an attacker asks about: few, some, half of them."""


def precisions(rate: Estimate, fpr: float) -> dict[str, Estimate]:
    """Return by prior π the share of members among the accused, πT / (πT + (1 - π)F), in [0, 1].

    ``rate`` is the true-positive rate T at the false-positive rate F = ``fpr``. Its bounds hold at
    the threshold whose true rate is F: the doubt about the threshold is in them already
    (``statistics.tpr_at_fpr``), and T is the only unknown. Precision rises with T, so the bounds of
    T give bounds of equal confidence. ``expected``, for an attacker who guesses, is π.
    """
    return {f"{prior:g}": _precision(rate, fpr, prior) for prior in PRIORS}


def _precision(rate: Estimate, fpr: float, prior: float) -> Estimate:
    def right(tpr: float) -> float:
        return prior * tpr / (prior * tpr + (1 - prior) * fpr)

    low = rate.low if rate.adjusted_low is None else min(rate.low, rate.adjusted_low)
    return Estimate(
        name=f"precision_at_prior_{prior:g}",
        value=right(rate.value),
        low=right(low),
        high=right(rate.high),
        confidence=rate.confidence,
        method=f"Bayes from {rate.name}",
        n=rate.n,
        expected=prior,
    )
