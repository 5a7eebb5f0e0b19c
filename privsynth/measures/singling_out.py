"""Singling out: predicates from the table that fit exactly one of its people, against others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from privsynth.measures._base import Found, Material, Measure
from privsynth.measures._disclosure import judged, planted, risk
from privsynth.measures._predicates import MOST, Grid, Probe, conjunctions, single_columns, widths
from privsynth.statistics import Estimate, Game, difference, largest_difference, max_t, rate
from privsynth.tables import Records, concat

KINDS = {"one": "one column", "few": "as few columns as needed", "all": "all columns"}
MEASURE = "singling_out"


def run(material: Material) -> Found:
    """Return by how much more often predicates isolate one member than one of as many others.

    Predicates are conjunctions of a released row's cells (a window for a number), narrowed on the
    reference until it expects fewer than one match; success is exactly one matching unit of the
    attacked side. ``singled_out_excess_worst``: the largest excess over three kinds of predicates
    (in [-1, 1], 0 if clean); ``singled_out_excess[KIND]`` each; ``singled_out_members[KIND]`` and
    ``singled_out_non_members[KIND]`` the shares of predicates; ``singled_out_risk`` the excess over
    what others keep, for the kind with the largest bound and not for a gate. ``p``: unit labels
    permuted, joint max-T for the worst. No lower bound exceeds 0 unless that p is at most alpha:
    predicates overlap as they like, and the false alarms stay below alpha.
    """
    attack = _Attack.on(material)
    found = attack.outcome(material.synthetic, "released")
    if not found:
        return Found(
            not_run="no predicate was specific: even all columns together fit several people; "
            "declare more columns as read, or give a larger reference"
        )
    worst, key, each = _judge(found, attack, material)
    control = attack.outcome(concat(*material.synthetic.leaves, planted(material, MEASURE)), "plus")
    options, notes = judged(_judge(control, attack, material)[0].low if control else 0.0)
    options |= {
        "worst": key, "units_a_side": attack.game.n_members, "most_predicates": MOST,
        "kinds": {kind: KINDS[kind] for kind in found},
        "predicates": {kind: matched.n for kind, matched in found.items()},
    }  # fmt: skip
    return Found((worst, *each), {}, options, notes)


@dataclass(frozen=True, eq=False)
class _Matched:
    """Which attacked units each predicate matches, a 0/1 matrix ``(predicates, units)``."""

    n: int
    matrix: Any

    def difference(self, labels: Any) -> Any:
        """Return members' minus others' share of successes under labels ``(units, times)``."""
        members = self.matrix @ labels
        others = np.asarray(self.matrix.sum(axis=1)).reshape(-1, 1) - members
        return ((members == 1).mean(axis=0)) - ((others == 1).mean(axis=0))

    def successes(self, game: Game) -> tuple[Any, Game]:
        """Return successes ``(2n,)``, on members and then on others, and whom each belongs to.

        Successes that isolate the same unit are one cluster: however many predicates found that
        person, it is one person who was found.
        """
        sides = []
        for labels in (game.unit_is_member, ~game.unit_is_member):
            side = self.matrix.multiply(labels[None, :].astype(float)).tocsr()
            hit = np.asarray(side.sum(axis=1)).ravel() == 1
            own = np.asarray(side @ np.arange(side.shape[1], dtype=float)).ravel().astype(int)
            sides.append((hit, np.where(hit, own, side.shape[1] + np.arange(self.n))))
        hits = np.concatenate([hit for hit, _ in sides]).astype(float)
        return hits, Game.of(sides[0][1], sides[1][1])


@dataclass(frozen=True, eq=False)
class _Attack:
    material: Material
    reference: Grid
    attacked: Grid
    game: Game

    @classmethod
    def on(cls, material: Material) -> "_Attack":
        """Return the attack on equally many units of both sides, the larger one drawn from."""
        rng = material.rng("measure", MEASURE, "units")
        sides = (material.train, material.need_holdout())
        n = min(len(np.unique(side.units)) for side in sides)
        train, holdout = (_units(side, n, rng) for side in sides)
        game = Game.of(train.units, holdout.units)
        rows = Grid.of(concat(train, holdout))
        attacked = Grid(rows.values, rows.cells, game.units, 2 * n)
        return cls(material, Grid.of(material.need_reference()), attacked, game)

    def outcome(self, released: Records, label: str) -> dict[str, _Matched]:
        """Return whom predicates of these rows match, by kind; kinds without any are left out."""
        rng = self.material.rng("measure", MEASURE, label)
        width = widths(self.material.need_reference(), self.material.space)
        probe = Probe(
            Grid.of(released), self.reference, self.attacked, width, self.game.n_members
        )  # fmt: skip
        found = {
            "one": single_columns(probe, len(self.material.space.ordered), rng),
            **conjunctions(probe, rng),
        }
        shape = self.attacked.n_units
        out = {}
        for kind, (n, predicates, rows) in found.items():
            if n:
                # Several rows of one unit are one match: the unit is what is isolated.
                pairs = np.unique(predicates * shape + self.attacked.units[rows])
                ones = np.ones(len(pairs), np.float32)
                matrix = csr_matrix((ones, (pairs // shape, pairs % shape)), shape=(n, shape))
                out[kind] = _Matched(n, matrix)
        return out


def _units(rows: Records, n: int, rng: np.random.Generator) -> Records:
    inverse = np.unique(rows.units, return_inverse=True)[1]
    total = int(inverse.max()) + 1
    if total == n:
        return rows
    return rows.take(np.flatnonzero(np.isin(inverse, rng.permutation(total)[:n])))


def _judge(
    found: dict[str, _Matched], attack: _Attack, material: Material
) -> tuple[Estimate, str, list[Estimate]]:
    """Return the worst excess, its kind, and the estimates of each kind."""
    game, alpha = attack.game, material.alpha
    rng = material.rng("measure", MEASURE, "permutations")
    truth = game.unit_is_member[:, None].astype(np.float32)
    observed = np.array([one.difference(truth)[0] for one in found.values()])
    drawn = np.concatenate(
        [
            np.stack([one.difference(labels.T) for one in found.values()], axis=1)
            for labels in game.permutations(rng)
        ]
    )
    spread = drawn.std(axis=0)
    scale = np.where(spread > 0, spread, np.inf)
    observed, drawn = (observed - drawn.mean(axis=0)) / scale, (drawn - drawn.mean(axis=0)) / scale
    family = {kind: one.successes(game) for kind, one in found.items()}
    worst, key = largest_difference("singled_out_excess_worst", family, alpha)
    estimates = []
    for j, (kind, (hits, own)) in enumerate(family.items()):
        excess = difference(f"singled_out_excess[{kind}]", hits, own, alpha)
        estimates.append(_tested(excess, max_t(observed[j : j + 1], drawn[:, j : j + 1]), alpha))
        for side, mask in (("members", own.is_member), ("non_members", ~own.is_member)):
            label = f"singled_out_{side}[{kind}]"
            estimates.append(rate(label, hits[mask], own.units[mask], alpha))
    units = len(game.unit_is_member)
    estimates = [estimate.model_copy(update={"n": units}) for estimate in estimates]
    worst = _tested(worst, max_t(observed, drawn), alpha).model_copy(update={"n": units})
    chosen = {estimate.name: estimate for estimate in estimates}
    others = chosen[f"singled_out_non_members[{key}]"].value
    estimates += risk("singled_out_risk", chosen[f"singled_out_excess[{key}]"], worst.low, others)
    return worst, key, estimates


def _tested(estimate: Estimate, p: float, alpha: float) -> Estimate:
    low = estimate.low if p <= alpha else min(estimate.low, 0.0)
    update: dict[str, Any] = {"p": p, "low": low}
    if estimate.adjusted_low is not None:
        update["adjusted_low"] = low
    return estimate.model_copy(update=update)


measure = Measure(
    name=MEASURE,
    home=__name__,
    title="Singling out",
    source=(
        "singling-out criterion of Article 29 WP Opinion 05/2014 (WP216); predicates after Giomi "
        "et al. 2022 (arXiv:2211.10459), narrowed on a reference; equal sides; permutation by unit"
    ),
    run=run,
    costly=True,
)
