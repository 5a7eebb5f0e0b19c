"""Other seeds of the same generator: would another draw have leaked as much? Never gated."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from privsynth import attacks as attack_room
from privsynth.attacks import score_all
from privsynth.audit.audit import Request, material_of, prepare
from privsynth.audit.scoring import view_of
from privsynth.evidence import Evidence
from privsynth.neighbours import Search
from privsynth.progress import Progress, silent
from privsynth.statistics import Estimate, family, headline
from privsynth.tables import Table

ONLY = "only the audited file is released; the tables of other seeds were thrown away"


def other_seeds(request: Request, tables: Sequence[Table], progress: Progress = silent) -> Evidence:
    """Return the worst AUC of tables made as the released one was, with other seeds.

    By attacks that are not costly, so the released file's own headline may be larger. The spread
    between seeds has a chi-square interval, which takes the AUCs for normal.
    """
    if request.holdout is None:
        return _evidence((), "needs a holdout; in an audit by folds every table has its own seed")
    material = material_of(prepare(request), request, Search())
    fast = {name: one for name, one in attack_room.catalogue().items() if not one.costly}
    found = []
    for number, table in enumerate(tables, start=1):
        progress("attacking tables of other seeds", (number - 1) / len(tables))
        rng = material.rng("other seeds", str(number))
        view = view_of(material, material.space.encode(table), material.need_reference())
        scores = family(score_all(fast, material.targets, view, rng), material.game)
        worst = headline(scores, material.alpha, rng)[0]["auc"].estimate
        found.append(worst.model_copy(update={"name": f"worst_auc_seed_{number}"}))
    return _evidence((*found, *_spread([one.value for one in found], material.alpha)), None)


def _spread(values: list[float], alpha: float) -> list[Estimate]:
    n = len(values)
    if n < 2:
        return []
    value = float(np.std(values, ddof=1))
    squares = (n - 1) * value**2
    low, high = (float(np.sqrt(squares / chi2.ppf(q, n - 1))) for q in (1 - alpha, alpha))
    return [
        Estimate(
            name="worst_auc_sd_between_seeds", value=value, low=min(low, value),
            high=max(high, value), confidence=1 - 2 * alpha, method="chi-square", n=n,
        )
    ]  # fmt: skip


def _evidence(estimates: tuple[Estimate, ...], not_run: str | None) -> Evidence:
    return Evidence(
        id="other_seeds",
        kind="measure",
        version="1",
        title="Other seeds of the same generator",
        source="worst AUC of the attacks that are not costly; informative, never gated",
        estimates=tuple(one.rounded() for one in estimates),
        notes=() if not_run else (ONLY,),
        not_run=not_run,
    )
