"""Page 1 asks five questions, and the worst rule of each answers."""

import pytest
import report_example as example
from hypothesis import given
from hypothesis import strategies as st

from privsynth.policy import rule_catalogue
from privsynth.policy.verdict import Finding, Verdict, overall
from privsynth.report.questions import GRAVITY, OTHERS, QUESTIONS, answers, gravity

RULES = [rule for _, rules in QUESTIONS for rule in rules]


def verdict(findings: tuple[Finding, ...]) -> Verdict:
    """Return a verdict with these findings."""
    made = example.verdict(example.bundle("pass"), "pass")
    return made.model_copy(update={"findings": findings, "status": overall(findings)})


def finding(rule: str, status: str) -> Finding:
    """Return a finding of a rule."""
    return Finding.model_validate({"rule": rule, "title": rule, "status": status, "message": "."})


def test_every_rule_of_ours_belongs_to_exactly_one_question() -> None:
    assert sorted(RULES) == sorted(rule_catalogue())


PAIRS = st.tuples(
    st.sampled_from([*RULES, "a_rule_of_theirs"]),
    st.sampled_from(["fail", "inconclusive", "pass"]),
)


@given(st.lists(PAIRS, unique_by=lambda pair: pair[0], min_size=1))
def test_no_finding_is_lost_and_none_is_told_better_than_it_is(
    pairs: list[tuple[str, str]],
) -> None:
    found = answers(verdict(tuple(finding(*pair) for pair in pairs)))
    assert len(found) == (6 if "a_rule_of_theirs" in dict(pairs) else 5)
    assert sorted(f.rule for answer in found for f in answer.findings) == sorted(dict(pairs))
    for answer in found:
        if answer.findings:
            worst = min((f.status for f in answer.findings), key=GRAVITY.get)
            assert answer.worst is not None and answer.worst.status == worst
        else:
            assert answer.worst is None


@pytest.mark.parametrize("status", ["fail", "inconclusive"])
def test_one_open_rule_among_many_that_hold_answers_the_question(status: str) -> None:
    rules = QUESTIONS[4][1]
    found = answers(
        verdict((*(finding(r, "pass") for r in rules if r != "audits"), finding("audits", status)))
    )
    worst = found[4].worst
    assert worst is not None and (worst.rule, worst.status) == ("audits", status)


def test_a_rule_of_somebody_else_has_a_question_of_its_own() -> None:
    found = answers(verdict((finding("a_rule_of_theirs", "fail"),)))
    assert found[-1].question == OTHERS and found[-1].findings[0].status == "fail"


def test_what_holds_back_weighs_more_than_what_is_waived_or_only_warns() -> None:
    fail, held = finding("worst_auc", "fail"), finding("worst_tpr", "inconclusive")
    waived = fail.model_copy(update={"waiver": "W1", "waivable": True})
    warned = fail.model_copy(update={"severity": "warn"})
    weights = [gravity(f) for f in (fail, held, waived, warned, finding("worst_tpr", "pass"))]
    assert weights == sorted(weights) and len(set(weights)) == 5


def test_a_comparison_with_the_last_release_belongs_to_its_rule() -> None:
    found = answers(verdict((finding("worst_auc.regression", "fail"),)))
    assert len(found) == 5 and found[0].worst is not None
