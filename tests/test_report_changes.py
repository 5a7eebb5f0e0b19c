"""What moved against an earlier evidence is shown beside it, and hides what either hides."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import evidence_example as clean_example
import pytest
import report_example as example
from evidence_example import clean, estimate, with_headline, with_probe, with_table
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from privsynth.cli import app
from privsynth.evidence import Audits, Bundle, Control, Evidence, recipient, to_json
from privsynth.report.changes import Changes, Move, changes
from privsynth.report.html import environment, template_folder

FLIPPED = {"up": "down", "down": "up", "no clear change": "no clear change"}
GRADE = {"worse": "better", "better": "worse", "": ""}


def printed(found: Changes | None) -> str:
    """Return the appendix as it stands in a report."""
    template = environment(template_folder()).get_template("appendices/G_changes.html")
    return template.render(changes=found, medium="html")


def move(name: str, old: tuple[float, float], new: tuple[float, float], kind: str = "x") -> Move:
    """Return the move of an estimate in the middle of its bounds, as ``changes`` makes it."""
    bundles = [
        with_probe(clean(), clean_example.measure(kind, estimate(name, sum(ends) / 2, *ends)))
        for ends in (new, old)
    ]
    (found,) = changes(*bundles).moves
    return found


@pytest.mark.parametrize("edition", ["restricted", "recipient"])
@pytest.mark.parametrize("status", ["pass", "fail", "inconclusive", "hostile", "private"])
def test_nothing_moves_against_itself(status: Any, edition: str) -> None:
    made = {"hostile": lambda: example.hostile()[0], "private": lambda: example.private("pass")}
    bundle = made.get(status, lambda: example.bundle(status))()
    bundle = recipient(bundle) if edition == "recipient" else bundle
    found = changes(bundle, bundle)
    assert found.empty and found.n_same > 5
    assert found.summary == "Nothing moved against the earlier evidence."
    assert "<table" not in printed(found)


def test_a_move_is_clear_exactly_where_the_intervals_do_not_meet() -> None:
    """All pairs of intervals on a grid, against the definition by its points."""
    grid = [(a, b) for a in range(5) for b in range(a + 1, 6)]
    for old, new in product(grid, grid):
        if old == new:
            continue
        meet = set(range(old[0], old[1] + 1)) & set(range(new[0], new[1] + 1))
        says = "no clear change" if meet else ("up" if new > old else "down")
        assert move("height", old, new).direction == says


def test_an_estimate_without_an_interval_never_moves_clearly() -> None:
    assert move("excess", (0.0, 0.0), (1.0, 1.0)).direction == "no clear change"


@pytest.mark.parametrize(
    ("name", "up"),
    [
        ("auc_most_exposed_fifth", "worse"), ("tpr_at_fpr_0.01", "worse"), ("auc[a=#1]", "worse"),
        ("copied_units_excess", "worse"), ("disco_excess[income]", "worse"),
        ("advantage[income]", "worse"), ("share_closer_to_train", "worse"),
        ("pairs_tvd", "worse"), ("tstr", "better"), ("pairs_tvd_floor", ""), ("tstr_ceiling", ""),
        ("dcr_median_train", ""), ("singled_out_non_members[all]", ""),
    ],
)  # fmt: skip
def test_a_rise_is_graded_by_what_the_number_means(name: str, up: str) -> None:
    assert move(name, (0.1, 0.2), (0.3, 0.4)).grade == up
    assert move(name, (0.3, 0.4), (0.1, 0.2)).grade == GRADE[up]


ends = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: tuple(sorted(pair)))


@given(st.lists(st.tuples(ends, ends), min_size=1, max_size=6))
def test_the_other_way_round_everything_is_the_other_way_round(pairs: Any) -> None:
    names = ("auc", "tstr", "pairs_tvd", "height", "advantage_worst", "pairs_tvd_floor")
    new, old = (
        with_probe(
            clean(),
            clean_example.measure(
                "x",
                *(
                    estimate(name, sum(pair[side]) / 80, *(end / 40 for end in pair[side]))
                    for name, pair in zip(names, pairs, strict=False)
                ),
            ),
        )
        for side in (0, 1)
    )
    there, back = changes(new, old), changes(old, new)
    assert there.n_same == back.n_same
    reverse = {m.name: m for m in back.moves}
    assert reverse.keys() == {m.name for m in there.moves}
    for one in there.moves:
        other = reverse[one.name]
        assert (other.old, other.new) == (one.new, one.old)
        assert other.direction == FLIPPED[one.direction] and other.grade == GRADE[one.grade]
    assert (there.count("worse"), there.count("better")) == (
        back.count("better"),
        back.count("worse"),
    )


def test_clearly_worse_comes_first_and_the_worst_of_all_attacks_before_single_ones() -> None:
    found = changes(example.bundle("fail"), example.bundle("pass"))
    grades = [m.grade if m.direction != "no clear change" else "unclear" for m in found.moves]
    assert grades == sorted(grades, key=["worse", "better", "", "unclear"].index)
    assert found.moves[0].kind == "headline" and grades[0] == "worse"
    gaps = [m.gap for m in found.moves if (m.kind, m.grade) == ("attack", "worse")]
    assert len(gaps) > 2 and gaps == sorted(gaps, reverse=True)


def test_another_version_or_question_is_said_and_not_compared() -> None:
    bundle = example.bundle("pass")
    dcr, utility = bundle.attack("dcr"), bundle.measure("utility")
    assert dcr is not None and utility is not None
    harder = dcr.model_copy(
        update={"version": "2", "estimates": (example.estimate("auc", 0.9, 0.01, "x"),)}
    )
    other = utility.model_copy(
        update={
            "options": {**utility.options, "target": "smoking"},
            "estimates": (example.estimate("tstr", 0.2, 0.01, "x"),),
        }
    )
    found = changes(with_probe(with_probe(bundle, harder), other), bundle)
    assert found.moves == ()
    assert [(f.what, f.old, f.new) for f in found.incomparable] == [
        ("Distance to closest record (dcr)", "version 1", "version 2"),
        ("Usefulness for a prediction (utility): target", "diabetes", "smoking"),
    ]
    assert any("Other attacks ran, or other versions" in caution for caution in found.cautions)
    page = printed(found)
    assert "0.9000" not in page and "0.2000" not in page and "version 2" in page


def test_facts_that_were_counted_are_no_other_question() -> None:
    rows = clean_example.measure("fidelity", estimate("pairs_tvd", 0.1, 0.0, 0.2))
    then = rows.model_copy(update={"options": {"bins": 10, "rows": 100, "worst": "a"}})
    now = rows.model_copy(update={"options": {"bins": 10, "rows": 900, "worst": "b"}})
    assert changes(with_probe(clean(), now), with_probe(clean(), then)).incomparable == ()


def labelled(label: str | None, value: float, n: int = 2_000) -> Evidence:
    """Return one declared subgroup of ``n`` members and as many others."""
    found = estimate("auc[sex=#1]", value, value - 0.01, value + 0.01, n=2 * n)
    sizes = {"members": n, "non_members": n}
    return clean_example.stratum(
        "subgroups", found, series={"groups": {found.name: {"label": label, **sizes}}}
    )


@pytest.mark.parametrize(
    ("then", "now", "compared"),
    [("F", "F", True), ("F", "M", False), (None, "F", False), (None, None, False)],
)
def test_a_group_is_compared_only_with_the_group_of_its_name(
    then: str | None, now: str | None, compared: bool
) -> None:
    found = changes(
        with_probe(clean(), labelled(now, 0.9)), with_probe(clean(), labelled(then, 0.5))
    )
    assert [m.name for m in found.moves] == (["auc[sex=#1]"] if compared else [])


@pytest.mark.parametrize("hidden", ["old", "new"])
def test_what_either_edition_hides_is_hidden_here(hidden: str) -> None:
    """A group of nine and digits beyond the recipient's stand in one restricted evidence only."""
    exact = estimate("auc", 0.7654, 0.7512, 0.7789)
    secret = with_headline(with_probe(clean(), labelled("Ruritanian", 0.9, n=9)), "auc", exact)
    public = with_probe(clean(), labelled("Ruritanian", 0.6, n=9))
    restricted = changes(secret, public)
    assert any(m.group == "Ruritanian" for m in restricted.moves) and restricted.cell is None
    pair = (recipient(public), secret) if hidden == "new" else (secret, recipient(public))
    found = changes(*pair)
    page = printed(found)
    assert found.cell == 11 and "under 11 hidden" in page
    assert "Ruritanian" not in page and "sex=#1" not in page
    assert "0.765" in page and "0.7654" not in page and "0.7512" not in page


def test_the_larger_cell_limit_of_the_two_holds_for_both() -> None:
    group = with_probe(clean(), labelled("F", 0.9, n=15))
    before = with_probe(clean(), labelled("F", 0.5, n=15))
    assert changes(recipient(group, 11), recipient(before, 11)).moves
    found = changes(recipient(group, 11), recipient(before, 20))
    assert found.moves == () and found.cell == 20


def mechanism(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"mechanism": "This very file was not itself tested."})


def renamed(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"name": "another"})


def other_columns(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"columns": (*bundle.columns, clean_example.column("new"))})


def by_entity(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"split": {"unit": "person_id"}})


def later(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"audits": Audits(number=2, alpha=0.0076)})


def stricter(bundle: Bundle) -> Bundle:
    document: dict[str, Any] = {**bundle.policy.document}
    rules = {**document["rules"], "worst_auc": {**document["rules"]["worst_auc"], "below": 0.51}}
    update = {"document": {**document, "rules": rules}, "digest": "sha256:other"}
    return bundle.model_copy(update={"policy": bundle.policy.model_copy(update=update)})


def other_generator(bundle: Bundle) -> Bundle:
    update = {"synthesizer": "tan", "options": {"bins": 12}}
    return bundle.model_copy(update={"generator": bundle.generator.model_copy(update=update)})


def failed_control(bundle: Bundle) -> Bundle:
    bad = Control(status="failed", message="made up.")
    return bundle.model_copy(update={"controls": {**bundle.controls, "positive": bad}})


@pytest.mark.parametrize(
    ("change", "caution", "facts"),
    [
        (renamed, "different name", {"Name": ("example", "another")}),
        (other_columns, "Other columns", {"Column new": ("–", "numeric, released")}),
        (by_entity, "counted", {"Counted by": ("row", "person_id")}),
        (mechanism, "mechanism", {}),
        (
            later,
            "0.9700 then, 0.9924 now",
            {
                "Audit of this source, number": ("1", "2"),
                "One-sided level of every bound": ("0.97", "0.9924"),
            },
        ),
        (
            lambda b: with_table(b, "holdout", 5_000),
            "real rows differ (holdout)",
            {"Holdout table, rows": ("6,000", "5,000"), "Holdout table, units": ("6,000", "5,000")},
        ),
        (stricter, "", {"Rule worst_auc, below": ("0.55", "0.51")}),
        (
            other_generator,
            "",
            {"Synthesizer": ("made elsewhere", "tan"), "Synthesizer, bins": ("–", "12")},
        ),
        (failed_control, "", {"Control: positive": ("ok", "failed")}),
    ],
)
def test_another_setting_is_told(change: Any, caution: str, facts: dict[str, Any]) -> None:
    found = changes(change(clean()), clean())
    assert found.moves == () and not found.empty
    assert ([caution] if caution else []) == [caution for text in found.cautions if caution in text]
    assert len(found.cautions) == bool(caution)
    told = {f.what: (f.old, f.new) for f in found.facts}
    assert facts.items() <= told.items()
    assert {what for what in told if "digest" not in what} == set(facts)
    back = {f.what: (f.new, f.old) for f in changes(clean(), change(clean())).facts}
    assert back == told


def test_probes_and_warnings_that_came_and_went_are_named() -> None:
    new = clean_example.without_probe(clean(), "measure", "replay", "nothing to replay")
    new = with_probe(new, clean_example.attack("sharper"))
    new = new.model_copy(update={"warnings": ("careful",)})
    found = changes(new, clean().model_copy(update={"warnings": ("mind",)}))
    assert {(f.what, f.old, f.new) for f in found.probes} == {
        ("replay (replay)", "ran", "not run: nothing to replay"),
        ("sharper (sharper)", "not in the evidence", "ran"),
    }
    assert (found.warnings_came, found.warnings_went) == (("careful",), ("mind",))


def test_the_summary_is_one_short_sentence_whatever_moved() -> None:
    hostile = example.hostile()[0]
    for new, old in ((hostile, clean()), (clean(), hostile), (example.bundle("fail"), hostile)):
        said = changes(new, old).summary
        assert len(said) <= 160 and said.endswith(".") and said.count(".") == 1


def test_the_page_is_bounded_says_it_decides_nothing_and_escapes_names() -> None:
    hostile = example.hostile()[0]
    pages = [
        printed(changes(*pair))
        for pair in ((hostile, example.bundle("fail")), (example.bundle("fail"), hostile))
    ]
    for page in pages:
        assert "Nothing here takes part in the decision" in page and "no test" in page
        assert "<img" not in page and "</style>" not in page and "\u202e" not in page
        assert "&lt;img src=file" in page
        assert all(len(re.findall("<tr>", t)) <= 31 for t in page.split("</table>"))
        assert "more follow from the two files" in page
    assert "privsynth report --compare" in printed(None)


def test_the_command_puts_it_into_the_report_and_refuses_what_is_no_evidence(
    tmp_path: Path,
) -> None:
    leaky = with_headline(clean(), "auc", estimate("auc", 0.9, 0.8, 0.95))
    (tmp_path / "fail.json").write_text(to_json(leaky))
    (tmp_path / "pass.json").write_text(to_json(clean()))
    (tmp_path / "broken.json").write_text("{")
    start = ["report", str(tmp_path / "fail.json"), "--out", str(tmp_path / "r.pdf")]
    run = CliRunner()
    page = tmp_path / "r.html"
    done = run.invoke(app, [*start, "--compare", str(tmp_path / "pass.json"), "--html", str(page)])
    assert done.exit_code == 0, done.exception
    text = page.read_text(encoding="utf-8")
    moved = changes(recipient(leaky), clean())
    assert text.count(moved.summary.rstrip(".")) == 2  # on page 1 and in the appendix
    assert moved.baseline_digest in text
    for wrong, kind in (("broken.json", "IntegrityError"), ("none.json", "InputError")):
        again = run.invoke(app, [*start, "--force", "--compare", str(tmp_path / wrong)])
        assert type(again.exception).__name__ == kind
