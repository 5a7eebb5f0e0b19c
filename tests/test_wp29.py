"""Singling out, linkability and inference: silent about fresh people, loud about copies.

Bounds of clean tables are taken at 1e-7, so that no test alarms over fresh seeds; every measure
meets the memorizer, a fifth of verbatim copies, several rows a person, and tables in which nothing
can be found.
"""

from dataclasses import replace

import numpy as np
import pytest
from disclosure_material import SURE, material
from population import SCHEMA
from scipy.sparse import csr_matrix
from scipy.stats import binom

from privsynth.audit.plant import resampled_columns
from privsynth.measures import Material, catalogue
from privsynth.measures._disclosure import Bins, by_information, only, sample, secrets
from privsynth.measures._predicates import MOST, Grid, widths
from privsynth.measures.linkability import _chance, _linked
from privsynth.measures.singling_out import _Attack, _judge, _Matched
from privsynth.neighbours import Neighbours
from privsynth.statistics import Game
from privsynth.tables import Records, Schema

WORST = {
    "attribute_inference": "advantage_worst",
    "linkability": "linked_excess_worst",
    "singling_out": "singled_out_excess_worst",
}
MEASURES = {name: catalogue()[name] for name in WORST}
every = pytest.mark.parametrize("name", WORST)


def worst(name: str, what: Material):
    return MEASURES[name].evidence(what).estimate(WORST[name])


def schema(*names: str, **roles) -> Schema:
    return Schema(columns=tuple(c for c in SCHEMA.columns if c.name in names), **roles)


# --- contract ---------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("n_holdout", [150, 70])
def test_fresh_people_are_not_told_apart(name, repeated, n_holdout):
    found = MEASURES[name].evidence(
        material(150, alpha=SURE, repeated=repeated, n_holdout=n_holdout)
    )
    assert all(e.low <= 0 for e in found.estimates if e.expected == 0)
    assert found.estimate(WORST[name]).value < 0.3
    assert "Article 29 WP Opinion 05/2014" in found.source


@every
@pytest.mark.parametrize("repeated", [False, True])
def test_the_memorizer_is_caught(name, repeated):
    found = worst(name, material(200, copied=1.0, repeated=repeated))
    assert found.low > 0.2
    assert found.value > 0.5


@every
def test_a_fifth_of_verbatim_copies_is_caught(name):
    """The table that a plain probe without control or narrowing lets pass."""
    evidence = MEASURES[name].evidence(material(600, copied=0.2))
    assert evidence.estimate(WORST[name]).low > 0
    assert evidence.options["control"] == "seen"
    assert not any("no information" in note for note in evidence.notes)


@every
def test_the_worst_is_the_largest_and_its_low_is_corrected(name):
    found = MEASURES[name].evidence(material(200, copied=0.3))
    top = found.estimate(WORST[name])
    others = [e for e in found.estimates if e.expected == 0 and e.name != top.name]
    plain = [e for e in others if "_risk" not in e.name]
    assert top.high == max(e.high for e in plain)
    assert top.value == max(e.value for e in plain)
    assert top.low <= max(e.low for e in plain)
    assert top.adjusted_low == top.low


@every
def test_one_synthetic_row_is_enough_to_run(name):
    what = material(100, alpha=SURE)
    found = MEASURES[name].evidence(replace(what, synthetic=what.synthetic.take([0])))
    assert found.not_run is None
    assert found.estimate(WORST[name]).low <= 0


@every
def test_a_column_without_any_value_breaks_nothing(name):
    def emptied(rows: Records) -> Records:
        numbers, codes, cells = rows.numbers.copy(), rows.codes.copy(), rows.cells.copy()
        numbers[:, 0], codes[:, 0] = np.nan, 0
        cells[:, 0] = cells[:, numbers.shape[1]] = -(2**63)
        return Records(numbers, codes, cells, rows.units)

    what = material(120, copied=0.5)
    tables = ("train", "holdout", "reference", "synthetic")
    bare = replace(what, **{name: emptied(getattr(what, name)) for name in tables})
    found = MEASURES[name].evidence(bare)
    assert found.estimate(WORST[name]).low > -1
    if name == "attribute_inference":
        assert "height" in str(found.notes) or "height" not in found.options["secrets"]


@every
def test_unreadable_cells_of_the_synthetic_table_match_nothing(name):
    what = material(120, alpha=SURE)
    synthetic = what.synthetic.take(np.arange(120))
    synthetic.numbers[:] = np.inf
    synthetic.codes[:] = -1
    found = MEASURES[name].evidence(replace(what, synthetic=synthetic))
    top = found.estimate(WORST[name])
    assert found.not_run or abs(top.value) < 0.2


@pytest.mark.parametrize("name", ["attribute_inference", "linkability"])
def test_one_column_is_too_few(name):
    found = MEASURES[name].evidence(material(80, schema=schema("region")))
    assert found.not_run
    assert not found.estimates


@every
def test_the_same_seed_gives_the_same_numbers_and_another_one_does_not(name):
    first, second = (MEASURES[name].evidence(material(150, copied=0.3)) for _ in range(2))
    assert first.model_dump_json() == second.model_dump_json()
    other = MEASURES[name].evidence(material(150, copied=0.3, seed=2))
    assert first.model_dump_json() != other.model_dump_json()


@every
def test_no_category_of_a_real_table_is_in_the_evidence(name):
    text = MEASURES[name].evidence(material(150, copied=0.3)).model_dump_json()
    assert not any(word in text for word in ("north", "south", "middle"))


@every
def test_a_measure_that_misses_its_control_says_no_information(name):
    """Two columns of few values: everybody is tied with everybody, and copies change nothing."""
    found = MEASURES[name].evidence(material(60, schema=schema("region", "smokes"), alpha=SURE))
    if name == "singling_out":
        assert "declare more columns" in found.not_run
    else:
        assert found.options["control"] == "missed"
        assert found.notes[0].startswith("no information")


@every
def test_the_risk_divides_by_what_others_keep_and_is_not_cut(name):
    found = MEASURES[name].evidence(material(200, copied=1.0))
    for entry in found.estimates:
        if "_risk" in entry.name:
            assert 0.8 < entry.value <= 1 + 1e-9
            assert entry.low < entry.value <= entry.high
    assert sum("_risk" in entry.name for entry in found.estimates) >= 1


# --- attribute inference ----------------------------------------------------------------------


def test_the_residual_risk_of_copies_is_their_share():
    """Copies of a share p: the nearest row gives p of the secrets away for sure, so ρ is near p.

    For 600 a side ρ of a number has a standard error below 0.03; 0.15 is 5 of them: 6e-7.
    """
    found = MEASURES["attribute_inference"].evidence(
        material(600, copied=0.3, schema=schema("height", "weight", "visits", secrets=("height",)))
    )
    risk = found.estimate("residual_risk[height]")
    assert abs(risk.value - 0.3) < 0.15
    assert risk.low > 0
    assert found.estimate("member_success[height]").value >= 0.3


def test_a_secret_that_everybody_guesses_has_no_residual_risk_but_an_advantage():
    """A column of one value: success is 1 on both sides, and 0/0 is not printed."""
    what = material(100)

    def constant(rows: Records) -> Records:
        codes = rows.codes.copy()
        codes[:, -1] = 1
        return replace(rows, codes=codes, parts=())

    tables = ("train", "holdout", "reference", "synthetic")
    same = replace(
        what,
        schema=Schema(columns=SCHEMA.columns, secrets=("smokes",)),
        **{name: constant(getattr(what, name)) for name in tables},
    )
    found = MEASURES["attribute_inference"].evidence(same)
    assert found.estimate("residual_risk[smokes]") is None
    assert found.estimate("advantage[smokes]").value == 0
    assert found.estimate("advantage[smokes]").high > 0
    assert found.options["control"] == "missed"


def test_what_the_population_gives_away_is_no_leak():
    """Weight follows height in everybody: guessed often, from the reference just as often."""
    roles = {"secrets": ("smokes",), "quasi_identifiers": ("weight",)}
    evidence = MEASURES["attribute_inference"].evidence(
        material(500, alpha=SURE, schema=Schema(columns=SCHEMA.columns, **roles))
    )
    rates = evidence.series["success"]["smokes"]["trees"]
    assert rates["members"] > 0.6 < rates["baseline_non_members"]
    assert evidence.estimate("advantage_worst").low <= 0
    assert evidence.options["from"] == ["weight"]
    assert evidence.options["secrets"] == ["smokes"]


def test_secrets_are_chosen_without_looking_at_sides():
    """The target first, then by information among the reference: sides may be swapped."""
    what = material(200)
    swapped = replace(what, train=what.holdout, holdout=what.train)
    assert secrets(what) == secrets(swapped)
    assert secrets(what)[0] == "smokes"
    assert len(secrets(what)) == 6
    assert by_information(what)[-1] == "smokes"
    declared = Schema(columns=SCHEMA.columns, secrets=("grade",))
    assert secrets(replace(what, schema=declared)) == ("grade",)


# --- linkability ------------------------------------------------------------------------------


def test_links_are_counted_as_defined():
    near = [np.array([[0, 1, 2], [0, 1, 2]]), np.array([[2, 3, 4], [3, 4, 5]])]
    wide = [np.pad(ids, ((0, 0), (0, 7)), constant_values=-1) for ids in near]
    halves = [Neighbours(np.zeros_like(ids, float), ids) for ids in wide]
    found = _linked(halves)
    assert {k: hit.tolist() for k, hit in found.items()} == {1: [0, 0], 5: [1, 0], 10: [1, 0]}


def test_a_random_guess_links_as_often_as_counted():
    """Exact: 1 - C(n-k, k) / C(n, k); with k = 1 it is 1/n, and always where 2k > n."""
    assert _chance(1, 100) == 0.01
    assert _chance(2, 4) == pytest.approx(1 - 1 / 6, abs=1e-4)
    assert _chance(10, 15) == 1
    assert _chance(5, 1) == 1


def test_declared_quasi_identifiers_are_one_half():
    declared = Schema(columns=SCHEMA.columns, quasi_identifiers=("height", "region"))
    halves = MEASURES["linkability"].evidence(material(80, schema=declared)).options["halves"]
    assert halves[0] == ["height", "region"]
    assert sorted(halves[0] + halves[1]) == sorted(c.name for c in SCHEMA.columns)


# --- singling out -----------------------------------------------------------------------------


def test_a_predicate_succeeds_when_it_fits_exactly_one_unit_of_a_side():
    """Five predicates, three member and three other units, counted by hand."""
    matrix = csr_matrix(
        np.array(
            [
                [1, 0, 0, 0, 0, 0],  # one member
                [1, 1, 0, 1, 0, 0],  # two members, one other
                [0, 0, 0, 0, 0, 0],  # nobody
                [0, 1, 0, 0, 1, 0],  # one of each
                [1, 0, 0, 0, 0, 0],  # the first member again
            ],
            np.float32,
        )
    )
    game = Game.of(np.arange(3), np.arange(3))
    one = _Matched(5, matrix)
    hits, own = one.successes(game)
    assert hits.tolist() == [1, 0, 0, 1, 1, 0, 1, 0, 1, 0]
    labels = game.unit_is_member[:, None].astype(np.float32)
    assert one.difference(labels)[0] == pytest.approx(3 / 5 - 2 / 5)
    assert (own.n_members, own.n_non_members) == (4, 5)  # who was found twice is one person


@pytest.mark.parametrize("found", [1, 3])
def test_many_predicates_that_find_few_people_prove_nothing(found):
    """400 predicates isolate the same few members and no other: by the coin that is 1 in 2^few.

    1 in 8 is 10 standard errors of 1,999 draws above the level.
    """
    what = material(100)
    attack = _Attack.on(what)
    ones = np.zeros((400, 200), np.float32)
    ones[np.arange(400), np.arange(400) % found] = 1
    worst, _, each = _judge({"few": _Matched(400, csr_matrix(ones))}, attack, what)
    assert worst.value == 1
    assert worst.p == pytest.approx(0.5**found, abs=0.06)
    assert worst.p > what.alpha
    assert max(worst.low, worst.adjusted_low, each[0].low) <= 0


def test_several_rows_of_one_person_are_one_match():
    what = material(60, copied=1.0, repeated=True)
    attack = _Attack.on(what)
    found = attack.outcome(what.synthetic, "released")["all"]
    assert found.matrix.max() == 1
    hits, own = found.successes(attack.game)
    assert hits[own.is_member].mean() > 0.9


def test_predicates_match_whom_a_slow_search_matches():
    """Every released row with all columns, cell by cell, on both sides."""
    what = material(60, copied=0.5)
    attack = _Attack.on(what)
    found = attack.outcome(what.synthetic, "released")
    assert found["all"].n <= min(MOST, 60)
    rows = Grid.of(what.targets)
    released = Grid.of(what.synthetic)
    width = widths(what.reference, what.space)
    slow = sorted(
        tuple(np.flatnonzero((np.abs(rows.values - row) <= width).all(axis=1)))
        for row in released.values
        if not (np.abs(attack.reference.values - row) <= width).all(axis=1).any()
    )
    fast = sorted(tuple(np.sort(row.indices)) for row in found["all"].matrix)
    assert fast == slow
    # As few columns as needed match at least whom all columns match.
    few = np.asarray(found["few"].matrix.sum(axis=1)).ravel()
    assert (few >= np.asarray(found["all"].matrix.sum(axis=1)).ravel()).all()


def test_a_table_that_repeats_one_person_does_not_alarm_more_often_than_it_may():
    """Mode collapse: all predicates isolate the same few units. 60 fresh tables, bounds at 5 %.

    Alarms at 5 % number more than 15 of 60 with probability binom.sf(15, 60, 0.05) = 7e-8.
    """
    assert binom.sf(15, 60, 0.05) < 1e-6
    alarms = 0
    for seed in range(60):
        what = material(50, seed=seed)
        one = what.synthetic.take(np.zeros(40, int))
        numbers = np.clip(one.numbers + np.linspace(0, 1e-3, 40)[:, None], 0, 1)
        cells = np.arange(40 * 6).reshape(40, 6)
        collapsed = Records(numbers, one.codes, cells, np.arange(40))
        top = MEASURES["singling_out"].evidence(replace(what, synthetic=collapsed))
        alarms += any(e.low > 0 for e in top.estimates if e.expected == 0)
    assert alarms <= 15


def test_a_unique_value_of_a_member_is_singled_out_though_no_row_is_near():
    """Columns drawn one by one from train: no row is a copy, and every value is somebody's."""
    what = material(300)
    released = resampled_columns(what.train, np.random.default_rng(0))
    found = MEASURES["singling_out"].evidence(replace(what, synthetic=released))
    assert found.estimate("singled_out_excess[one]").low > 0.5


def test_one_column_is_enough_to_single_out():
    """An income that only one person has names that person: one column is attacked as well."""
    height = schema("height")
    found = MEASURES["singling_out"].evidence(material(200, copied=1.0, schema=height))
    assert found.estimate("singled_out_excess_worst").low > 0.5
    clean = MEASURES["singling_out"].evidence(material(200, schema=height, alpha=SURE))
    assert clean.estimate("singled_out_excess_worst").low <= 0


def test_sides_of_different_size_are_made_equal():
    found = MEASURES["singling_out"].evidence(material(200, n_holdout=50, alpha=SURE))
    assert found.options["units_a_side"] == 50
    assert found.estimate("singled_out_excess_worst").n == 100


# --- shared -----------------------------------------------------------------------------------


def test_targets_are_drawn_by_unit_and_at_most_as_many_as_asked():
    people = sample(material(100, repeated=True), "x", most=120)
    members = people.game.is_member
    assert 0 < members.sum() <= 120
    assert 0 < (~members).sum() <= 120
    whole = material(100, repeated=True).train
    kept = np.unique(people.rows.parts[0].units)
    assert members.sum() == np.isin(whole.units, kept).sum()
    one = sample(material(5, repeated=True), "x", most=1)
    assert one.game.n_members == one.game.n_non_members == 1


def test_columns_are_cut_out_with_their_cells():
    what = material(20)
    part = only(what.train, what.space, ("region", "weight"))
    names = list(what.space.names)
    assert part.numbers.shape == part.codes.shape == (20, 1)
    places = [names.index("weight"), names.index("region")]
    np.testing.assert_array_equal(part.cells, what.train.cells[:, places])


def test_bins_keep_few_values_and_divide_many_evenly():
    what = material(1000)
    codes = Bins.fit(what.train, what.space).codes(what.train)
    for name, column in zip(what.space.names, codes.T, strict=True):
        counts = np.unique(column[column > 0], return_counts=True)[1]
        if name in ("height", "weight"):
            assert len(counts) == 10
            assert counts.max() - counts.min() <= 2
    assert (codes[np.isnan(what.train.numbers[:, 1]), 1] == 0).all()
    unreadable = what.train.take([0])
    unreadable.numbers[:] = np.inf
    assert (Bins.fit(what.train, what.space).codes(unreadable)[0, :4] == -1).all()


def test_an_ordinal_is_guessed_when_the_grade_is_right():
    """Ordinals are numbers in the space, and yet a near miss is a miss."""
    found = MEASURES["attribute_inference"].evidence(
        material(150, copied=0.5, schema=Schema(columns=SCHEMA.columns, secrets=("grade",)))
    )
    assert found.estimate("advantage[grade]").low > 0
    assert found.series["success"]["grade"]["1-nn"]["non_members"] < 0.7
