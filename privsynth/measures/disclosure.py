"""Keys and secrets: repU, DiSCO, DCAP and TCAP of the table's own people against others'."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.measures._base import Found, Material, Measure
from privsynth.measures._disclosure import Bins, by_information, real_rows
from privsynth.statistics import Estimate, Game, difference, largest_difference, rate
from privsynth.tables import Records, concat

KEYS = 4
MEASURE = "disclosure"


def run(material: Material) -> Found:
    """Return each measure on train and on holdout as originals, and the excess by unit.

    Keys are the quasi-identifiers (default: the four most informative columns on the reference),
    numbers in ten quantile bins; missing is a value. Secrets are the declared ones, else the
    target, else the most informative column. Shares from 0 to 1 of equally many units a
    side: ``repu`` rows whose key one unit has and one synthetic row has; for each secret ``disco``
    rows whose key has one secret among the synthetic rows, and it is theirs; ``dcap`` the mean
    share of synthetic rows with the key that carry the row's secret (0 without any); ``tcap`` rows
    among those whose key has one synthetic secret that have that one. Each as ``NAME_train``,
    ``NAME_holdout`` and ``NAME_excess``, with ``[SECRET]`` behind; ``disclosure_excess_worst`` is
    the largest excess over all (0 if clean). The series holds each secret's ``base_cap``.
    """
    chosen = _columns(material)
    if chosen is None:
        return Found(
            not_run="no column is left for a key or for a secret: declare more columns as read, or "
            "fewer as quasi-identifiers"
        )
    keys, hidden = chosen
    rng = material.rng("measure", MEASURE, "units")
    sides = _equal_units(material.train, material.need_holdout(), rng)
    game = Game.of(*(side.units for side in sides))
    rows = concat(*sides)
    bins = Bins.fit(real_rows(material), material.space)
    real, released = bins.codes(rows), bins.codes(material.synthetic)
    family: dict[str, tuple[Any, Game]] = {}
    base = {}
    for name in hidden:
        known_from = [place for key, place in _places(material, keys) if key != name]
        ((_, place),) = _places(material, (name,))
        keyed = _Keyed.of(real[:, known_from], released[:, known_from])
        family |= keyed.attributes(name, real[:, place], released[:, place], game)
        base[name] = {
            "train": _base_cap(real[game.is_member, place]),
            "holdout": _base_cap(real[~game.is_member, place]),
        }
    whole = [place for _, place in _places(material, keys)]
    unique = _Keyed.of(real[:, whole], released[:, whole]).unique(game)
    family = {"repu": (unique, game), **family}
    worst, key = largest_difference("disclosure_excess_worst", family, material.alpha)
    estimates = [worst, *(e for name, one in family.items() for e in _three(name, *one, material))]
    options = {
        "worst": key, "keys": list(keys), "secrets": list(hidden), "units_a_side": game.n_members,
        "declared": bool(material.schema.quasi_identifiers),
    }  # fmt: skip
    return Found(tuple(estimates), {"base_cap": base}, options)


def _columns(material: Material) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return keys and secrets by name; None where a column is left for one of them only."""
    schema = material.schema
    names = by_information(material)
    if schema.secrets:
        hidden: tuple[str, ...] = schema.secrets
    elif schema.target in names:
        hidden = (str(schema.target),)
    else:
        hidden = tuple(name for name in names if name not in schema.quasi_identifiers)[:1]
    keys = schema.quasi_identifiers or tuple(n for n in names if n not in hidden)[:KEYS]
    hidden = tuple(name for name in hidden if any(key != name for key in keys))
    return (keys, hidden) if keys and hidden else None


def _places(material: Material, names: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(name, material.space.names.index(name)) for name in names]


def _equal_units(train: Records, holdout: Records, rng: np.random.Generator) -> list[Records]:
    """Return equally many units of both sides: uniqueness depends on how many there are."""
    inverse = [np.unique(side.units, return_inverse=True)[1] for side in (train, holdout)]
    n = min(int(one.max()) + 1 for one in inverse)
    out = []
    for side, units in zip((train, holdout), inverse, strict=True):
        total = int(units.max()) + 1
        kept = np.isin(units, rng.permutation(total)[:n])
        out.append(side if total == n else side.take(np.flatnonzero(kept)))
    return out


@dataclass(frozen=True, eq=False)
class _Keyed:
    """Key numbers of original and synthetic rows, from 0; -1 where a cell of the key is unreadable.

    ``count (keys,)`` is how many synthetic rows have each key.
    """

    real: Any
    released: Any
    count: Any

    @classmethod
    def of(cls, real: Any, released: Any) -> "_Keyed":
        """Return the keys of these binned columns, ``(n, k)`` and ``(m, k)``."""
        both = np.concatenate([real, released])
        number = np.zeros(len(both), np.int64)
        for column in both.T:  # pair by pair, so that numbers stay small whatever the columns
            code = np.unique(column, return_inverse=True)[1]
            number = np.unique(number * (int(code.max()) + 1) + code, return_inverse=True)[1]
        number = np.where((both < 0).any(axis=1), -1, number)
        first, second = number[: len(real)], number[len(real) :]
        total = int(number.max(initial=-1)) + 1
        return cls(first, second, np.bincount(second[second >= 0], minlength=total))

    def held(self) -> Any:
        """Return how many synthetic rows have each original row's key, ``(n,)``."""
        return np.where(self.real < 0, 0, np.append(self.count, 0)[self.real])

    def unique(self, game: Game) -> Any:
        """Return whether the key is one unit's on its side and one synthetic row's (repU)."""
        total = len(self.count)
        out = np.zeros(len(self.real))
        for side in (game.is_member, ~game.is_member):
            mask = side & (self.real >= 0)
            pairs = np.unique(np.stack([self.real[mask], game.units[mask]], axis=1), axis=0)
            units = np.bincount(pairs[:, 0], minlength=total)
            out[mask] = units[self.real[mask]] == 1
        return out * (self.held() == 1)

    def attributes(
        self, name: str, real: Any, released: Any, game: Game
    ) -> dict[str, tuple[Any, Game]]:
        """Return DiSCO, DCAP and TCAP of one secret, binned ``(n,)`` and ``(m,)``, with games."""
        values = np.unique(np.concatenate([real, released]))
        width = len(values)
        own = self.real * width + np.searchsorted(values, real)
        seen = self.released >= 0
        pair = self.released[seen] * width + np.searchsorted(values, released[seen])
        known, counts = np.unique(pair, return_counts=True)
        place = np.minimum(np.searchsorted(known, own), max(len(known) - 1, 0))
        shared = np.zeros(len(own), np.int64)
        if len(known):
            same = (known[place] == own) & (self.real >= 0) & (real >= 0)
            shared = np.where(same, counts[place], 0)
        held = self.held()
        kinds = np.bincount(known // width, minlength=len(self.count))
        sure = (held > 0) & (np.append(kinds, 0)[self.real] == 1)
        hits = sure & (shared == held)
        out = {
            f"disco[{name}]": (hits.astype(float), game),
            f"dcap[{name}]": (shared / np.maximum(held, 1), game),
        }
        members = game.is_member
        if (sure & members).any() and (sure & ~members).any():
            less = Game.of(game.units[sure & members], game.units[sure & ~members])
            out[f"tcap[{name}]"] = (hits[sure].astype(float), less)
        return out


def _base_cap(column: Any) -> float:
    """Return the chance that two rows share the secret, Σ (d_t / n)²: a guess without any key."""
    counts = np.unique(column, return_counts=True)[1]
    return round(float(((counts / counts.sum()) ** 2).sum()), 4)


def _three(name: str, hits: Any, game: Game, material: Material) -> list[Estimate]:
    kind, bracket, secret = name.partition("[")
    out = [difference(f"{kind}_excess{bracket}{secret}", hits, game, material.alpha)]
    for side, mask in (("train", game.is_member), ("holdout", ~game.is_member)):
        label = f"{kind}_{side}{bracket}{secret}"
        out.append(rate(label, hits[mask], game.units[mask], material.alpha))
    return out


measure = Measure(
    name=MEASURE,
    home=__name__,
    title="Keys and secrets",
    source=(
        "singling-out and inference criteria of Article 29 WP Opinion 05/2014 (WP216); repU and "
        "DiSCO as in synthpop (Raab, Nowok and Dibben 2025), CAP and TCAP as Taub et al. 2018"
    ),
    run=run,
)
