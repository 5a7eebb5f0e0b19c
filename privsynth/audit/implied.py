"""What the attacks of an audit imply of epsilon: a bound that can refute a claim, never confirm."""

import math
from collections.abc import Mapping

from privsynth.evidence import EpsilonBound, HeadlineEntry, TableFacts
from privsynth.privacy import Claim, NoClaim


def implied(
    headline: Mapping[str, HeadlineEntry], claim: Claim, train: TableFacts
) -> tuple[EpsilonBound, ...]:
    """Return what each headline implies of epsilon at the claim's delta; () without a claim.

    Nor where the claim is about one row, and the attacks count people who have several.

    For neighbours that exchange one unit: TPR <= exp(e) FPR + delta, and AUC <= exp(e) (1 - AUC) +
    delta (see ``privacy.ceiling``). Both hold on average over tables, and this is one table. From
    the headline's ``low``, which is corrected over all scores.
    """
    if isinstance(claim, NoClaim) or (claim.unit == "row" and train.units != train.rows):
        return ()
    return tuple(
        EpsilonBound(
            name=name,
            epsilon=_down(_epsilon(entry.estimate.low, claim.delta, _rate(name))),
            method=f"from {name}: {entry.estimate.method}",
            level=round((1 + entry.estimate.confidence) / 2, 6),
        )
        for name, entry in sorted(headline.items())
    )


def _epsilon(reached: float, delta: float, rate: float | None) -> float:
    """Return the epsilon at which ``reached`` is just possible, at least 0."""
    missed = max(1 - reached, 1e-9) if rate is None else rate  # 1 is a bound but for rounding
    growth = (reached - delta) / missed
    return math.log(max(growth, 1.0))


def _rate(name: str) -> float | None:
    """Return the false-positive rate at which a headline was counted; None for the AUC."""
    return None if name == "auc" else float(name.removeprefix("tpr_at_fpr_"))


def _down(epsilon: float) -> float:
    """Return it at the four decimals that leave the house, rounded towards no finding."""
    return math.floor(epsilon * 1e4) / 1e4
