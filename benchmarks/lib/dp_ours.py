"""Our own private synthesizers, and epsilon once more from what their ledgers booked."""

from typing import Any

from lib.dp_clock import Clock
from privsynth.privacy import Budget, DpClaim
from privsynth.synthesizers import Privacy, Recipe, catalogue
from privsynth.tables import Table

OURS = ("tan", "mst", "vae")
DELTA = 1e-5


def made(synthesizer: str, train: Table, epsilon: float) -> tuple[Table, dict[str, Any]]:
    """Return a private table, as many rows as ``train``, and what its fit took and claims."""
    clock = Clock()
    privacy = Privacy(Budget(epsilon, DELTA))
    found = Recipe(catalogue()[synthesizer], len(train), {}, privacy).make(train, 0, clock)
    claim = found.claim
    if not isinstance(claim, DpClaim):
        raise TypeError(f"{synthesizer} claims nothing")
    return found.synthetic, {
        "fit_s": clock.fit_s,
        "spent": claim.spent,
        "recomputed": recomputed(claim.model_dump()),
        "ceiling": [claim.ceiling.auc, claim.ceiling.tpr_at_fpr_001],
        "end_to_end": claim.end_to_end,
    }


def recomputed(claim: dict[str, Any]) -> float:
    """Return epsilon from a claim as it is written to evidence, by dp-accounting alone."""
    import dp_accounting as dp

    accountant = dp.rdp.RdpAccountant(claim["accountant"]["orders"])
    for event in claim["events"]:
        if event["mechanism"] == "dpsgd":
            step = dp.PoissonSampledDpEvent(
                event["sampling_rate"], dp.GaussianDpEvent(event["noise_multiplier"])
            )
            accountant.compose(step, event["steps"])
        else:
            accountant.compose(dp.ZCDpEvent(event["rho"]))
    return float(accountant.get_epsilon(claim["delta"]))
