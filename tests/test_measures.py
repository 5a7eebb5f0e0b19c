"""Every measure beside what a clean table gives; the traps that peers fall into."""

from dataclasses import replace

import numpy as np
import pytest
from population import SCHEMA, people

from privsynth.measures import Material, catalogue
from privsynth.measures._base import MIN_CELL, quantile, shown_counts
from privsynth.measures._distortion import RARE, _ratio, column_facts, invented
from privsynth.neighbours import Search
from privsynth.registry import summary
from privsynth.tables import Column, Schema, concat, fit_space

MEASURES = catalogue()
SCHEMA_NAMES = [column.name for column in SCHEMA.columns if column.kind != "id"]
N = 400


def material(released, n: int = N, seed: int = 1, schema=SCHEMA, n_holdout: int | None = None):
    """Return the material of an audit whose synthetic table is ``released(train, fresh)``."""
    rng = np.random.default_rng(seed)
    train, fresh = people(n, rng), people(n, rng)
    holdout, reference = people(n_holdout or n, rng), people(n, rng)
    space = fit_space(schema, [train, holdout, reference])
    encoded = {
        name: space.encode(t)
        for name, t in (("train", train), ("holdout", holdout), ("reference", reference))
    }
    synthetic = released(encoded["train"], space.encode(fresh))
    tables = {"train": train, "holdout": holdout, "reference": reference, "synthetic": fresh}
    return Material(
        schema=schema, space=space, synthetic=synthetic, search=Search(), alpha=0.05, seed=7,
        tables=tables, **encoded,
    )  # fmt: skip


def found(name: str, what: Material) -> dict[str, object]:
    return {e.name: e for e in MEASURES[name].evidence(what).estimates}


def fresh(train, fresh):
    return fresh


def copies(train, fresh):
    return train


def half(train, fresh):
    return concat(train.take(np.arange(N // 2)), fresh.take(np.arange(N // 2)))


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("released", [fresh, copies, half])
def test_every_measure_gives_estimates_and_repeats_itself(name, released):
    evidence = MEASURES[name].evidence(material(released))
    assert evidence.not_run is None or name == "replay"  # no identifier was released
    assert evidence == MEASURES[name].evidence(material(released))
    assert summary(MEASURES[name]).endswith(".")


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_says_so_when_there_is_no_holdout(name):
    what = material(fresh)
    bare = Material(**{**what.__dict__, "holdout": None, "reference": None})
    evidence = MEASURES[name].evidence(bare)
    assert evidence.not_run if MEASURES[name].needs_holdout else evidence.estimates


def test_half_copies_move_the_share_as_theory_says():
    """A share p of copied rows: p + (1 - p)·n1/(n1 + n0); chance moves the rest by < 5 sd."""
    share = found("dcr", material(half))["share_closer_to_train"]
    assert share.expected == pytest.approx(0.5)
    assert abs(share.value - 0.75) < 0.12
    assert share.low > 0.5
    assert share.p <= 0.001


def test_an_unequal_holdout_does_not_look_like_a_leak():
    """Peers score 0.37 or 0.10 here: train 400, holdout 100. Alarm probability at p: 1e-3."""
    share = found("dcr", material(fresh, n_holdout=100))["share_closer_to_train"]
    assert share.expected == pytest.approx(0.8)
    assert share.p > 0.001


def test_ties_are_split_and_not_counted_for_the_holdout():
    """Three columns of few values: every row is tied. A copy of train must not look private.

    By Cauchy-Schwarz the share is at least one half; counting ties for the holdout gives 0.
    """
    few = Schema(
        columns=tuple(c for c in SCHEMA.columns if c.name in ("region", "grade", "smokes"))
    )
    share = found("dcr", material(copies, schema=few))["share_closer_to_train"]
    assert share.value >= 0.5


def test_quantiles_to_both_sides_compare_equally_many_rows():
    what = found("dcr", material(fresh, n_holdout=150))
    assert what["dcr_median_train"].low <= what["dcr_median_holdout"].high
    assert what["dcr_median_holdout"].low <= what["dcr_median_train"].high
    copied = found("dcr", material(copies))
    assert copied["dcr_median_train"].value == 0 < copied["dcr_median_holdout"].value


def test_copies_are_counted_on_both_sides():
    what = found("copies", material(half))
    assert what["identical_in_train"].value == pytest.approx(0.5)
    assert what["identical_in_holdout"].value == 0
    assert what["copied_units_excess"].value == pytest.approx(0.5)
    assert what["copied_units_excess"].p <= 0.0001
    clean = found("copies", material(fresh))
    assert clean["copied_units_excess"].p == 1


def test_fidelity_lies_between_floor_and_ceiling():
    clean = found("fidelity", material(fresh, n=2000))
    assert clean["pairs_tvd"].low <= clean["pairs_tvd_ceiling"].high
    assert clean["pairs_tvd_floor"].low > clean["pairs_tvd_ceiling"].high

    def shuffled(train, fresh):
        from privsynth.audit.plant import resampled_columns

        return resampled_columns(train, np.random.default_rng(0))

    independent = found("fidelity", material(shuffled, n=2000))
    assert independent["pairs_tvd"].low > independent["pairs_tvd_ceiling"].high
    assert independent["marginals_tvd"].low <= independent["marginals_tvd_ceiling"].high


def columns_of(what: Material) -> dict[str, dict[str, object]]:
    series = MEASURES["fidelity"].evidence(what).series["columns"]
    return {column["name"]: column for column in series}


def changed(**ends):
    """Return a released table whose numbers are cut to these quantiles of the scaled range."""

    def cut(train, fresh):
        numbers = fresh.numbers.copy()
        for j, (low, high) in enumerate(zip(*ends["quantiles"], strict=True)):
            numbers[:, j] = np.clip(numbers[:, j], low, high)
        return replace(fresh, numbers=numbers)

    return cut


def test_tails_that_were_cut_off_are_missed_and_fresh_rows_keep_them():
    """Fresh rows: the ratio of two means of 2,000 rows, about 7 % off; alarm beyond 6 sd: 1e-8."""
    plain = material(fresh, n=2000)
    clean = found("fidelity", plain)
    assert abs(clean["tail_coverage"].value - 1) < 0.45
    assert clean["tail_coverage"].low < 1 < clean["tail_coverage_ceiling"].high + 0.45
    ends = np.nanquantile(plain.train.numbers, [0.1, 0.9], axis=0)
    cut = material(changed(quantiles=ends), n=2000)
    lost = found("fidelity", cut)["tail_coverage"]
    assert lost.value == lost.low == 0 < lost.high < 0.2
    assert columns_of(cut)["height"]["tails"] == 0
    assert columns_of(plain)["height"]["tails"] > 0.5


def test_the_bound_of_tails_that_are_lost_covers_what_could_have_been_missed():
    """A mean share m of hits gives no hit in n rows at (1 - m) ** n: alpha at the bound."""
    real, made = np.full(500, 0.05), np.zeros(800)
    bound = _ratio("tail_coverage", made, real, 0.05).high * 0.05
    assert (1 - bound) ** 800 <= 0.05
    assert (1 - bound) ** 800 == pytest.approx(0.05, rel=0.01)


def test_the_interval_of_the_tails_covers_as_often_as_it_says():
    """Of 400 draws at most 5 % + 5 sd may lie beyond either bound: by chance once in 1e6 runs."""
    rng = np.random.default_rng(3)
    missed = np.zeros(2)
    for _ in range(400):
        made, real = rng.binomial(4, 0.04, 600) / 4, rng.binomial(4, 0.05, 600) / 4
        e = _ratio("tail_coverage", made, real, 0.05)
        missed += (e.low > 0.8, e.high < 0.8)
    assert (missed / 400 < 0.05 + 5 * np.sqrt(0.05 * 0.95 / 400)).all()


def test_pairs_that_nobody_has_are_counted_beside_fresh_rows():
    clean = found("fidelity", material(fresh, n=2000))
    assert clean["invented_pairs"].low <= clean["invented_pairs_ceiling"].high
    assert clean["invented_pairs_floor"].low > clean["invented_pairs_ceiling"].high
    assert found("fidelity", material(copies, n=2000))["invented_pairs"].value == 0


def test_invented_pairs_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    offsets = np.array([0, 3, 7, 9])
    real = np.stack([rng.integers(0, k, 6) for k in (3, 4, 2)], axis=1)
    made = np.stack([rng.integers(0, k, 50) for k in (3, 4, 2)], axis=1)
    among = np.zeros((9, 9))
    for row in real + offsets[:-1]:
        among[np.ix_(row, row)] += 1
    known = {(i, j, a, b) for row in real for i, a in enumerate(row) for j, b in enumerate(row)}
    hits = sum(
        any((i, j, a, b) not in known for i, a in enumerate(row) for j, b in enumerate(row))
        for row in made
    )
    assert 0 < hits < 50
    assert invented("x", made, among, offsets, 0.05).value == hits / 50


def test_rare_levels_that_went_missing_are_counted_and_tiny_ones_never_looked_at():
    """Of 1,000 train rows: 900, 55 (common), 40 (rare), and 5, too few to be spoken of."""
    what = material(fresh, n=1000)
    held = np.repeat([1, 2, 3, 4], [900, 55, 40, 5])[:, None]

    def facts(lacking: tuple[int, ...]) -> dict[str, object]:
        made = np.where(np.isin(held, lacking), 1, held)
        others = what.train.codes[:, 1:]
        rows = {
            "train": replace(what.train, codes=np.hstack([held, others])),
            "synthetic": replace(what.synthetic, codes=np.hstack([made, others])),
        }
        return column_facts(replace(what, **rows))[len(what.space.ordered)]

    assert MIN_CELL <= 40 < RARE * 1000 <= 55 and MIN_CELL > 5
    for lacking, lost in (((), 0), ((3,), 1), ((2,), 0), ((4,), 0), ((2, 3, 4), 1)):
        assert (facts(lacking)["rare"], facts(lacking)["lost"]) == (1, lost)


def test_a_few_missing_cells_of_real_rows_are_told_to_nobody():
    what = material(fresh)
    few, many = what.holdout.numbers.copy(), what.holdout.numbers.copy()
    few[:, 0] = many[:, 0] = 0.5
    few[:3, 0] = np.nan
    many[:80, 0] = np.nan
    made = replace(what.synthetic, numbers=np.nan_to_num(what.synthetic.numbers))
    tell = [
        column_facts(replace(what, synthetic=made, holdout=replace(what.holdout, numbers=n)))[0]
        for n in (few, many)
    ]
    assert tell[0]["missing"] is None
    assert tell[1]["missing"] == pytest.approx(-80 / N)


def test_a_part_of_the_columns_that_was_copied_shows_in_its_share_alone():
    """Half of the columns copied from train, the others from fresh people: the whole looks clean.

    Clean parts alarm with at most 1e-3 each at this seed's fresh draw; copied ones are 1.
    """

    def numbers_copied(train, fresh):
        return replace(fresh, numbers=train.numbers)

    shares = found("dcr_subsets", material(numbers_copied))
    copied, others = (
        shares[f"share_closer_to_train[{part}]"] for part in ("numbers and dates", "categories")
    )
    assert copied.value == 1 and copied.p <= 0.001
    assert others.low < 0.5 and others.p > 0.001
    clean = found("dcr_subsets", material(fresh, n_holdout=200))
    assert all(e.expected == pytest.approx(2 / 3, abs=1e-3) for e in clean.values())
    assert all(e.low < e.expected and e.p > 0.001 for e in clean.values())


def test_parts_of_the_columns_are_named_cover_everything_and_leave_something_out():
    evidence = MEASURES["dcr_subsets"].evidence(material(fresh))
    parts = evidence.series["parts"]
    everything = set(SCHEMA_NAMES)
    assert set(parts["one random half"]) | set(parts["the other half"]) == everything
    assert set(parts["numbers and dates"]) | set(parts["categories"]) == everything
    assert all(2 <= len(part) < len(everything) for part in parts.values())
    known = Schema(columns=SCHEMA.columns, quasi_identifiers=("height", "region"))
    with_known = MEASURES["dcr_subsets"].evidence(material(fresh, schema=known)).series["parts"]
    assert with_known["quasi-identifiers"] == ["height", "region"]
    two = Schema(columns=SCHEMA.columns[:2])
    assert (
        "at least 3 columns"
        in MEASURES["dcr_subsets"].evidence(material(fresh, schema=two)).not_run
    )


def test_bounds_of_the_parts_hold_for_all_of_them_at_once():
    shares = found("dcr_subsets", material(fresh))
    assert {e.confidence for e in shares.values()} == {1 - 2 * 0.05 / len(shares)}


def test_utility_lies_between_floor_and_ceiling():
    clean = found("utility", material(fresh, n=1500))
    assert clean["tstr"].low > clean["tstr_floor"].high
    assert clean["tstr"].high >= clean["tstr_ceiling"].low


@pytest.mark.parametrize(
    ("target", "score"), [("smokes", "AUC"), ("grade", "accuracy"), ("weight", "R²")]
)
def test_utility_scores_each_kind_of_target(target, score):
    schema = Schema(columns=SCHEMA.columns, target=target)
    evidence = MEASURES["utility"].evidence(material(fresh, schema=schema))
    assert evidence.options["score"] == score
    assert len(evidence.estimates) == 3


def test_utility_says_why_it_did_not_run():
    schema = Schema(columns=SCHEMA.columns)
    assert "target" in MEASURES["utility"].evidence(material(fresh, schema=schema)).not_run
    assert "too few" in MEASURES["utility"].evidence(material(fresh, n=20)).not_run


def test_nndr_of_copies_is_zero_and_a_constant_table_is_one():
    assert found("nndr", material(copies))["nndr_median_train"].value == 0

    def constant(train, fresh):
        return train.take(np.zeros(N, int))

    what = material(constant)
    same = Material(**{**what.__dict__, "train": what.train.take(np.zeros(N, int))})
    assert found("nndr", same)["nndr_median_train"].value == 1


def test_small_cells_of_a_histogram_are_not_shown():
    counts = shown_counts(
        np.r_[np.zeros(11), np.full(10, 0.5), np.full(40, 9.0)], np.array([0, 0.4, 0.8, 1])
    )
    assert counts == [11, None, 40]


def test_order_statistics_bound_a_quantile_at_their_level():
    """Exact: the number of values below the true quantile is binomial; 1,000 draws of 60.

    Misses at 5 % exceed 86 of 1,000 with probability binom.sf(86, 1000, 0.05) = 6e-7.
    """
    from scipy.stats import binom

    assert binom.sf(86, 1000, 0.05) < 1e-6
    rng = np.random.default_rng(8)
    estimates = [quantile("q", rng.uniform(size=60), 0.3, 0.05) for _ in range(1000)]
    assert sum(e.low > 0.3 for e in estimates) <= 86
    assert sum(e.high < 0.3 for e in estimates) <= 86


def test_a_column_of_one_value_breaks_no_measure():
    schema = Schema(
        columns=(*SCHEMA.columns[:2], Column(name="visits", kind="integer", low=0, high=60))
    )
    rng = np.random.default_rng(9)
    tables = []
    for _ in range(4):
        table = people(60, rng)
        frame = table.frame[["height", "weight", "visits"]].assign(visits=3)
        frame["visits"] = frame["visits"].astype("Int64")
        from privsynth.tables import Table

        tables.append(Table(frame, schema, "constant"))
    space = fit_space(schema, tables)
    train, holdout, reference, synthetic = map(space.encode, tables)
    what = Material(
        schema=schema, space=space, train=train, synthetic=synthetic, holdout=holdout,
        reference=reference, search=Search(), alpha=0.05, seed=1,
        tables=dict(zip(("train", "synthetic", "holdout", "reference"), tables, strict=True)),
    )  # fmt: skip
    for measure in MEASURES.values():
        measure.evidence(what)
