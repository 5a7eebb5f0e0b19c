"""The figures: what they say, what they leave out, whose colours they take."""

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
import report_example as example
from hypothesis import given
from hypothesis import strategies as st

from privsynth.evidence import Bundle, Evidence
from privsynth.report import figures
from privsynth.report.drawing import BLUE, INK, THEME, Drawing, draw, slug, themed
from privsynth.report.figures.histogram import cumulative
from privsynth.report.text import number, significant

DRAWN = {
    "flow", "detection", "forest", "roc-exact_copy", "roc-dcr", "roc-dcr_ratio", "roc-value_match",
    "dcr-histogram", "nndr-histogram", "dcr-subsets", "groups-exposed", "exposure", "columns",
    "distortion", "epsilon",
}  # fmt: skip


def drawn(bundle: Bundle) -> Iterator[Drawing]:
    """Yield every figure of the evidence."""
    found: list[Drawing | None] = [
        one(bundle)
        for one in (figures.flow, figures.detection, figures.forest, figures.subsets)
    ]  # fmt: skip
    found.append(figures.epsilons(bundle))
    for probe in bundle.probes:
        found += [one(probe) for one in (figures.roc, figures.groups, figures.exposure)]
        if probe.id in ("dcr", "nndr"):
            found.append(figures.histogram(probe, probe.id))
        if probe.id == "fidelity":
            found += [figures.fidelity(probe), figures.distortion(probe)]
    return (one for one in found if one is not None)


@pytest.fixture(scope="module")
def leaking() -> dict[str, Drawing]:
    """Return every figure of a table that leaks and claims differential privacy, by its id."""
    return {one.id: one for one in drawn(example.private("fail"))}


def probe_of(found: Evidence | None) -> Evidence:
    assert found is not None
    return found


def test_every_figure_has_an_id_of_its_own_a_finding_and_a_sentence(
    leaking: dict[str, Drawing],
) -> None:
    assert set(leaking) == DRAWN
    for one in leaking.values():
        assert one.title.endswith(".") and len(one.title) > 20
        assert len(one.note) > 20 and one.note.endswith(".")
        assert len(one.alternative) > 40 and one.alternative.endswith(".")
        assert re.search(r"\d", one.alternative)
        assert one.data.startswith("evidence.json, ")


def test_every_figure_is_sound_markup_titled_first_without_a_foreign_address(
    leaking: dict[str, Drawing],
) -> None:
    ids: list[str] = []
    for one in leaking.values():
        root = ElementTree.fromstring(one.svg)
        assert root[0].tag == "{http://www.w3.org/2000/svg}title"
        assert root[0].text == one.alternative
        for address in re.findall(r'href="([^"]*)"|url\(([^)]*)\)', one.svg):
            assert "".join(address).startswith("#")
        ids += [value for node in root.iter() if (value := node.get("id"))]
    assert len(ids) == len(set(ids))


def test_names_that_break_out_stay_text() -> None:
    for one in drawn(example.hostile()[0]):
        ElementTree.fromstring(one.svg)
        page = one.__html__()
        assert "<img" not in page and "<link" not in page and "\u202e" not in page
        assert re.fullmatch(r"[A-Za-z0-9_.@-]+", one.id)


def test_the_same_evidence_gives_the_same_figure_whatever_was_drawn_before() -> None:
    import matplotlib

    probe = probe_of(example.bundle("fail").stratum("exposed"))
    first = figures.groups(probe)
    figures.flow(example.bundle("fail"))
    before = matplotlib.rcParams["font.size"]
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert figures.groups(probe) == first
    assert matplotlib.rcParams["font.size"] == before


def test_a_figure_shows_itself_in_a_notebook_with_its_id_and_where_its_numbers_are() -> None:
    drawing = figures.forest(example.bundle("fail"))
    assert drawing is not None
    page = drawing._repr_html_()
    assert page.startswith('<figure data-figure="forest"><figcaption><strong>The worst attack')
    assert "Figure id: forest. Data: evidence.json, headline" in page
    assert drawing.svg.count("<title>") == 1


def test_a_themed_figure_takes_its_colours_from_the_page_and_is_otherwise_the_same(
    leaking: dict[str, Drawing],
) -> None:
    for one in leaking.values():
        svg = one.themed().svg
        assert f"var(--ink,{INK})" in svg
        assert re.sub(r"var\(--\w+,(#\w+)\)", lambda found: found[1].lower(), svg) == one.svg
        left = set(re.findall(r": (#[0-9a-f]{6})", svg))
        assert not left & {color.lower() for color in THEME}
        assert left <= {"#000000"}
    text = f'<text style="fill: {BLUE.lower()}">: {INK}</text>'
    assert themed(text) == f'<text style="fill: var(--blue,{BLUE})">: {INK}</text>'


def test_a_series_or_an_estimate_that_is_absent_only_leaves_its_figure_out() -> None:
    bundle = example.bundle("pass")
    probe = probe_of(bundle.attack("dcr"))
    assert figures.roc(probe.model_copy(update={"series": {}})) is None
    assert figures.roc(probe.model_copy(update={"estimates": probe.estimates[1:]})) is None
    for figure in (figures.fidelity, figures.distortion, figures.groups, figures.exposure):
        assert figure(probe) is None
    assert figures.histogram(probe, "dcr") is None
    bare = bundle.model_copy(
        update={"probes": (), "headline": {}, "controls": {}, "tables": {}}
    )  # fmt: skip
    assert not list(drawn(bare))
    memorizer = probe.model_copy(
        update={
            "estimates": (example.estimate("auc", 1.0, 0.0, "Clopper–Pearson"),),
            "series": {"roc": {"fpr": [0.0, 1.0], "tpr": [1.0, 1.0]}},
        }
    )
    assert "AUC 1.000" in str(figures.roc(memorizer))


def test_suppressed_bins_leave_a_gap_and_are_counted() -> None:
    probe = probe_of(example.bundle("pass").measure("dcr"))
    hidden = sum(v is None for side in ("train", "holdout") for v in probe.series["dcr"][side])
    drawing = figures.histogram(probe, "dcr", cell=20)
    assert hidden > 0 and drawing is not None
    assert f"{hidden} bins with few rows are left out" in drawing.note
    assert "from 0 to 19 rows" in drawing.note


@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any),
    cell=st.integers(3, 30),
)
def test_the_band_of_cumulative_shares_holds_the_true_curve(counts: list[int], cell: int) -> None:
    shown = [n if n >= cell else None for n in counts]
    low, high = cumulative(shown, cell - 1)
    seen = 0
    for place, n in enumerate([0, *counts]):
        seen += n
        assert low[place] <= seen / sum(counts) + 1e-12
        assert high[place] >= seen / sum(counts) - 1e-12
    assert low == sorted(low) and high == sorted(high)


def test_a_share_below_its_expectation_is_not_called_a_finding() -> None:
    clean = figures.subsets(example.bundle("pass"))
    leaks = figures.subsets(example.bundle("fail"))
    assert clean is not None and "not shown to be above the expected 0.6667" in clean.title
    assert leaks is not None and leaks.title.startswith("Within numbers and dates")
    assert "above" in leaks.title and "not shown" not in leaks.title


def test_groups_of_rising_exposure_stay_in_order_and_others_come_worst_first() -> None:
    probe = probe_of(example.bundle("fail").stratum("exposed"))
    drawing = figures.groups(probe, limit=0.65)
    assert drawing is not None
    places = [drawing.alternative.index(f"Exposure {i} of 5") for i in range(1, 6)]
    assert places == sorted(places)
    assert "policy's limit 0.650" in drawing.note
    many = tuple(
        example.estimate(f"auc[{'c' * 30}=#{i}]", 0.5 + i / 1000, 0.05, "worst") for i in range(60)
    )
    labels = {e.name: {"label": "d" * 30 + str(i), "members": 300} for i, e in enumerate(many)}
    crowd = probe.model_copy(
        update={"id": "subgroups", "estimates": many, "series": {"groups": labels}}
    )
    drawing = figures.groups(crowd)
    assert drawing is not None
    assert "20 more groups are in evidence.json" in drawing.note
    assert drawing.title.startswith("Worst group, cccccc") and "0.559" in drawing.title
    assert figures.groups(probe.model_copy(update={"estimates": probe.estimates[:1]})) is None


def test_many_columns_and_many_attacks_are_cut_and_said_to_be() -> None:
    columns = [
        {"name": f"{'x' * 40}{i}", "tvd": i / 400, "missing": 0.0, "tails": 1.0}
        for i in range(200)
    ]  # fmt: skip
    probe = probe_of(example.bundle("pass").measure("fidelity"))
    wide = probe.model_copy(update={"series": {"columns": columns}})
    for figure in (figures.fidelity, figures.distortion):
        drawing = figure(wide)
        assert drawing is not None and "170 more columns" in drawing.note
    bundle = example.bundle("pass")
    attack = probe_of(bundle.attack("dcr"))
    crowd = tuple(attack.model_copy(update={"id": f"a{i}"}) for i in range(40))
    drawing = figures.forest(bundle.model_copy(update={"probes": crowd, "headline": {}}))
    assert drawing is not None and "14 more attacks" in drawing.note
    assert len(drawing.alternative) < 1000 and drawing.alternative.endswith("others below.")


def test_what_distorts_a_column_most_comes_first_and_what_is_unknown_is_a_dash() -> None:
    columns = [
        {"name": "whole", "tvd": 0.3, "missing": 0.0, "tails": 1.0},
        {"name": "tailless", "tvd": 0.01, "missing": None, "tails": 0.1},
        {"name": "levels", "tvd": 0.02, "missing": 0.01, "rare": 5, "lost": 4},
    ]
    probe = probe_of(example.bundle("pass").measure("fidelity"))
    drawing = figures.distortion(probe.model_copy(update={"series": {"columns": columns}}))
    assert drawing is not None
    assert drawing.title == (
        "1 of 2 columns keep less than half of their tails; 4 of 5 rare levels are lost."
    )
    order = [drawing.alternative.index(name) for name in ("tailless", "levels", "whole")]
    assert order == sorted(order)
    assert ">4 of 5<" in drawing.svg and ">–<" in drawing.svg


def test_the_exposure_says_what_the_last_bin_says() -> None:
    probe = probe_of(example.bundle("fail").stratum("exposed"))
    found = probe.series["exposure"]
    drawing = figures.exposure(probe)
    assert drawing is not None
    assert f"{significant(found['lift'][-1], 3)} times as many members" in drawing.title
    assert f"n = {sum(found['members']) + sum(found['non_members']):,}" in drawing.note


def test_the_control_names_the_smallest_share_that_was_found() -> None:
    seen = figures.detection(example.bundle("pass"))
    missed = figures.detection(example.bundle("inconclusive"))
    assert seen is not None and "10\u00a0% of the members" in seen.title
    assert "limit" in seen.note and "5\u00a0% 0.5236 missed" in seen.alternative
    assert missed is not None and "none of the planted shares" in missed.title


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (lambda: example.bundle("pass"), "no formal guarantee is claimed"),
        (lambda: example.private("pass"), "guarantee: epsilon 1, delta 1e-05"),
        (lambda: example.private("pass", example.stated_claim()), "not verified"),
    ],
)
def test_the_flow_says_what_is_claimed_and_who_decided(
    bundle: Callable[[], Bundle], words: str
) -> None:
    found = bundle()
    drawing = figures.flow(found)
    assert drawing is not None and words in drawing.title and words in drawing.alternative
    assert "no policy was applied" in drawing.alternative
    decided = figures.flow(found, example.verdict(found, "fail"))
    assert decided is not None and decided.alternative.endswith("the gate says HOLD.")
    assert ">HOLD<" in decided.svg and "5,265 rows" in decided.svg


def test_folds_count_the_rows_of_train_once() -> None:
    bundle = example.bundle("pass")
    train = bundle.tables["train"]
    folds = bundle.model_copy(
        update={
            "split": {"origin": "tool", "folds": 5},
            "tables": {**bundle.tables, "holdout": train},
        }
    )
    drawing = figures.flow(folds)
    reference = bundle.tables["reference"].rows
    assert drawing is not None and f"{train.rows + reference:,} rows" in drawing.svg
    assert "5 folds of train" in drawing.svg


def test_a_figure_is_as_wide_as_the_page_and_its_name_becomes_an_id() -> None:
    one = draw(
        1.0, lambda figure: figure.subplots().plot([0, 1]), name="a <b> c", title="t",
        note="n", alternative="a", data="d",
    )  # fmt: skip
    assert one.id == "a-b-c" == slug("a <b> c")
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', one.svg)
    assert box is not None and float(box[1]) == pytest.approx(6.7 * 72)
    assert number(float(box[2]) / 72) == "1.000"


def test_both_editions_show_the_same_figures_drawn_once() -> None:
    from privsynth.report.context import context

    bundle = example.bundle("pass")
    report = example.report(bundle, None)
    paper, screen = (context(report, medium)["forest"](bundle) for medium in ("pdf", "html"))
    assert len(report.drawn) == 1
    assert "var(--" not in paper.svg and screen == paper.themed()
    assert context(report, "pdf")["forest"](bundle) is paper


def test_a_table_made_elsewhere_has_a_generator_all_the_same() -> None:
    bundle = example.bundle("pass")
    made = bundle.generator.model_copy(update={"synthesizer": "made elsewhere"})
    drawing = figures.flow(bundle.model_copy(update={"generator": made}))
    assert drawing is not None and drawing.title.startswith("A generator elsewhere learnt from")
