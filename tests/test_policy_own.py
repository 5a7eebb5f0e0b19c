"""Rules of a policy's own, what a policy says of any rule, and what it asks of the evidence."""

from pathlib import Path
from typing import Any

import evidence_example as example
import pytest
from jsonschema import Draft202012Validator

from privsynth.errors import InputError, PolicyError
from privsynth.evidence import Bundle, Evidence
from privsynth.policy import Finding, Policy, decide, from_document, load_policy
from privsynth.policy.policy import PolicyFile
from privsynth.tables.yaml_file import load_yaml

HEAD = "extends: preset:public\nname: ours\nrules:\n"
OWN = {
    "probe": "fidelity",
    "estimate": "tails",
    "statistic": "lower",
    "operator": ">=",
    "limit": 0.9,
}


def written(folder: Path, text: str) -> Policy:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


def own(folder: Path, **changes: Any) -> Policy:
    entry = {key: value for key, value in {**OWN, **changes}.items() if value is not None}
    return written(folder, f"{HEAD}  own: {entry}\n".replace("True", "true").replace("'", '"'))


def measured(policy: Policy, *probes: Evidence) -> Bundle:
    bundle = example.clean(policy)
    return bundle.model_copy(update={"probes": (*bundle.probes, *probes)})


def tails(value: float, low: float, high: float, **more: Any) -> Evidence:
    return example.measure("fidelity", example.estimate("tails", value, low, high, **more))


def finding(bundle: Bundle, policy: Policy, rule: str = "own") -> Finding:
    (found,) = (f for f in decide(bundle, policy).findings if f.rule == rule)
    return found


# --- one number against one limit


@pytest.mark.parametrize(
    ("statistic", "operator", "limit", "status", "observed"),
    [
        # The careful end holds; the better end does not hold either; the limit lies between.
        ("upper", "<", 0.81, "pass", 0.8),
        ("upper", "<", 0.8, "inconclusive", 0.8),
        ("upper", "<=", 0.8, "pass", 0.8),
        ("upper", "<", 0.65, "inconclusive", 0.8),
        ("upper", "<", 0.6, "fail", 0.6),
        ("upper", "<=", 0.6, "inconclusive", 0.8),
        ("upper", "<=", 0.59, "fail", 0.6),
        ("lower", ">", 0.65, "pass", 0.66),
        ("lower", ">=", 0.66, "pass", 0.66),
        ("lower", ">", 0.66, "inconclusive", 0.66),
        ("lower", ">=", 0.8, "inconclusive", 0.66),
        ("lower", ">=", 0.81, "fail", 0.8),
        ("adjusted_lower", ">=", 0.6, "pass", 0.6),
        ("adjusted_lower", ">=", 0.66, "inconclusive", 0.6),
        # The other end alone can fail, never pass by less than rounding may have moved it.
        ("lower", "<", 0.66, "fail", 0.66),
        ("lower", "<=", 0.66, "inconclusive", 0.66),
        ("lower", "<=", 0.662, "pass", 0.66),
        ("adjusted_lower", "<", 0.6, "fail", 0.6),
        ("adjusted_lower", "<", 0.602, "pass", 0.6),
        ("upper", ">=", 0.81, "fail", 0.8),
        ("upper", ">=", 0.798, "pass", 0.8),
    ],
)
def test_a_rule_of_ones_own_reads_the_end_that_it_names(
    statistic: str, operator: str, limit: float, status: str, observed: float, tmp_path: Path
) -> None:
    policy = own(tmp_path, statistic=statistic, operator=operator, limit=limit)
    found = finding(measured(policy, tails(0.7, 0.66, 0.8, adjusted_low=0.6)), policy)
    assert (found.status, found.observed, found.limit) == (status, observed, limit)
    alone = (statistic == "upper") == (operator[0] == ">") and statistic != "adjusted_lower"
    assert found.fail_only == (alone or (statistic == "adjusted_lower" and operator[0] == "<"))


def test_an_exact_count_may_be_compared_as_a_point(tmp_path: Path) -> None:
    asked = {"probe": "copies", "estimate": "identical_in_train", "statistic": "point"}
    policy = own(tmp_path, **asked, operator="<=", limit=0.05)

    def status(value: float) -> str:
        bundle = example.clean(policy)
        share = example.estimate("identical_in_train", value, max(value - 0.01, 0), value + 0.01)
        copies = example.measure(
            "copies", share, example.estimate("copied_units_excess", 0.0, 0.0, 0.001, p=0.6)
        )
        found = finding(example.with_probe(bundle, copies), policy)
        assert found.fail_only
        return found.status

    assert [status(x) for x in (0.02, 0.0495, 0.05, 0.051)] == [
        "pass", "inconclusive", "inconclusive", "fail"
    ]  # fmt: skip


@pytest.mark.parametrize("probe", ["fidelity", "measure:fidelity"])
def test_a_point_is_refused_for_what_has_an_interval(probe: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="point is for exact counts only"):
        own(tmp_path, probe=probe, statistic="point")
    with pytest.raises(InputError, match="point is for exact counts only"):
        own(tmp_path, probe="copies", estimate="copied_units_excess", statistic="point")


@pytest.mark.parametrize(
    ("changes", "probes", "says"),
    [
        ({}, (), "fidelity is not in the evidence; audit again"),
        ({"estimate": "heads"}, (tails(0.95, 0.94, 0.96),), "fidelity gives no heads"),
        (
            {"versions": ["2", "3"]},
            (tails(0.95, 0.94, 0.96),),
            "fidelity ran in version 1; the policy knows 2, 3",
        ),
        (
            {},
            (tails(0.95, 0.94, 0.96).model_copy(update={"estimates": (), "not_run": "no column"}),),
            "fidelity did not run: no column",
        ),
        (
            {"statistic": "adjusted_lower"},
            (tails(0.95, 0.94, 0.96),),
            "it has no lower bound corrected over everything tried",
        ),
        (
            {"probe": "dcr", "estimate": "auc", "statistic": "upper", "operator": "<"},
            (),
            "dcr is both an attack and a measure; write attack:dcr",
        ),
        ({"probe": "headline", "estimate": "f1"}, (), "the headline holds no f1"),
        ({"probe": "negative", "estimate": "auc"}, (), "negative gives no auc"),
    ],
)
def test_what_is_missing_is_undecided_with_a_sentence_of_its_own(
    changes: dict[str, Any], probes: tuple[Evidence, ...], says: str, tmp_path: Path
) -> None:
    policy = own(tmp_path, **changes)
    bundle = measured(policy, *probes)
    found = finding(bundle, policy)
    assert (found.status, found.observed) == ("inconclusive", None)
    assert says in found.message
    assert decide(bundle, policy).status == "inconclusive"


def test_an_estimate_that_is_not_a_number_never_passes(tmp_path: Path) -> None:
    """A file cannot hold one (its schema refuses it); evidence made in Python can."""
    for changes in ({}, {"statistic": "lower", "operator": "<", "limit": 2.0}):
        policy = own(tmp_path, **changes)
        odd = tails(0.95, 0.94, 0.96)
        nan = odd.estimates[0].model_copy(update={"low": float("nan"), "high": float("nan")})
        bundle = measured(policy, odd.model_copy(update={"estimates": (nan,)}))
        from privsynth.policy.comparison import comparison

        rule = comparison("own", policy.rules["own"])  # type: ignore[arg-type]
        found = rule.check(bundle, policy.rules["own"], "")
        assert (found.status, found.message) == ("inconclusive", "tails is not a number")


def test_kinds_and_controls_can_be_named(tmp_path: Path) -> None:
    below = {"estimate": "auc", "statistic": "upper", "operator": "<", "limit": 0.52}
    policy = own(tmp_path, probe="attack:dcr", **below)
    assert finding(example.clean(policy), policy).status == "pass"
    policy = own(
        tmp_path, probe="stratum:exposed", **{**below, "estimate": "auc_most_exposed_fifth"}
    )
    assert finding(example.clean(policy), policy).status == "inconclusive"
    policy = own(tmp_path, probe="control:negative", **below)
    bundle = example.clean(policy)
    control = bundle.controls["negative"].model_copy(
        update={"estimates": (example.estimate("auc", 0.5, 0.49, 0.51),)}
    )
    bundle = bundle.model_copy(update={"controls": {**bundle.controls, "negative": control}})
    assert finding(bundle, policy).status == "pass"


def test_a_limit_of_ones_own_on_the_headline_is_planted_by_the_control(tmp_path: Path) -> None:
    """A pass below a limit that no planted leak tried says nothing (gate-statistics 5)."""
    asked = {"probe": "headline", "estimate": "auc", "statistic": "upper", "operator": "<"}
    policy = own(tmp_path, **asked, limit=0.54)
    assert policy.limits.auc == 0.54
    assert load_policy("preset:public").limits.auc == 0.55
    bundle = example.clean(policy)
    assert finding(bundle, policy).status == "pass"
    control = bundle.controls["positive"].model_copy(update={"series": {"limit_auc": 0.55}})
    looser = bundle.model_copy(update={"controls": {**bundle.controls, "positive": control}})
    found = finding(looser, policy)
    assert found.status == "inconclusive" and "planted a leak at the looser limit" in found.message


def test_a_measure_that_missed_its_own_control_carries_no_rule_of_ones_own(tmp_path: Path) -> None:
    policy = own(
        tmp_path, probe="attribute_inference", estimate="advantage_worst", statistic="upper",
        operator="<", limit=0.045,
    )  # fmt: skip
    assert finding(example.clean(policy), policy).status == "pass"
    missed = example.with_probe(example.clean(policy), example.attributes(0.04, "missed"))
    assert finding(missed, policy).status == "inconclusive"


@pytest.mark.parametrize("probe", ["measure:dcr", "dcr", "copies", "measure:nndr", "replay"])
def test_distances_and_copies_can_fail_a_table_and_never_pass_one(
    probe: str, tmp_path: Path
) -> None:
    """Alone with rules that guard the audit they decide nothing (fail_only stays)."""
    policy = own(tmp_path, probe=probe, statistic="upper", operator="<", limit=0.9)
    found = finding(example.clean(policy), policy)
    assert found.fail_only
    with pytest.raises(InputError, match="fail_only: unknown key"):
        own(tmp_path, probe=probe, fail_only=False)


def test_a_failed_control_takes_away_a_statistical_fail(tmp_path: Path) -> None:
    policy = own(tmp_path)
    bundle = measured(policy, tails(0.5, 0.4, 0.6))
    assert decide(bundle, policy).status == "fail"
    broken = example.with_control(bundle, "negative", "failed")
    assert finding(broken, policy).status == "inconclusive"


# --- terms of any rule


def test_a_finding_shows_what_the_policy_says_of_its_rule(tmp_path: Path) -> None:
    text = f"{HEAD}  worst_tpr: {{severity: warn, source: house policy 3, rationale: so decided}}\n"
    policy = written(tmp_path, text)
    found = finding(example.clean(policy), policy, "worst_tpr")
    assert (found.severity, found.source, found.rationale) == (
        "warn",
        "house policy 3",
        "so decided",
    )
    assert found.limit == 0.03
    assert finding(example.clean(), example.PUBLIC, "worst_tpr").source.startswith(
        "privsynth default"
    )


@pytest.mark.parametrize("severity", ["warn", "info"])
def test_a_rule_that_does_not_block_is_told_and_holds_nothing_back(
    severity: str, tmp_path: Path
) -> None:
    policy = own(tmp_path, severity=severity)
    for probes, status in (((tails(0.5, 0.4, 0.6),), "fail"), ((), "inconclusive")):
        verdict = decide(measured(policy, *probes), policy)
        assert verdict.status == "pass"
        assert finding(measured(policy, *probes), policy).status == status
        assert verdict.headline.endswith("passes; not met: own.")


def test_what_only_warns_may_still_have_to_be_measured(tmp_path: Path) -> None:
    policy = own(tmp_path, severity="warn", on_missing="block")
    assert decide(measured(policy), policy).status == "inconclusive"
    assert decide(measured(policy, tails(0.5, 0.4, 0.6)), policy).status == "pass"
    undecided = measured(policy, tails(0.9, 0.85, 0.95))
    assert finding(undecided, policy).status == "inconclusive"
    assert decide(undecided, policy).status == "pass"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("worst_auc: {severity: blokc}", r"rules.worst_auc: severity: Input should be 'block'"),
        ("worst_auc: {on_missing: warn}", "a rule that blocks cannot let its evidence be missing"),
        ("worst_auc: {on_missing: pass}", "on_missing: Input should be 'block' or 'warn'"),
        ("controls: {severity: warn}", "rules.controls.severity: this rule guards the audit"),
        ("audits: {severity: info}", "rules.audits.severity: this rule guards the audit"),
        ("copies: {waivable: true}", "rules.copies.waivable: never"),
        ("replay: {waivable: true}", "rules.replay.waivable: never"),
        ("metadata_leak: {waivable: true}", "rules.metadata_leak.waivable: never"),
        ("controls: {waivable: true}", "rules.controls.waivable: never"),
        ("worst_auc: {below: true}", "below: true is no number"),
        (f"own: {OWN | {'limit': False}}", "limit: false is no number"),
        ("copies: {max_increase: 0.1}", "this rule compares no estimate with a release"),
        ("worst_auc: {max_increase: .nan}", "max_increase: Input should be"),
        ("worst_auc: {max_increase: -0.1}", "max_increase: Input should be"),
        ("own: {}", "unknown rule"),
        ("own: {limit: 3}", "unknown rule.*a rule of your own names a probe"),
        ("own: {probe: x}", "rules.own: estimate: Field required"),
        (f"own: {OWN | {'limit': '.nan'}}", "rules.own: limit: Input should be a finite number"),
        (f"own: {OWN | {'operator': '=='}}", "rules.own: operator: Input should be '<'"),
        (f"own: {OWN | {'lmit': 1}}", "rules.own: lmit: unknown key; did you mean 'limit'"),
        (f"'a b': {OWN}", "a rule's name is up to 64 letters"),
        (f"decision: {OWN}", "a rule's name is up to 64 letters"),
        (f"worst_auc.regression: {OWN}", "a rule's name is up to 64 letters"),
        (f"own: {OWN}\n  OWN: {OWN}", "'own' by capitals alone"),
        (f"own: {OWN}\n  own: {OWN}", "line 5: a key comes twice"),
        (f"worst_auc: {OWN}", "rules.worst_auc: .*unknown key"),
    ],
)
def test_what_would_open_a_hole_or_is_misspelt_is_refused(
    entry: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        written(tmp_path, f"{HEAD}  {entry}\n".replace("'.nan'", ".nan").replace("False", "false"))
    assert "policy.yaml" in str(caught.value)


def test_what_nobody_chose_is_not_in_the_document(tmp_path: Path) -> None:
    plain = load_policy("preset:public")
    same = written(
        tmp_path,
        "extends: preset:public\nrules:\n  worst_auc: {severity: block, waivable: true}\n"
        "  copies: {waivable: false}\n  subgroups: {on_missing: block}\n",
    )
    assert same.digest == plain.digest
    assert same.name == "public@1"
    for changed in ("severity: warn", "waivable: false", "source: x", "max_increase: 0.1"):
        other = written(tmp_path, f"extends: preset:public\nrules: {{worst_tpr: {{{changed}}}}}\n")
        assert other.digest != plain.digest
        assert other.name == "public@1, changed"


def test_everything_survives_the_way_through_the_document(tmp_path: Path) -> None:
    policy = written(
        tmp_path,
        f"schema: privsynth/policy/v1\n{HEAD}  own: {OWN | {'severity': 'warn'}}\n"
        "  worst_tpr: {below: 0.03, max_increase: 0.01, waivable: false}\n"
        "evidence: {min_members: 3000, min_nonmembers: 6000, attacks: [dcr@1, ball], seeds: 2}\n"
        "signatures: {builder: 1, reviewer: 2}\nbaseline: if_given\ncell_limit: 20\n",
    )
    assert from_document(policy.document, "policy.json") == policy
    assert policy.signatures == {"builder": 1, "reviewer": 2}
    assert policy.document["rules"]["member_units"] == {"at_least": 3000}
    assert policy.document["rules"]["holdout_units"] == {"at_least": 6000}
    assert policy.document["rules"]["other_seeds"] == {"at_least": 2}
    assert policy.required_attacks == ("dcr@1", "ball")


# --- what the evidence must hold


def test_requirements_of_the_evidence_are_rules(tmp_path: Path) -> None:
    policy = written(tmp_path, "extends: preset:public\nevidence: {min_members: 10001, seeds: 1}\n")
    verdict = decide(example.clean(policy), policy)
    told = {f.rule: f.message for f in verdict.findings if f.status != "pass"}
    assert told == {
        "member_units": "10,000 training units; at least 10,001 are required",
        "other_seeds": "tables of 0 other seeds were attacked; at least 1 must be: it is not in "
        "the evidence; audit again",
    }
    seeds = example.measure("other_seeds", example.estimate("worst_auc_seed_1", 0.5, 0.4, 0.6))
    bundle = measured(policy, seeds)
    assert finding(bundle, policy, "other_seeds").status == "pass"
    enough = example.with_table(bundle, "train", 10_001)
    assert finding(enough, policy, "member_units").status == "pass"


def test_an_attack_in_a_version_that_the_policy_does_not_know_is_undecided(tmp_path: Path) -> None:
    policy = written(tmp_path, "extends: preset:public\nevidence: {attacks: [dcr@1, ball]}\n")
    bundle = example.clean(policy)
    assert decide(bundle, policy).status == "pass"
    newer = example.attack("dcr").model_copy(update={"version": "2"})
    found = finding(example.with_probe(bundle, newer), policy, "worst_auc")
    assert found.status == "inconclusive"
    assert found.message == "dcr ran in version 2, and the policy knows version 1"
    one_way = newer.model_copy(update={"id": "dcr@rank"})
    both = bundle.model_copy(update={"probes": (*bundle.probes, one_way)})
    assert finding(both, policy, "worst_auc").status == "inconclusive"
    gone = example.without_probe(bundle, "attack", "dcr", "it broke")
    assert finding(gone, policy, "worst_auc").message.endswith("did not run: dcr")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("evidence: {min_nonmembers: 3}\nrules: {holdout_units: {at_least: 4}}", "says again what"),
        ("evidence: {min_nonmembers: 3}\nrules: {holdout_units: null}", "null takes out"),
        ("evidence: {attacks: []}", "evidence.attacks: .*at least 1 item"),
        ("evidence: {attacks: [dcr@]}", "unknown attack 'dcr@'"),
        ("evidence: {attacks: [dcr@rank]}", "unknown attack 'dcr@rank'"),
        ("evidence: {min_member: 3}", "evidence.min_member: unknown key"),
        ("evidence: {min_members: 0}", "evidence.min_members: "),
        ("signatures: {buidler: 1}", "signatures.buidler"),
        ("signatures: {builder: 0}", "ask for 1 to 9 of a role"),
        ("baseline: maybe", "baseline: Input should be 'required' or 'if_given'"),
        ("schema: privsynth/policy/v2\nnew_key: 1", "this file is privsynth/policy/v2, and this"),
        ("schema: privsynth/waivers/v1", "this file is privsynth/waivers/v1"),
    ],
)
def test_a_mistake_beside_the_rules_is_named(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says) as caught:
        written(tmp_path, f"extends: preset:public\n{text}\n")
    assert "unknown key" not in str(caught.value) or "unknown key" in says


def test_a_policy_of_its_own_needs_worst_auc_to_ask_for_attacks(tmp_path: Path) -> None:
    text = "evidence: {attacks: [dcr]}\nrules: {worst_tpr: {below: 0.1}, attribute_advantage: "
    with pytest.raises(PolicyError, match=r"evidence\.attacks needs the rule worst_auc"):
        written(tmp_path, text + "{below: 0.1}}\n")


def test_a_table_of_many_rows_can_be_held_back(tmp_path: Path) -> None:
    policy = written(tmp_path, "extends: preset:public\nrules: {table_size: {at_most: 5}}\n")
    bundle = example.clean(policy)
    assert finding(bundle, policy, "table_size").message == (
        "1 synthetic rows for each training row"
    )
    more = example.with_table(bundle, "synthetic", 25_000)
    assert "can be reconstructed" in finding(more, policy, "table_size").message
    assert finding(more, policy, "table_size").status == "pass"
    assert decide(example.with_table(bundle, "synthetic", 50_001), policy).status == "inconclusive"
    assert decide(example.with_table(bundle, "train", None), policy).status == "inconclusive"


# --- the schema that editors use


def test_the_json_schema_takes_what_the_tool_takes_and_refuses_what_it_refuses(
    tmp_path: Path,
) -> None:
    schema = PolicyFile.model_json_schema()
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema).is_valid
    sample = Path(__file__).parents[1] / "sample_data" / "policy.yaml"
    assert check(load_yaml(sample, "policy"))
    for name in ("internal", "partner", "public", "formal"):
        document = load_policy(f"preset:{name}").document
        assert check({**document, "rules": {k: dict(v) for k, v in document["rules"].items()}})
    assert check({"extends": "preset:public", "rules": {"own": OWN, "dcr_share": None}})
    assert not check({"rules": {"worst_auc": {"bellow": 1}}})
    assert not check({"rules": {"own": {**OWN, "operator": "=="}}})
    assert not check({"rules": {"worst_auc": {"severity": "maybe"}}})
    assert not check({"rulez": {}})
