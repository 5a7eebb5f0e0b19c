"""Where members are among people ranked by the worst attack: nowhere without a leak."""

import numpy as np
from test_strata import FAST, material, outliers_copied

from privsynth.audit.exposure import exposure
from privsynth.audit.scoring import attack
from privsynth.measures._base import MIN_CELL
from privsynth.statistics import Game, Scored

ALPHA = 1e-6


def game(members: int, others: int) -> Game:
    return Game.of(np.arange(members), np.arange(others))


def scored(one: Game, *scores) -> dict[str, Scored]:
    return {f"s{i}": Scored(np.asarray(s, float), one) for i, s in enumerate(scores)}


def test_bins_hold_everybody_once_and_enough_of_either_side():
    rng = np.random.default_rng(0)
    one = game(700, 500)
    found = exposure(scored(one, rng.normal(size=1200), rng.normal(size=1200)), ALPHA)
    assert sum(found["members"]) == 700 and sum(found["non_members"]) == 500
    assert min(*found["members"], *found["non_members"]) >= MIN_CELL
    together = np.add(found["members"], found["non_members"])
    np.testing.assert_allclose(found["edges"][1:], np.cumsum(together) / 1200, atol=1e-4)
    assert found["edges"][0] == 0 and found["edges"][-1] == 1 and found["scores"] == 2


def test_scores_that_know_nothing_show_nothing_though_the_worst_was_chosen():
    """Of 300 audits with 8 scores each, one bin's bound may miss in 5 % + 5 sd: by chance 1e-6.

    Without the correction the last bin's lower bound misses more than twice as often.
    """
    missed = plain = 0
    one = game(400, 200)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        scores = scored(one, *rng.normal(size=(8, 600)))
        found = exposure(scores, 0.05)
        missed += found["low"][-1] > 1
        plain += exposure({found["attack"]: scores[found["attack"]]}, 0.05)["low"][-1] > 1
    assert missed / 300 < 0.05 + 5 * np.sqrt(0.05 * 0.95 / 300)
    assert plain > 2 * missed


def test_who_is_named_for_sure_is_at_the_top():
    """The worst score names 300 members for sure; the others know nothing of anybody."""
    rng = np.random.default_rng(1)
    one = game(1000, 1000)
    sure = rng.random(2000)
    sure[np.flatnonzero(one.is_member)[:300]] += 0.9
    found = exposure(scored(one, *rng.normal(size=(4, 2000)), sure), ALPHA)
    assert found["attack"] == "s4" and found["scores"] == 5
    assert found["low"][-1] > 1 > found["high"][0] * 0.5
    assert found["lift"][-1] == max(found["lift"])


def test_a_perfect_attack_leaves_no_bin_with_members_alone():
    one = game(600, 400)
    found = exposure(scored(one, one.is_member.astype(float) + np.arange(1000) / 1e4), ALPHA)
    # Everybody is told apart: one cut through the members' ranks would leave a side empty.
    assert found is None or min(*found["members"], *found["non_members"]) >= MIN_CELL


def test_people_with_equal_scores_are_never_divided():
    rng = np.random.default_rng(2)
    one = game(500, 500)
    scores = rng.integers(0, 6, 1000)
    found = exposure(scored(one, scores), ALPHA)
    shares = np.cumsum(np.bincount(scores)) / 1000
    assert found["edges"] == [0.0, *(round(float(share), 4) for share in shares)]


def test_constant_scores_and_few_people_say_nothing():
    one = game(300, 300)
    assert exposure(scored(one, np.zeros(600)), ALPHA) is None
    few = game(15, 15)
    assert exposure(scored(few, np.arange(30)), ALPHA) is None


def test_scores_of_a_part_of_the_people_are_left_out():
    rng = np.random.default_rng(3)
    one = game(500, 500)
    scores = scored(one, rng.normal(size=1000))
    part = Scored(one.is_member.astype(float), one, one.within(rng.random(1000) < 0.5))
    assert exposure({**scores, "learned": part}, ALPHA) == exposure(scores, ALPHA)


def test_an_audit_says_it_of_the_people_unlike_others_and_of_nobody_else():
    probes = {p.id: p for p in attack(FAST, material(outliers_copied), {}, quick=True).probes}
    found = probes["exposed"].series["exposure"]
    assert found["low"][-1] > 1
    assert found["lift"][-1] == max(found["lift"])
    assert "exposure" not in probes["subgroups"].series
    assert "exposure" not in probes["rare_values"].series
