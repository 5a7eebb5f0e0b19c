"""Against the last release: it can only take a pass away, and says what it compared."""

import json
from pathlib import Path
from typing import Any

import evidence_example as example
import pytest

from privsynth.evidence import Bundle, recipient, to_json
from privsynth.policy import Finding, Policy, Verdict, decide, load_policy


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    path = tmp_path / "p.yaml"
    path.write_text("extends: preset:public\nrules: {worst_auc: {max_increase: 0.01}}\n")
    return load_policy(path)


def with_auc(policy: Policy, high: float, low: float = 0.49) -> Bundle:
    found = example.estimate("auc", (low + high) / 2, low, high)
    return example.with_headline(example.clean(policy), "auc", found)


def before(bundle: Bundle) -> Bundle:
    """Return evidence as of an earlier table."""
    return example.with_table(bundle, "synthetic", 9_000)


def compared(verdict: Verdict) -> Finding:
    (found,) = (f for f in verdict.findings if f.rule == "worst_auc.regression")
    return found


@pytest.mark.parametrize(
    ("old", "high", "low", "status"),
    [
        (0.52, 0.53, 0.49, "pass"),
        (0.53, 0.53, 0.49, "pass"),
        (0.54, 0.51, 0.49, "pass"),
        (0.52, 0.531, 0.49, "inconclusive"),
        (0.52, 0.54, 0.53, "inconclusive"),
        (0.51, 0.54, 0.521, "fail"),
    ],
)
def test_the_careful_end_may_rise_by_so_much_over_that_of_the_last_release(
    old: float, high: float, low: float, status: str, policy: Policy
) -> None:
    verdict = decide(with_auc(policy, high, low), policy, last=before(with_auc(policy, old)))
    found = compared(verdict)
    assert (found.status, found.fail_only) == (status, True)
    assert verdict.status == status
    assert found.limit == pytest.approx(old + 0.01)
    assert f"was {old:g} in the last release" in found.message


def test_a_fail_reads_the_bound_that_is_corrected_over_everything_tried(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("extends: preset:public\nrules: {exposed_fifth: {max_increase: 0.01}}\n")
    policy = load_policy(path)

    def exposed(low: float, high: float, floor: float) -> Bundle:
        found = example.estimate("auc_most_exposed_fifth", high, low, high, adjusted_low=floor)
        return example.with_probe(example.clean(policy), example.stratum("exposed", found))

    last = before(exposed(0.48, 0.52, 0.48))
    for floor, status in ((0.54, "fail"), (0.5, "inconclusive")):
        verdict = decide(exposed(0.54, 0.56, floor), policy, last=last)
        found = {f.rule: f.status for f in verdict.findings}
        assert found["exposed_fifth.regression"] == status


def test_a_table_that_fails_its_own_limit_fails_whatever_the_last_one_was(policy: Policy) -> None:
    bad = with_auc(policy, 0.60, 0.56)
    verdict = decide(bad, policy, last=before(with_auc(policy, 0.9)))
    assert compared(verdict).status == "pass"
    assert verdict.status == "fail"


def test_without_the_last_release_nothing_is_decided(policy: Policy) -> None:
    verdict = decide(with_auc(policy, 0.52), policy)
    assert verdict.status == "inconclusive"
    assert "no last release to compare with" in compared(verdict).message
    assert (verdict.baseline, verdict.baseline_digest) == (None, "")


def test_a_policy_may_compare_only_where_there_is_a_last_release(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "extends: preset:public\nbaseline: if_given\nrules: {worst_auc: {max_increase: 0.01}}\n"
    )
    policy = load_policy(path)
    assert decide(with_auc(policy, 0.54), policy).status == "pass"
    last = before(with_auc(policy, 0.52))
    assert decide(with_auc(policy, 0.54), policy, last=last).status == "inconclusive"


def test_a_policy_that_compares_nothing_does_not_mind_a_last_release() -> None:
    bundle = example.clean()
    verdict = decide(bundle, example.PUBLIC, last=before(bundle))
    assert verdict.status == "pass"
    assert verdict.baseline is not None and verdict.baseline.ends == {}


def renamed(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"columns": (example.column("income"),)})


FAULTS: dict[str, tuple[Any, str]] = {
    "the same evidence": (lambda b: b, "the last release is this very table"),
    "the same table audited again": (
        lambda b: b.model_copy(
            update={
                "seed_commitment": "hmac-sha256:another",
                "tables": {
                    **b.tables,
                    "synthetic": b.tables["synthetic"].model_copy(update={"note": "again"}),
                },
            }
        ),
        "the last release is this very table",
    ),
    "another dataset": (
        lambda b: renamed(before(b)),
        "has other columns: it is of another dataset",
    ),
    "a control that failed": (
        lambda b: example.with_control(before(b), "negative", "failed"),
        "the last release's own controls did not come out: negative",
    ),
    "no controls": (
        lambda b: before(b).model_copy(update={"controls": {}}),
        "the last release's own controls did not come out: none was run",
    ),
    "no worst AUC": (
        lambda b: example.with_headline(before(b), "auc", None),
        "the last release's evidence does not hold what worst_auc reads",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_cannot_be_compared_with_decides_nothing(case: str, policy: Policy) -> None:
    spoil, says = FAULTS[case]
    bundle = with_auc(policy, 0.52)
    verdict = decide(bundle, policy, last=spoil(bundle))
    assert verdict.status == "inconclusive"
    assert says in compared(verdict).message


def test_what_changed_since_is_said(policy: Policy) -> None:
    bundle = with_auc(policy, 0.52)
    newer = example.attack("dcr").model_copy(update={"version": "0"})
    last = example.with_probe(before(bundle), newer).model_copy(
        update={"name": "last year", "policy": example.registration(example.PUBLIC)}
    )
    message = compared(decide(bundle, policy, last=last)).message
    assert "the last release was called 'last year'" in message
    assert "it was audited under another policy" in message
    assert "other versions since: attack:dcr 0 to 1" in message


def test_it_is_not_measured_today_and_undecided(policy: Policy) -> None:
    last = before(with_auc(policy, 0.52))
    bundle = example.with_headline(example.clean(policy), "auc", None)
    assert (
        "what it compares was not measured" in compared(decide(bundle, policy, last=last)).message
    )


def test_a_failed_control_takes_the_comparison_away(policy: Policy) -> None:
    bundle = example.with_control(with_auc(policy, 0.54, 0.525), "negative", "failed")
    verdict = decide(bundle, policy, last=before(with_auc(policy, 0.51)))
    assert compared(verdict).status == "inconclusive"
    assert compared(verdict).message.endswith("not counted, because a control failed")


def test_a_rule_that_asks_for_more_may_lose_so_much(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    entry = (
        "{probe: fidelity, estimate: t, statistic: lower, operator: '>=', limit: 0.5, "
        "max_increase: 0.05}"
    )
    path.write_text(f"extends: preset:public\nrules: {{own: {entry}}}\n")
    policy = load_policy(path)

    def bundle(low: float, high: float) -> Bundle:
        plain = example.clean(policy)
        tails = example.measure("fidelity", example.estimate("t", low, low, high))
        return plain.model_copy(update={"probes": (*plain.probes, tails)})

    def status(low: float, high: float) -> str:
        last = before(bundle(0.8, 0.9))
        (found,) = (
            f for f in decide(bundle(low, high), policy, last=last).findings
            if f.rule == "own.regression"
        )  # fmt: skip
        assert found.holds_when == "at least" and found.limit == 0.75
        return found.status

    assert [status(0.75, 0.8), status(0.74, 0.8), status(0.6, 0.74)] == [
        "pass", "inconclusive", "fail"
    ]  # fmt: skip


def test_a_regression_may_be_waived_as_its_rule_may(policy: Policy) -> None:
    from test_waivers import TODAY, waiver

    bundle, last = with_auc(policy, 0.54, 0.525), before(with_auc(policy, 0.51))
    accepted = waiver(rule="worst_auc.regression", max_observed=0.54)
    verdict = decide(bundle, policy, last=last, waivers=(accepted,), on=TODAY)
    assert verdict.status == "pass_with_waivers"
    stricter = waiver(rule="worst_auc.regression", max_observed=0.539)
    assert decide(bundle, policy, last=last, waivers=(stricter,), on=TODAY).status == "fail"


def test_both_editions_of_the_last_release_and_its_memory_decide_alike(policy: Policy) -> None:
    bundle, last = with_auc(policy, 0.5249), before(with_auc(policy, 0.51437))
    verdict = decide(bundle, policy, last=last)
    assert decide(bundle, policy, last=recipient(last)) == verdict
    again = Verdict.model_validate(json.loads(to_json(verdict)))
    assert decide(recipient(bundle), policy, last=again.baseline) == verdict == again
    assert verdict.baseline_digest.startswith("sha256:")
    assert verdict.baseline is not None and verdict.baseline.ends == {"worst_auc": 0.515}
