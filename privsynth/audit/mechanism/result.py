"""What a mechanism audit found, as it is written to a file."""

from pathlib import Path
from typing import Any, Literal

from privsynth.errors import InputError
from privsynth.evidence import EpsilonBound, MechanismAudit, Model, read_model

STATEMENT = (
    "An audit can refute a claim of differential privacy; none can confirm one. Not refuted means "
    "that these attacks, with so many runs on these tables, saw no more than the claim admits."
)


class View(Model):
    """One view of the attacker, tested against a whole profile.

    ``can_refute`` says whether faultless guesses on so many runs would have refuted it at all.
    ``noise`` is tested against what the ledger books for the histograms, the others against the
    profile of the whole budget.

    ``epsilon_low`` is a Clopper-Pearson lower bound of epsilon at the claimed delta, at one
    threshold; ``epsilon_low_gdp`` holds under the GDP assumption only. Each at level ``alpha``.
    ``margin`` above 0 refutes: TPR_low - exp(at_epsilon) FPR_high - delta(at_epsilon), or the
    same of the rates of those who were out.
    """

    name: Literal["noise", "released answers", "synthetic table"]
    refuted: bool
    can_refute: bool
    margin: float
    at_epsilon: float
    tpr: float
    fpr: float
    tpr_low: float
    fpr_high: float
    epsilon_low: float
    epsilon_low_gdp: float
    auc: float
    runs_in: int
    runs_out: int
    runs_to_choose: int
    alpha: float


class OneRun(Model):
    """A single fit with many canaries, each in by its own fair coin.

    ``epsilon_low`` after Steinke, Nasr and Jagielski (2023), ``epsilon_low_gdp`` after
    Mahloujifar, Melis and Chaudhuri (2025), under the GDP assumption; each at level ``alpha``.
    """

    canaries: int
    guesses: int
    correct: int
    refuted: bool
    epsilon_low: float
    epsilon_low_gdp: float
    alpha: float


class DpAudit(Model):
    """Whether many re-trainings refute what a mechanism claims; they never confirm it.

    ``problems`` is what recomputing the ledger of one run found; ``refuted`` counts it in.
    """

    schema_version: Literal["1"] = "1"
    synthesizer: str
    options: dict[str, Any]
    epsilon: float
    delta: float
    unit: str
    neighbours: str
    refuted: bool
    views: tuple[View, ...]
    one_run: OneRun | None
    problems: tuple[str, ...]
    rows: int
    versions: dict[str, str]
    statement: str = STATEMENT
    notes: tuple[str, ...] = ()

    def for_evidence(self) -> MechanismAudit:
        """Return what a report says of it: the verdict, and every lower bound with its method."""
        bounds = []
        for view in self.views:
            level = 1 - view.alpha
            name, rates = view.name, "Clopper-Pearson at one threshold"
            bounds.append(
                EpsilonBound(name=name, epsilon=view.epsilon_low, method=rates, level=level)
            )
            bounds.append(EpsilonBound(
                name=f"{name}, if GDP", epsilon=view.epsilon_low_gdp, level=level,
                method="mu-GDP at one threshold; under the GDP assumption",
            ))  # fmt: skip
        if self.one_run is not None:
            bounds.append(EpsilonBound(
                name=f"{self.one_run.canaries} canaries in one run", level=1 - self.one_run.alpha,
                epsilon=self.one_run.epsilon_low, method="Steinke, Nasr, Jagielski 2023",
            ))  # fmt: skip
        return MechanismAudit(
            mechanism=self.synthesizer,
            epsilon=self.epsilon,
            delta=self.delta,
            runs=sum(view.runs_in + view.runs_out for view in self.views[:1]),
            lower_bounds=tuple(bounds),
            refuted=self.refuted,
            notes=(*self.problems, *self.notes),
        )


def read_audit(path: Path, synthesizer: str) -> MechanismAudit:
    """Return what a file of ``dp-audit`` says of a synthesizer; ``InputError`` if of another."""
    found = read_model(DpAudit, path, "audit of a mechanism")
    if found.synthesizer != synthesizer:
        raise InputError(
            f"{path} is an audit of {found.synthesizer!r}, and the table was made by "
            f"{synthesizer!r}; give the audit of that one"
        )
    return found.for_evidence()
