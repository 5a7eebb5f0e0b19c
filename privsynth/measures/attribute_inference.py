"""Guessing a secret: how much more often the table gives away its own people's than others'."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.measures._base import Found, Material, Measure
from privsynth.measures._disclosure import (
    People,
    judged,
    only,
    planted,
    real_rows,
    risk,
    sample,
    secrets,
)
from privsynth.measures._learners import TIES, Nearest, trees
from privsynth.statistics import Estimate, Game, difference, largest_difference, rate
from privsynth.tables import Column, Records

TOLERANCE = 0.05
"""A number counts as guessed within this share of the spread between its 10 and 90 % quantiles."""
MEASURE = "attribute_inference"


def run(material: Material) -> Found:
    """Return the advantage a_M - a_N of guessing each secret from the other columns.

    ``advantage_worst``: the largest over secrets and learners (in [-1, 1], 0 if clean).
    ``advantage[SECRET]`` and ``member_success[SECRET]``: the same for one secret, and the raw rate.
    ``residual_risk[SECRET]``: (a_M - a_N) / (1 - a_N) where 1 - a_N is at least 0.2; for readers,
    never for a gate. The series holds all rates and those of learners taught by the reference.
    Secrets: the declared ones, else six, see ``secrets``; known are the quasi-identifiers, else all
    other columns. The positive control reruns the nearest row, for all secrets.
    """
    space = material.space
    if len(space.names) < 2:
        return Found(not_run="one column is read: there is nothing to guess it from")
    people, copies = sample(material, MEASURE), planted(material, MEASURE)
    family: dict[str, tuple[Any, Game]] = {}
    control: dict[str, tuple[Any, Game]] = {}
    estimates: list[Estimate] = []
    series, skipped = {}, []
    for name in secrets(material):
        guessed = _Secret.of(material, name).attack(material, people, copies)
        if guessed is None:
            skipped.append(name)
            continue
        own = {f"{name} by {learner}": (hit, guessed.game) for learner, hit in guessed.hits.items()}
        family |= own
        control[name] = (guessed.control, guessed.game)
        estimates += _of_one(name, own, guessed.game, material.alpha)
        series[name] = guessed.rates()
    if not family:
        return Found(not_run="no secret is known for people of both sides")
    worst, key = largest_difference("advantage_worst", family, material.alpha)
    options, notes = judged(largest_difference("x", control, material.alpha)[0].low)
    if skipped:
        notes = (*notes, f"not known for people of both sides: {', '.join(skipped)}")
    options |= {
        "worst": key, "secrets": list(series), "declared": bool(material.schema.secrets),
        "from": list(material.schema.quasi_identifiers) or "all other columns read",
        "targets": len(people.rows), "tolerance": f"{TOLERANCE:.0%} of the 10-90 % spread",
    }  # fmt: skip
    return Found((worst, *estimates), {"success": series}, options, notes)


def _of_one(
    name: str, own: dict[str, tuple[Any, Game]], game: Game, alpha: float
) -> list[Estimate]:
    advantage, key = largest_difference(f"advantage[{name}]", own, alpha)
    hits = own[key][0]
    members = game.is_member
    found = [advantage, rate(f"member_success[{name}]", hits[members], game.units[members], alpha)]
    plain = difference("x", hits, game, alpha)
    others = float(hits[~members].mean())
    found += risk(f"residual_risk[{name}]", plain, advantage.low, others)
    return found


@dataclass(frozen=True, eq=False)
class _Guessed:
    """Success ``(n,)`` of each learner over one secret's targets, 0 to 1, and of the control."""

    game: Game
    hits: dict[str, Any]
    baseline: dict[str, Any]
    control: Any

    def rates(self) -> dict[str, dict[str, float]]:
        """Return the mean successes of both sides, from the table and from the reference."""
        members = self.game.is_member
        return {
            learner: {
                f"{taught}{side}": round(float(hits[learner][mask].mean()), 4)
                for taught, hits in (("", self.hits), ("baseline_", self.baseline))
                for side, mask in (("members", members), ("non_members", ~members))
            }
            for learner in self.hits
        }


@dataclass(frozen=True, eq=False)
class _Secret:
    column: Column
    known_from: tuple[str, ...]
    place: int
    is_number: bool
    tolerance: float

    @classmethod
    def of(cls, material: Material, name: str) -> "_Secret":
        space = material.space
        column = material.schema[name]
        others = material.schema.quasi_identifiers or space.names
        known_from = tuple(other for other in others if other != name)
        if not known_from:  # the only quasi-identifier is the secret itself
            known_from = tuple(other for other in space.names if other != name)
        names = [one.name for one in space.ordered]
        if name not in names:
            place = [one.name for one in space.coded].index(name)
            return cls(column, known_from, place, False, 0.0)
        place = names.index(name)
        values = np.concatenate([part.numbers[:, place] for part in real_rows(material).leaves])
        values = values[np.isfinite(values)]
        spread = float(np.subtract(*np.quantile(values, [0.9, 0.1]))) if len(values) else 0.0
        tolerance = 0.0 if column.kind == "ordinal" else TOLERANCE * spread
        return cls(column, known_from, place, True, tolerance)

    @property
    def is_class(self) -> bool:
        return not self.is_number or self.column.kind == "ordinal"

    def truth(self, rows: Records) -> Any:
        """Return the secret as float ``(n,)``, NaN where missing or unreadable."""
        if self.is_number:
            values = rows.numbers[:, self.place]
            return np.where(np.isfinite(values), values, np.nan)
        codes = rows.codes[:, self.place]
        return np.where(codes > 0, codes, np.nan).astype(float)

    def success(self, guess: Any, truth: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return (np.abs(guess - truth) <= self.tolerance + 1e-9).astype(float)

    def attack(self, material: Material, people: People, copies: Records) -> _Guessed | None:
        """Return what the learners guess for targets whose secret is known; None without any."""
        mask = ~np.isnan(self.truth(people.rows))
        members = people.game.is_member
        if not (mask & members).any() or not (mask & ~members).any():
            return None
        chosen = people.known(mask)
        truth = self.truth(chosen.rows)
        space = material.space

        def seen(rows: Records) -> Records:
            return only(rows, space, self.known_from)

        asked = seen(chosen.rows)
        threads = material.search.threads
        taught = {
            role: (Nearest.of(asked, seen(rows), self.truth(rows), threads), rows)
            for role, rows in (
                ("table", material.synthetic), ("reference", material.need_reference()),
            )
        }  # fmt: skip
        planted_too = Nearest.of(asked, seen(copies), self.truth(copies), threads)
        vocabulary = [
            len(words)
            for column, words in zip(space.coded, space.vocabulary, strict=True)
            if column.name in self.known_from
        ]
        hits: dict[str, dict[str, Any]] = {}
        for role, (near, rows) in taught.items():
            rng = material.rng("measure", MEASURE, self.column.name, role)
            guess = trees(
                seen(rows), self.truth(rows), asked, vocabulary, rng, classes=self.is_class
            )
            hits[role] = {
                "1-nn": near.success(self.success, truth),
                "trees": self.success(guess, truth),
            }
        control = taught["table"][0].joined(planted_too).success(self.success, truth)
        return _Guessed(chosen.game, hits["table"], hits["reference"], control)


measure = Measure(
    name=MEASURE,
    home=__name__,
    title="Attribute inference",
    source=(
        "inference criterion of Article 29 WP Opinion 05/2014 (WP216); nearest row (mean of up to "
        f"{TIES} tied) and boosted trees against a holdout; Newcombe 1998; residual risk of Giomi "
        "et al. 2022 (arXiv:2211.10459)"
    ),
    run=run,
)
