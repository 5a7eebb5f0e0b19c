"""The candidates of a comparison, and the numbers that stand side by side."""

from typing import Literal

from privsynth.evidence import Bundle, Model
from privsynth.evidence.models import RECIPIENT_DIGITS
from privsynth.policy.verdict import Status
from privsynth.report.sweep import USEFUL
from privsynth.statistics.estimate import Estimate

PROBES: dict[str, tuple[Literal["measure", "stratum"], str]] = {
    "copied_units_excess": ("measure", "copies"),
    "advantage_worst": ("measure", "attribute_inference"),
    "auc_most_exposed_fifth": ("stratum", "exposed"),
    "marginals_tvd": ("measure", "fidelity"),
    "pairs_tvd": ("measure", "fidelity"),
    "tstr": ("measure", "utility"),
}
"""Estimates beside the headline's, and the probe that each is read from."""
PRIVACY = (
    "auc", "tpr_at_fpr_0.01", "copied_units_excess", "advantage_worst", "auc_most_exposed_fifth",
)  # fmt: skip
USEFULNESS = ("marginals_tvd", *USEFUL)
ANCHORS = ("tstr_floor", "tstr_ceiling", "pairs_tvd_floor", "pairs_tvd_ceiling")


class Candidate(Model):
    """One candidate in a comparison; ``estimates`` lacks what its audit did not measure.

    ``dominated_by`` are letters of candidates that are no worse in anything that was measured of
    both, and clearly better in something.
    """

    letter: str
    place: str
    name: str
    synthesizer: str
    rows: int
    guarantee: str
    epsilon: float | None = None
    decision: Status | None = None
    policy: str | None = None
    registered: Literal["before_scoring", "after_scoring"] | None = None
    audit: int
    level: float
    estimates: dict[str, Estimate]
    dominated_by: tuple[str, ...] = ()


class Comparison(Model):
    """Candidates in the order they were named, and what keeps them apart."""

    schema_version: Literal["1"] = "1"
    cell: int
    candidates: tuple[Candidate, ...]
    cautions: tuple[str, ...]

    @property
    def selection(self) -> str:
        """What choosing among the candidates does to their numbers."""
        numbers = ", ".join(f"{c.letter} {c.audit}" for c in self.candidates)
        return (
            f"{len(self.candidates)} candidates stand side by side. Choosing the best of several "
            "after looking is itself a selection: what was lucky in one audit looks good here. "
            f"Each candidate counts which audit of its source it was ({numbers}) and has wider "
            "intervals for it; audits elsewhere are counted by nobody. Nothing here is summed to "
            "one score, and the order is that in which the candidates were named."
        )


def measured(bundle: Bundle) -> dict[str, Estimate]:
    """Return the estimates that a comparison shows, by name; what was not measured is absent."""
    found = {key: bundle.headline[key].estimate for key in PRIVACY if key in bundle.headline}
    for key in (*PROBES, *ANCHORS):
        kind, name = PROBES.get(key) or PROBES[key.rpartition("_")[0]]
        probe = bundle.measure(name) if kind == "measure" else bundle.stratum(name)
        if probe is not None and (estimate := probe.estimate(key)) is not None:
            found[key] = estimate
    return found


def digits(value: float) -> str:
    """Return a number at the decimals of the recipient's view."""
    return f"{value:.{RECIPIENT_DIGITS}f}".replace("-", "−")
