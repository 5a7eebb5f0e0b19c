"""Formal claims in the gate: refuted ones stop any release, missing ones only where asked for."""

from functools import cache
from typing import Any

import evidence_example as example
import numpy as np
import pytest

from privsynth.evidence import Bundle, MechanismAudit, TableFacts
from privsynth.policy import Finding, Policy, decide, load_policy
from privsynth.privacy import Budget, ColumnDomain, DpClaim, Ledger, NoClaim, StatedClaim, prove
from privsynth.privacy.ceiling import ceiling, ceiling_of
from privsynth.privacy.claim import Composition
from privsynth.privacy.lint import lint
from privsynth.privacy.statement import Statement

FORMAL, PARTNER = load_policy("preset:formal"), load_policy("preset:partner")
NAMES = ("internal", "partner", "public", "formal")
STATED: dict[str, Any] = {
    "mechanism": "dp-something 1.0", "epsilon": 1, "delta": 1e-6, "unit": "row", "rows": 10_000,
    "neighbours": "add_remove", "accounted_neighbours": "add_remove", "row_count": "private",
    "bounds": "declared", "categories": "declared", "transformers": "declared",
    "sampler": "none", "early_stopping": "none", "tuning": "none", "filters": "none",
    "seed": "none",
}  # fmt: skip


@cache
def claim(epsilon: float = 1.0, delta: float = 1e-6, steps: bool = False, **how: Any) -> DpClaim:
    """Return what a ledger proves after a histogram, a selection, and steps if asked for."""
    ledger = Ledger(Budget(epsilon, delta, **how))
    part = ledger.remaining / 3
    ledger.histogram(np.array([40, 60]), "counts of sex", part)
    ledger.select(np.array([1.0, 5.0]), "the next pair", part)
    if steps:
        ledger.train(0.02, ledger.noise_multiplier(0.02, 200), 200, "gradient steps")
    else:
        ledger.histogram(np.array([40, 30, 30]), "counts of age", part)
    return prove(ledger, "mst", (ColumnDomain("sex", "categorical", categories=("a", "b")),))


def judged(bundle: Bundle, policy: Policy = FORMAL) -> Finding:
    """Return what the rule says."""
    (found,) = (f for f in decide(bundle, policy).findings if f.rule == "dp_claim")
    return found


def clean(found: Any, policy: Policy = FORMAL, **changes: Any) -> Bundle:
    return example.clean(policy, claim=found, **changes)


def headline(bundle: Bundle, name: str, low: float, **more: Any) -> Bundle:
    return example.with_headline(bundle, name, example.estimate(name, 0.99, low, 1.0, **more))


@pytest.mark.parametrize("steps", [False, True])
def test_a_sound_claim_passes_the_formal_preset_and_says_what_it_rests_on(steps: bool) -> None:
    bundle = clean(claim(steps=steps))
    assert decide(bundle, FORMAL).status == "pass"
    found = judged(bundle)
    assert found.message.startswith("epsilon 1 at delta 1e-06 for one row follows from 3 booked")
    assert (found.observed, found.limit, found.hard) == (1.0, 10.0, True)


def test_no_claim_fails_where_one_is_asked_for_and_nowhere_else() -> None:
    for name in NAMES:
        policy = load_policy(f"preset:{name}")
        verdict = decide(example.clean(policy), policy)
        assert (verdict.status == "fail") == (name == "formal")
    assert judged(clean(NoClaim())).message == (
        "the policy asks for a formal guarantee and none is claimed"
    )


def test_it_is_a_question_of_page_1_only_where_it_is_asked_or_answered() -> None:
    def first(bundle: Bundle, policy: Policy) -> list[str]:
        return [f.rule for f in decide(bundle, policy).findings[:10]]

    assert "dp_claim" not in first(example.clean(PARTNER), PARTNER)
    assert first(example.clean(FORMAL), FORMAL)[2] == "dp_claim"
    assert first(clean(claim(), PARTNER), PARTNER)[2] == "dp_claim"


def doubled(found: DpClaim) -> DpClaim:
    """Return a claim whose every batch was used twice, the figures being those of one use."""
    events = [
        e.model_copy(update={"steps": 2 * e.steps}) if e.mechanism == "dpsgd" else e
        for e in found.events
    ]
    return found.model_copy(update={"events": tuple(events)})


def halved(found: DpClaim) -> DpClaim:
    """Return a claim whose first histogram had half the noise that was booked."""
    first, *rest = found.events
    return found.model_copy(
        update={"events": (first.model_copy(update={"scale": first.scale / 2}), *rest)}
    )


PLANTED = {
    "double use of a batch": lambda: doubled(claim(steps=True)),
    "double use, and the ledger's sum says so": lambda: doubled(claim(steps=True)).model_copy(
        update={"spent": 1.36}
    ),
    "a wrong delta": lambda: claim().model_copy(update={"delta": 1e-8}),
    "a smaller epsilon than spent": lambda: claim().model_copy(update={"epsilon": 0.9}),
    "half the noise": lambda: halved(claim()),
    "an event that was left out": lambda: claim().model_copy(update={"events": claim().events[1:]}),
    "an empty ledger": lambda: claim().model_copy(update={"events": ()}),
    "no orders": lambda: claim().model_copy(
        update={"accountant": claim().accountant.model_copy(update={"orders": ()})}
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
@pytest.mark.parametrize("name", ["partner", "formal"])
def test_a_claim_that_its_ledger_does_not_give_stops_any_release(bug: str, name: str) -> None:
    policy = load_policy(f"preset:{name}")
    bundle = clean(PLANTED[bug](), policy)
    for edited in (bundle, example.with_control(bundle, "positive", "failed")):
        assert (judged(edited, policy).status, judged(edited, policy).hard) == ("fail", True)
        assert decide(edited, policy).status == "fail"
    assert "ledger" in judged(bundle, policy).message


@pytest.mark.parametrize("name", ["auc", "tpr_at_fpr_0.01"])
@pytest.mark.parametrize("steps", [False, True])
def test_an_attack_above_the_ceiling_refutes_the_claim_whatever_the_controls_say(
    name: str, steps: bool
) -> None:
    found = claim(steps=steps)
    most = ceiling(found.events)
    limit = most.auc if name == "auc" else most.tpr_at_fpr_001
    refuted = headline(clean(found, PARTNER), name, limit + 0.001)
    for edited in (refuted, example.with_control(refuted, "negative", "failed")):
        assert (judged(edited, PARTNER).status, judged(edited, PARTNER).hard) == ("fail", True)
        assert "dcr_ratio refutes epsilon 1" in judged(edited, PARTNER).message
    assert judged(headline(clean(found), name, limit - 0.001)).status == "pass"
    corrected = headline(clean(found), name, limit + 0.001, adjusted_low=limit - 0.001)
    assert judged(corrected).status == "pass"


def test_the_ceiling_is_that_of_the_events_and_not_one_that_the_file_names() -> None:
    lenient = claim().ceiling.model_copy(update={"auc": 1.0, "tpr_at_fpr_001": 1.0})
    bundle = clean(claim().model_copy(update={"ceiling": lenient}))
    assert judged(headline(bundle, "auc", claim().ceiling.auc + 0.001)).status == "fail"


def test_an_audit_of_the_mechanism_that_refutes_it_stops_any_release() -> None:
    audited = MechanismAudit(mechanism="mst", epsilon=1, delta=1e-6, runs=2_000, refuted=True)
    found = judged(clean(claim(), PARTNER, mechanism_audit=audited), PARTNER)
    assert (found.status, found.hard) == ("fail", True)
    silent = audited.model_copy(update={"refuted": False})
    assert judged(clean(claim(), mechanism_audit=silent)).status == "pass"


def test_a_claim_with_an_unaccounted_look_counts_for_nothing() -> None:
    read = claim().model_copy(update={"unaccounted": ("bounds were read from the rows: 'age'",)})
    for policy, status in ((FORMAL, "fail"), (PARTNER, "pass")):
        found = judged(clean(read, policy), policy)
        assert found.status == status
        assert found.message == "not end-to-end DP: bounds were read from the rows: 'age'"


def test_epsilon_is_limited_over_all_private_fits_of_the_source() -> None:
    assert judged(clean(claim(10.0))).status == "pass"
    assert "epsilon 10.5 is above the 10" in judged(clean(claim(10.5))).message
    assert judged(clean(claim(10.5))).status == "fail"
    many = claim().model_copy(
        update={"composition": Composition(fits=20, epsilon=10.2, delta=2e-5)}
    )
    assert judged(clean(many)).status == "fail"
    assert "epsilon 10.2 over all private fits" in judged(clean(many, PARTNER), PARTNER).message
    weak = judged(clean(claim(10.5), PARTNER), PARTNER)
    assert weak.status == "pass" and weak.message.endswith("; above 10 it says little")


@pytest.mark.parametrize(("delta", "status"), [(0.99e-4, "pass"), (1e-4, "fail")])
def test_delta_must_lie_below_one_over_the_training_units(delta: float, status: str) -> None:
    assert judged(clean(claim(delta=delta))).status == status
    assert judged(clean(claim(delta=delta), PARTNER), PARTNER).status == "pass"


def test_a_claim_for_one_row_does_not_protect_people_who_have_several() -> None:
    people = TableFacts(rows=10_000, units=4_000, digest="hmac-sha256:x")

    def found(one: DpClaim, policy: Policy, low: float = 0.5) -> str:
        tables = {**example.clean().tables, "train": people}
        return judged(headline(clean(one, policy, tables=tables), "auc", low), policy).status

    entity = claim(unit="entity", rows_per_unit=4)
    assert (found(claim(), FORMAL), found(claim(), PARTNER)) == ("fail", "pass")
    assert found(entity, FORMAL) == "pass"
    # People are attacked with all of their rows, so that the ceiling of one row is not theirs.
    assert found(claim(), PARTNER, low=0.95) == "pass"
    assert found(entity, PARTNER, low=0.95) == "fail"


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_that_nothing_could_be_held_against_is_no_pass(name: str) -> None:
    policy = load_policy(f"preset:{name}")
    bundle = clean(claim(), policy)
    for edited in (
        example.with_headline(bundle, "auc", None),
        example.with_headline(bundle, "tpr_at_fpr_0.01", None),
        example.with_table(bundle, "train", None),
    ):
        found = judged(edited, policy)
        assert found.status == "inconclusive" and "could not be tested" in found.message


def stated(**changes: Any) -> StatedClaim:
    return lint(Statement.model_validate(STATED | changes))


def test_what_a_producer_states_never_fulfils_a_policy() -> None:
    events = [e.model_dump() for e in claim().events]
    for one in (stated(), stated(events=events)):
        assert one.end_to_end
        assert judged(clean(one)).status == "inconclusive"
        assert "claimed by the producer and was not verified" in judged(clean(one)).message
        assert judged(clean(one, PARTNER), PARTNER).status == "pass"
    broken = stated(bounds="data")
    assert judged(clean(broken)).status == "fail"
    assert judged(clean(broken, PARTNER), PARTNER).status == "pass"
    assert judged(clean(broken)).message.startswith("not end-to-end DP: bounds were read")


def test_what_a_producer_states_is_refuted_by_its_events_and_by_attacks() -> None:
    events = [e.model_dump() for e in claim().events]
    found = judged(clean(stated(epsilon=0.5, events=events), PARTNER), PARTNER)
    assert (found.status, found.hard) == ("fail", True)
    for neighbours in ("add_remove", "replace_one"):
        one = stated(neighbours=neighbours, accounted_neighbours=neighbours)
        most = ceiling_of(1.0, 1e-6, neighbours)  # type: ignore[arg-type]
        for name, limit in (("auc", most.auc), ("tpr_at_fpr_0.01", most.tpr_at_fpr_001)):
            above = headline(clean(one, PARTNER), name, limit + 0.001)
            assert (judged(above, PARTNER).status, judged(above, PARTNER).hard) == ("fail", True)
            below = headline(clean(one, PARTNER), name, limit - 0.001)
            assert judged(below, PARTNER).status == "pass"


@pytest.mark.parametrize("neighbours", ["add_remove", "replace_one"])
@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 0.0), (1, 1e-6), (3, 0.01), (400, 0.5)])
def test_the_ceiling_of_a_bare_claim_lies_on_the_edge_of_its_region(
    epsilon: float, delta: float, neighbours: Any
) -> None:
    """Closed form against a fine grid of the region's upper edge: AUC where TPR = 1 - FPR."""
    found = ceiling_of(epsilon, delta, neighbours)
    e, d = min(epsilon, 300.0), delta
    if neighbours == "add_remove":
        e, d = 2 * e, d * (1 + np.exp(e))
    rates = np.linspace(0, 1, 200_001)
    edge = np.clip(np.minimum(np.exp(e) * rates + d, 1 - (1 - d - rates) / np.exp(e)), 0, 1)
    assert found.auc == pytest.approx(edge[np.argmin(np.abs(edge - (1 - rates)))], abs=1e-4)
    assert found.tpr_at_fpr_001 == pytest.approx(np.interp(0.01, rates, edge), abs=1e-9)


def test_the_ceiling_of_a_bare_claim_lies_above_that_of_a_ledger_within_it() -> None:
    for epsilon in (0.3, 1.0, 3.0):
        within, bare = claim(epsilon).ceiling, ceiling_of(epsilon, 1e-6, "add_remove")
        assert within.auc <= bare.auc and within.tpr_at_fpr_001 <= bare.tpr_at_fpr_001 + 1e-4
