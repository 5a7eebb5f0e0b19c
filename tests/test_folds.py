"""K tables, each made without one fold: what the interval covers, what such an audit may say."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import release_example as example
import yaml
from population import people
from scipy.stats import binom, norm
from test_audit import commit, entity_table
from test_run import honest

from privsynth.audit import Request
from privsynth.audit.folds import FoldRequest, audit_folds
from privsynth.errors import InputError
from privsynth.evidence import to_json
from privsynth.policy import decide, load_policy
from privsynth.provenance import verify
from privsynth.statistics import max_t
from privsynth.statistics.binomial import lower, upper
from privsynth.statistics.fold_exchange import fold_difference, fold_share
from privsynth.statistics.fold_family import fold_headline, fold_permutations
from privsynth.statistics.folds import Folds, FoldScored
from privsynth.tables import Table, stack

ALPHA = 0.05


def dealt(n: int, k: int, rng: np.random.Generator) -> Folds:
    """Return n units of one row each in k folds."""
    return Folds(np.arange(n), rng.permutation(np.arange(n) % k), k)


def drawn(
    folds: Folds, rng: np.random.Generator, shift: float = 0.0, own: float = 0.5
) -> FoldScored:
    """Return scores of what a person is like, some noise of each table, and a leak of members."""
    n = len(folds.fold)
    member = folds.fold[None, :] != np.arange(folds.k)[:, None]
    alike = rng.normal(size=n)[None, :]
    return FoldScored(alike + own * rng.normal(size=(folds.k, n)) + shift * member, folds)


# --- the interval -----------------------------------------------------------------------------


def test_every_unit_is_a_non_member_once():
    folds = dealt(47, 5, np.random.default_rng(0))
    outside = np.array([~game.is_member for game in folds.games])
    assert (outside.sum(axis=0) == 1).all()
    assert sorted(outside.sum(axis=1)) == [9, 9, 9, 10, 10]


@pytest.mark.parametrize("rows_each", [1, 3])
def test_the_influence_of_a_unit_is_the_mean_of_its_placements_over_the_folds(rows_each):
    """Oracle: every pair of rows in every game compared by brute force."""
    rng = np.random.default_rng(1)
    n, k = 12, 3
    fold = rng.permutation(np.arange(n) % k)
    folds = Folds(np.repeat(np.arange(n), rows_each), fold, k)
    scores = rng.integers(0, 5, (k, n * rows_each)).astype(float)
    total, values = np.zeros(n), []
    for j in range(k):
        member = fold[folds.units] != j
        gaps = scores[j][member][:, None] - scores[j][~member][None, :]
        psi = (gaps > 0) + 0.5 * (gaps == 0)
        values.append(psi.mean())
        for side, means in ((member, psi.mean(axis=1)), (~member, psi.mean(axis=0))):
            parts = (means - psi.mean()) / side.sum()
            sums = np.bincount(folds.units[side], weights=parts, minlength=n)
            m = len(np.unique(folds.units[side]))
            total += sums * np.sqrt(m / (m - 1)) / k
    found = FoldScored(scores, folds).delong
    assert found.value == pytest.approx(np.mean(values))
    assert found.error**2 == pytest.approx((total**2).sum())


def test_the_paired_interval_covers_and_the_naive_one_is_twice_too_wide():
    """400 clean tables of 100 people: more than 48 misses at an end have probability
    binom.sf(48, 400, 0.058) = 7e-7 (DeLong is asymptotic); that the naive interval, which takes the
    folds for independent, misses as seldom as it does shows how much too wide it is."""
    rng = np.random.default_rng(2)
    below = above = naive = 0
    wider = []
    for _ in range(400):
        one = drawn(dealt(100, 5, rng), rng)
        estimate, found = one.auc(ALPHA), one.delong
        below += estimate.low > 0.5
        above += estimate.high < 0.5
        error = np.sqrt(sum((each.error / 5) ** 2 for _, each in one.each))
        wider.append(error / found.error)
        naive += abs(found.value - 0.5) > norm.ppf(0.95) * error
    assert binom.sf(48, 400, 0.058) < 1e-6
    assert below <= 48 and above <= 48
    assert naive <= 4  # of 40 expected at its level: binom.cdf(4, 400, 0.1) = 9e-14
    assert 1.7 < np.median(wider) < 2.5


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(60, 5), (300, 5), (300, 10), (100, 20)])
@pytest.mark.parametrize("shift", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("own", [0.2, 0.5, 3.0])
def test_coverage_at_every_size_and_leak(n, k, shift, own):
    """600 tables; the true mean AUC is known. More than 68 misses of one end: 4e-7 at 6 %."""
    assert binom.sf(68, 600, 0.06) < 1e-6
    truth = float(norm.cdf(shift / np.sqrt(2 * (1 + own**2))))
    rate = float(norm.sf(norm.isf(0.1) - shift / np.sqrt(1 + own**2)))
    rng = np.random.default_rng(3)
    missed = np.zeros(4)
    for _ in range(600):
        one = drawn(dealt(n, k, rng), rng, shift, own)
        estimate, tpr = one.auc(ALPHA), one.tpr_at_fpr(0.1, ALPHA)
        missed += [estimate.low > truth, estimate.high < truth, tpr.low > rate, tpr.high < rate]
    assert (missed <= 68).all(), missed


def test_a_score_that_is_the_same_in_every_fold_says_nothing():
    """Its five AUCs average to one half whoever is where, so it must not be found."""
    rng = np.random.default_rng(4)
    folds = dealt(50, 5, rng)
    one = FoldScored(np.tile(rng.normal(size=50), (5, 1)), folds)
    assert one.delong.value == pytest.approx(0.5)
    observed, permuted, spread = fold_permutations([one], rng)
    assert spread[0] == 0 and max_t(observed, permuted) == 1.0


def test_no_copy_at_all_is_not_certainty():
    folds = dealt(200, 5, np.random.default_rng(5))
    estimate = FoldScored(np.zeros((5, 200)), folds).auc(ALPHA)
    assert estimate.low == pytest.approx((1 - upper(0, 200, ALPHA / 2)) / 2)
    assert estimate.high == pytest.approx((1 + upper(0, 200, ALPHA / 2)) / 2)


def test_copied_members_are_certain_within_what_two_exact_rates_allow():
    folds = dealt(200, 5, np.random.default_rng(6))
    copied = (folds.fold[None, :] != np.arange(5)[:, None]).astype(float)
    estimate = FoldScored(copied, folds).auc(ALPHA)
    rates = lower(200, 200, ALPHA / 2) - upper(0, 200, ALPHA / 2)
    assert estimate.value == estimate.high == 1
    assert estimate.low == pytest.approx((1 + rates) / 2)


def test_two_rates_with_exact_bounds_cover():
    """1,000 tables a setting; each end misses at most 5 %: more than 88 have probability 2e-7."""
    assert binom.sf(88, 1000, 0.05) < 1e-6
    rng = np.random.default_rng(7)
    for tpr, fpr in ((0.0, 0.02), (0.06, 0.01), (0.15, 0.15)):
        low = high = 0
        for _ in range(1000):
            folds = dealt(40, 4, rng)
            member = folds.fold[None, :] != np.arange(4)[:, None]
            hit = rng.random((4, 40)) < np.where(member, tpr, fpr)
            ends = FoldScored(hit.astype(float), folds).bounds(ALPHA)
            low += ends[0] > (1 + tpr - fpr) / 2
            high += ends[1] < (1 + tpr - fpr) / 2
        assert low <= 88 and high <= 88


# --- dealing the folds anew -------------------------------------------------------------------


def test_the_spread_is_that_of_all_deals():
    """Exact: all 720 orders of six units, folds of unequal size, against the closed form."""
    rng = np.random.default_rng(8)
    fold = np.array([0, 0, 0, 1, 1, 2])
    one = FoldScored(rng.normal(size=(3, 6)), Folds(np.arange(6), fold, 3))
    _, _, spread = fold_permutations([one], rng)
    totals = [
        sum(one.gains[f, i] for i, f in enumerate(fold[list(order)]))
        for order in permutations(range(6))
    ]
    assert spread[0] == pytest.approx(np.std(totals))


def test_the_family_s_p_is_uniform_when_clean_and_small_when_members_leak():
    """100 clean families of 6 scores: more than 20 alarms have probability 1e-7 at 5.5 % (p is
    exact at 5 %, the multipliers of the lower bound are asymptotic)."""
    assert binom.sf(20, 100, 0.055) < 1e-6
    rng = np.random.default_rng(9)
    small = low = 0
    for _ in range(100):
        folds = dealt(80, 4, rng)
        scores = {str(j): drawn(folds, rng) for j in range(6)}
        worst = fold_headline(scores, ALPHA, rng)[0]["auc"].estimate
        small += worst.p <= ALPHA
        low += worst.low > 0.5
    assert small <= 20 and low <= 20
    folds = dealt(300, 5, rng)
    scores = {"leak": drawn(folds, rng, 0.4), "clean": drawn(folds, rng)}
    worst, c = fold_headline(scores, ALPHA, rng)
    assert worst["auc"].estimate.p == 1 / 2000 and worst["auc"].estimate.low > 0.5
    assert worst["auc"].attack == "leak" and c > 1.6


def test_dealt_differences_agree_with_all_deals():
    """Four units, two folds, all copied as members only: of 6 deals one is as extreme, p = 1/6.

    1,999 draws lie 0.05 away with probability below 1e-8 (six standard deviations).
    """
    rng = np.random.default_rng(10)
    folds = Folds(np.arange(4), np.array([0, 0, 1, 1]), 2)
    hits = np.array([[False, False, True, True], [True, True, False, False]])
    found = fold_difference("copied_units_excess", hits, folds, ALPHA, rng)
    assert found.value == 1 and found.p == pytest.approx(1 / 6, abs=0.05)
    clean = fold_difference("copied_units_excess", np.ones((2, 4), bool), folds, ALPHA, rng)
    assert clean.value == 0 and clean.p == 1.0


def test_the_share_closer_is_the_members_share_when_all_are_alike():
    rng = np.random.default_rng(11)
    folds = dealt(60, 5, rng)
    even = fold_share(np.ones((5, 60)), folds, ALPHA, rng)
    assert even.value == pytest.approx(0.8) and even.expected == pytest.approx(0.8)
    member = (folds.fold[None, :] != np.arange(5)[:, None]).astype(float)
    copied = fold_share(member, folds, ALPHA, rng)
    assert copied.value == 1.0 and copied.p == 1 / 2000


def test_a_unit_that_is_a_member_in_many_folds_counts_once():
    """TPR: half of the units found in every member game is a rate of one half, over n units."""
    rng = np.random.default_rng(12)
    folds = dealt(500, 5, rng)
    member = folds.fold[None, :] != np.arange(5)[:, None]
    found = rng.normal(size=(5, 500)) + 100 * (member & (np.arange(500) % 2 == 0)[None, :])
    estimate = FoldScored(found, folds).tpr_at_fpr(0.01, ALPHA)
    assert estimate.n == 500
    assert 0.5 <= estimate.value < 0.52
    assert estimate.low < 0.5 < estimate.high
    assert estimate.high - estimate.low > 0.08  # 2,000 throws would give half of that
    assert FoldScored(found[:, :60], dealt(60, 5, rng)).tpr_at_fpr(0.001, ALPHA) is None


# --- the audit --------------------------------------------------------------------------------


def asked(seed: int, n: int, share: float, k: int = 5) -> FoldRequest:
    """Return fresh people as every table, with copies of a share of the members in each."""
    rng = np.random.default_rng(seed)
    train = people(n, rng, "train")
    fold = rng.permutation(np.arange(n) % k)
    policy = load_policy("preset:internal")

    def made(rows: np.ndarray) -> Table:
        taken = rng.permutation(rows)[: round(share * len(rows))]
        fresh = people(n - len(taken), rng, "synthetic")
        return stack([train.take(taken, "synthetic"), fresh]) if len(taken) else fresh

    request = Request(
        train=train, synthetic=made(np.arange(n)), holdout=None,
        reference=people(100, rng, "reference"), seed=seed, commit=commit, own_split=True,
        policy=policy.registration(), limits=policy.limits,
    )  # fmt: skip
    return FoldRequest(request, tuple(made(np.flatnonzero(fold != j)) for j in range(k)), fold)


@pytest.fixture(scope="module")
def clean():
    return audit_folds(asked(1, 600, 0.0))


@pytest.fixture(scope="module")
def leaky():
    return audit_folds(asked(2, 300, 0.2))


def test_a_clean_mechanism_is_in_order_and_may_pass_what_the_folds_count(clean):
    assert {name: c.status for name, c in clean.controls.items()} == {
        "blind_baseline": "ok",
        "negative": "ok",
        "positive": "ok",
    }
    findings = {f.rule: f.status for f in decide(clean, load_policy("preset:internal")).findings}
    for rule in ("worst_auc", "worst_tpr", "copies", "dcr_share", "holdout_units", "file_tested"):
        assert findings[rule] == "pass", rule
    assert "fail" not in findings.values()
    assert clean.headline["auc"].estimate.p > 0.001
    assert clean.tables["holdout"].units == clean.tables["train"].units == 600
    assert clean.split["folds"] == 5


def test_a_fifth_of_the_members_copied_is_caught_at_300_people(leaky):
    findings = {f.rule: f.status for f in decide(leaky, load_policy("preset:internal")).findings}
    assert findings["copies"] == "fail"
    assert leaky.headline["auc"].estimate.p == 1 / 2000
    assert leaky.headline["auc"].estimate.low > 0.5
    copied = leaky.measure("copies").estimate("copied_units_excess")
    assert copied.value == pytest.approx(0.2, abs=0.02)


def test_the_evidence_says_that_the_file_was_not_tested_and_public_does_not_pass(clean):
    assert "This very file was not itself tested." in clean.mechanism
    strict = policy_with(required=True)
    found = {f.rule: f for f in decide(clean, strict).findings}["file_tested"]
    assert found.status == "inconclusive" and "not itself tested" in found.message
    own = clean.model_copy(update={"mechanism": None})
    assert {f.rule: f.status for f in decide(own, strict).findings}["file_tested"] == "pass"


def policy_with(required: bool):
    policy = load_policy("preset:internal")
    rule = policy.rules["file_tested"].model_copy(update={"required": required})
    return replace(policy, rules={**policy.rules, "file_tested": rule})


def test_measures_of_the_file_stand_beside_those_of_the_folds(leaky):
    names = [estimate.name for estimate in leaky.measure("copies").estimates]
    assert names[:2] == ["copied_units_excess", "copied_units_excess_of_file"]
    dcr = leaky.measure("dcr")
    assert dcr.estimate("share_closer_to_train").expected == pytest.approx(0.8)
    assert dcr.estimate("share_closer_to_train_of_file").expected > 0.8
    assert leaky.attack("learned").not_run
    assert leaky.stratum("exposed").estimate("auc_most_exposed_fifth")


def test_folds_that_were_not_drawn_by_lot_are_noticed():
    """Dealt by height, each fold is told from the others without any synthetic table.

    Only the blind baseline can see that: what persons are like cancels out over the folds.
    """
    what = asked(3, 150, 0.0)
    order = np.argsort(what.request.train.frame["height"].to_numpy())
    fold = np.empty(150, int)
    fold[order] = np.arange(150) // 30
    found = audit_folds(replace(what, fold=fold))
    assert found.controls["blind_baseline"].status == "failed"
    assert decide(found, load_policy("preset:internal")).status != "pass"


def test_people_with_several_rows_raise_no_alarm_and_count_once():
    """Clean: max-T p is uniform, so below 1e-3 once in 1,000 seeds; copies' p likewise."""
    rng = np.random.default_rng(4)
    train = entity_table(rng, range(120), "train")
    tables = tuple(entity_table(rng, range(1000 + 200 * j, 1120 + 200 * j), "s") for j in range(4))
    request = Request(
        train=train, synthetic=entity_table(rng, range(600, 720), "synthetic"), holdout=None,
        reference=entity_table(rng, range(300, 380), "reference"), seed=4, commit=commit,
        own_split=True,
    )  # fmt: skip
    fold = rng.permutation(np.arange(120) % 4)
    found = audit_folds(FoldRequest(request, tables, fold))
    assert len(train) > 120 and found.tables["holdout"].units == 120
    assert found.headline["auc"].estimate.n == 120
    assert found.headline["auc"].estimate.p > 1e-3
    assert found.measure("copies").estimate("copied_units_excess").p > 1e-3


def test_rows_of_one_person_are_never_in_two_folds():
    """The partner: by rows, folds of the same data would split people and see leaks."""
    units = np.repeat(np.arange(10), 3)
    for game in Folds(units, np.arange(10) % 5, 5).games:
        assert not set(units[game.is_member]) & set(units[~game.is_member])


# --- the road ---------------------------------------------------------------------------------


def fold_release(folder: Path, n: int, maker: str = "memorizer", /, **options):
    table = options.pop("table", None) or example.csv_file(folder, example.people(n, fine=True))
    return example.release(folder, table, maker, split={"folds": 5}, **options)


def test_a_memorizer_of_60_people_is_a_fail(tmp_path):
    made = fold_release(tmp_path, 60)
    assert made.verdict.status == "fail"
    failed = {f.rule for f in made.verdict.findings if f.status == "fail"}
    assert "copies" in failed
    assert [check for check in verify(made.folder) if not check.ok] == []
    roles = pd.read_csv(made.folder / "private" / "split.csv")["role"].value_counts().to_dict()
    assert roles == {f"fold {k}": 9 for k in range(1, 6)} | {"reference": 15}
    assert made.bundle.split["shares"] == {"train": 0.75, "reference": 0.25}


def test_an_honest_generator_of_60_people_is_not_decided(tmp_path):
    """Nothing is learnt, so any fail is a false alarm: each has probability below 1 %."""
    made = fold_release(tmp_path, 60, synth_cmd=honest(tmp_path))
    assert made.verdict.status == "inconclusive"
    assert made.bundle.tables["holdout"].units == 45


def test_the_same_seed_gives_the_same_bytes_and_every_fold_a_seed_of_its_own(tmp_path):
    table = example.csv_file(tmp_path, example.people(60, fine=True))
    first = fold_release(tmp_path, 60, "independent", table=table)
    second = fold_release(tmp_path, 60, "independent", table=table, force=True)
    assert to_json(first.bundle) == to_json(second.bundle)
    other = fold_release(tmp_path, 60, "independent", table=table, force=True, seed=8)
    assert to_json(first.bundle) != to_json(other.bundle)


def test_the_configuration_names_folds_and_a_release_can_be_made_again_from_it(tmp_path):
    made = fold_release(tmp_path, 60, "independent")
    kept = yaml.safe_load((made.folder / "private" / "config.yaml").read_text())
    assert kept["split"]["folds"] == 5
    again = example.release(tmp_path, kept["table"], "independent", force=True, split=kept["split"])
    assert to_json(again.bundle) == to_json(made.bundle)


@pytest.mark.parametrize("folds", [-1, 0, 1, 21])
def test_numbers_of_folds_that_make_no_sense_are_refused(tmp_path, folds):
    table = example.csv_file(tmp_path, example.people(60))
    with pytest.raises(InputError, match=r"folds: .* from 2 to 20"):
        example.release(tmp_path, table, split={"folds": folds})
    assert not (tmp_path / "out").exists()


def test_folds_of_fewer_than_five_units_are_refused(tmp_path):
    table = example.csv_file(tmp_path, example.people(60))
    with pytest.raises(InputError, match="fewer than 5"):
        example.release(tmp_path, table, split={"folds": 12})


def test_an_audit_by_folds_that_needs_too_much_memory_is_refused_before_it_begins(tmp_path):
    table = example.csv_file(tmp_path, example.people(60))
    with pytest.raises(InputError, match="memory"):
        example.release(tmp_path, table, split={"folds": 5}, max_memory="1MB")


def test_the_command_line_takes_folds(tmp_path):
    table = example.csv_file(tmp_path, example.people(60))
    made = example.command(
        "run", table, "--folds", "21", "--out", tmp_path / "out", home=tmp_path / "home"
    )
    assert made.returncode == 2 and "from 2 to 20" in made.stderr
    assert not (tmp_path / "out").exists()


# --- other seeds ------------------------------------------------------------------------------


def test_other_seeds_are_listed_and_change_nothing_else(tmp_path):
    table = example.csv_file(tmp_path, example.people(80, fine=True))
    plain = example.release(tmp_path, table, "independent")
    files = {name for name in example.listing(plain.folder) if "out/" not in name}
    more = example.release(tmp_path, table, "independent", force=True, other_seeds=2)
    assert {name for name in example.listing(more.folder) if "out/" not in name} == files
    probe = more.bundle.measure("other_seeds")
    names = [estimate.name for estimate in probe.estimates]
    assert names == ["worst_auc_seed_1", "worst_auc_seed_2", "worst_auc_sd_between_seeds"]
    assert probe.estimates[0].value != probe.estimates[1].value
    assert any("only the audited file is released" in note for note in probe.notes)
    rest = tuple(one for one in more.bundle.probes if one.id != "other_seeds")
    assert to_json(more.bundle.model_copy(update={"probes": rest})) == to_json(plain.bundle)
    assert more.verdict.findings == plain.verdict.findings


def test_other_seeds_need_a_holdout(tmp_path):
    probe = fold_release(tmp_path, 60, "independent", other_seeds=1).bundle.measure("other_seeds")
    assert "folds" in probe.not_run and not probe.estimates
