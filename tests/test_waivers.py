"""Waivers: named people accept one fail for a while, up to a ceiling, and nothing else."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evidence_example as example
import pytest
from pydantic import ValidationError

from privsynth.errors import InputError
from privsynth.evidence import Bundle, read_model, to_json
from privsynth.policy import (
    Policy,
    Verdict,
    Waiver,
    WaiverFile,
    WaiverUse,
    decide,
    expired_since,
    from_document,
    load_policy,
    load_waivers,
    rule_catalogue,
)

TODAY = datetime.date(2026, 11, 20)
PUBLIC = example.PUBLIC


def waiver(**changes: Any) -> Waiver:
    told = {
        "id": "W-1", "rule": "worst_tpr", "dataset": "example", "reason": "it is needed",
        "compensating_control": "one room, three named people", "requested_by": "Ann Asker",
        "approved_by": "Bob Boss", "approved_at": "2026-11-01", "expires": "2027-03-01",
        "max_observed": 0.055,
    }  # fmt: skip
    return Waiver.model_validate({**told, **changes})


def leaky(high: float = 0.05, policy: Policy = PUBLIC) -> Bundle:
    """Return evidence whose worst TPR fails, with this upper bound."""
    found = example.estimate("tpr_at_fpr_0.01", 0.04, 0.035, high)
    return example.with_headline(example.clean(policy), "tpr_at_fpr_0.01", found)


def decided(bundle: Bundle, *waivers: Waiver, policy: Policy = PUBLIC, on: Any = TODAY) -> Verdict:
    return decide(bundle, policy, waivers=waivers, on=on)


def only(verdict: Verdict) -> WaiverUse:
    (use,) = verdict.waivers
    return use


# --- what a waiver does


def test_a_waiver_turns_one_fail_into_a_pass_with_waivers() -> None:
    assert decide(leaky(), PUBLIC).status == "fail"
    verdict = decided(leaky(), waiver())
    assert verdict.status == "pass_with_waivers"
    assert verdict.decided_on == "2026-11-20"
    use = only(verdict)
    assert (use.state, use.rule, use.approved_by, use.expires) == (
        "used", "worst_tpr", "Bob Boss", "2027-03-01"
    )  # fmt: skip
    assert use.message == (
        "worst_tpr may be as high as 0.05, and up to 0.055 is accepted until 2027-03-01"
    )
    assert "worst_tpr, which waivers accept" in verdict.headline


def test_a_waiver_changes_neither_status_nor_words_of_any_finding() -> None:
    plain, verdict = decide(leaky(), PUBLIC), decided(leaky(), waiver())
    undone = tuple(f.model_copy(update={"waiver": ""}) for f in verdict.findings)
    assert undone == plain.findings
    assert [f.rule for f in verdict.findings if f.waiver] == ["worst_tpr"]


def test_a_second_fail_is_not_covered_by_the_waiver_of_the_first() -> None:
    worse = example.with_headline(leaky(), "auc", example.estimate("auc", 0.6, 0.57, 0.63))
    assert decided(worse, waiver()).status == "fail"
    both = decided(worse, waiver(), waiver(id="W-2", rule="worst_auc", max_observed=0.63))
    assert both.status == "pass_with_waivers"


def test_the_same_file_without_waivers_is_as_it_always_was() -> None:
    text = to_json(decide(leaky(), PUBLIC, on=TODAY))
    assert text == to_json(decide(leaky(), PUBLIC))
    assert not {"waivers", "decided_on", "baseline"} & set(json.loads(text))


def test_a_verdict_from_before_waivers_is_written_again_byte_for_byte() -> None:
    raw = json.loads(to_json(decide(leaky(), PUBLIC)))
    for finding in raw["findings"]:
        finding.pop("waivable", None)
        assert not {"severity", "waiver", "rationale"} & set(finding)
    old = json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert to_json(Verdict.model_validate_json(old)) == old


# --- why one does not hold

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "the same person": (
        {"approved_by": "ann  ASKER"}, "ann  ASKER cannot approve what the same person requested",
    ),
    "too long": ({"expires": "2027-05-01"}, "it lasts 181 days; a waiver lasts 180 days at most"),
    "backwards": ({"expires": "2026-10-01"}, "it expires on 2026-10-01, before its approval"),
    "from tomorrow": ({"approved_at": "2026-11-21"}, "it was approved on 2026-11-21, after this"),
    "another dataset": (
        {"dataset": "another"}, "it is for the dataset 'another', and this is 'example'"
    ),
    "another table": ({"table": "sha256:other"}, "it is for another synthetic table than this one"),
    "another table alone": (
        {"dataset": None, "table": "sha256:other"}, "it is for another synthetic table",
    ),
    "an unknown rule": ({"rule": "worst_trp"}, "no rule 'worst_trp'; did you mean 'worst_tpr'?"),
    **{
        name: ({"rule": name}, f"{name} cannot be waived")
        for name in (
            "copies", "replay", "metadata_leak", "controls", "columns_read", "file_tested",
            "registered", "audits", "dp_claim", "holdout_units",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_waiver_that_can_hold_for_nothing_is_refused_with_its_reason(case: str) -> None:
    changes, says = REFUSED[case]
    verdict = decided(leaky(), waiver(**changes))
    assert verdict.status == "fail"
    assert only(verdict).state == "refused"
    assert says in only(verdict).message
    assert not any(f.waiver for f in verdict.findings)


def copied(bundle: Bundle) -> Bundle:
    excess = example.estimate("copied_units_excess", 0.1, 0.1, 0.1, p=0.001)
    return example.with_probe(bundle, example.measure("copies", excess))


HARD: dict[str, tuple[str, Callable[[Bundle], Bundle]]] = {
    "copies": ("fail", copied),
    "replay": ("fail", lambda b: example.with_probe(b, example.replayed(note=0.0001))),
    "metadata_leak": (
        "fail", lambda b: example.with_probe(b, example.leaked_metadata(0.0001, 1, 1))
    ),
    "controls": ("inconclusive", lambda b: example.with_control(b, "negative", "failed")),
    "holdout_units": ("inconclusive", lambda b: example.with_table(b, "holdout", 4_000)),
    "registered": (
        "inconclusive",
        lambda b: b.model_copy(update={"policy": example.registration(None)}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", HARD)
def test_copies_replayed_values_controls_and_guards_stand_against_any_waiver(rule: str) -> None:
    status, spoil = HARD[rule]
    verdict = decided(spoil(example.clean()), waiver(rule=rule, max_observed=1e9))
    assert (verdict.status, only(verdict).state) == (status, "refused")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: example.with_headline(b, "tpr_at_fpr_0.01", None),
        lambda b: example.with_headline(
            b, "tpr_at_fpr_0.01", example.estimate("tpr_at_fpr_0.01", 0.02, 0.01, 0.04)
        ),
        lambda b: example.with_control(leaky(), "positive", "failed"),
    ],
    ids=["missing", "undecided", "a control failed"],
)
def test_what_is_missing_or_undecided_cannot_be_waived(spoil: Callable[[Bundle], Bundle]) -> None:
    verdict = decided(spoil(example.clean()), waiver(max_observed=1.0))
    assert (verdict.status, only(verdict).state) == ("inconclusive", "refused")
    assert "missing or undecided evidence cannot be waived" in only(verdict).message


HIDDEN: dict[str, tuple[str, Callable[[Bundle], Bundle]]] = {
    "an attack that did not run": (
        "worst_auc",
        lambda b: example.without_probe(
            example.with_headline(b, "auc", example.estimate("auc", 0.6, 0.57, 0.63)),
            "attack", "dcr", "it broke",
        ),
    ),
    "a group that was not assessed": (
        "subgroups",
        lambda b: example.with_probe(
            b,
            example.stratum(
                "subgroups", example.estimate("auc[sex=#1]", 0.8, 0.75, 0.85),
                options={"groups": [example.group(1), example.group(2, n=150, assessed=False)]},
            ),
        ),
    ),
    "a control that was missed": (
        "attribute_advantage",
        lambda b: example.with_probe(b, example.attributes(0.2, "missed")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HIDDEN)
def test_a_fail_that_may_be_waived_hides_nothing_that_may_not(case: str) -> None:
    rule, spoil = HIDDEN[case]
    bundle = spoil(example.clean())
    assert {f.rule: f.status for f in decide(bundle, PUBLIC).findings}[rule] == "fail"
    verdict = decided(bundle, waiver(rule=rule, max_observed=1.0))
    assert (verdict.status, only(verdict).state) == ("fail", "refused")
    assert "missing or undecided evidence cannot be waived: " in only(verdict).message


def test_every_rule_that_may_be_waived_names_its_limit_and_what_it_reads() -> None:
    for rule in rule_catalogue().values():
        if rule.waivable:
            assert rule.limit in rule.parameters.model_fields and rule.reads is not None


def test_it_holds_through_its_last_day_and_not_one_longer() -> None:
    last = datetime.date(2027, 3, 1)
    assert decided(leaky(), waiver(), on=last).status == "pass_with_waivers"
    verdict = decided(leaky(), waiver(), on=last + datetime.timedelta(days=1))
    assert (verdict.status, only(verdict).state) == ("fail", "expired")
    assert only(verdict).message == "it expired on 2027-03-01, and the rule counts again"
    assert decided(leaky(), waiver(), on=datetime.date(2026, 11, 1)).status == "pass_with_waivers"


def test_a_longest_waiver_is_180_days() -> None:
    assert decided(leaky(), waiver(expires="2027-04-30")).status == "pass_with_waivers"


def test_a_worse_result_opens_the_rule_again() -> None:
    """The careful end counts: what may be as bad as 0.056 is not what was accepted."""
    assert only(decided(leaky(0.055), waiver())).state == "used"
    verdict = decided(leaky(0.056), waiver())
    assert (verdict.status, only(verdict).state) == ("fail", "exceeded")
    assert "the careful end is 0.056, and only 0.055 was accepted" in only(verdict).message


def test_a_waiver_that_nothing_needs_is_told_as_unused() -> None:
    verdict = decided(example.clean(), waiver())
    assert (verdict.status, only(verdict).state) == ("pass", "unused")
    assert "holds without it; remove the waiver" in only(verdict).message
    twice = decided(leaky(), waiver(), waiver(id="W-2"))
    assert [use.state for use in twice.waivers] == ["used", "unused"]
    assert twice.waivers[1].message.startswith("W-1 covers worst_tpr already")


def test_a_waiver_of_a_rule_that_only_warns_is_unused(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("extends: preset:public\nrules: {worst_tpr: {severity: warn}}\n")
    policy = load_policy(path)
    verdict = decided(leaky(policy=policy), waiver(), policy=policy)
    assert (verdict.status, only(verdict).state) == ("pass", "unused")
    assert "only warns" in only(verdict).message


def test_a_policy_says_which_rules_may_be_waived(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("extends: preset:public\nrules: {worst_tpr: {waivable: false}}\n")
    policy = load_policy(path)
    verdict = decided(leaky(policy=policy), waiver(), policy=policy)
    assert (verdict.status, only(verdict).state) == ("fail", "refused")
    may = {f.rule for f in decide(example.clean(), PUBLIC).findings if f.waivable}
    assert may == {
        "worst_auc", "worst_tpr", "exposed_fifth", "subgroups", "attribute_advantage", "dcr_share"
    }  # fmt: skip


def test_a_rule_of_ones_own_that_asks_for_more_has_a_ceiling_below(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    entry = "{probe: fidelity, estimate: t, statistic: lower, operator: '>=', limit: 0.9}"
    path.write_text(f"extends: preset:public\nrules: {{own: {entry}}}\n")
    policy = load_policy(path)
    bundle = example.clean(policy)
    tails = example.measure("fidelity", example.estimate("t", 0.8, 0.75, 0.85))
    bundle = bundle.model_copy(update={"probes": (*bundle.probes, tails)})
    good = decided(bundle, waiver(rule="own", max_observed=0.75), policy=policy)
    assert (good.status, only(good).state) == ("pass_with_waivers", "used")
    assert "may be as low as 0.75, and down to 0.75" in only(good).message
    bad = decided(bundle, waiver(rule="own", max_observed=0.76), policy=policy)
    assert (bad.status, only(bad).state) == ("fail", "exceeded")


def test_a_rule_of_ones_own_about_copies_cannot_be_waived(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    entry = (
        "{probe: copies, estimate: copied_units_excess, statistic: upper, operator: '<', limit: 0}"
    )
    path.write_text(f"extends: preset:public\nrules: {{own: {entry}}}\n")
    policy = load_policy(path)
    verdict = decided(example.clean(policy), waiver(rule="own", max_observed=1), policy=policy)
    assert (verdict.status, only(verdict).state) == ("fail", "refused")


# --- a verdict cannot pretend


def test_a_verdict_whose_waivers_do_not_carry_it_is_no_verdict() -> None:
    raw = json.loads(to_json(decided(leaky(), waiver())))
    assert Verdict.model_validate(raw).status == "pass_with_waivers"

    def broken(edit: Callable[[dict[str, Any]], object]) -> None:
        copy = json.loads(json.dumps(raw))
        edit(copy)
        with pytest.raises(ValidationError):
            Verdict.model_validate(copy)

    failed = next(i for i, f in enumerate(raw["findings"]) if f["rule"] == "worst_tpr")
    broken(lambda r: r.update(status="pass"))
    broken(lambda r: r["findings"][failed].update(waivable=False))
    broken(lambda r: r["findings"][failed].update(hard=True))
    broken(lambda r: r["findings"][failed].update(waiver=""))
    broken(lambda r: r["findings"][failed].update(waiver="W-2"))
    broken(lambda r: r["findings"][failed].update(status="inconclusive"))
    broken(lambda r: r["waivers"][0].update(state="expired"))
    broken(lambda r: r["waivers"][0].update(rule="worst_auc"))
    broken(lambda r: r.pop("waivers"))
    broken(lambda r: r.pop("decided_on"))


def test_it_is_decided_again_as_of_its_day_and_says_what_expired_since() -> None:
    verdict = decided(leaky(), waiver())
    later = datetime.date(2027, 6, 1)
    day = datetime.date.fromisoformat(verdict.decided_on)
    assert decided(leaky(), waiver(), on=day) == verdict
    assert decided(leaky(), waiver(), on=later).status == "fail"
    assert expired_since(verdict, TODAY) == ()
    assert expired_since(verdict, later) == (
        "waiver W-1 for worst_tpr, approved by Bob Boss, expired on 2027-03-01",
    )
    assert expired_since(decided(leaky(), waiver(expires="2026-11-10")), later) == ()


def test_waivers_need_a_day() -> None:
    with pytest.raises(ValueError, match="judged at a day"):
        decide(leaky(), PUBLIC, waivers=(waiver(),))


# --- the file

GOOD = """\
schema: privsynth/waivers/v1
waivers:
- id: W-1
  rule: worst_tpr
  dataset: example
  reason: it is needed
  compensating_control: one room
  requested_by: Ann
  approved_by: Bob
  approved_at: 2026-11-01
  expires: 2027-03-01
  max_observed: 0.06
  ticket: T-7
"""


def test_a_file_of_waivers_is_read_and_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(GOOD)
    (one,) = load_waivers(path)
    assert (one.approved_at, one.ticket) == ("2026-11-01", "T-7")
    kept = tmp_path / "waivers.json"
    kept.write_text(to_json(WaiverFile(waivers=(one,))))
    assert read_model(WaiverFile, kept, "waivers").waivers == (one,)
    assert load_waivers(kept) == (one,)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("waivers:\n", "waiver:\n", "waiver: unknown key; did you mean 'waivers'"),
        ("  reason:", "  reson:", "reson: unknown key"),
        ("  reason: it is needed\n", "", "waivers.0.reason: Field required"),
        ("  reason: it is needed\n", "  reason: ' '\n", "waivers.0.reason: "),
        ("  dataset: example\n", "", "names neither a dataset nor a table"),
        ("2027-03-01", "1.3.2027", "a date is written as 2026-11-20"),
        ("2027-03-01", "2027-02-30", "a date is written as 2026-11-20"),
        ("2027-03-01", "2027-W09-1", "a date is written as 2026-11-20"),
        ("2027-03-01", "20270301", "expires: "),
        ("0.06", "true", "max_observed: true is no number"),
        ("0.06", ".nan", "max_observed: Input should be a finite number"),
        ("0.06", ".inf", "max_observed: Input should be a finite number"),
        ("waivers/v1", "waivers/v2", "this file is privsynth/waivers/v2, and this version"),
        ("  ticket: T-7\n", "  id: W-2\n", "line 13: a key comes twice"),
        ("requested_by: Ann", 'requested_by: "A\\u202enn"', "cannot be printed"),
    ],
)
def test_a_mistake_in_a_waivers_file_is_named(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "waivers.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=says) as caught:
        load_waivers(path)
    assert str(path) in str(caught.value)


def test_two_waivers_of_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(GOOD + GOOD.partition("waivers:\n")[2])
    with pytest.raises(InputError, match="two waivers are called 'W-1'; give each its own id"):
        load_waivers(path)


def test_a_policy_of_a_release_judges_waivers_as_the_file_did() -> None:
    again = from_document(json.loads(json.dumps(PUBLIC.document)), "policy.json")
    assert decided(leaky(), waiver(), policy=again) == decided(leaky(), waiver())
