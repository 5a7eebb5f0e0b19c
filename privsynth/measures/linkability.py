"""Linking two halves of a person's columns through the table, members against others."""

from typing import Any

import numpy as np

from privsynth.measures._base import Found, Material, Measure
from privsynth.measures._disclosure import (
    People,
    by_information,
    judged,
    only,
    planted,
    risk,
    sample,
)
from privsynth.neighbours import Neighbours, merge, nearest_records
from privsynth.statistics import Game, difference, largest_difference, rate
from privsynth.tables import Records

DEPTHS = (1, 5, 10)
MEASURE = "linkability"


def run(material: Material) -> Found:
    """Return by how much more often members' two halves meet in one released row than others'.

    The columns are split in two: the declared quasi-identifiers against the rest, else alternating
    in order of information. A target is linked at k if one released row is among the k nearest to
    it on either half (ties to the smaller row number). ``linked_excess_worst`` is the largest
    excess of the member rate over k of 1, 5 and 10 (in [-1, 1], 0 if clean),
    ``linked_excess[k]`` each of them, ``linked_members[k]`` and ``linked_non_members[k]`` the
    rates, ``linked_risk`` the excess over what others keep, for the k with the largest bound; not
    for a gate. The options say how often a random guess of k rows on each half would meet.
    """
    if len(material.space.names) < 2:
        return Found(not_run="one column is read: there are no two halves to link")
    people = sample(material, MEASURE)
    halves = _halves(material)
    released = [_nearest(material, people, material.synthetic, half) for half in halves]
    copies = planted(material, MEASURE)
    added = [_nearest(material, people, copies, half) for half in halves]
    sizes = [len(material.synthetic), len(copies)]
    both = [merge([one, two], sizes) for one, two in zip(released, added, strict=True)]
    hits = _linked(released)
    family = _family(hits, people)
    worst, key = largest_difference("linked_excess_worst", family, material.alpha)
    options, notes = judged(
        largest_difference("x", _family(_linked(both), people), material.alpha)[0].low
    )
    estimates = [worst]
    members, units = people.game.is_member, people.game.units
    for name, entry in family.items():
        excess = difference(f"linked_excess[{name}]", *entry, material.alpha)
        estimates.append(excess)
        if name == key:
            others = float(entry[0][~members].mean())
            estimates += risk("linked_risk", excess, worst.low, others)
        for side, mask in (("members", members), ("non_members", ~members)):
            label = f"linked_{side}[{name}]"
            estimates.append(rate(label, entry[0][mask], units[mask], material.alpha))
    options |= {
        "worst": key,
        "halves": [list(half) for half in halves],
        "targets": len(people.rows),
        "random_guess": {str(k): _chance(k, len(material.synthetic)) for k in DEPTHS},
    }
    return Found(tuple(estimates), {}, options, notes)


def _halves(material: Material) -> tuple[tuple[str, ...], tuple[str, ...]]:
    declared = material.schema.quasi_identifiers
    rest = tuple(name for name in material.space.names if name not in declared)
    if declared and rest:
        return declared, rest
    ranked = by_information(material)
    return ranked[::2], ranked[1::2]


def _nearest(
    material: Material, people: People, rows: Records, half: tuple[str, ...]
) -> Neighbours:
    space = material.space
    asked, among = only(people.rows, space, half), only(rows, space, half)
    return nearest_records(asked, among, k=max(DEPTHS), threads=material.search.threads)


def _linked(halves: list[Neighbours]) -> dict[int, Any]:
    """Return for each k whether the two id sets meet, ``(n,)`` 0 or 1."""
    first, second = halves[0].ids, halves[1].ids
    out = {}
    for k in DEPTHS:
        met = np.zeros(len(first), bool)
        for j in range(k):
            one = first[:, j : j + 1]
            met |= ((one == second[:, :k]) & (one >= 0)).any(axis=1)
        out[k] = met.astype(float)
    return out


def _family(hits: dict[int, Any], people: People) -> dict[str, tuple[Any, Game]]:
    return {str(k): (hit, people.game) for k, hit in hits.items()}


def _chance(k: int, n: int) -> float:
    """Return the probability that two random sets of k of n rows meet."""
    k = min(k, n)
    missed = np.prod([max(n - k - j, 0) / (n - j) for j in range(k)])
    return round(1 - float(missed), 4)


measure = Measure(
    name=MEASURE,
    home=__name__,
    title="Linkability",
    source=(
        "linkability criterion of Article 29 WP Opinion 05/2014 (WP216); k nearest rows on two "
        "halves of the columns, as Giomi et al. 2022 (arXiv:2211.10459); Newcombe 1998 by unit"
    ),
    run=run,
)
