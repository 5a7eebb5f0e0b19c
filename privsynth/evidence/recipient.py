"""The recipient's evidence: what may leave the house, and what gate and report read.

Let c be the policy's cell limit and s the least of ``cells.STEPS`` from c on. Of each part:

| part | what becomes of it |
| --- | --- |
| estimates: value, bounds | three decimals, bounds outward; they are findings, not cells |
| rates at 1 % FPR and less | four decimals: policies limit them at 0.03 to 0.1 |
| estimates: p, expected | as they are: rules ask for both sides of a p |
| shares of rows (binomial, Wilson) | of 1 to c - 1 rows: as of c - 1 rows, with 0 as lower bound |
| n | of whole tables and their sums as it is; of parts: multiples of s, "c - 1" under c |
| groups (strata) | dropped under c members or c others; sizes as ``Cells.shown`` says |
| exposure, in bins | sizes as multiples of s, bounds outward; gone if a bin holds fewer than c |
| labels of groups | dropped where the group holds fewer than c people, or nobody says how many |
| histograms | counts under c null, the others multiples of 5; a lone null takes the least along |
| ROC | three decimals, from where c non-members and c members are passed |
| other series and options | numbers at three decimals; counts from 1 to c - 1: "fewer than c" |
| notes and warnings | counts of rows from 1 to c - 1: "fewer than c" |
| columns | as they are; ``unseen`` from 1 to c - 1 is left out |
| headline (both), implied epsilon | as estimates; towards no finding |
| rows and units of whole tables, power | as they are: the gate and page 1 need them |
| earlier releases, number of audits | as they are: of synthetic tables, nobody's row |
| digests of real tables, seed | as they are: keyed, so that they say nothing without the key |
| claim, ledger, policy, versions, limits | as they are: whoever verifies computes from them |

Sizes are rounded down. A rule asks for 200 people a side, and all steps divide 200: what is large
enough for it stays so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privsynth.evidence.cells import SIDES, Cells
from privsynth.evidence.models import (
    RECIPIENT_DIGITS,
    Bundle,
    Control,
    EpsilonBound,
    Evidence,
    HeadlineEntry,
)
from privsynth.statistics.binomial import upper
from privsynth.statistics.estimate import DIGITS, Estimate

CELL_LIMIT = 11
"""Counts of people below this are not shown (the cell size of the US CMS; others use 3 to 20)."""
SHARES = ("clopper-pearson", "wilson by unit")
FINE = ("tpr_at_fpr_0.01", "tpr_at_fpr_0.001")
NOT_PEOPLE = ("training_extremes_excess", "worst_auc_sd_between_seeds")
"""Estimates whose n are ends of columns or tables."""


def recipient(bundle: Bundle, cell: int = CELL_LIMIT) -> Bundle:
    """Return the evidence as it may travel, counts of people under ``cell`` (3 to 100) hidden.

    A pass or a fail of any rule on it is one on the full evidence as well. Evidence that is the
    recipient's already, for this cell limit or a larger one, is returned as it is.
    """
    if bundle.edition == "recipient" and (bundle.cell or 0) >= cell:
        return bundle
    cells = Cells(cell, *_sides(bundle))
    edition = _Recipient(cells, _totals(bundle))
    return bundle.model_copy(
        update={
            "edition": "recipient",
            "cell": cell,
            "tables": {
                role: facts.model_copy(update={"note": cells.told(facts.note)})
                for role, facts in bundle.tables.items()
            },
            "columns": tuple(
                column.model_copy(update={"unseen": None})
                if column.unseen and column.unseen < cell
                else column
                for column in bundle.columns
            ),
            "probes": tuple(map(edition.probe, bundle.probes)),
            "controls": {name: edition.control(one) for name, one in bundle.controls.items()},
            "headline": edition.entries(bundle.headline),
            "alone": None if bundle.alone is None else edition.entries(bundle.alone),
            "implied": None if bundle.implied is None else tuple(map(_bound, bundle.implied)),
            "warnings": tuple(map(cells.told, bundle.warnings)),
        }
    )


def _totals(bundle: Bundle) -> frozenset[int]:
    """Return the sizes that ``tables`` tells anyway, and their sums by two."""
    sizes = {n for facts in bundle.tables.values() for n in (facts.rows, facts.units)}
    return frozenset({*sizes, *(a + b for a in sizes for b in sizes)})


def _sides(bundle: Bundle) -> tuple[int, int]:
    roles = bundle.tables.get("train"), bundle.tables.get("holdout")
    first, second = (0 if facts is None else facts.units for facts in roles)
    return first, second


def _sizes(facts: Mapping[str, Any]) -> list[int]:
    """Return members and non-members of a group, nothing where they are not told."""
    sizes = [facts.get(side) for side in SIDES]
    return [n for n in sizes if isinstance(n, int)] if None not in sizes else []


def _estimated(group: Mapping[str, Any]) -> str:
    """Return what the estimate of a declared group is called."""
    column, _, place = str(group.get("name")).rpartition(" #")
    return f"auc[{column}=#{place}]"


def _bound(bound: EpsilonBound) -> EpsilonBound:
    scale = 10**RECIPIENT_DIGITS
    return bound.model_copy(update={"epsilon": math.floor(round(bound.epsilon * scale, 6)) / scale})


@dataclass(frozen=True)
class _Recipient:
    """Part by part, what travels; ``totals`` are sizes that everybody may know."""

    cells: Cells
    totals: frozenset[int]

    def estimate(self, found: Estimate, *, part: bool = False) -> Estimate:
        """Return an estimate rounded outward; ``part`` says that its n is not of whole tables."""
        out = found.outward(DIGITS if found.name in FINE else RECIPIENT_DIGITS)
        if found.method in SHARES and 0 < round(found.value * found.n, 6) < self.cells.cell:
            out = self._few_rows(found)
        if (found.n in self.totals and not part) or found.name in NOT_PEOPLE:
            return out
        return out.model_copy(update={"n": self.cells.size(found.n)})

    def _few_rows(self, found: Estimate) -> Estimate:
        most, alpha = min(self.cells.cell - 1, found.n), (1 - found.confidence) / 2
        value = min(most / found.n, 1.0)
        high = max(upper(most, found.n, alpha), found.high, value)
        rounded = found.model_copy(update={"value": value, "low": 0.0, "high": high})
        return rounded.outward(RECIPIENT_DIGITS)

    def entries(self, headline: Mapping[str, HeadlineEntry]) -> dict[str, HeadlineEntry]:
        """Return a headline with every entry rounded outward."""
        return {name: self.entry(one) for name, one in headline.items()}

    def entry(self, entry: HeadlineEntry) -> HeadlineEntry:
        """Return the worst over all attacks, rounded outward."""
        clean, precision = entry.expected_if_clean, entry.precision
        update: dict[str, Any] = {"estimate": self.estimate(entry.estimate)}
        if clean is not None:
            update["expected_if_clean"] = round(clean, RECIPIENT_DIGITS)
        if precision is not None:
            update["precision"] = {prior: self.estimate(one) for prior, one in precision.items()}
        return entry.model_copy(update=update)

    def control(self, control: Control) -> Control:
        """Return a control; the limits that it planted at are the gate's and stay exact."""
        limits = {name: x for name, x in control.series.items() if name.startswith("limit_")}
        return control.model_copy(
            update={
                "message": self.cells.told(control.message),
                "estimates": tuple(map(self.estimate, control.estimates)),
                "series": {**self.cells.plain(control.series), **limits},
            }
        )

    def probe(self, probe: Evidence) -> Evidence:
        """Return an attack, a measure or the groups of a stratum."""
        notes = tuple(map(self.cells.told, probe.notes))
        if probe.kind == "stratum":
            return self._stratum(probe).model_copy(update={"notes": notes})
        counts = {"metadata_leak": ("categories", "extremes", "missing_patterns")}
        options = dict(self.cells.plain(probe.options))
        for name in counts.get(probe.id, ()):
            if isinstance(options.get(name), dict):
                options[name] = {side: self.cells.count(n) for side, n in options[name].items()}
        return probe.model_copy(
            update={
                "estimates": tuple(map(self.estimate, probe.estimates)),
                "series": self.cells.plain(probe.series),
                "options": options,
                "notes": notes,
            }
        )

    def _stratum(self, probe: Evidence) -> Evidence:
        facts = probe.series.get("groups", {})
        listed = probe.options.get("groups")
        listed = listed if isinstance(listed, list) else []
        known = {name: _sizes(one) for name, one in facts.items()}
        known |= {_estimated(group): sizes for group in listed if (sizes := _sizes(group))}
        shown = self.cells.shown({name: sizes for name, sizes in known.items() if sizes})
        kept = [e for e in probe.estimates if self.cells.large(known.get(e.name, []), e.n)]
        groups = {e.name: self._told_of(facts[e.name], shown.get(e.name)) for e in kept if facts}
        options = dict(probe.options)
        if listed:
            options["groups"] = [self._listed(group, shown) for group in listed]
        gone = None if kept or not probe.estimates else f"{self.cells.few} people on either side"
        series = {**probe.series, "groups": groups} if facts else dict(probe.series)
        if (bins := series.pop("exposure", None)) and (told := self.cells.bins(bins)):
            series["exposure"] = told
        return probe.model_copy(
            update={
                "estimates": tuple(self._counted(e, shown.get(e.name)) for e in kept),
                "series": series,
                "options": options,
                "not_run": gone or probe.not_run,
            }
        )

    def _counted(self, found: Estimate, sizes: Sequence[int] | None) -> Estimate:
        out = self.estimate(found, part=True)
        return out.model_copy(update={"n": sum(sizes)}) if sizes else out

    def _told_of(self, facts: Mapping[str, Any], sizes: Sequence[int] | None) -> dict[str, Any]:
        """Return what is told of a group, with these sizes or none."""
        told = {key: value for key, value in facts.items() if key not in SIDES}
        return {**told, **dict(zip(SIDES, sizes, strict=True))} if sizes else told

    def _listed(self, group: Mapping[str, Any], shown: Mapping[str, list[int]]) -> dict[str, Any]:
        """Return a declared subgroup; one of few people has neither sizes nor a label."""
        told = self._told_of(group, shown.get(_estimated(group)))
        return told if sum(_sizes(group)) >= self.cells.cell else {**told, "label": None}
