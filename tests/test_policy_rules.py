"""What single rules say: groups, secrets, learnt metadata, replayed columns, required attacks."""

import evidence_example as example
import pytest

from privsynth.attacks import catalogue
from privsynth.evidence import Bundle
from privsynth.policy import Finding, decide
from privsynth.policy.rules.worst_auc import required


def finding(bundle: Bundle, rule: str) -> Finding:
    (found,) = (f for f in decide(bundle, example.PUBLIC).findings if f.rule == rule)
    return found


def changed(*probes) -> Bundle:
    bundle = example.clean()
    for probe in probes:
        bundle = example.with_probe(bundle, probe)
    return bundle


def columns(bundle: Bundle, *more) -> Bundle:
    return bundle.model_copy(update={"columns": (example.column("age"), *more)})


TEXT = example.column("note", kind="text", read=False)
WHO = example.column("who", kind="entity", read=False)


def test_findings_come_in_the_order_of_page_1():
    rules = [f.rule for f in decide(example.clean(), example.PUBLIC).findings]
    assert rules[:11] == [
        "worst_auc", "worst_tpr", "exposed_fifth", "subgroups", "attribute_advantage", "copies",
        "replay", "metadata_leak", "dcr_share", "holdout_units", "controls",
    ]  # fmt: skip
    assert rules[11:] == sorted(rules[11:])


def test_without_a_declared_subgroup_there_is_nothing_to_protect_and_it_says_so():
    none = example.stratum("subgroups", options={"groups": []}, not_run="no subgroup is declared")
    found = finding(changed(none), "subgroups")
    assert found.status == "pass"
    assert found.message == "no subgroup was declared to be protected on its own"


def test_groups_that_were_not_assessed_are_named_and_cannot_hide_a_leak():
    groups = [example.group(1), example.group(2, "other", 150, assessed=False)]

    def found(high):
        leak = example.estimate("auc[sex=#1]", high - 0.1, high - 0.2, high)
        return finding(
            changed(example.stratum("subgroups", leak, options={"groups": groups})), "subgroups"
        )

    assert found(0.6).status == "inconclusive"
    assert "not assessed" in found(0.6).message and "sex #2 (other)" in found(0.6).message
    assert found(0.9).status == "fail"
    assert "sex #1" in found(0.9).message and "sex #2 (other)" in found(0.9).message


def test_a_fail_reads_the_bound_that_is_corrected_over_all_strata():
    one = example.estimate("auc_most_exposed_fifth", 0.7, 0.62, 0.75, adjusted_low=0.58)
    assert finding(changed(example.stratum("exposed", one)), "exposed_fifth").status == (
        "inconclusive"
    )


@pytest.mark.parametrize("p", [(0.0033, 1, 1), (1, 0.0033, 1), (1, 1, 0.0033)])
def test_each_part_of_the_metadata_fails_below_a_third_of_the_level(p):
    found = finding(changed(example.leaked_metadata(*p)), "metadata_leak")
    assert (found.status, found.hard, found.fail_only) == ("fail", False, True)
    above = tuple(0.0034 if one < 1 else 1 for one in p)
    assert finding(changed(example.leaked_metadata(*above)), "metadata_leak").status == "pass"


def test_replay_divides_its_level_over_the_columns():
    bundle = columns(changed(example.replayed(note=0.006, who=1.0)), TEXT, WHO)
    assert finding(bundle, "replay").status == "pass"
    assert finding(bundle, "columns_read").status == "pass"
    bundle = columns(changed(example.replayed(note=0.0049, who=1.0)), TEXT, WHO)
    found = finding(bundle, "replay")
    assert (found.status, found.hard) == ("fail", True)
    assert "'note'" in found.message and "'who'" not in found.message
    assert "'note'" in finding(bundle, "columns_read").message


def test_a_table_without_such_columns_passes_the_rule_of_replay():
    none = example.without_probe(example.clean(), "measure", "replay", "no identifier was released")
    assert finding(columns(none), "replay").status == "pass"
    assert finding(columns(none), "columns_read").status == "pass"
    assert finding(columns(none, TEXT), "replay").status == "inconclusive"


def test_a_silent_column_is_named_as_tested_for_replay_alone():
    assert "tested for replay alone: 'note'" in finding(example.clean(), "columns_read").message


def test_every_catalogued_attack_is_required_under_its_base_name():
    assert set(required()) == set(catalogue())
    bundle = example.clean()
    renamed = [
        p.model_copy(update={"id": f"{p.id}@rank"}) if p.kind == "attack" else p
        for p in bundle.probes
    ]
    variants = bundle.model_copy(update={"probes": tuple(renamed)})
    assert finding(variants, "worst_auc").status == "pass"
    missing = example.without_probe(variants, "attack", "dcr@rank", "it broke")
    assert finding(missing, "worst_auc").status == "inconclusive"
    assert finding(missing, "worst_auc").message.endswith("did not run: dcr")
