"""Candidates stand side by side: marks follow from bounds, nothing is ranked, hidden is hidden."""

import json
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import evidence_example as clean_example
import pikepdf
import pytest
import report_example as example
from evidence_example import clean, estimate, measure, stratum, with_headline, with_probe
from hypothesis import given
from hypothesis import strategies as st
from release_example import command
from typer.testing import CliRunner, Result

from privsynth.cli import app
from privsynth.errors import InputError
from privsynth.evidence import Audits, Bundle, Generator, recipient, to_json
from privsynth.policy import decide, load_policy
from privsynth.privacy import StatedClaim
from privsynth.report.candidates import PRIVACY, USEFULNESS, Comparison
from privsynth.report.compare import MOST, Entry, compare
from privsynth.report.compare_page import compare_page, scatter

KEYS = (*PRIVACY, *USEFULNESS)
FAIR = {
    "auc": (0.50, 0.53), "tpr_at_fpr_0.01": (0.005, 0.02), "copied_units_excess": (0.0, 0.001),
    "advantage_worst": (0.0, 0.04), "auc_most_exposed_fifth": (0.48, 0.56),
    "marginals_tvd": (0.05, 0.06), "pairs_tvd": (0.10, 0.12), "tstr": (0.70, 0.75),
}  # fmt: skip


def table(tag: str, changed: dict[str, tuple[float, float]] | None = None, **more: Any) -> Bundle:
    """Return evidence of one table of the same source, with these bounds."""
    ends = {**FAIR, **(changed or {})}
    found = {key: estimate(key, (low + high) / 2, low, high) for key, (low, high) in ends.items()}
    made = clean(generator=Generator(synthesizer=tag), **more)
    for key in PRIVACY[:2]:
        made = with_headline(made, key, found[key])
    for probe in (
        measure("copies", found["copied_units_excess"].model_copy(update={"p": 0.6})),
        measure("attribute_inference", found["advantage_worst"]).model_copy(
            update={"options": {"control": "seen"}}
        ),
        stratum("exposed", found["auc_most_exposed_fifth"]),
        measure("fidelity", found["marginals_tvd"], found["pairs_tvd"]),
        measure("utility", found["tstr"], estimate("tstr_floor", 0.5, 0.4, 0.6)),
    ):
        made = with_probe(made, probe)
    return made


def marks(*bundles: Bundle, verdicts: tuple[Any, ...] = ()) -> list[tuple[str, ...]]:
    """Return by whom each candidate is dominated."""
    decided = verdicts or (None,) * len(bundles)
    pairs = zip(bundles, decided, strict=True)
    entries = [Entry(f"place{i}", b, v) for i, (b, v) in enumerate(pairs)]
    return [c.dominated_by for c in compare(entries).candidates]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three candidates: a release, an evidence file, a leaky release."""
    leaky = table("memorizer", {"auc": (0.8, 0.95), "pairs_tvd": (0.01, 0.02)})
    for name, bundle in (("first", table("copula")), ("leaky", leaky)):
        inner = tmp_path / name / "release"
        inner.mkdir(parents=True)
        (inner / "evidence.json").write_text(to_json(bundle))
        verdict = decide(bundle, load_policy("preset:public"))
        (inner / "verdict.json").write_text(to_json(verdict))
    (tmp_path / "plain.json").write_text(to_json(table("tan")))
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


# --- who dominates whom


def test_one_that_is_as_good_everywhere_and_clearly_better_somewhere_dominates() -> None:
    for key in KEYS:
        low, high = FAIR[key]
        better = (high + 0.001, high + 0.002) if key == "tstr" else (low - 0.002, low - 0.001)
        assert marks(table("x"), table("y", {key: better})) == [("B",), ()], key
        touching = (high, high + 0.002) if key == "tstr" else (low - 0.002, low)
        assert marks(table("x"), table("y", {key: touching})) == [(), ()], key


def test_a_better_middle_with_a_worse_careful_end_dominates_nothing() -> None:
    wide = table("y", {"auc": (0.40, 0.54), "pairs_tvd": (0.01, 0.02)})
    assert marks(table("x"), wide) == [(), ()]


span = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: tuple(sorted(pair)))
several = st.lists(st.lists(span, min_size=len(KEYS), max_size=len(KEYS)), min_size=2, max_size=4)


@given(several)
def test_a_mark_never_lands_on_the_best_of_anything_and_never_both_ways(spans: Any) -> None:
    tables = [
        table(
            f"t{i}",
            {key: (a / 10, b / 10) for key, (a, b) in zip(KEYS, found, strict=True)},
        )
        for i, found in enumerate(spans)
    ]
    found = marks(*tables)
    letters = "ABCD"[: len(tables)]
    for key, ends in zip(KEYS, zip(*spans, strict=True), strict=True):
        careful = [-low if key == "tstr" else high for low, high in ends]
        if careful.count(min(careful)) == 1:
            assert found[careful.index(min(careful))] == (), key
    for i, by in enumerate(found):
        assert letters[i] not in by
        assert all(letters[i] not in found[letters.index(other)] for other in by)
    assert () in found


def test_the_order_of_the_candidates_changes_letters_only() -> None:
    tables = [
        table("x"), table("y", {"auc": (0.45, 0.46)}), table("z", {"pairs_tvd": (0.3, 0.4)}),
    ]  # fmt: skip
    expected = {"x": {"y"}, "y": set(), "z": {"x", "y"}}
    for order in permutations(tables):
        found = compare([Entry(f"p{i}", b) for i, b in enumerate(order)]).candidates
        name = {c.letter: c.synthesizer for c in found}
        assert [c.letter for c in found] == ["A", "B", "C"]
        assert {c.synthesizer: {name[by] for by in c.dominated_by} for c in found} == expected


def test_what_only_one_of_them_measured_decides_nothing() -> None:
    better = table("y", {"auc": (0.45, 0.46)})
    bare = clean_example.without_probe(better, "measure", "utility", "too few rows")
    assert marks(table("x"), bare) == [(), ()] == marks(bare, table("x"))
    found = compare([Entry("a", table("x")), Entry("b", bare)])
    assert "not measured" in compare_page(found)


def stated(epsilon: float, **more: Any) -> StatedClaim:
    values = {"mechanism": "m", "delta": 1e-6, "unit": "row", "neighbours": "add_remove", **more}
    return StatedClaim(epsilon=epsilon, **values)


@pytest.mark.parametrize(
    ("theirs", "ours", "dominates"),
    [
        (None, None, True), (None, 1.0, True), (1.0, None, False), (1.0, 1.0, True),
        (1.0, 0.5, True), (1.0, 2.0, False),
    ],
)  # fmt: skip
def test_no_measurement_makes_up_for_a_formal_guarantee(
    theirs: float | None, ours: float | None, dominates: bool
) -> None:
    claims = [{} if e is None else {"claim": stated(e)} for e in (theirs, ours)]
    better = table("y", {"auc": (0.45, 0.46)}, **claims[1])
    assert marks(table("x", **claims[0]), better) == [("B",) if dominates else (), ()]


@pytest.mark.parametrize(
    "weaker", [{"unit": "entity"}, {"delta": 1e-5}, {"unaccounted": ("the domain was read",)}]
)
def test_another_unit_or_an_open_end_is_no_equal_guarantee(weaker: dict[str, Any]) -> None:
    better = table("y", {"auc": (0.45, 0.46)}, claim=stated(1.0, **weaker))
    assert marks(table("x", claim=stated(1.0)), better) == [(), ()]


def test_a_decision_for_the_worse_is_worse() -> None:
    policy = load_policy("preset:public")
    fails = with_probe(
        table("y", {"auc": (0.45, 0.46)}), clean_example.leaked_metadata(0.0001, 1.0, 1.0)
    )
    verdicts = decide(table("x"), policy), decide(fails, policy)
    assert [v.status for v in verdicts] == ["pass", "fail"]
    assert marks(table("x"), fails) == [("B",), ()]
    assert marks(table("x"), fails, verdicts=verdicts) == [(), ()]


# --- what is not like with like


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: clean_example.with_table(b, "holdout", 6_000), "Other real rows"),
        (lambda b: clean_example.with_table(b, "train", 10_000), "Other real rows"),
        (
            lambda b: b.model_copy(update={"columns": b.columns[1:]}),
            "Other columns were read",
        ),
        (
            lambda b: clean_example.without_probe(b, "attack", "dcr", "left out"),
            "Other attacks ran",
        ),
        (lambda b: b.model_copy(update={"split": {"unit": "person"}}), "Rows are counted in some"),
        (lambda b: b.model_copy(update={"mechanism": "twin"}), "others a mechanism"),
        (
            lambda b: with_probe(
                b, b.measure("utility").model_copy(update={"options": {"target": "income"}})
            ),
            "Another column is predicted",
        ),
    ],
)
def test_unlike_candidates_are_named_and_dominate_nothing(change: Any, words: str) -> None:
    better = table("y", {"auc": (0.45, 0.46)})
    assert marks(table("x"), better) == [("B",), ()]
    entries = [Entry("1", table("x")), Entry("2", change(better)), Entry("3", table("z"))]
    found = compare(entries)
    assert [c.dominated_by for c in found.candidates] == [(), (), ()]
    (caution,) = found.cautions
    assert words in caution and caution.endswith(": A, C | B.")


def test_other_policies_and_other_levels_are_told() -> None:
    later = table("y", audits=Audits(number=2, alpha=0.0076))
    verdicts = [decide(table("x"), load_policy(f"preset:{p}")) for p in ("public", "internal")]
    entries = [Entry("1", table("x"), verdicts[0]), Entry("2", later, verdicts[1])]
    found = compare(entries)
    assert "Decided by other policies, or not decided: A | B." in found.cautions
    assert any("A 0.9700, B 0.9924" in caution for caution in found.cautions)
    assert "2 candidates" in found.selection and "(A 1, B 2)" in found.selection
    assert "itself a selection" in compare_page(found)


def test_like_with_like_has_no_caution() -> None:
    assert compare([Entry("1", table("x")), Entry("2", table("y"))]).cautions == ()


# --- how many, and which


def test_two_to_twelve_and_none_twice() -> None:
    tables = [Entry(str(i), table(f"t{i}")) for i in range(MOST + 1)]
    for wrong in (tables[:1], tables):
        with pytest.raises(InputError, match="2 to 12"):
            compare(wrong)
    assert len(compare(tables[:MOST]).candidates) == MOST
    with pytest.raises(InputError, match=r"first and second are the same evidence"):
        compare([Entry("first", table("x")), Entry("second", table("x"))])
    with pytest.raises(InputError, match="are the same evidence"):  # in another edition
        compare([Entry("a", table("x")), Entry("b", recipient(table("x")))])


def test_the_command_ends_in_the_code_of_its_error(folder: Path) -> None:
    (folder / "broken.json").write_text("{")
    (folder / "empty").mkdir()
    plain = folder / "plain.json"
    for arguments, kind, words in (
        ((plain,), "InputError", "1 candidates"),
        ((plain, plain), "InputError", "named twice"),
        ((plain, folder / "first" / ".." / "plain.json"), "InputError", "named twice"),
        ((plain, folder / "none.json"), "InputError", "does not exist"),
        ((plain, folder / "empty"), "InputError", "does not exist"),
        ((plain, folder / "broken.json"), "IntegrityError", "not JSON"),
        ((plain, folder / "first", "--out", plain), "InputError", "read by this command"),
        ((plain, folder / "first", "--policy", "preset:nobody"), "InputError", "unknown preset"),
    ):
        done = call(*arguments)
        assert (type(done.exception).__name__, words in str(done.exception)) == (kind, True)
    stale = folder / "first" / "release" / "evidence.json"
    stale.write_text(to_json(table("other")))
    done = call(plain, folder / "first")
    assert type(done.exception).__name__ == "IntegrityError"
    assert "other evidence" in str(done.exception)


# --- what is printed


def test_json_alone_is_on_stdout_and_reads_back(folder: Path) -> None:
    done = command("compare", "first", "plain.json", "leaky", "--json", cwd=folder)
    assert done.returncode == 0 and done.stderr == ""
    found = Comparison.model_validate(json.loads(done.stdout))
    assert [c.decision for c in found.candidates] == ["pass", None, "fail"]
    assert [c.place for c in found.candidates] == ["first", "plain.json", "leaky"]
    assert found.candidates[0].estimates["auc"].high == 0.53


def test_the_command_decides_by_one_policy_when_asked(folder: Path) -> None:
    done = call(folder / "first", folder / "plain.json", "--policy", "preset:internal", "--json")
    found = Comparison.model_validate(json.loads(done.stdout))
    assert {c.policy for c in found.candidates} == {"internal@1"}
    assert {c.registered for c in found.candidates} == {"after_scoring"}
    assert not any("policies" in caution for caution in found.cautions)


def test_twelve_candidates_fit_into_eighty_columns(tmp_path: Path) -> None:
    names = [f"candidate-{i:02}.json" for i in range(MOST)]
    for i, name in enumerate(names):
        (tmp_path / name).write_text(
            to_json(table(f"generator-{i}", {"auc": (-0.1, 0.5 + i / 50)}))
        )
    done = command("compare", *names, "--out", "c.html", cwd=tmp_path, COLUMNS="80")
    assert done.returncode == 0 and done.stdout == ""
    assert max(map(len, done.stderr.splitlines())) <= 80
    for letter, name in zip("ABCDEFGHIJKL", names, strict=True):
        assert f"  {letter}  {name}: example" in done.stderr
    assert "…" not in done.stderr
    text = (tmp_path / "c.html").read_text()
    assert text.count("<svg") == 1 and all(name in text for name in names)


def test_digits_beyond_the_recipient_s_are_nowhere() -> None:
    exact = table("x", {"auc": (0.51234, 0.53218), "pairs_tvd": (0.11119, 0.12226)})
    found = compare([Entry("1", exact), Entry("2", table("y"))])
    texts = compare_page(found), compare_page(found, "pdf"), to_json(found)
    for text in texts:
        assert "0.533" in text and "0.5322" not in text and "0.1223" not in text
        assert "0.5123" not in text


def test_the_largest_cell_limit_of_all_holds_for_all() -> None:
    few = with_probe(
        table("y"),
        measure("copies", estimate("copied_units_excess", 0.02, 0.01, 0.03)),
    )
    strict = few.model_copy(
        update={
            "policy": few.policy.model_copy(
                update={"document": {**few.policy.document, "cell_limit": 30}}
            )
        }
    )
    found = compare([Entry("1", table("x")), Entry("2", strict)])
    assert found.cell == 30 and "under 30 are hidden" in compare_page(found)
    assert compare([Entry("1", table("x")), Entry("2", few)]).cell == 11


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path) -> None:
    nasty = example.hostile()[0]
    place = "<script>alert(1)</script>\u202e.json"
    found = compare([Entry(place, nasty), Entry("\x1b[31mred", table("x"))])
    page = compare_page(found)
    assert "<script" not in page and "<img" not in page and "\x1b" not in page
    assert "\u202e" not in page and "&lt;script&gt;alert" in page
    assert not re.search(r"(src|href)=\"(?!#)", page) and not re.search(r"url\((?!#)", page)
    for name, bundle in (("[red]a[b]\x1b[31m.json", nasty), ("b.json", table("x"))):
        (tmp_path / name).write_text(to_json(bundle))
    done = command("compare", "[red]a[b]\x1b[31m.json", "b.json", cwd=tmp_path)
    assert done.returncode == 0 and "\x1b" not in done.stderr and "\u202e" not in done.stderr
    assert "[red]a[b]\\x1b[31m.json" in done.stderr


def test_the_page_holds_every_number_once_in_words_and_ranks_nothing(folder: Path) -> None:
    found = compare([Entry("a", table("x")), Entry("b", table("y", {"auc": (0.45, 0.46)}))])
    page = compare_page(found)
    assert "default-src 'none'" in page and page.count("<style>") == 1
    for candidate in found.candidates:
        for e in candidate.estimates.values():
            assert f"{e.value:.3f}" in page
    assert not re.search(r"\b(rank|winner|overall score|best candidate)\b", page, re.IGNORECASE)
    drawing = scatter(found)
    assert drawing is not None and "A: AUC 0.515 (0.500 to 0.530)" in drawing.alternative
    bare = [clean(), clean(generator=Generator(synthesizer="other"))]
    assert scatter(compare([Entry(str(i), b) for i, b in enumerate(bare)])) is None


def test_the_pdf_has_its_pages_and_both_files_are_written(folder: Path) -> None:
    pages = folder / "c.pdf", folder / "c.html"
    done = call(
        folder / "first", folder / "leaky", "--pdf", pages[0], "--out", pages[1]
    )  # fmt: skip
    assert done.exit_code == 0, done.exception
    assert str(pages[0].name) in done.stderr and done.stdout == ""
    with pikepdf.open(pages[0]) as document:
        assert 1 <= len(document.pages) <= 4 and "/StructTreeRoot" in document.Root
    again = call(folder / "first", folder / "leaky", "--out", pages[1])
    assert isinstance(again.exception, InputError) and "exists already" in str(again.exception)
