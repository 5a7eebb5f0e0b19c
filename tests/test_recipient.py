"""What travels: rounded outward, small counts of people hidden, and decided alike by everybody."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import evidence_example as example
import pytest
import release_example as releases
from hypothesis import given, settings
from hypothesis import strategies as st

from privsynth.audit.precision import precisions
from privsynth.errors import InputError
from privsynth.evidence import Bundle, Control, EpsilonBound, read_bundle, recipient, to_json
from privsynth.policy import decide, findings, from_document, load_policy
from privsynth.policy.verdict import overall
from privsynth.privacy import StatedClaim
from privsynth.privacy.ceiling import ceiling_of
from privsynth.provenance import build, verify
from privsynth.statistics import Estimate, proportion

GOLDEN = Path(__file__).parent / "golden" / "evidence-v1.json"
PARTNER = load_policy("preset:partner")
CELLS = st.sampled_from([3, 5, 11, 20, 21, 40, 99, 100])
COMMON = settings(deadline=None, derandomize=True, max_examples=300)


def estimates(bundle: Bundle) -> Iterator[Estimate]:
    """Yield every estimate of some evidence, in one order."""
    for probe in bundle.probes:
        yield from probe.estimates
    for name in sorted(bundle.controls):
        yield from bundle.controls[name].estimates  # type: ignore[index]
    for name in sorted(bundle.headline):
        yield bundle.headline[name].estimate
        yield from (bundle.headline[name].precision or {}).values()


def with_series(name: str, series: dict[str, Any]) -> Bundle:
    """Return clean evidence with a measure that has these series."""
    probe = example.measure(name, example.estimate("made_up", 0.5, 0.4, 0.6))
    return example.with_probe(example.clean(), probe.model_copy(update={"series": series}))


# --- numbers


@pytest.mark.parametrize("cell", [3, 11, 100])
def test_every_bound_is_rounded_outward_and_holds_the_value(cell: int) -> None:
    full = read_bundle(GOLDEN)
    shown = recipient(full, cell)
    pairs = list(zip(estimates(full), estimates(shown), strict=True))
    assert len(pairs) > 10
    for before, after in pairs:
        digits = 4 if after.name.startswith("tpr_at_fpr_0.0") else 3
        assert after.low <= before.low and after.high >= before.high
        assert after.low <= after.value <= after.high
        for number in (after.low, after.value, after.high):
            assert round(number, digits) == number
        if before.adjusted_low is not None:
            assert after.adjusted_low is not None and after.adjusted_low <= before.adjusted_low
        assert (after.p, after.expected) == (before.p, before.expected)


def test_rounding_goes_outward_for_negative_numbers_and_stays_where_it_need_not_move() -> None:
    found = example.estimate("made_up", -0.0304, -0.0309, -0.0301, adjusted_low=-0.0311)
    shown = found.outward(3)
    assert (shown.low, shown.value, shown.high) == (-0.031, -0.03, -0.03)
    assert shown.adjusted_low == -0.032
    assert example.estimate("made_up", 0.065, 0.06, 0.07).outward(3).low == 0.06


def test_the_rounded_edition_reads_back_as_it_was_written(tmp_path: Path) -> None:
    for full in (read_bundle(GOLDEN), example.clean()):
        shown = recipient(full)
        (tmp_path / "e.json").write_text(to_json(shown))
        again = read_bundle(tmp_path / "e.json")
        assert to_json(again) == to_json(shown)
        assert recipient(again) is again
        assert (again.edition, again.cell) == ("recipient", 11)


@COMMON
@given(CELLS, CELLS)
def test_it_is_made_once_and_a_larger_cell_hides_more(first: int, second: int) -> None:
    full = read_bundle(GOLDEN)
    once = recipient(full, first)
    twice = recipient(once, second)
    assert recipient(twice, second) is twice
    assert twice.cell == max(first, second)
    if second <= first:
        assert twice is once
    for before, after in zip(estimates(once), estimates(twice), strict=True):
        assert after.low <= before.low and after.high >= before.high


def test_digests_seed_claim_policy_and_limits_stay_as_they_are() -> None:
    planted = Control(status="ok", message="fine.", series={"limit_auc": 0.61234, "auc": [0.51234]})
    full = example.clean(controls={**example.clean().controls, "positive": planted})
    shown = recipient(full)
    assert shown.controls["positive"].series == {"limit_auc": 0.61234, "auc": [0.512]}
    for name in ("seed_commitment", "claim", "policy", "versions", "audits", "generator"):
        assert getattr(shown, name) == getattr(full, name)
    assert {r: t.digest for r, t in shown.tables.items()} == {
        r: t.digest for r, t in full.tables.items()
    }


def test_an_implied_epsilon_is_rounded_towards_no_finding() -> None:
    bound = EpsilonBound(name="auc", epsilon=0.6239, method="made up", level=0.95)
    implied = recipient(example.clean(implied=(bound,))).implied
    assert implied is not None and implied[0].epsilon == 0.623


# --- small counts


def group_of(*sizes: int, missing: int = 0) -> Bundle:
    """Return evidence of declared groups of so many people on either side, which have no others."""
    listed = [
        example.group(place, f"level {place}", n=n, assessed=n >= 200)
        for place, n in enumerate(sizes, start=1)
    ]
    counted = {f"auc[sex=#{k}]": n for k, n in enumerate(sizes, start=1) if n >= 200}
    found = [example.estimate(name, 0.5, 0.4, 0.6, n=2 * n) for name, n in counted.items()]
    facts = {name: {"attack": "dcr", "members": n, "non_members": n} for name, n in counted.items()}
    probe = example.stratum(
        "subgroups", *found, options={"groups": listed}, series={"groups": facts}
    )
    full = example.with_probe(example.clean(), probe)
    for role in ("train", "holdout"):
        full = example.with_table(full, role, sum(sizes) + missing)
    return full


@pytest.mark.parametrize("cell", [5, 11, 20, 100])
@pytest.mark.parametrize("whole", [401, 1001, 1019])
def test_no_size_of_a_small_group_follows_from_a_total_and_the_other_groups(
    whole: int, cell: int
) -> None:
    """Exact: with every size from 1 to cell - 1 the evidence is the same but for the label."""

    def seen(full: Bundle) -> str:
        shown = recipient(full, cell)
        groups = shown.stratum("subgroups").options["groups"]  # type: ignore[union-attr]
        assert "members" not in groups[-1] or groups[-1]["label"] == "level 2"
        for group in groups:
            group["label"] = ""
        return to_json(shown)

    few = range(1, cell)
    assert len({seen(group_of(whole - n, n)) for n in few}) == 1
    assert len({seen(group_of(whole - n, 250, n)) for n in few}) == 1
    assert len({seen(group_of(whole - n, 210, missing=n)) for n in few}) == 1


def test_a_small_group_is_called_by_its_name_from_the_cell_limit_on() -> None:
    for n, label, sizes in ((5, None, None), (6, "level 2", None), (11, "level 2", 11)):
        shown = recipient(group_of(500, n)).stratum("subgroups")
        assert shown is not None
        group = shown.options["groups"][1]
        assert (group["label"], group.get("members"), group["assessed"]) == (label, sizes, False)


def test_a_group_that_is_large_enough_for_a_rule_stays_so_at_every_cell_limit() -> None:
    for cell in range(3, 101):
        for size in (199, 200, 219, 399):
            shown = recipient(group_of(1000, size), cell).stratum("subgroups")
            assert shown is not None
            sizes = shown.options["groups"][1]
            assert (min(sizes["members"], sizes["non_members"]) >= 200) == (size >= 200)


def test_groups_with_few_people_on_a_side_are_dropped_with_their_estimates() -> None:
    fifth = example.estimate("auc_most_exposed_fifth", 0.5, 0.4, 0.55, n=90)
    facts = {"auc_most_exposed_fifth": {"attack": "dcr", "members": 60, "non_members": 30}}
    full = example.with_probe(
        example.clean(), example.stratum("exposed", fifth, series={"groups": facts})
    )
    kept, gone = (recipient(full, cell).stratum("exposed") for cell in (30, 31))
    assert kept is not None and gone is not None
    assert kept.series["groups"][fifth.name] == {"attack": "dcr", "members": 40, "non_members": 30}
    assert (gone.estimates, gone.series["groups"]) == ((), {})
    assert gone.not_run == "fewer than 31 people on either side"
    assert read_back(recipient(full, 31)) == recipient(full, 31)


def read_back(bundle: Bundle) -> Bundle:
    return Bundle.model_validate_json(to_json(bundle))


def test_shares_of_few_rows_look_alike_and_their_bounds_cover_all_of_them() -> None:
    def shown(hits: int) -> Estimate:
        probe = example.measure("copies", proportion("identical_in_train", hits, 225))
        bundle = recipient(example.with_probe(example.clean(), probe))
        return bundle.measure("copies").estimates[0]  # type: ignore[union-attr]

    assert len({shown(hits).model_dump_json() for hits in range(1, 11)}) == 1
    few = shown(3)
    assert (few.low, few.value) == (0, round(10 / 225, 3))
    assert few.high >= proportion("x", 10, 225).high
    assert shown(0).value == 0 and shown(11).value == round(11 / 225, 3)


def test_histograms_hide_small_counts_and_no_hidden_one_follows_from_the_sum() -> None:
    bars = {"edges": [0.0, 0.12345, 0.5], "train": [52, 3], "holdout": [30, 28, 25, 4, 0]}
    found = recipient(with_series("dcr", {"dcr": bars})).measure("dcr")
    assert found is not None
    shown = found.series["dcr"]
    assert shown["edges"] == bars["edges"]
    assert shown["train"] == [None, None]
    assert shown["holdout"] == [30, 30, 25, None, None]


def test_bins_of_exposure_are_rounded_and_gone_if_one_is_small() -> None:
    one = example.estimate("auc_most_exposed_fifth", 0.5, 0.4, 0.55)
    bins = {
        "attack": "dcr", "scores": 4, "edges": [0.0, 0.5123, 1.0], "members": [131, 47],
        "non_members": [25, 30], "lift": [1.0126, 0.9874], "low": [0.9129, 0.9],
        "high": [1.2, 1.1231], "confidence": 0.94,
    }  # fmt: skip
    full = example.with_probe(
        example.clean(), example.stratum("exposed", one, series={"exposure": bins})
    )
    shown, gone = (recipient(full, cell).stratum("exposed") for cell in (25, 26))
    assert shown is not None and gone is not None
    assert shown.series["exposure"] == {
        **bins, "edges": [0.0, 0.512, 1.0], "members": [125, 25], "non_members": [25, 25],
        "lift": [1.013, 0.987], "low": [0.912, 0.9], "high": [1.2, 1.124],
    }  # fmt: skip
    assert gone.series == {}


def test_a_curve_begins_where_a_cell_of_people_is_passed() -> None:
    """10,000 members and 6,000 others: 11 of them are 0.0011 and 0.00183."""
    fpr, tpr = [0.0, 0.001, 0.0018, 0.0019, 0.5, 1.0], [0.0, 0.0, 0.001, 0.0011, 0.5126, 1.0]
    found = recipient(with_series("made_up", {"roc": {"fpr": fpr, "tpr": tpr}})).measure("made_up")
    assert found is not None
    assert found.series["roc"] == {"fpr": [0.0, 0.002, 0.5, 1.0], "tpr": [0.0, 0.001, 0.513, 1.0]}


def test_sentences_lose_their_small_counts_and_no_others() -> None:
    full = example.clean(
        warnings=(
            "train: column 'age' has 3 of 1,200 values outside its declared bounds",
            "train: column 'age' has 12 of 1,200 values outside its declared bounds",
            "over 5 tables, each made without one fold",
        )
    )
    tables = {**full.tables}
    tables["holdout"] = tables["holdout"].model_copy(
        update={"note": "7 distinct rows also occur in train; they stay in the game"}
    )
    shown = recipient(full.model_copy(update={"tables": tables}))
    assert shown.warnings[0].endswith(
        "has fewer than 11 of 1,200 values outside its declared bounds"
    )
    assert shown.warnings[1:] == full.warnings[1:]
    assert shown.tables["holdout"].note.startswith("fewer than 11 distinct rows also occur")
    again = recipient(shown, 20)
    assert again.warnings[0] == shown.warnings[0]
    assert "has fewer than 20 of 1,200" in again.warnings[1]


def test_counts_of_rare_things_and_unseen_categories_are_hidden() -> None:
    probe = example.leaked_metadata(0.4, 1.0, 0.7).model_copy(
        update={"options": {"categories": {"train": 3, "holdout": 0}, "extremes": {"train": 14}}}
    )
    columns = tuple(example.column(f"c{n}", unseen=n) for n in (0, 1, 10, 11))
    shown = recipient(example.with_probe(example.clean(columns=columns), probe))
    found = shown.measure("metadata_leak")
    assert found is not None
    assert found.options["categories"] == {"train": "fewer than 11", "holdout": 0}
    assert found.options["extremes"] == {"train": 14}
    assert [column.unseen for column in shown.columns] == [0, None, None, 11]


def test_sample_sizes_of_parts_are_rounded_and_those_of_whole_tables_are_not() -> None:
    probe = example.measure(
        "made_up",
        *(example.estimate("e", 0.5, 0.4, 0.6, n=n) for n in (4, 15, 219, 6_000, 16_000, 15_999)),
    )
    found = recipient(example.with_probe(example.clean(), probe)).measure("made_up")
    assert found is not None
    assert [e.n for e in found.estimates] == [10, 11, 200, 6_000, 16_000, 15_980]


# --- decisions


def claimed(bundle: Bundle, low: float) -> Bundle:
    """Return evidence of a producer's claim, whose ceiling an attack comes near to."""
    claim = StatedClaim(
        mechanism="made up", epsilon=0.2, delta=1e-6, unit="one row", neighbours="replace_one"
    )
    most = ceiling_of(claim.epsilon, claim.delta, "replace_one").auc
    low = round(most + low, 4)
    worst = example.estimate("auc", max(low, 0.56), low, 0.58)
    return example.with_headline(bundle, "auc", worst).model_copy(update={"claim": claim})


def near(limit: float, end: str, name: str) -> Callable[[float], Estimate]:
    def made(offset: float) -> Estimate:
        x = round(limit + offset, 4)
        low, high = (x, x + 0.05) if end == "low" else (x - 0.05, x)
        return example.estimate(name, (low + high) / 2, max(low, 0), high)

    return made


def spoil(rule: str, end: str, offset: float) -> Callable[[Bundle], Bundle]:
    """Return a change that puts what a rule of the partner reads near to its limit."""
    if rule == "worst_auc":
        return lambda b: example.with_headline(b, "auc", near(0.60, end, "auc")(offset))
    if rule == "worst_tpr":
        rate = "tpr_at_fpr_0.01"
        return lambda b: example.with_headline(b, rate, near(0.05, end, rate)(offset))
    if rule == "exposed_fifth":
        one = near(0.65, end, "auc_most_exposed_fifth")(offset)
        return lambda b: example.with_probe(b, example.stratum("exposed", one))
    if rule == "subgroups":
        one = near(0.70, end, "auc[sex=#1]")(offset)
        size = 200 + round(1e4 * offset)
        listed = {"groups": [example.group(1, n=size)]}
        facts = {"groups": {one.name: {"members": size, "non_members": size}}}
        return lambda b: example.with_probe(
            b, example.stratum("subgroups", one, options=listed, series=facts)
        )
    if rule == "attribute_advantage":
        one = near(0.10, end, "advantage_worst")(offset)
        return lambda b: example.with_probe(
            b, example.attributes().model_copy(update={"estimates": (one,)})
        )
    if rule == "dcr_share":
        low = round(0.655 + offset, 4)
        one = example.estimate("share_closer_to_train", 0.7, low, 0.75, expected=0.625)
        return lambda b: example.with_probe(b, example.measure("dcr", one))
    if rule == "copies":
        one = example.estimate("copied_units_excess", 0, 0, 0, p=round(0.01 + offset, 4))
        return lambda b: example.with_probe(b, example.measure("copies", one))
    if rule == "metadata_leak":
        p = max(round(0.01 / 3 + offset, 4), 0.0001)
        return lambda b: example.with_probe(b, example.leaked_metadata(0.4, p, 0.7))
    if rule == "holdout_units":
        return lambda b: example.with_table(b, "holdout", 1200 + round(1e4 * offset))
    return lambda b: claimed(b, offset)


RULES = (
    "worst_auc", "worst_tpr", "exposed_fifth", "subgroups", "attribute_advantage", "dcr_share",
    "copies", "metadata_leak", "holdout_units", "dp_claim",
)  # fmt: skip
CHANGES = st.lists(
    st.tuples(st.sampled_from(RULES), st.sampled_from(["low", "high"]), st.integers(-25, 25)).map(
        lambda t: spoil(t[0], t[1], t[2] / 1e4)
    ),
    min_size=1,
    max_size=3,
)


@settings(deadline=None, derandomize=True, max_examples=400)
@given(CHANGES, CELLS)
def test_a_pass_or_a_fail_on_what_travels_is_one_on_the_full_evidence(
    changes: list[Callable[[Bundle], Bundle]], cell: int
) -> None:
    """Never more lenient, and no alarm by rounding alone; 25 steps of 1e-4 about each limit."""
    full = example.clean(PARTNER)
    for change in changes:
        full = change(full)
    exact = {f.rule: f.status for f in findings(full, PARTNER)}
    shown = findings(recipient(full, cell), PARTNER)
    assert [f.rule for f in shown if f.status not in (exact[f.rule], "inconclusive")] == []
    status = overall(shown)
    assert status in ("inconclusive", overall(findings(full, PARTNER)))


@pytest.mark.parametrize("rule", RULES)
def test_both_sides_of_every_limit_are_reached(rule: str) -> None:
    """What the test before draws from does move each rule, on either edition."""
    for edition in (lambda b: b, recipient):
        seen = set()
        for end in ("low", "high"):
            for step in range(-25, 26):
                bundle = edition(spoil(rule, end, step / 1e4)(example.clean(PARTNER)))
                seen |= {f.status for f in findings(bundle, PARTNER) if f.rule == rule}
        assert len(seen) >= 2


def test_a_fail_only_rule_is_undecided_where_rounding_could_hide_a_fail() -> None:
    for change in (spoil("dcr_share", "low", 0.0005), spoil("dp_claim", "low", 0.0001)):
        full = change(example.clean(PARTNER))
        shown = findings(recipient(full), PARTNER)
        assert overall(findings(full, PARTNER)) == "fail"
        assert overall(shown) == "inconclusive"
        (told,) = (f.message for f in shown if f.status == "inconclusive")
        assert "at three decimals" in told


@pytest.mark.parametrize("policy", ["internal", "partner", "public", "formal"])
def test_both_editions_give_the_same_bytes_of_a_verdict(policy: str, tmp_path: Path) -> None:
    for full in (read_bundle(GOLDEN), example.clean(), claimed(example.clean(), 0.003)):
        rules = load_policy(f"preset:{policy}")
        (tmp_path / "e.json").write_text(to_json(recipient(full)))
        first, second = decide(full, rules), decide(read_bundle(tmp_path / "e.json"), rules)
        assert to_json(first) == to_json(second)
        assert first.is_about(full) and first.is_about(recipient(full))
        assert not first.is_about(full.model_copy(update={"warnings": ("another",)}))


# --- the policy's limit


def policy_file(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


def test_a_policy_may_ask_for_larger_cells_and_is_then_another_policy(tmp_path: Path) -> None:
    plain = load_policy("preset:partner")
    assert plain.cell_limit == 11 and "cell_limit" not in plain.document
    same = load_policy(policy_file(tmp_path, "extends: preset:partner\ncell_limit: 11"))
    assert (same.digest, same.name) == (plain.digest, "partner@1")
    larger = load_policy(policy_file(tmp_path, "extends: preset:partner\ncell_limit: 20"))
    assert larger.document == {**plain.document, "name": "partner@1, changed", "cell_limit": 20}
    assert larger.digest != plain.digest
    assert from_document(larger.document, "policy.json") == larger
    verdict = decide(example.clean(larger), larger)
    assert verdict.cell_limit == 20
    assert verdict.is_about(recipient(example.clean(larger), 20))


@pytest.mark.parametrize("limit", ["2", "101", "-1", "0.5", "many", "null"])
def test_cell_limits_that_hide_nothing_or_all_are_refused(limit: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cell_limit"):
        load_policy(policy_file(tmp_path, f"extends: preset:partner\ncell_limit: {limit}"))


# --- precision


def test_precision_is_that_of_a_hand_computed_table_of_people() -> None:
    """At 1,000 members in 100,000: 50 of them and 990 others are accused; 50 / 1,040."""
    rate = Estimate(
        name="tpr_at_fpr_0.01", value=0.05, low=0.01, high=0.09, confidence=0.9, method="x", n=9
    )
    found = precisions(rate, 0.01)
    assert list(found) == ["0.01", "0.1", "0.5"]
    assert [round(e.value, 6) for e in found.values()] == [0.048077, 0.357143, 0.833333]
    assert [round(e.low, 6) for e in found.values()] == [0.01, 0.1, 0.5]  # a guess at 1 % each
    assert [round(e.high, 6) for e in found.values()] == [0.083333, 0.5, 0.9]
    assert [e.expected for e in found.values()] == [0.01, 0.1, 0.5]
    none = precisions(rate.model_copy(update={"low": 0.0, "adjusted_low": 0.0, "value": 0.0}), 0.01)
    assert {e.low for e in none.values()} == {0.0} == {e.value for e in none.values()}


# --- the release folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("travels")
    table = releases.csv_file(folder, releases.people(300))
    return releases.release(folder, table, "independent")


def test_what_travels_is_the_recipient_s_and_the_full_evidence_stays(release: Any) -> None:
    travels = read_bundle(release.folder / "release" / "evidence.json")
    stays = read_bundle(release.folder / "private" / "evidence.json")
    assert to_json(stays) == to_json(release.bundle) and stays.edition is None
    assert to_json(travels) == to_json(recipient(stays))
    assert release.verdict == decide(stays, load_policy("preset:internal"))
    rate = stays.headline.get("tpr_at_fpr_0.1")
    assert rate is not None and rate.precision is None


def test_full_evidence_in_a_release_folder_is_found(release: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release.folder, tmp_path / "copy")) / "release"
    assert all(check.ok for check in verify(folder))
    shutil.copy(folder.parent / "private" / "evidence.json", folder / "evidence.json")
    (folder / "manifest.json").write_text(to_json(build(folder, "people")))
    wrong = {check.name: check.detail for check in verify(folder) if not check.ok}
    told = "full evidence, with small counts of real rows: it stays in private/"
    assert wrong["evidence.json"] == told
