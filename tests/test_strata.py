"""Groups that an average hides, and the attack that learns from people whose side is known."""

from dataclasses import replace

import numpy as np
import pytest
from population import SCHEMA, people

from privsynth.attacks import catalogue, score_all
from privsynth.audit.learned import calibration, learned_scores
from privsynth.audit.scoring import attack, view_of
from privsynth.audit.strata import FIFTH, MIN_GROUP, strata, within
from privsynth.measures import Material
from privsynth.neighbours import Search
from privsynth.statistics import Scored, auc, family
from privsynth.tables import concat, fit_space

FAST = {name: one for name, one in catalogue().items() if not one.costly}
ALPHA = 1e-6


def material(released=None, n=1000, seed=1, schema=SCHEMA, alpha=ALPHA) -> Material:
    """Return an audit's material; ``released(train, fresh, reference)`` is the synthetic table."""
    rng = np.random.default_rng(seed)
    tables = {role: people(n, rng) for role in ("train", "holdout", "reference", "synthetic")}
    space = fit_space(schema, [tables[r] for r in ("train", "holdout", "reference")])
    rows = {role: space.encode(table) for role, table in tables.items()}
    if released is not None:
        rows["synthetic"] = released(rows["train"], rows["synthetic"], rows["reference"])
    return Material(
        schema=schema, space=space, search=Search(), alpha=alpha, seed=7, tables=tables, **rows
    )


def outliers_copied(train, fresh, reference):
    """Copy the tenth of the training rows that lie farthest from the reference."""
    far = Search().nearest(train, reference, 5).distances[:, 4]
    chosen = far > np.quantile(far, 0.9)
    return concat(train.take(np.flatnonzero(chosen)), fresh.take(np.arange((~chosen).sum())))


def probes(what: Material) -> dict[str, object]:
    return {probe.id: probe for probe in attack(FAST, what, {}, quick=True).probes}


def test_groups_are_made_without_looking_at_sides():
    what = material()
    order = np.random.default_rng(0).permutation(2000)
    mixed = what.targets.take(order)
    halves = [
        replace(mixed.take(np.arange(start, start + 1000)), units=np.arange(1000))
        for start in (0, 1000)
    ]
    other = replace(what, train=halves[0], holdout=halves[1])
    first, second = strata(what)[0], strata(other)[0]
    assert [one.name for one in first] == [one.name for one in second]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.chosen[order], b.chosen)


def test_copies_of_outliers_are_seen_where_they_are_and_hardly_on_average():
    """The fifth holds all copies: its AUC is ½ + ½·½ = 0.75 and the whole's ½ + 0.1/2 = 0.55."""
    found = probes(material(outliers_copied))
    fifth = found["exposed"].estimate(FIFTH)
    assert fifth.value == pytest.approx(0.75, abs=0.08)
    assert fifth.low > 0.5
    assert found["exact_copy"].estimate("auc").value == pytest.approx(0.55, abs=0.001)
    assert fifth.n < 500


def test_fresh_people_alarm_in_no_group():
    """Corrected lower bounds at 1e-6: that often a clean table fails this by chance."""
    for probe in probes(material()).values():
        for estimate in probe.estimates:
            if estimate.name.startswith("auc"):
                assert estimate.low <= 0.5, (probe.id, estimate)


def test_declared_subgroups_are_named_only_where_the_category_is_public():
    declared = SCHEMA.model_copy(update={"subgroups": ("region", "grade", "smokes")})
    found = probes(material(schema=declared))["subgroups"]
    groups = {group["name"]: group for group in found.options["groups"]}
    assert {g["label"] for g in groups.values()} >= {"north", "south", "high", "low"}
    for group in groups.values():
        large = min(group["members"], group["non_members"]) >= MIN_GROUP
        assert group["assessed"] == large
    small = [g for g in groups.values() if not g["assessed"]]
    assert small, "the smallest region has about 50 people a side"
    assert len(found.estimates) == len(groups) - len(small)
    columns = tuple(
        c.model_copy(update={"inferred": ("categories",)}) if c.name == "region" else c
        for c in SCHEMA.columns
    )
    inferred = declared.model_copy(update={"columns": columns, "subgroups": ("region",)})
    hidden = probes(material(schema=inferred))["subgroups"]
    assert {g["label"] for g in hidden.options["groups"]} == {None}


def test_a_copied_subgroup_is_seen_in_its_own_row():
    declared = SCHEMA.model_copy(update={"subgroups": ("smokes",)})

    def smokers_copied(train, fresh, reference):
        smoke = train.codes[:, 1] == 2
        return concat(train.take(np.flatnonzero(smoke)), fresh.take(np.flatnonzero(~smoke)))

    found = probes(material(smokers_copied, schema=declared))["subgroups"]
    lows = sorted(e.low for e in found.estimates)
    assert lows[-1] > 0.8
    assert lows[0] < 0.6


def test_every_group_counts_every_score():
    what = material(n=300)
    scores = family({"a": np.zeros(600), "b": np.arange(600.0)}, what.game)
    groups = strata(what)[0]
    assert len(within(scores, groups)) == 2 * len(groups)


def learned(what: Material, teach) -> Scored:
    view = view_of(what, what.synthetic, what.reference)
    plain = score_all(FAST, what.targets, view, what.rng("attacks"))
    found = learned_scores(plain, what.targets, view, what.game, teach, what.rng("learned"))
    return Scored(found, what.game, what.game.within(~teach) if (~teach).any() else None)


def test_the_learned_attack_is_silent_on_fresh_people_and_counts_only_whom_it_did_not_learn_from():
    what = material()
    teach = calibration(what.game, np.random.default_rng(0))
    assert teach.sum() == 600
    found = learned(what, teach)
    assert found.auc(ALPHA).low <= 0.5
    assert found.auc(ALPHA).n == 1400
    # The bug it guards against: counting the people it was taught by alarms on a clean table.
    everyone = learned(what, np.ones(2000, bool))
    assert auc(everyone.scores, what.game, ALPHA).low > 0.5


def test_the_learned_attack_finds_copies():
    def half(train, fresh, reference):
        return concat(train.take(np.arange(500)), fresh.take(np.arange(500)))

    what = material(half)
    teach = calibration(what.game, np.random.default_rng(0))
    assert learned(what, teach).auc(ALPHA).low > 0.6


def test_small_games_teach_nothing():
    what = material(n=300)
    assert not calibration(what.game, np.random.default_rng(0)).any()
