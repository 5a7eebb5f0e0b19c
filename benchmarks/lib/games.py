"""The attacks of the catalogue on tables made elsewhere, with the bounds that an audit gives."""

from dataclasses import dataclass
from typing import Any

from privsynth.attacks import catalogue, score_all
from privsynth.audit import Request, audit
from privsynth.audit.scoring import view_of
from privsynth.audit.strata import strata, within
from privsynth.evidence import Audits, Bundle
from privsynth.measures import Material
from privsynth.neighbours import Search
from privsynth.policy import Verdict, decide, load_policy
from privsynth.randomness import generator
from privsynth.statistics import Estimate, Scored, family, headline, level
from privsynth.statistics.family import family_low
from privsynth.tables import Table, fit_space, halve

SEED = 20261120
LEVEL = level(1)
"""One-sided level of a first audit's bounds."""


@dataclass(frozen=True, eq=False)
class Attacked:
    """Every score of the catalogue; ``c`` and ``each`` correct a lower bound over the family."""

    scores: dict[str, Scored]
    alpha: float
    c: float
    each: float
    clean: float

    def auc(self, name: str) -> Estimate:
        """Return the AUC of one score; ``adjusted_low`` is corrected over all scores and groups."""
        found = self.scores[name].auc(self.alpha)
        low = family_low([self.scores[name]], self.c, self.each)
        return found.model_copy(update={"adjusted_low": min(low, found.value)})

    def detected(self) -> list[str]:
        """Return the scores whose corrected lower bound lies above one half."""
        return [name for name in self.scores if (self.auc(name).adjusted_low or 0.0) > 0.5]


def material(
    train: Table, synthetic: Table, holdout: Table, reference: Table | None = None,
    alpha: float = LEVEL,
) -> Material:  # fmt: skip
    """Return what an audit would encode; half of the holdout is the reference where none is."""
    if reference is None:
        holdout, reference = halve(holdout, generator(SEED, "halves"), ("holdout", "reference"))
    space = fit_space(train.schema, [train, holdout, reference])
    return Material(
        schema=train.schema,
        space=space,
        train=space.encode(train),
        synthetic=space.encode(synthetic),
        holdout=space.encode(holdout),
        reference=space.encode(reference),
        search=Search(),
        alpha=alpha,
        seed=SEED,
        tables={
            "train": train, "synthetic": synthetic, "holdout": holdout, "reference": reference,
        },
    )  # fmt: skip


def raw_scores(given: Material) -> dict[str, Any]:
    """Return every score of the catalogue, train rows first, then holdout rows."""
    view = view_of(given, given.synthetic, given.need_reference())
    return score_all(catalogue(), given.targets, view, given.rng("attacks"))


def attacked(given: Material) -> Attacked:
    """Return all scores as one family with the audit's groups of exposed people beside them."""
    scores = family(raw_scores(given), given.game)
    inside = within(scores, strata(given)[0])
    worst, c = headline(scores, given.alpha, given.rng("headline"), inside)
    each = given.alpha / (len(scores) + len(inside))
    return Attacked(scores, given.alpha, c, each, worst["auc"].expected_if_clean or 0.5)


def audited(
    train: Table, synthetic: Table, holdout: Table, reference: Table | None, preset: str,
    *, own_split: bool = False,
) -> tuple[Bundle, Verdict]:  # fmt: skip
    """Return a whole audit, the first of its source, and the verdict of a preset on it."""
    policy = load_policy(f"preset:{preset}")
    bundle = audit(
        Request(
            train=train,
            synthetic=synthetic,
            holdout=holdout,
            reference=reference,
            seed=SEED,
            commit=lambda text: "hmac-sha256:benchmark",
            own_split=own_split,
            policy=policy.registration(),
            limits=policy.limits,
            audits=Audits(number=1, alpha=LEVEL),
        )
    )
    return bundle, decide(bundle, policy)


def stated(verdict: Verdict) -> str:
    """Return the verdict and, unless it is a pass, the rules it rests on."""
    if verdict.status == "pass":
        return "PASS"
    rules = [finding.rule for finding in verdict.findings if finding.status == verdict.status]
    return f"{verdict.status}: {', '.join(rules)}"
