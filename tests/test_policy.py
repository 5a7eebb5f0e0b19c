"""The gate fails closed: what is missing, late, weak or disturbed never turns into a pass."""

import copy
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evidence_example as example
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privsynth.errors import InputError, PolicyError
from privsynth.evidence import Audits, Bundle, Evidence, recipient
from privsynth.policy import (
    PRESETS,
    Finding,
    Policy,
    Verdict,
    decide,
    evidence_digest,
    from_document,
    load_policy,
    rule_catalogue,
)
from privsynth.policy.verdict import Status, overall

NAMES = ("internal", "partner", "public")
EVERY = (*NAMES, "formal")
ATTRIBUTE = "attribute_advantage: {below: 0.1}"
AUC, TPR = "worst_auc: {below: 0.6}", "worst_tpr: {below: 0.05}"

# Section 4 of the specification: holdout units, worst AUC, worst TPR at 1 % FPR, AUC of the most
# exposed fifth and of a declared subgroup, attribute advantage, DCR excess.
LIMITS = {
    "internal": (500, 0.65, 0.10, 0.70, 0.75, 0.15, 0.05),
    "partner": (1200, 0.60, 0.05, 0.65, 0.70, 0.10, 0.03),
    "public": (5000, 0.55, 0.03, 0.60, 0.65, 0.05, 0.02),
    "formal": (1200, 0.60, 0.05, 0.65, 0.70, 0.10, 0.03),
}


def policy_file(folder: Path, text: str) -> str:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def statuses(verdict: Verdict) -> dict[str, Status]:
    return {finding.rule: finding.status for finding in verdict.findings}


# --- policies


@pytest.mark.parametrize("name", EVERY)
def test_a_preset_holds_exactly_the_limits_of_the_specification(name: str) -> None:
    units, auc, tpr, fifth, group, advantage, share = LIMITS[name]
    rules = load_policy(f"preset:{name}").document["rules"]
    assert rules.pop("worst_auc") == {"below": auc, "attacks": [*example.ATTACKS]}
    assert rules == {
        "holdout_units": {"at_least": units},
        "worst_tpr": {"below": tpr},
        "exposed_fifth": {"below": fifth},
        "subgroups": {"below": group},
        "attribute_advantage": {"below": advantage},
        "copies": {"p_below": 0.01},
        "replay": {"p_below": 0.01},
        "metadata_leak": {"p_below": 0.01},
        "dcr_share": {"excess_above": share},
        "audits": {"at_most": 5},
        "columns_read": {},
        "controls": {},
        "dp_claim": {
            "required": name == "formal",
            "epsilon_at_most": 10 if name == "formal" else None,
        },
        "file_tested": {"required": name == "public"},
        "registered": {"required": name == "public"},
    }


def test_presets_are_version_1_and_the_newest_goes_without_a_number() -> None:
    assert list(PRESETS) == [f"{name}@1" for name in EVERY]
    for name in EVERY:
        assert load_policy(f"preset:{name}") == load_policy(f"preset:{name}@1")
        assert load_policy(f"preset:{name}").name == f"{name}@1"


def test_every_rule_of_a_preset_exists_and_every_rule_says_what_it_is() -> None:
    catalogue = rule_catalogue()
    for content in PRESETS.values():
        assert set(content["rules"]) <= set(catalogue)
    assert all(rule.title.endswith("?") for rule in catalogue.values())


def test_a_policy_extends_a_preset_rule_by_rule(tmp_path: Path) -> None:
    path = policy_file(
        tmp_path,
        "extends: preset:partner\nname: ours\nrationale: because\n"
        "rules:\n  worst_auc: {below: 0.58}\n  dcr_share: null\n",
    )
    ours, theirs = load_policy(path).document, load_policy("preset:partner").document
    assert (ours["name"], ours["rationale"]) == ("ours", "because")
    expected = copy.deepcopy(theirs["rules"])
    expected["worst_auc"]["below"] = 0.58
    del expected["dcr_share"]
    assert ours["rules"] == expected


@pytest.mark.parametrize("rule", [r.name for r in rule_catalogue().values() if r.mandatory])
def test_a_rule_that_guards_the_audit_can_neither_be_left_out_nor_removed(
    rule: str, tmp_path: Path
) -> None:
    alone = policy_file(tmp_path, f"rules: {{worst_auc: {{below: 0.6}}, {ATTRIBUTE}}}")
    assert rule in load_policy(alone).rules
    removed = policy_file(tmp_path, f"extends: preset:internal\nrules: {{{rule}: null}}")
    with pytest.raises(PolicyError, match=f"rules.{rule}: this rule guards the audit"):
        load_policy(removed)


def test_the_rules_that_guard_the_audit_are_these() -> None:
    mandatory = {rule.name for rule in rule_catalogue().values() if rule.mandatory}
    assert mandatory == {
        "audits", "columns_read", "controls", "dp_claim", "file_tested", "registered"
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "name: empty",
        "rules: {}",
        "rules:",
        "rules: {copies: {}, dcr_share: {excess_above: 0.02}, holdout_units: {at_least: 1}}",
        "extends: preset:public\nrules: {worst_auc: null, worst_tpr: null}",
        "extends: preset:public\nrules: {worst_auc: {severity: warn}, worst_tpr: {severity: info}}",
        f"rules: {{dcr-own: {{probe: headline, estimate: auc, statistic: upper, operator: <, "
        f"limit: 0.5}}, {ATTRIBUTE}}}",
    ],
)
def test_a_policy_without_a_membership_rule_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no membership rule"):
        load_policy(policy_file(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "rules: {worst_auc: {below: 0.6}}",
        "extends: preset:public\nrules: {attribute_advantage: null}",
        "extends: preset:public\nrules: {attribute_advantage: {severity: warn}}",
    ],
)
def test_a_policy_without_an_attribute_rule_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no attribute rule that blocks"):
        load_policy(policy_file(tmp_path, text))
    document = load_policy("preset:public").document
    del document["rules"]["attribute_advantage"]
    with pytest.raises(PolicyError, match="no attribute rule that blocks"):
        from_document(document, "policy.json")


DIGESTS = {
    "internal": "dd90e2b9326e23f6a0df006bed6fc5567bcbff2a59886f59d5f1a82be6cd62ed",
    "partner": "81f0b12494d296e08cfe8954762ed1fb745ad1d9736a04a9ed64d0ce333741ef",
    "public": "1dd5b8869ba50ddcffd9aa38fbffb11029c434ee813992ede9370c15660d2075",
    "formal": "3eaccc703558d341c9e007a1f013978d78ee386a047ee08872d09394c1b10e16",
}


@pytest.mark.parametrize("name", EVERY)
def test_the_digest_of_a_preset_never_changes(name: str) -> None:
    """The list of required attacks is part of it, whatever else is installed."""
    assert load_policy(f"preset:{name}").digest == f"sha256:{DIGESTS[name]}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rulez: {}", r"rulez: unknown key; did you mean 'rules'\?"),
        ("rules: {worst_acu: {below: 0.6}}", r"rules.worst_acu: unknown rule; did you mean"),
        ("rules: {worst_auc: {bellow: 0.6}}", r"rules.worst_auc: .*bellow: unknown key; did you"),
        ("rules: {worst_auc: {}}", r"rules.worst_auc: below: Field required"),
        ("rules: {worst_auc: {below: 0.5}}", r"rules.worst_auc: below: .*greater than 0.5"),
        ("rules: {worst_auc: {below: 1.01}}", r"rules.worst_auc: below: .*less than or equal to 1"),
        ("rules: {worst_auc: {below: .nan}}", r"rules.worst_auc: below: "),
        ("rules: {worst_auc: {below: high}}", r"rules.worst_auc: below: .*number"),
        ("rules: {worst_tpr: {below: 0.01}}", r"rules.worst_tpr: below: .*greater than 0.01"),
        ("rules: {worst_auc: 5}", r"rules.worst_auc: .*dictionary"),
        ("rules: [worst_auc]", r"rules: .*dictionary"),
        ("extends: internal", r"extends must name a preset"),
        ("extends: preset:pubic", r"unknown preset 'pubic'; did you mean 'public'\?"),
        (
            "rules: {worst_auc: {below: 0.6, attacks: [dcrr]}}",
            r"rules.worst_auc.attacks: unknown attack 'dcrr'; did you mean 'dcr",
        ),
        ("- a\n- b", r"must hold `key: value` entries"),
        ("a: [", r"line \d+: this is not valid YAML"),
    ],
)
def test_a_mistake_in_a_policy_is_named_with_its_place(
    text: str, says: str, tmp_path: Path
) -> None:
    path = policy_file(tmp_path, text)
    with pytest.raises(InputError, match=says) as caught:
        load_policy(path)
    assert path in str(caught.value)


def test_a_preset_without_its_prefix_is_explained() -> None:
    with pytest.raises(InputError, match="the preset of that name is preset:internal"):
        load_policy("internal")


def test_a_changed_preset_does_not_go_by_the_preset_s_name(tmp_path: Path) -> None:
    weak = "extends: preset:public\nrules: {worst_auc: {below: 0.99}}\n"
    assert load_policy(policy_file(tmp_path, weak)).name == "public@1, changed"
    same = policy_file(tmp_path, "extends: preset:public\nrationale: as it is\n")
    assert load_policy(same).name == "public@1"
    with pytest.raises(PolicyError, match="'public@1' is a preset, and this policy differs"):
        load_policy(policy_file(tmp_path, weak + "name: public@1\n"))


def changed_limits(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return copies of a policy document, each with one number, list or rule changed."""
    found = []
    for rule, values in document["rules"].items():
        for key, value in values.items():
            other = copy.deepcopy(document)
            if isinstance(value, bool):
                other["rules"][rule][key] = not value
            elif isinstance(value, list):
                other["rules"][rule][key] = value[1:]
            elif value is None:
                other["rules"][rule][key] = 1.0
            else:
                other["rules"][rule][key] = value + 1 if isinstance(value, int) else value * 1.0001
            found.append(other)
        named = rule_catalogue()[rule]
        if rule != "worst_auc" and not named.mandatory and not named.attribute:
            other = copy.deepcopy(document)
            del other["rules"][rule]
            found.append(other)
    return found


def test_the_digest_depends_on_every_limit_and_on_every_rule() -> None:
    document = load_policy("preset:partner").document
    others = [from_document(other, "changed").digest for other in changed_limits(document)]
    digests = [from_document(document, "same").digest, *others]
    assert digests[0] == load_policy("preset:partner").digest
    assert len(set(digests)) == len(digests) >= 13


def test_the_digest_does_not_depend_on_the_order_of_a_file(tmp_path: Path) -> None:
    one = policy_file(
        tmp_path,
        f"name: a\nrules:\n  {AUC}\n  {TPR}\n  {ATTRIBUTE}\n",
    )
    first = load_policy(one).digest
    two = policy_file(
        tmp_path,
        f"rules:\n  {ATTRIBUTE}\n  {TPR}\n  {AUC}\nname: a\n",
    )
    assert load_policy(two).digest == first


def test_a_policy_survives_the_way_through_its_document() -> None:
    for name in EVERY:
        policy = load_policy(f"preset:{name}")
        again = from_document(json.loads(json.dumps(policy.document)), "policy.json")
        assert (again, again.digest) == (policy, policy.digest)


# --- decisions


@pytest.mark.parametrize("name", NAMES)
def test_clean_evidence_passes_every_preset_that_was_registered(name: str) -> None:
    policy = load_policy(f"preset:{name}")
    bundle = example.clean(policy)
    verdict = decide(bundle, policy)
    assert set(statuses(verdict).values()) == {"pass"}
    assert (verdict.status, verdict.policy_registered) == ("pass", "before_scoring")
    assert verdict.policy_digest == policy.digest
    assert verdict.evidence_digest == evidence_digest(recipient(bundle)) != evidence_digest(bundle)
    assert verdict.is_about(bundle)
    assert verdict.is_about(recipient(bundle))


def spoiled(edit: Callable[[Bundle], Bundle]) -> Verdict:
    return decide(edit(example.clean()), example.PUBLIC)


def groups(high: float, *more: dict[str, Any]) -> Evidence:
    """Return two assessed subgroups, the second with this upper bound, and some more."""
    first, second = (
        example.estimate("auc[sex=#1]", 0.5, 0.45, 0.55),
        example.estimate("auc[sex=#2]", high - 0.1, high - 0.2, high),
    )
    listed = [example.group(1), example.group(2), *more]
    return example.stratum("subgroups", first, second, options={"groups": listed})


EDITS: dict[str, tuple[str, Callable[[Bundle], Bundle]]] = {
    "no worst AUC": ("worst_auc", lambda b: example.with_headline(b, "auc", None)),
    "no worst TPR": ("worst_tpr", lambda b: example.with_headline(b, "tpr_at_fpr_0.01", None)),
    "AUC undecided": (
        "worst_auc",
        lambda b: example.with_headline(b, "auc", example.estimate("auc", 0.53, 0.5, 0.56)),
    ),
    "AUC at the limit": (
        "worst_auc",
        lambda b: example.with_headline(b, "auc", example.estimate("auc", 0.53, 0.5, 0.55)),
    ),
    "TPR undecided": (
        "worst_tpr",
        lambda b: example.with_headline(
            b, "tpr_at_fpr_0.01", example.estimate("tpr_at_fpr_0.01", 0.02, 0.01, 0.03)
        ),
    ),
    **{
        f"{name} did not run": (
            "worst_auc",
            lambda b, name=name: example.without_probe(b, "attack", name, "it broke"),
        )
        for name in example.ATTACKS
    },
    **{
        f"{name} is not there": (
            "worst_auc",
            lambda b, name=name: example.without_probe(b, "attack", name),
        )
        for name in example.ATTACKS
    },
    "copies not measured": (
        "copies",
        lambda b: example.without_probe(b, "measure", "copies", "no holdout"),
    ),
    "copies not there": ("copies", lambda b: example.without_probe(b, "measure", "copies")),
    "copies without a p": (
        "copies",
        lambda b: example.with_probe(
            b, example.measure("copies", example.estimate("copied_units_excess", 0, 0, 0))
        ),
    ),
    "DCR not measured": (
        "dcr_share",
        lambda b: example.without_probe(b, "measure", "dcr", "no holdout"),
    ),
    "DCR not there": ("dcr_share", lambda b: example.without_probe(b, "measure", "dcr")),
    "DCR without expectation": (
        "dcr_share",
        lambda b: example.with_probe(
            b, example.measure("dcr", example.estimate("share_closer_to_train", 0.6, 0.5, 0.7))
        ),
    ),
    "exposed fifth not there": (
        "exposed_fifth",
        lambda b: example.without_probe(b, "stratum", "exposed"),
    ),
    "exposed fifth not counted": (
        "exposed_fifth",
        lambda b: example.without_probe(b, "stratum", "exposed", "too few people"),
    ),
    "exposed fifth undecided": (
        "exposed_fifth",
        lambda b: example.with_probe(
            b,
            example.stratum("exposed", example.estimate("auc_most_exposed_fifth", 0.55, 0.5, 0.60)),
        ),
    ),
    "subgroups not there": (
        "subgroups",
        lambda b: example.without_probe(b, "stratum", "subgroups"),
    ),
    "subgroups not listed": (
        "subgroups",
        lambda b: example.with_probe(b, example.stratum("subgroups", not_run="no holdout")),
    ),
    "a subgroup undecided": ("subgroups", lambda b: example.with_probe(b, groups(0.65))),
    "a subgroup too small": (
        "subgroups",
        lambda b: example.with_probe(b, groups(0.55, example.group(3, n=199, assessed=False))),
    ),
    "a subgroup that says it was assessed and is too small": (
        "subgroups",
        lambda b: example.with_probe(b, groups(0.55, example.group(2, n=199))),
    ),
    "a subgroup without an estimate": (
        "subgroups",
        lambda b: example.with_probe(b, groups(0.55, example.group(3))),
    ),
    "attributes not there": (
        "attribute_advantage",
        lambda b: example.without_probe(b, "measure", "attribute_inference"),
    ),
    "attributes not measured": (
        "attribute_advantage",
        lambda b: example.without_probe(b, "measure", "attribute_inference", "no secret"),
    ),
    "attributes undecided": (
        "attribute_advantage",
        lambda b: example.with_probe(b, example.attributes(0.05)),
    ),
    "attributes without information": (
        "attribute_advantage",
        lambda b: example.with_probe(b, example.attributes(0.01, "missed")),
    ),
    "attributes without a control": (
        "attribute_advantage",
        lambda b: example.with_probe(
            b, example.attributes(0.01).model_copy(update={"options": {}})
        ),
    ),
    "metadata not there": (
        "metadata_leak",
        lambda b: example.without_probe(b, "measure", "metadata_leak"),
    ),
    "metadata not measured": (
        "metadata_leak",
        lambda b: example.without_probe(b, "measure", "metadata_leak", "no holdout"),
    ),
    "a part of the metadata not there": (
        "metadata_leak",
        lambda b: example.with_probe(b, example.leaked_metadata(0.5, 0.5)),
    ),
    "small holdout": ("holdout_units", lambda b: example.with_table(b, "holdout", 4_999)),
    "no holdout": ("holdout_units", lambda b: example.with_table(b, "holdout", None)),
    **{
        f"{control} {status or 'is not there'}": (
            "controls",
            lambda b, control=control, status=status: example.with_control(b, control, status),
        )
        for control in ("blind_baseline", "negative", "positive")
        for status in ("failed", "not_run", None)
    },
    "unread column": (
        "columns_read",
        lambda b: b.model_copy(
            update={"columns": (*b.columns, example.column("remark", kind="text", read=False))}
        ),
    ),
    "replay not there": (
        "columns_read",
        lambda b: example.without_probe(b, "measure", "replay"),
    ),
    "replay not measured": (
        "columns_read",
        lambda b: example.without_probe(b, "measure", "replay", "no holdout"),
    ),
    "unreadable cells": (
        "columns_read",
        lambda b: b.model_copy(update={"columns": (example.column("age", unreadable=3),)}),
    ),
    "sixth audit": (
        "audits",
        lambda b: b.model_copy(update={"audits": Audits(number=6, alpha=0.0008)}),
    ),
    "weak bounds": (
        "audits",
        lambda b: b.model_copy(update={"audits": Audits(number=1, alpha=0.2)}),
    ),
    "the level of a first audit at the third": (
        "audits",
        lambda b: b.model_copy(update={"audits": Audits(number=3, alpha=0.030396)}),
    ),
    "no policy registered": (
        "registered",
        lambda b: b.model_copy(update={"policy": example.registration(None)}),
    ),
    "another policy registered": (
        "registered",
        lambda b: b.model_copy(
            update={"policy": example.registration(load_policy("preset:internal"))}
        ),
    ),
}


UNTESTED = ("unread column", "replay not there", "replay not measured")


@pytest.mark.parametrize("edit", EDITS)
def test_evidence_that_lacks_one_thing_is_inconclusive_and_says_at_which_rule(edit: str) -> None:
    rule, change = EDITS[edit]
    verdict = spoiled(change)
    assert verdict.status == "inconclusive"
    expected = ["replay", rule] if edit in UNTESTED else [rule]
    assert [r for r, status in statuses(verdict).items() if status != "pass"] == expected
    assert rule in verdict.headline


FAILS: dict[str, tuple[str, Callable[[Bundle], Bundle]]] = {
    "worst_auc": (
        "statistical",
        lambda b: example.with_headline(b, "auc", example.estimate("auc", 0.6, 0.55, 0.65)),
    ),
    "worst_tpr": (
        "statistical",
        lambda b: example.with_headline(
            b, "tpr_at_fpr_0.01", example.estimate("tpr_at_fpr_0.01", 0.1, 0.03, 0.2)
        ),
    ),
    "dcr_share": (
        "statistical",
        lambda b: example.with_probe(
            b,
            example.measure(
                "dcr", example.estimate("share_closer_to_train", 0.7, 0.6461, 0.75, expected=0.625)
            ),
        ),
    ),
    "exposed_fifth": (
        "statistical",
        lambda b: example.with_probe(
            b,
            example.stratum("exposed", example.estimate("auc_most_exposed_fifth", 0.7, 0.6, 0.8)),
        ),
    ),
    "subgroups": ("statistical", lambda b: example.with_probe(b, groups(0.9))),
    "attribute_advantage": (
        "statistical",
        lambda b: example.with_probe(b, example.attributes(0.1)),
    ),
    "metadata_leak": (
        "statistical",
        lambda b: example.with_probe(b, example.leaked_metadata(0.5, 0.0033, 0.5)),
    ),
    "replay": ("hard", lambda b: example.with_probe(b, example.replayed(note=0.0099))),
    "copies": (
        "hard",
        lambda b: example.with_probe(
            b,
            example.measure(
                "copies", example.estimate("copied_units_excess", 0.1, 0.1, 0.1, p=0.0099)
            ),
        ),
    ),
}


@pytest.mark.parametrize("rule", FAILS)
def test_a_leak_beyond_the_limit_fails_at_its_rule(rule: str) -> None:
    verdict = spoiled(FAILS[rule][1])
    assert verdict.status == "fail"
    others = ["columns_read"] if rule == "replay" else []
    assert [r for r, status in statuses(verdict).items() if status != "pass"] == [rule, *others]


@pytest.mark.parametrize("control", ["blind_baseline", "negative", "positive"])
@pytest.mark.parametrize("status", ["failed", "not_run", None])
@pytest.mark.parametrize("rule", FAILS)
def test_a_failed_control_takes_statistical_fails_away_and_leaves_hard_ones(
    rule: str, status: str | None, control: str
) -> None:
    kind, change = FAILS[rule]
    verdict = spoiled(lambda b: example.with_control(change(b), control, status))
    if kind == "hard":
        assert verdict.status == "fail"
        assert statuses(verdict)[rule] == "fail"
    else:
        assert verdict.status == "inconclusive"
        (finding,) = (f for f in verdict.findings if f.rule == rule)
        assert finding.message.endswith("not counted, because a control failed")


COMMON = settings(deadline=None, derandomize=True, max_examples=200)


@COMMON
@given(st.sets(st.sampled_from(sorted(EDITS)), min_size=1), st.sets(st.sampled_from(sorted(FAILS))))
def test_no_combination_of_missing_and_failed_evidence_ever_passes(
    edits: set[str], fails: set[str]
) -> None:
    bundle = example.clean()
    for fail in sorted(fails):
        bundle = FAILS[fail][1](bundle)
    for edit in sorted(edits):
        bundle = EDITS[edit][1](bundle)
    for name in NAMES:
        verdict = decide(bundle, load_policy(f"preset:{name}"))
        assert verdict.status != "pass" or name != "public"
        assert verdict.status == overall(verdict.findings)
    assert decide(bundle, example.PUBLIC).status != "pass"


@COMMON
@given(st.data())
def test_evidence_cut_down_at_random_never_passes_more(data: st.DataObject) -> None:
    """Whatever is deleted from passing evidence, the verdict is a pass only with all of it."""
    raw = example.clean().model_dump(mode="json", exclude_none=True)
    gone = []
    for field in ("tables", "probes", "controls", "headline"):
        part = raw[field]
        keys = sorted(part) if isinstance(part, dict) else [probe["id"] for probe in part]
        lost = data.draw(st.sets(st.sampled_from(keys)), label=field)
        gone += [(field, key) for key in lost]
        if isinstance(part, dict):
            raw[field] = {key: value for key, value in part.items() if key not in lost}
        else:
            raw[field] = [probe for probe in part if probe["id"] not in lost]
    verdict = decide(Bundle.model_validate(raw), example.PUBLIC)
    harmless = {("tables", role) for role in ("train", "reference", "synthetic")}
    assert (verdict.status == "pass") == (set(gone) <= harmless)


def test_the_truth_table_of_a_verdict_over_every_mix_of_findings() -> None:
    """Exact: every multiset of up to three findings, each status, with and without fail-only."""

    def finding(status: Status, fail_only: bool) -> Finding:
        return Finding(rule="r", title="t", message="m", status=status, fail_only=fail_only)

    grades: tuple[Status, ...] = ("pass", "fail", "inconclusive")
    kinds = [finding(status, only) for status in grades for only in (False, True)]
    for size in range(4):
        for mix in itertools.combinations_with_replacement(kinds, size):
            found = [f.status for f in mix]
            if "fail" in found:
                expected = "fail"
            elif size and set(found) == {"pass"} and not all(f.fail_only for f in mix):
                expected = "pass"
            else:
                expected = "inconclusive"
            assert overall(mix) == expected


def test_a_verdict_whose_status_does_not_follow_from_its_findings_is_refused() -> None:
    raw = spoiled(FAILS["copies"][1]).model_dump(mode="json")
    with pytest.raises(ValueError, match="does not follow from the findings"):
        Verdict.model_validate(raw | {"status": "pass"})


def test_rules_that_can_only_fail_are_marked_and_alone_never_pass() -> None:
    verdict = decide(example.clean(), example.PUBLIC)
    only = tuple(f for f in verdict.findings if f.fail_only)
    assert {f.rule for f in only} == {"copies", "replay", "metadata_leak", "dcr_share"}
    assert {f.status for f in only} == {"pass"}
    assert overall(only) == "inconclusive"


@pytest.mark.parametrize(("name", "expected"), [("internal", "pass"), ("public", "inconclusive")])
def test_a_policy_chosen_after_the_evidence_is_named_and_blocks_the_public(
    name: str, expected: str
) -> None:
    policy = load_policy(f"preset:{name}")
    for registered, words in ((None, "registered none"), ("partner", "registered another one")):
        before = None if registered is None else load_policy(f"preset:{registered}")
        verdict = decide(example.clean(before), policy)
        assert (verdict.status, verdict.policy_registered) == (expected, "after_scoring")
        (finding,) = (f for f in verdict.findings if f.rule == "registered")
        assert finding.message.startswith("policy chosen after the evidence")
        assert words in finding.message


@pytest.mark.parametrize(("number", "expected"), [(1, "pass"), (5, "pass"), (6, "inconclusive")])
def test_more_audits_of_one_source_than_allowed_decide_nothing(number: int, expected: str) -> None:
    audits = Audits(number=number, alpha=0.03 / number**2)
    assert decide(example.clean(audits=audits), example.PUBLIC).status == expected


def test_unread_columns_that_are_not_released_do_not_matter() -> None:
    columns = (example.column("age"), example.column("id", kind="id", read=False, released=False))
    assert decide(example.clean(columns=columns), example.PUBLIC).status == "pass"


def test_the_units_that_a_rate_needs_follow_from_the_level_of_the_audit() -> None:
    """(1 - f)^n <= alpha / 2 at f = 1 %: 368 at 5 %, and more at each further audit."""
    for alpha, needed in ((0.05, 368), (0.030396, 417), (0.001215, 737)):
        assert 0.99**needed <= alpha / 2 < 0.99 ** (needed - 1)
        bundle = example.clean(audits=Audits(number=1, alpha=alpha))
        verdict = decide(example.with_headline(bundle, "tpr_at_fpr_0.01", None), example.PUBLIC)
        (finding,) = (f for f in verdict.findings if f.rule == "worst_tpr")
        assert f"at least {needed} are needed" in finding.message


def test_a_rule_with_limits_says_what_a_table_at_the_limit_may_leak() -> None:
    verdict = decide(example.clean(), example.PUBLIC)
    tolerates = {f.rule: f.tolerates for f in verdict.findings}
    assert tolerates["worst_auc"] == "verbatim copies of 10% of the members"  # 2 · 0.55 - 1
    assert tolerates["worst_tpr"] == "verbatim copies of 2.0% of the members"  # 0.02 / 0.99


def test_a_policy_that_asks_for_an_attack_that_is_not_installed_there_does_not_pass() -> None:
    document = example.PUBLIC.document
    document["rules"]["worst_auc"]["attacks"] = ["dcr", "attack_of_tomorrow"]
    policy: Policy = from_document(document, "policy.json")
    verdict = decide(example.clean(policy), policy)
    assert statuses(verdict)["worst_auc"] == "inconclusive"
    assert "required attacks did not run: attack_of_tomorrow" in str(verdict.findings)
