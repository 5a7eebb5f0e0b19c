"""Every measure beside what a clean table gives; the traps that peers fall into."""

import numpy as np
import pytest
from population import SCHEMA, people

from privsynth.measures import Material, catalogue
from privsynth.measures._base import quantile, shown_counts
from privsynth.neighbours import Search
from privsynth.registry import summary
from privsynth.tables import Column, Schema, concat, fit_space

MEASURES = catalogue()
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
