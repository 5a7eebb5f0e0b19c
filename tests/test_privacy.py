"""Budgets, the ledger, accounting, ceilings and claims: what a formal guarantee rests on."""

import json
import math
from typing import Any

import dp_accounting
import numpy as np
import pytest
from dp_accounting.rdp import RdpAccountant
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare, norm

from privsynth.errors import InputError
from privsynth.privacy import (
    Budget,
    BudgetError,
    ColumnDomain,
    DpClaim,
    DpSgd,
    Gaussian,
    Ledger,
    NoNoise,
    accounting,
    compose,
    prove,
    recompute,
)
from privsynth.privacy.ceiling import ceiling

DOMAIN = (ColumnDomain("age", "integer", 0, 90),)


def spent_ledger(budget: Budget, steps: int = 0) -> Ledger:
    """Return a ledger that spent all of its budget: histograms, a selection, gradient steps."""
    ledger = Ledger(budget)
    rho = ledger.remaining
    ledger.histogram([3, 4, 5], "counts of 'age'", 0.3 * rho)
    ledger.select([1.0, 2.0, 3.0], "a pair", 0.2 * rho)
    if steps:
        ledger.train(0.05, ledger.noise_multiplier(0.05, steps), steps, "gradients")
    else:
        ledger.histogram([3, 4, 5], "pairs", ledger.remaining)
    return ledger


def claimed(budget: Budget | None = None, steps: int = 0) -> DpClaim:
    return prove(spent_ledger(budget or Budget(1.0), steps), "tan", DOMAIN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epsilon": 0.0},
        {"epsilon": -1.0},
        {"epsilon": math.inf},
        {"epsilon": math.nan},
        {"delta": 0.0},
        {"delta": 1.0},
        {"rows_per_unit": 0, "unit": "entity"},
        {"rows_per_unit": 2},
        {"unit": "household"},
        {"neighbours": "swap"},
    ],
)
def test_what_is_no_budget_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Budget(**{"epsilon": 1.0, **wrong})


def test_a_delta_of_one_over_the_rows_is_no_protection() -> None:
    Budget(1.0, 1e-5).check_units(99_999)
    with pytest.raises(InputError, match="not below 1 / 100,000"):
        Budget(1.0, 1e-5).check_units(100_000)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.1, 100),
    st.sampled_from([1e-4, 1e-6, 1e-9]),
    st.sampled_from(["add_remove", "replace_one"]),
)
def test_the_whole_budget_can_be_spent_and_no_more(
    epsilon: float, delta: float, relation: Any
) -> None:
    ledger = spent_ledger(Budget(epsilon, delta, neighbours=relation))
    assert ledger.epsilon == pytest.approx(epsilon, rel=1e-6)
    assert ledger.epsilon <= epsilon * (1 + 1e-6)
    with pytest.raises(BudgetError, match="nothing was drawn"):
        ledger.histogram([1], "more", 1e-6)


def test_overspending_is_refused_before_anything_is_drawn() -> None:
    ledger = Ledger(Budget(1.0))
    too_much = 1.01 * ledger.remaining
    with pytest.raises(BudgetError):
        ledger.histogram([1, 2], "counts", too_much)
    with pytest.raises(BudgetError):
        ledger.select([1.0, 2.0], "pick", too_much)
    with pytest.raises(BudgetError):
        ledger.threshold({"a": 1}, "names", 1e-4, 2e-5)
    with pytest.raises(BudgetError):
        ledger.train(0.1, 0.5, 100, "gradients")
    for rho in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(BudgetError):
            ledger.histogram([1], "counts", rho)
    assert not ledger.events
    assert ledger.remaining == pytest.approx(too_much / 1.01)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_an_entity_of_k_rows_moves_a_histogram_by_k_and_a_pick_k_times(rows: int) -> None:
    """All rows of one person may lie in one cell: L2 sensitivity k, not its root."""
    ledger = Ledger(Budget(1.0, unit="entity", rows_per_unit=rows))
    rho = ledger.remaining / 4
    ledger.histogram([1, 2], "counts", rho)
    ledger.select([1.0, 2.0], "pick", rho)
    counts, pick = ledger.events
    assert counts.scale == pytest.approx(rows / math.sqrt(2 * rho))
    assert counts.rho == pytest.approx(rho) and counts.rho_replace_one == pytest.approx(2 * rho)
    assert pick.scale == pytest.approx(rows / math.sqrt(2 * rho), rel=2e-3)
    assert pick.rho == pytest.approx(rho, rel=1e-9)
    assert pick.rho_replace_one == pytest.approx(4 * rho, rel=3e-3)


def test_epsilon_is_that_of_dp_accounting_over_the_same_orders() -> None:
    for steps in (0, 200):
        claim = claimed(Budget(2.0), steps)
        other = RdpAccountant(list(claim.accountant.orders))
        for event in claim.events:
            if isinstance(event, DpSgd):
                gaussian = dp_accounting.GaussianDpEvent(event.noise_multiplier)
                other.compose(
                    dp_accounting.PoissonSampledDpEvent(event.sampling_rate, gaussian), event.steps
                )
            else:
                other.compose(dp_accounting.ZCDpEvent(event.rho))
        assert other.get_epsilon(claim.delta) == pytest.approx(claim.spent, abs=1e-9)
        epsilons = [0.1, 0.5, 1.0, 2.0, 5.0]
        mine = accounting.deltas(claim.events, epsilons, "add_remove")
        assert mine == pytest.approx([other.get_delta(e) for e in epsilons], rel=1e-6)


def test_the_claim_can_be_recomputed_by_a_script_that_knows_nothing_of_us() -> None:
    """Five lines of dp-accounting over the JSON of a claim."""
    text = claimed(Budget(3.0), 100).model_dump_json()
    claim = json.loads(text)
    account = RdpAccountant(claim["accountant"]["orders"])
    for e in claim["events"]:
        if "rho" in e:
            account.compose(dp_accounting.ZCDpEvent(e["rho"]))
        else:
            noise = dp_accounting.GaussianDpEvent(e["noise_multiplier"])
            account.compose(
                dp_accounting.PoissonSampledDpEvent(e["sampling_rate"], noise), e["steps"]
            )
    assert account.get_epsilon(claim["delta"]) == pytest.approx(claim["spent"], abs=1e-3)
    assert DpClaim.model_validate_json(text).model_dump_json() == text


def test_one_order_grid_differs_from_another() -> None:
    """Why the orders stand in the ledger: with few of them epsilon comes out larger."""
    events = claimed(Budget(0.2)).events
    assert accounting.epsilon(events, 1e-5, (1.5, 2.0, 4.0, 8.0, 16.0)) > 0.25


def planted(claim: DpClaim, bug: str) -> DpClaim:
    """Return a claim with a bug planted in it."""
    events = list(claim.events)
    if bug == "double use of a batch":
        steps = events[-1]
        assert isinstance(steps, DpSgd)
        events[-1] = steps.model_copy(update={"steps": 2 * steps.steps})
        return claim.model_copy(update={"events": tuple(events)})
    if bug == "wrong delta":
        return claim.model_copy(update={"delta": claim.delta / 100})
    if bug == "smaller epsilon":
        return claim.model_copy(update={"epsilon": claim.epsilon * 0.9})
    if bug == "cheaper noise":
        events[0] = events[0].model_copy(update={"rho": events[0].rho / 4})
        return claim.model_copy(update={"events": tuple(events)})
    if bug == "several rows a unit":
        return claim.model_copy(update={"unit": "entity", "rows_per_unit": 2})
    if bug == "lower ceiling":
        lower = claim.ceiling.model_copy(update={"auc": 0.51})
        return claim.model_copy(update={"ceiling": lower})
    if bug == "cheaper exchange":
        return claim.model_copy(update={"spent_replace_one": claim.spent})
    if bug == "forgotten event":
        return claim.model_copy(update={"events": tuple(events[1:])})
    return claim.model_copy(update={"events": ()})


def test_an_honest_claim_has_no_problems() -> None:
    for claim in (claimed(), claimed(Budget(0.1)), claimed(Budget(100.0)), claimed(steps=50)):
        found = recompute(claim)
        assert found.problems == () and found.epsilon == pytest.approx(claim.spent, abs=1e-9)


@pytest.mark.parametrize(
    "bug",
    [
        "double use of a batch", "wrong delta", "smaller epsilon", "cheaper noise",
        "forgotten event", "empty ledger", "several rows a unit", "lower ceiling",
        "cheaper exchange",
    ],
)  # fmt: skip
def test_planted_bugs_of_a_ledger_are_found(bug: str) -> None:
    assert recompute(planted(claimed(Budget(3.0), 100), bug)).problems


def test_replacing_costs_twice_the_rho_of_a_histogram() -> None:
    """Epsilon 1 for a unit more or less is about 1.54 for one exchanged (gate-statistics 10)."""
    ledger = Ledger(Budget(1.0))
    ledger.histogram([1, 2, 3], "counts", ledger.remaining)
    claim = prove(ledger, "tan", DOMAIN)
    assert claim.spent_replace_one == pytest.approx(1.46, abs=0.02)
    mixed = claimed()
    assert mixed.spent_replace_one is not None and 1.46 < mixed.spent_replace_one < 1.8
    assert claim.pld is not None and claim.pld < 1.0 and claim.pld_covers == "every event"
    assert mixed.pld_covers == "the Gaussian events only"


@pytest.mark.parametrize("rho", [0.001, 0.02, 0.2, 2.0])
def test_the_ceiling_lies_above_what_the_best_attack_on_a_gaussian_reaches(rho: float) -> None:
    """Exact for one Gaussian: AUC = Phi(mu / 2), TPR = Phi(Phi^-1(FPR) + mu)."""
    event = Gaussian(
        what="counts", sensitivity=1, scale=1, rho=rho / 2, rho_replace_one=rho, answers=1
    )
    found, mu = ceiling([event]), math.sqrt(2 * rho)
    best, tpr = norm.cdf(mu / 2), norm.cdf(norm.ppf(0.01) + mu)
    assert best <= found.auc <= best + 0.1
    assert tpr <= found.tpr_at_fpr_001 <= 1.6 * tpr + 0.002


def test_the_ceiling_of_gradient_steps_counts_two_units() -> None:
    steps = [DpSgd(what="gradients", sampling_rate=1.0, noise_multiplier=20.0, steps=100)]
    mu = math.sqrt(100) / 20  # full batches: one Gaussian of that many steps, for one unit
    exchanged = 2 * mu
    assert ceiling(steps).auc >= norm.cdf(exchanged / 2)


def test_noise_off_answers_exactly_and_books_nothing() -> None:
    exact = NoNoise()
    assert exact.remaining == math.inf and exact.scale(1.0) == 0.0
    assert exact.histogram([1, 2], "counts", 0.1).tolist() == [1, 2]
    assert exact.select([1.0, 3.0, 3.0], "pick", 0.1) == 1
    assert exact.threshold({"a": 1}, "names", 0.1, 1e-6) == {"a": 1}
    assert exact.noise_multiplier(0.1, 10) == 0.0


@pytest.mark.parametrize("planted_bug", [False, True])
def test_histogram_noise_has_the_variance_that_was_paid_for(planted_bug: bool) -> None:
    """20,000 draws; a two-sided chi-squared test at 1e-6. Halved noise fails it for certain."""
    ledger = Ledger(Budget(1.0))
    n, rho = 20_000, ledger.remaining
    scale = ledger.scale(rho)
    noise = ledger.histogram(np.zeros(n, int), "counts", rho)
    drawn = noise / 2 if planted_bug else noise
    statistic = float((drawn**2).sum()) / scale**2
    inside = chi2.ppf(5e-7, n) < statistic < chi2.ppf(1 - 5e-7, n)
    assert inside != planted_bug


def test_picks_follow_the_exponential_mechanism() -> None:
    """3,000 picks among scores 0, 1, 2: P ~ exp(score / scale); chi-squared at 1e-6."""
    rho, scores, n = 0.02, np.array([0.0, 4.0, 8.0]), 3_000
    counts = np.zeros(3)
    ledger = Ledger(Budget(1.0))
    for _ in range(n):
        counts[ledger.select(scores, "pick", rho)] += 1
        scale = ledger.events.pop().scale
    weights = np.exp(scores / scale)
    expected = n * weights / weights.sum()
    assert chisquare(counts, expected).pvalue > 1e-6
    assert chisquare(counts, np.full(3, n / 3)).pvalue < 1e-6  # blind picks would be found


def test_a_threshold_hides_keys_that_one_unit_holds() -> None:
    """A key of one row passes with probability delta = 1e-6; of a thousand rows, nearly always."""
    ledger = Ledger(Budget(1.0))
    seen = ledger.threshold({"many": 5_000, "one": 1}, "names", ledger.remaining / 2, 1e-6)
    assert set(seen) == {"many"}
    event = ledger.events[0]
    assert event.mechanism == "threshold" and event.delta <= event.delta_replace_one <= 1e-6
    assert accounting.epsilon(ledger.events, event.delta / 2) == math.inf


def test_claims_of_several_tables_add_up() -> None:
    one, two = claimed(), claimed(Budget(2.0))
    both = compose([one, two])
    assert both is not None and recompute(both).problems == ()
    assert 2.0 < both.epsilon < 3.0 and both.delta == pytest.approx(2e-5)
    assert compose([one, claimed(Budget(1.0, unit="entity", rows_per_unit=2))]) is None


def test_gradients_are_refused_for_entities_of_several_rows_and_for_replacement() -> None:
    for budget in (
        Budget(1.0, unit="entity", rows_per_unit=3),
        Budget(1.0, neighbours="replace_one"),
    ):
        with pytest.raises(BudgetError):
            Ledger(budget).noise_multiplier(0.1, 10)
