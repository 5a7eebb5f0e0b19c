"""Learnt metadata: what one person holds comes back for members only, and chance is never it."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from privsynth.measures import Material, catalogue
from privsynth.measures.metadata_leak import LEVEL, PARTS
from privsynth.neighbours import Search
from privsynth.statistics import Game, reappearing_excess
from privsynth.statistics.reappear import extreme_excess
from privsynth.synthesizers import _sdv, generate
from privsynth.synthesizers import catalogue as synthesizers
from privsynth.tables import Column, Schema, Table, fit_space, typed

MEASURE = catalogue()["metadata_leak"]
NUMBERS = tuple(f"x{i}" for i in range(8))
OPEN = Schema(
    columns=(
        *(Column(name=name, kind="numeric", inferred=("kind",)) for name in NUMBERS),
        Column(name="visits", kind="integer", inferred=("kind",)),
        Column(name="town", kind="categorical", inferred=("kind",)),
    )
)
CLOSED = Schema(
    columns=(
        *(Column(name=name, kind="numeric", low=-1000, high=1000) for name in NUMBERS),
        Column(name="visits", kind="integer", low=0, high=5),
        Column(name="town", kind="categorical", categories=tuple(f"t{i}" for i in range(100_000))),
    )
)


def people(n: int, rng: np.random.Generator, schema: Schema = OPEN, name: str = "people") -> Table:
    """Return rows of numbers, visits of 0 to 5, and towns of which many hold one person."""
    frame = pd.DataFrame({c: rng.normal(size=n) for c in NUMBERS})
    frame["visits"] = rng.integers(0, 6, n)
    small = rng.random(n) < 0.05
    towns = np.where(small, rng.integers(20, 100_000, n), rng.integers(0, 20, n))
    frame["town"] = [f"t{town}" for town in towns]
    for column in NUMBERS:
        frame.loc[rng.random(n) < 0.02, column] = np.nan
    return Table(typed(frame, schema), schema, name)


def material(synthetic, sizes=(800, 400, 400), seed: int = 1, schema: Schema = OPEN) -> Material:
    """Return the material of an audit of ``synthetic(train, fresh)``."""
    rng = np.random.default_rng(seed)
    train, holdout, reference = (people(n, rng, schema) for n in sizes)
    released = synthetic(train, people(sizes[0], rng, schema))
    tables = {
        "train": train, "holdout": holdout, "reference": reference, "synthetic": released
    }  # fmt: skip
    space = fit_space(schema, [train, holdout, reference])
    encoded = {role: space.encode(table) for role, table in tables.items()}
    return Material(
        schema=schema, space=space, search=Search(), alpha=0.05, seed=7, tables=tables, **encoded
    )


def changed(table: Table, **cells) -> Table:
    frame = table.frame.assign(**cells)
    return Table(typed(frame, table.schema), table.schema, "synthetic")


def fresh(train: Table, fresh: Table) -> Table:
    return fresh


def clipped(train: Table, fresh: Table) -> Table:
    """Clip a wider table to the training extremes, as learnt bounds do."""
    ends = {c: (train.frame[c].min(), train.frame[c].max()) for c in NUMBERS}
    return changed(fresh, **{c: (4 * fresh.frame[c]).clip(*ends[c]) for c in NUMBERS})


def with_training_towns(train: Table, fresh: Table) -> Table:
    return changed(fresh, town=train.frame["town"])


def found(what: Material):
    return {e.name: e for e in MEASURE.evidence(what).estimates}


@pytest.mark.parametrize(
    ("synthetic", "speaks"), [(clipped, PARTS[1]), (with_training_towns, PARTS[0])]
)
def test_a_planted_leak_is_found_by_its_part_and_by_no_other(synthetic, speaks):
    """The other parts are silent with probability 1 - 2/300 at the fixed seed."""
    what = material(synthetic)
    estimates = found(what)
    assert {n for n, e in estimates.items() if e.p < LEVEL / len(PARTS)} == {speaks}
    assert estimates[speaks].low > 0
    options = MEASURE.evidence(what).options
    if speaks == PARTS[1]:
        assert options["extremes"]["train"] == 16 > options["extremes"]["holdout"]
        assert options["columns_with_training_extremes"] == list(NUMBERS)
    else:
        assert options["categories"]["train"] > 20 > options["categories"]["holdout"]
        assert "columns_with_training_extremes" not in options


def test_rare_patterns_of_empty_cells_are_found():
    """Every row has a pattern of its own among 2^12, so those of train come back."""
    rng = np.random.default_rng(5)
    schema = Schema(columns=tuple(Column(name=f"x{i}", kind="numeric") for i in range(12)))

    def table(n):
        cells = rng.normal(size=(n, 12))
        cells[rng.random((n, 12)) < 0.3] = np.nan
        cells[:, 0] = 1.0 + rng.random(n)
        return Table(pd.DataFrame(cells, columns=schema.names), schema, "t")

    tables = {role: table(200) for role in ("train", "holdout", "reference")}
    for leaks in (True, False):
        holes = (tables["train"] if leaks else table(200)).frame.isna()
        frame = pd.DataFrame(rng.normal(size=(200, 12)), columns=schema.names).mask(holes)
        all_tables = {**tables, "synthetic": Table(frame, schema, "synthetic")}
        space = fit_space(schema, list(tables.values()))
        what = Material(
            schema=schema, space=space, search=Search(), alpha=0.05, seed=7, tables=all_tables,
            **{role: space.encode(t) for role, t in all_tables.items()},
        )  # fmt: skip
        part = found(what)[PARTS[2]]
        assert (part.p < 1e-3) == leaks
        counts = MEASURE.evidence(what).options["missing_patterns"]
        assert (counts["train"] > 3 * counts["holdout"]) == leaks


def test_what_the_schema_declares_is_public():
    """The same cells under a schema that declares them: no category and no clipped bound counts."""

    def at_bounds(train: Table, fresh: Table) -> Table:
        return changed(
            with_training_towns(train, fresh),
            **{c: np.r_[-1000, 1000, fresh.frame[c][2:]] for c in NUMBERS},
        )  # fmt: skip

    estimates = found(material(at_bounds, schema=CLOSED))
    assert estimates[PARTS[0]].p == 1 and estimates[PARTS[0]].n == 0
    assert estimates[PARTS[1]].p == 1 and estimates[PARTS[1]].n == 0
    evidence = MEASURE.evidence(material(at_bounds, schema=CLOSED))
    assert not any("not declared" in note for note in evidence.notes)
    assert any("'town'" in note for note in MEASURE.evidence(material(fresh)).notes)


def test_extremes_that_many_hold_never_count():
    """Visits of 0 to 5 are held by a sixth of the people at each end."""
    what = material(lambda train, fresh: changed(fresh, visits=train.frame["visits"]))
    assert MEASURE.evidence(what).options["extremes"]["train"] == 0


def test_no_text_of_a_table_is_in_the_evidence():
    evidence = MEASURE.evidence(material(with_training_towns)).model_dump_json()
    assert not any(f'"t{i}"' in evidence or f"t{i} " in evidence for i in range(100_000))


def test_a_small_clean_audit_alarms_at_most_at_its_level():
    """300 clean audits of 60 against 30 with single holders everywhere; a part at LEVEL / 3.

    If each alarms with probability 0.01, more than 9 of 300 do with probability < 1e-3.
    """
    assert binom.sf(9, 300, LEVEL) < 2e-3

    def alarms(seed):
        estimates = found(material(fresh, sizes=(60, 30, 30), seed=seed))
        return any(e.p < LEVEL / len(PARTS) for e in estimates.values())

    assert sum(alarms(seed) for seed in range(300)) <= 9


def test_the_test_of_reappearance_keeps_its_level_exactly():
    """All 210 ways to choose 4 members of 10 units, some of which hit: P[p <= a] <= a for every p.

    Strata of rarity 1, 2 and 3, and one unit that holds nothing rare.
    """
    rarity = np.array([1, 1, 1, 1, 1, 2, 2, 3, 3, 0])
    hit = np.array([1, 1, 1, 0, 0, 1, 0, 1, 1, 0], bool)
    p_values = []
    for members in itertools.combinations(range(10), 4):
        labels = np.isin(np.arange(10), members)
        game = Game(labels, np.arange(10))
        p_values.append(reappearing_excess("e", rarity, hit, game, 0.05).p)
    p_values = np.array(p_values)
    assert len(p_values) == math.comb(10, 4)
    for level in np.unique(p_values):
        assert (p_values <= level + 1e-12).mean() <= level + 1e-9


def test_the_p_of_single_holders_is_that_of_an_urn():
    """Eight units hold a category each; the five that come back are all members: 1 / C(8, 5)."""
    game = Game(np.r_[np.ones(5, bool), np.zeros(3, bool)], np.arange(8))
    hit = np.r_[np.ones(5, bool), np.zeros(3, bool)]
    estimate = reappearing_excess("e", np.ones(8, int), hit, game, 0.05)
    assert estimate.p == pytest.approx(1 / math.comb(8, 5))
    assert estimate.value == 1.0


def test_the_test_of_extremes_keeps_its_level_over_every_labelling():
    """All C(8, 4) labellings, three overlapping ends, 2,000 draws each: P[p <= a] <= a + 0.02."""
    ends = [
        (np.array([0]), np.array([1])),
        (np.array([], int), np.array([0, 2])),
        (np.array([1, 3]), np.array([4])),
    ]
    p_values = []
    for members in itertools.combinations(range(8), 4):
        game = Game(np.isin(np.arange(8), members), np.arange(8))
        p_values.append(extreme_excess("e", ends, 6, game, 0.05, np.random.default_rng(3)).p)
    p_values = np.array(p_values)
    for level in np.unique(p_values):
        assert (p_values <= level).mean() <= level + 0.02


def test_rows_of_one_person_count_once():
    """Five rows a person, all with a town of the person's own: units, not rows, are tested."""
    rng = np.random.default_rng(3)
    schema = Schema(
        columns=(
            Column(name="who", kind="id"),
            Column(name="town", kind="categorical", inferred=("kind",)),
        ),
        entity="who",
    )

    def table(start, people):
        who = np.repeat(np.arange(start, start + people), 5)
        frame = pd.DataFrame({"who": who.astype(str), "town": [f"t{w}" for w in who]})
        return Table(typed(frame, schema), schema, "t")

    tables = {"train": table(0, 20), "holdout": table(20, 10), "reference": table(30, 10)}
    space = fit_space(schema, list(tables.values()))
    few = tables["train"].take(np.arange(10), "synthetic")  # two people, ten rows
    all_tables = {**tables, "synthetic": few}
    what = Material(
        schema=schema, space=space, search=Search(), alpha=0.05, seed=int(rng.integers(9)),
        tables=all_tables, **{role: space.encode(t) for role, t in all_tables.items()},
    )  # fmt: skip
    part = found(what)[PARTS[0]]
    assert part.n == 30
    assert part.p == pytest.approx(20 * 19 / (30 * 29), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("schema", [OPEN, CLOSED])
def test_gaussian_copula_hands_out_no_extremes_and_no_declared_category(schema, monkeypatch):
    """SDV with bounds it learnt is found; our adapter, which never lets it learn any, is not."""

    def released(train: Table, fresh: Table) -> Table:
        return generate(synthesizers()["gaussian_copula"], train, 20 * len(train), 5).synthetic

    own = found(material(released, schema=schema))
    assert own[PARTS[1]].p >= LEVEL / len(PARTS)
    if schema is CLOSED:
        assert all(e.p >= LEVEL / len(PARTS) for e in own.values())
        return
    assert own[PARTS[0]].p < LEVEL / len(PARTS)  # towns that were not declared are not public
    real = _sdv._import_sdv()

    def engine(metadata, **given):
        return real[0].GaussianCopulaSynthesizer(
            metadata, **given | {"enforce_min_max_values": True}
        )

    room = SimpleNamespace(GaussianCopulaSynthesizer=engine)
    monkeypatch.setattr(_sdv, "_import_sdv", lambda: (room, real[1]))
    theirs = found(material(released, schema=schema))
    assert theirs[PARTS[1]].p < LEVEL / len(PARTS)


@pytest.mark.slow
def test_a_distribution_that_takes_its_range_from_the_rows_says_so_and_is_found():
    """Uniform marginals end at the training extremes though wider bounds were declared."""
    candidates = []

    def released(train: Table, fresh: Table) -> Table:
        options = {"distribution": "uniform"}
        made = generate(synthesizers()["gaussian_copula"], train, 20 * len(train), 5, options)
        candidates.append(made)
        rounded = {c: made.synthetic.frame[c].round(1) for c in NUMBERS}
        return changed(made.synthetic, **rounded)

    def coarse(*args, **kwargs):
        table = plain(*args, **kwargs)
        return changed(table, **{c: table.frame[c].round(1) for c in NUMBERS})

    plain = people
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "people", coarse)
        what = material(released, sizes=(400, 200, 200), schema=CLOSED)
    assert any("takes its range" in note for note in candidates[0].notes)
    assert found(what)[PARTS[1]].p < LEVEL / len(PARTS)
