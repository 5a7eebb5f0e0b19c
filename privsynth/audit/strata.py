"""Groups of people who may be exposed though the average is not: outliers, subgroups, rare values.

Every attack is counted within every group, in one family with the headline. Groups are made from
what a row is, never from its side; those too small for a statement are pooled or left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from privsynth.audit.effort import DEPTH
from privsynth.evidence import Evidence
from privsynth.measures import Material
from privsynth.statistics import AnyScored, Scored, Worst
from privsynth.tables import Column

S = TypeVar("S", bound=AnyScored)
NEIGHBOUR = 5
"""Outlierness is the distance to this nearest reference row (Meeus et al. 2023, "Achilles")."""
MIN_BIN = 50
MIN_GROUP = 200
RARE = 0.05
FIFTH = "auc_most_exposed_fifth"


@dataclass(frozen=True, eq=False)
class Stratum:
    """One group of units: ``chosen (units,)`` bool, and the estimate it is called by."""

    probe: str
    name: str
    chosen: Any
    facts: dict[str, Any]


def strata(material: Material) -> tuple[list[Stratum], dict[str, dict[str, Any]]]:
    """Return the groups to be counted, and by probe what is said of those that are not."""
    exposed = _exposed(material)
    groups, listed = _subgroups(material)
    rare, pooled = _rare(material)
    return [*exposed, *groups, *rare], {"subgroups": {"groups": listed}, "rare_values": pooled}


def within(scores: Mapping[str, Scored], groups: list[Stratum]) -> dict[str, Scored]:
    """Return every score counted within every group, by ``probe/name/score``."""
    whole = {label: one for label, one in scores.items() if one.part is None}
    out = {}
    for group in groups:
        part = next(iter(whole.values())).game.within(group.chosen)
        for label, one in whole.items():
            out[f"{group.probe}/{group.name}/{label}"] = Scored(one.scores, one.game, part)
    return out


def evidence(
    inside: Mapping[str, S], groups: list[Stratum], told: dict[str, dict[str, Any]],
    worst_of: Callable[[str, dict[str, S]], Worst],
) -> list[Evidence]:  # fmt: skip
    """Return one probe a kind of group, with the worst AUC over all attacks in each of them.

    ``worst_of`` gives it from a group's name and its scores; groups without a score are left out.
    """
    out = []
    for probe, (_, _, missing) in PROBES.items():
        found, attacks = [], {}
        for group in groups:
            start = f"{group.probe}/{group.name}/"
            own = {k.removeprefix(start): v for k, v in inside.items() if k.startswith(start)}
            if group.probe == probe and own:
                worst = worst_of(group.name, own)
                found.append(worst.estimate.rounded())
                attacks[group.name] = {"attack": worst.attack, **group.facts}
        out.append(
            _probe(
                probe,
                estimates=tuple(found),
                series={"groups": attacks},
                options=told.get(probe, {}),
                not_run=None if found else missing,
            )
        )
    return out


PROBES = {
    "exposed": (
        "People unlike others",
        "Meeus et al. 2023 (arXiv:2306.10308): distance to the 5th nearest reference row",
        "too few people on either side",
    ),
    "subgroups": (
        "Declared subgroups",
        "worst AUC within each declared category; at least 200 members and 200 non-members",
        "no subgroup is declared in the schema, or none has 200 people on either side",
    ),
    "rare_values": (
        "Holders of rare values",
        "worst AUC among the holders of each column's rarest 5 %; small groups are pooled",
        "too few people on either side hold a rare value",
    ),
}


def not_counted(reason: str) -> list[Evidence]:
    """Return the probes of an audit that could not count any group."""
    return [_probe(probe, not_run=reason) for probe in PROBES]


def _probe(name: str, **found: Any) -> Evidence:
    title, source, _ = PROBES[name]
    return Evidence(id=name, kind="stratum", version="1", title=title, source=source, **found)


def _exposed(material: Material) -> list[Stratum]:
    """Return the most exposed fifth, and tenths (or fifths, or halves) of rising exposure."""
    game = material.game
    near = material.search.nearest(material.targets, material.need_reference(), DEPTH).distances
    reach = min(NEIGHBOUR, len(material.need_reference())) - 1
    exposure = game.unit_max(near[:, reach])
    out = _bin("exposed", FIFTH, exposure > np.quantile(exposure, 0.8), material, 20)
    for bins in (10, 5, 2):
        edges = np.quantile(exposure, np.arange(1, bins) / bins)
        place = np.searchsorted(edges, exposure, side="left")
        cut = [
            _bin("exposed", f"auc_exposure_{i + 1}_of_{bins}", place == i, material, MIN_BIN)
            for i in range(bins)
        ]
        if all(cut) or bins == 2:
            return [*out, *(one for found in cut for one in found)]
    return out


def _bin(probe: str, name: str, chosen: Any, material: Material, least: int) -> list[Stratum]:
    sizes = _sizes(chosen, material)
    return [Stratum(probe, name, chosen, sizes)] if min(sizes.values()) >= least else []


def _sizes(chosen: Any, material: Material) -> dict[str, int]:
    labels = material.game.unit_is_member
    return {
        "members": int((chosen & labels).sum()),
        "non_members": int((chosen & ~labels).sum()),
    }


def _subgroups(material: Material) -> tuple[list[Stratum], list[dict[str, Any]]]:
    """Return the declared groups that are large enough, and all of them as they are listed.

    A category is named only where a person declared it: others are real data.
    """
    found, listed = [], []
    for column_name in material.schema.subgroups:
        column = material.schema[column_name]
        values, texts = _categories(material, column)
        for place, value in enumerate(np.unique(values[values > 0]), start=1):
            chosen = material.game.unit_max((values == value).astype(float)) > 0
            sizes = _sizes(chosen, material)
            name, large = f"{column_name} #{place}", min(sizes.values()) >= MIN_GROUP
            label = texts(int(value))
            listed.append({"name": name, "label": label, "assessed": large, **sizes})
            if large:
                facts = {"label": label, **sizes}
                found.append(Stratum("subgroups", f"auc[{column_name}=#{place}]", chosen, facts))
    return found, listed


def _categories(material: Material, column: Column) -> tuple[Any, Callable[[int], str | None]]:
    """Return positive category numbers of the targets, and the declared text of a number."""
    space, declared = material.space, "categories" not in column.inferred
    for j, ordered in enumerate(space.ordered):
        if ordered.name == column.name:  # an ordinal: ranks over its declared order
            steps = max(len(column.categories or ()) - 1, 1)
            ranks = material.targets.numbers[:, j] * steps
            values = np.where(np.isfinite(ranks), np.rint(ranks) + 1, 0).astype(int)
            return values, partial(_nth, column.categories if declared else None)
    j = [coded.name for coded in space.coded].index(column.name)
    texts = {code: text for text, code in space.vocabulary[j].items()}
    public = column.kind == "boolean" or (declared and column.categories is not None)
    allowed = set(column.categories or ()) if column.kind != "boolean" else None

    def text(code: int) -> str | None:
        found = texts.get(code)
        return found if public and (allowed is None or found in allowed) else None

    return material.targets.codes[:, j], text


def _nth(declared: tuple[str, ...] | None, value: int) -> str | None:
    return declared[value - 1] if declared else None


def _rare(material: Material) -> tuple[list[Stratum], dict[str, Any]]:
    """Return the holders of each column's rarest 5 %, columns with few of them pooled."""
    targets, reference = material.targets, material.need_reference()
    found, pooled, columns = [], np.zeros(len(material.game.unit_is_member), bool), []
    for j, column in enumerate((*material.space.ordered, *material.space.coded)):
        p = len(material.space.ordered)
        if j < p:
            rows = _outer(targets.numbers[:, j], reference.numbers[:, j])
        else:
            rows = _seldom(targets.codes[:, j - p], reference.codes[:, j - p])
        chosen = material.game.unit_max(rows.astype(float)) > 0
        if not chosen.any():
            continue
        large = _bin("rare_values", f"auc[{column.name}]", chosen, material, MIN_GROUP)
        found += large
        if not large:
            pooled |= chosen
            columns.append(column.name)
    return [*found, *_bin("rare_values", "auc_pooled", pooled, material, MIN_BIN)], {
        "pooled": columns
    }


def _outer(values: Any, among: Any) -> Any:
    known = among[np.isfinite(among)]
    if not len(known):
        return np.zeros(len(values), bool)
    low, high = np.quantile(known, [RARE / 2, 1 - RARE / 2])
    return np.isfinite(values) & ((values < low) | (values > high))


def _seldom(values: Any, among: Any) -> Any:
    """Return which values are among the rarest that 5 % of the reference hold, or unheard of."""
    levels, counts = np.unique(among, return_counts=True)
    order = np.argsort(counts, kind="stable")
    common = levels[order[np.cumsum(counts[order]) > RARE * max(len(among), 1)]]
    return (values > 0) & ~np.isin(values, common)
