"""The audit as a whole: its controls, its honesty about what is missing, and its sameness."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from population import SCHEMA, people

from privsynth.audit import Request, audit
from privsynth.audit.plant import jittered_copies
from privsynth.errors import InputError
from privsynth.evidence import read_bundle, to_json
from privsynth.policy import decide, load_policy
from privsynth.tables import Column, Schema, Table, stack, typed


def commit(text: str) -> str:
    return "hmac-sha256:" + text[:8]


def request(seed: int = 1, n: int = 1200, **more) -> Request:
    """Return an audit of fresh people against train and holdout of the same population."""
    rng = np.random.default_rng(seed)
    policy = load_policy("preset:partner")
    return Request(
        **{
            "train": people(n, rng, "train"),
            "holdout": people(n, rng, "holdout"),
            "reference": people(n, rng, "reference"),
            "synthetic": people(n, rng, "synthetic"),
            "seed": seed,
            "commit": commit,
            "own_split": True,
            "policy": policy.registration(),
            "limits": policy.limits,
            **more,
        }
    )


@pytest.fixture(scope="module")
def clean():
    return audit(request())


@pytest.fixture(scope="module")
def memorized():
    what = request()
    return audit(replace(what, synthetic=what.train.take(range(1200), "synthetic")))


def test_a_clean_table_passes_and_every_control_is_in_order(clean):
    assert {name: c.status for name, c in clean.controls.items()} == {
        "blind_baseline": "ok",
        "negative": "ok",
        "positive": "ok",
    }
    verdict = decide(clean, load_policy("preset:partner"))
    assert verdict.status == "pass"
    assert verdict.policy_registered == "before_scoring"


def test_the_worth_of_an_accusation_follows_from_the_rate_at_1_percent(clean):
    """At equal odds: T / (T + F), within the rounding of both to four decimals."""
    assert clean.headline["auc"].precision is clean.headline["tpr_at_fpr_0.1"].precision is None
    entry = clean.headline["tpr_at_fpr_0.01"]
    even = entry.precision["0.5"]
    for end in ("value", "low", "high"):
        rate = getattr(entry.estimate, end)
        assert getattr(even, end) == pytest.approx(rate / (rate + 0.01), abs=0.003)
    assert entry.precision["0.01"].high < entry.precision["0.1"].high < even.high


def test_a_memorized_table_fails_and_says_at_which_rules(memorized):
    verdict = decide(memorized, load_policy("preset:internal"))
    assert verdict.status == "fail"
    failed = {finding.rule for finding in verdict.findings if finding.status == "fail"}
    assert {"worst_auc", "worst_tpr", "copies", "dcr_share"} <= failed
    assert memorized.headline["auc"].estimate.low > 0.9


def test_the_same_request_gives_the_same_bytes(clean):
    assert to_json(audit(request())) == to_json(clean)


def test_another_seed_gives_other_planted_rows_and_the_same_attacks():
    again = audit(replace(request(), seed=2))
    first = audit(request())
    assert again.probes[0].estimates == first.probes[0].estimates
    assert again.controls["positive"] != first.controls["positive"]


def test_every_number_has_an_interval_and_every_probe_a_source(clean):
    for probe in clean.probes:
        assert probe.source
        assert probe.not_run or all(e.low <= e.value <= e.high for e in probe.estimates)
    assert clean.power is not None
    assert "not excluded" in clean.power.sentence
    assert any("generator" in line for line in clean.not_covered)


def test_a_copied_tenth_is_found_and_stops_the_table():
    """10 % verbatim copies among 1,200: Fisher's p is far below any level."""
    what = request()
    mixed = stack([what.train.take(range(120), "a"), what.synthetic.take(range(1080), "b")])
    verdict = decide(audit(replace(what, synthetic=mixed)), load_policy("preset:partner"))
    assert verdict.status == "fail"


def test_jittered_copies_of_a_fifth_never_pass():
    what = request()
    rng = np.random.default_rng(0)
    near = jittered_copies(what.train, what.reference, rng)
    mixed = stack([near.take(range(300), "a"), what.synthetic.take(range(900), "b")])
    verdict = decide(audit(replace(what, synthetic=mixed)), load_policy("preset:partner"))
    assert verdict.status != "pass"


def test_train_and_holdout_of_different_populations_are_told_apart():
    """The holdout is half a standard deviation taller: the blind baseline must say so."""
    what = request()
    shifted = what.holdout.frame.assign(height=what.holdout.frame["height"] + 0.5)
    other = Table(shifted, SCHEMA, "holdout")
    for own in (True, False):
        bundle = audit(replace(what, holdout=other, own_split=own))
        assert bundle.controls["blind_baseline"].status == "failed"
        assert decide(bundle, load_policy("preset:internal")).status == "inconclusive"


def test_real_rows_that_know_the_split_are_caught_by_the_negative_control():
    """The reference holds the members themselves: other real rows would not."""
    what = request()
    bundle = audit(replace(what, reference=what.train.take(range(600), "reference")))
    assert bundle.controls["negative"].status == "failed"


def test_attacks_that_see_nothing_fail_the_positive_control(monkeypatch):
    """Mutation: every attack returns noise; the audit must notice that it is blind."""
    from privsynth import attacks

    real = attacks.catalogue()
    blind = {
        name: replace(a, score=lambda targets, view, rng: rng.normal(size=len(targets)))
        for name, a in real.items()
    }
    monkeypatch.setattr("privsynth.attacks.catalogue", lambda: blind)
    bundle = audit(request())
    assert bundle.controls["positive"].status == "failed"
    assert decide(bundle, load_policy("preset:partner")).status == "inconclusive"


def test_a_failed_control_lets_verbatim_copies_still_fail(monkeypatch):
    from privsynth import attacks

    real = attacks.catalogue()
    blind = {
        name: replace(a, score=lambda targets, view, rng: rng.normal(size=len(targets)))
        for name, a in real.items()
    }
    monkeypatch.setattr("privsynth.attacks.catalogue", lambda: blind)
    what = request()
    bundle = audit(replace(what, synthetic=what.train.take(range(1200), "synthetic")))
    assert decide(bundle, load_policy("preset:partner")).status == "fail"


def test_without_a_holdout_what_can_be_said_is_said_and_nothing_passes(tmp_path):
    bundle = audit(replace(request(), holdout=None, reference=None))
    attacks = [probe for probe in bundle.probes if probe.kind == "attack"]
    assert all("holdout" in (probe.not_run or "") for probe in attacks)
    copies = bundle.measure("copies")
    assert copies is not None
    assert copies.estimate("identical_in_train") is not None
    assert bundle.headline == {}
    assert bundle.power is None
    path = tmp_path / "evidence.json"
    path.write_text(to_json(bundle))
    assert read_bundle(path) == bundle
    assert decide(bundle, load_policy("preset:internal")).status == "inconclusive"


def test_without_a_reference_half_of_the_holdout_serves_and_is_not_counted():
    bundle = audit(replace(request(), reference=None))
    assert bundle.tables["holdout"].units == 600
    assert bundle.tables["reference"].units == 600
    assert "not counted" in bundle.tables["reference"].note


def test_digests_of_real_tables_are_keyed_and_the_seed_is_only_committed(clean):
    for role in ("train", "holdout", "reference"):
        assert clean.tables[role].digest.startswith("hmac-sha256:")
    assert clean.tables["synthetic"].digest.startswith("sha256:")
    assert clean.seed_commitment.startswith("hmac-sha256:")


def test_the_same_table_as_train_and_holdout_is_refused():
    what = request()
    with pytest.raises(InputError, match="same table"):
        audit(replace(what, holdout=replace(what.train, name="holdout")))


def test_a_holdout_of_training_rows_is_caught_and_never_passes():
    """Half of the holdout are training rows in another order: members that count as others."""
    what = request()
    own = what.train.take(range(600, 1200), "a")
    mixed = Table(stack([own, what.holdout.take(range(600), "b")]).frame, SCHEMA, "holdout")
    bundle = audit(replace(what, holdout=mixed, own_split=False))
    assert bundle.controls["blind_baseline"].status == "failed"
    assert "train rows" in bundle.controls["blind_baseline"].message


def test_rows_that_a_population_repeats_are_no_twins():
    """Clean, every row repeated many times: p is uniform, so at 1e-3 or below once in 1,000."""
    from privsynth.audit.blind import twins_p
    from privsynth.statistics import Game
    from privsynth.tables import concat, fit_space

    few = SCHEMA.without({"weight", "smokes", "height"})
    rng = np.random.default_rng(6)
    tables = [people(900, rng).without({"weight", "smokes", "height"}) for _ in range(2)]
    train, holdout = map(fit_space(few, tables).encode, tables)
    game = Game.of(train.units, holdout.units)
    assert twins_p(concat(train, holdout), game, rng) > 0.001


def entity_table(rng: np.random.Generator, people_: range, name: str) -> Table:
    schema = Schema(
        columns=(
            Column(name="person", kind="id"),
            Column(name="x", kind="numeric"),
            Column(name="y", kind="numeric"),
        ),
        entity="person",
    )
    sizes = rng.integers(1, 10, len(people_))
    who = np.repeat(list(people_), sizes)
    x = np.repeat(rng.normal(size=len(people_)), sizes) + 0.05 * rng.normal(size=len(who))
    frame = pd.DataFrame({"person": who.astype(str), "x": x, "y": rng.normal(size=len(who))})
    return Table(typed(frame, schema), schema, name)


def test_shared_entities_are_refused_and_counted():
    rng = np.random.default_rng(3)
    with pytest.raises(InputError, match="share 10 entities"):
        audit(
            request(
                train=entity_table(rng, range(60), "train"),
                holdout=entity_table(rng, range(50, 110), "holdout"),
                reference=None,
                synthetic=entity_table(rng, range(200, 260), "synthetic"),
            )
        )


def test_people_with_many_rows_are_counted_once():
    """Clean entity data: the family's max-T p is uniform, so below 1e-3 once in 1,000 seeds."""
    rng = np.random.default_rng(4)
    bundle = audit(
        request(
            train=entity_table(rng, range(200), "train"),
            holdout=entity_table(rng, range(200, 400), "holdout"),
            reference=entity_table(rng, range(400, 600), "reference"),
            synthetic=entity_table(rng, range(600, 800), "synthetic"),
        )
    )
    assert bundle.tables["train"].units == 200 < bundle.tables["train"].rows
    auc = bundle.headline["auc"].estimate
    assert auc.n == 400
    assert auc.p is not None
    assert auc.p > 0.001


def test_equal_rows_are_counted_and_not_refused():
    what = request()
    both = stack([what.holdout, what.train.take(range(5), "a")])
    bundle = audit(replace(what, holdout=Table(both.frame, SCHEMA, "holdout")))
    assert bundle.tables["holdout"].note.startswith("5 distinct rows")


def test_low_cardinality_tables_do_not_alarm_and_dropping_by_side_would():
    """Rows repeat on both sides: half credit through ties. Partner: dropping holdout rows that
    also occur in train, as tools do, makes a leak of nothing (gate-statistics 1).

    The clean bound is at 1e-6; the partner's excess is far beyond it.
    """
    from privsynth.attacks import AttackerView, catalogue, score_all
    from privsynth.neighbours import Search
    from privsynth.statistics import Game, auc
    from privsynth.tables import concat, fit_space

    few = SCHEMA.without({"weight", "smokes"})
    rng = np.random.default_rng(5)
    tables = []
    for _ in range(4):
        table = people(1500, rng).without({"weight", "smokes"})
        table.frame["height"] = table.frame["height"].round()
        tables.append(table)
    space = fit_space(few, tables[:3])
    train, holdout, reference, fresh = map(space.encode, tables)
    in_train = set(train.row_keys())
    kept = holdout.take([i for i, key in enumerate(holdout.row_keys()) if key not in in_train])
    lows = {}
    for name, side in (("all", holdout), ("dropped", kept)):
        view = AttackerView(fresh, reference, Search())
        dcr = {"dcr": catalogue()["dcr"]}
        scores = score_all(dcr, concat(train, side), view, rng)["dcr"]
        lows[name] = auc(scores, Game.of(train.units, side.units), 1e-6).low
    assert lows["all"] <= 0.5
    assert lows["dropped"] > 0.5


@pytest.mark.slow
def test_controls_disturb_at_most_one_percent_of_clean_audits():
    """150 clean audits: more than 9 disturbed ones have probability binom.sf(9, 150, 0.01) = 4e-6
    at 1 %, and 3e-8 at the designed 0.6 %."""
    from scipy.stats import binom

    assert binom.sf(9, 150, 0.006) < 1e-6
    disturbed = 0
    for seed in range(150):
        bundle = audit(request(seed=1000 + seed, n=500))
        disturbed += any(c.status != "ok" for c in bundle.controls.values())
    assert disturbed <= 9


def test_a_stricter_policy_than_the_registered_one_is_not_backed_by_the_control():
    """The control planted a leak at internal's limits; that says nothing about partner's."""
    internal = load_policy("preset:internal")
    loose = request(policy=internal.registration(), limits=internal.limits, n=1300)
    bundle = audit(loose)
    assert decide(bundle, internal).status == "pass"
    verdict = decide(bundle, load_policy("preset:partner"))
    assert verdict.status == "inconclusive"
    open_ = [f for f in verdict.findings if f.status == "inconclusive"]
    assert {finding.rule for finding in open_} == {"worst_auc", "worst_tpr"}
    assert all("looser limit" in finding.message for finding in open_)
