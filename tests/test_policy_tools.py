"""The verbs around policies and waivers, and how the gate shows and refuses them."""

import json
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evidence_example as example
import pytest
import yaml
from jsonschema import Draft202012Validator
from test_waivers import GOOD, leaky

from privsynth import cli
from privsynth.evidence import to_json
from privsynth.policy import load_policy, rule_catalogue

NOW = "1795168800"
"""2026-11-20 10:00 UTC."""


@dataclass(frozen=True)
class Done:
    code: Any
    out: str
    err: str


@pytest.fixture
def call(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Done]:
    """Give the program as a function, in an empty folder, on a fixed day."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["privsynth", *arguments])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        capfd.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        return Done(code, *capfd.readouterr())

    return run


def flat(text: str) -> str:
    return " ".join(text.split())


# --- lint


LOOSE = """\
extends: preset:public
rules:
  worst_auc: {below: 0.7, attacks: [dcr]}
  holdout_units: {at_least: 100}
  copies: {severity: warn}
  replay: null
  registered: {required: false}
  own: {probe: fidelty, estimate: x, statistic: lower, operator: ">=", limit: 0.9}
cell_limit: 5
"""


def test_lint_names_what_is_looser_than_the_preset(call: Callable[..., Done]) -> None:
    Path("p.yaml").write_text(LOOSE)
    done = call("policy", "lint", "p.yaml", "--json")
    (found,) = json.loads(done.out)["files"]
    assert (done.code, found["error"]) == (0, "")
    told = {line.partition(":")[0] for line in found["warnings"]}
    assert told == {
        "worst_auc.below", "worst_auc.attacks", "holdout_units.at_least", "copies", "replay",
        "registered.required", "own.probe", "own.source", "cell_limit", "worst_tpr.below",
    }  # fmt: skip
    assert call("policy", "lint", "p.yaml", "--strict").code == 2


@pytest.mark.parametrize("name", ["internal", "partner", "public", "formal"])
def test_no_preset_is_warned_of_and_each_can_be_passed(
    name: str, call: Callable[..., Done]
) -> None:
    Path("p.yaml").write_text(f"extends: preset:{name}\n")
    done = call("policy", "lint", "p.yaml", "--strict")
    assert (done.code, done.out) == (0, "✓ p.yaml: usable, no warnings\n")


@pytest.mark.parametrize(
    ("units", "below", "warned"),
    # 0.5 + 1.875 / sqrt(12 n): 0.5766 at 50, 0.5121 at 2,000; 1.875 is the quantile at 3.04 %.
    [(50, 0.576, True), (50, 0.577, False), (2000, 0.512, True), (2000, 0.5125, False)],
)
def test_lint_names_a_limit_that_nothing_can_pass(
    units: int, below: float, warned: bool, call: Callable[..., Done]
) -> None:
    Path("p.yaml").write_text(
        f"extends: preset:public\nrules: {{worst_auc: {{below: {below}}}, "
        f"holdout_units: {{at_least: {units}}}}}\n"
    )
    told = flat(call("policy", "lint", "p.yaml").out)
    assert (f"so {below:g} cannot be shown" in told) == warned


def test_lint_reads_all_files_and_errors_end_with_2(call: Callable[..., Done]) -> None:
    Path("good.yaml").write_text("extends: preset:public\n")
    Path("bad.yaml").write_text("extends: preset:public\nrules: {wrst_auc: {}}\n")
    Path("w.yaml").write_text(GOOD)
    done = call("policy", "lint", "bad.yaml", "good.yaml", "w.yaml", "gone.yaml")
    assert done.code == 2
    assert "did you mean 'worst_auc'" in flat(done.out)
    assert "✓ good.yaml: usable" in done.out and "✓ w.yaml: usable" in done.out
    assert "gone.yaml does not exist" in flat(done.out)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("expires: 2027-03-01", "expires: 2026-11-19", "it expired on 2026-11-19"),
        ("expires: 2027-03-01", "expires: 2026-12-01", "it expires on 2026-12-01, in 11 days"),
        ("expires: 2027-03-01", "expires: 2027-11-01", "a waiver lasts 180 days at most"),
        ("approved_by: Bob", "approved_by: ann", "cannot approve what the same person requested"),
        ("approved_at: 2026-11-01", "approved_at: 2026-11-25", "holds only from 2026-11-25 on"),
    ],
)
def test_lint_names_waivers_that_do_not_hold(
    old: str, new: str, says: str, call: Callable[..., Done]
) -> None:
    Path("w.yaml").write_text(GOOD.replace(old, new))
    done = call("policy", "lint", "w.yaml")
    assert done.code == 0 and says in flat(done.out)
    assert call("policy", "lint", "w.yaml", "--strict").code == 2


# --- explain


@pytest.mark.parametrize("rule", sorted(rule_catalogue()))
def test_every_rule_says_what_it_compares_and_what_to_do(
    rule: str, call: Callable[..., Done]
) -> None:
    found = rule_catalogue()[rule]
    assert found.formula and found.remedy
    done = call("policy", "explain", rule)
    assert done.code == 0
    for text in (found.title, found.formula, found.remedy):
        assert flat(text) in flat(done.out)
    assert max(map(len, done.out.splitlines())) <= 80


def test_explain_shows_limit_source_and_what_a_table_at_the_limit_may_leak(
    call: Callable[..., Done],
) -> None:
    Path("p.yaml").write_text(
        "extends: preset:public\nrules: {worst_auc: {below: 0.56, source: house policy 3, "
        "rationale: so decided, severity: block, waivable: false}, copies: {p_below: 0.05}}\n"
    )
    told = flat(call("policy", "explain", "worst_auc", "--policy", "p.yaml").out)
    for text in (
        "limits below 0.56", "at the limit verbatim copies of 12% of the members",
        "limit from house policy 3", "why so decided", "waivers can never cover it",
    ):  # fmt: skip
        assert text in told
    raw = json.loads(call("policy", "explain", "copies", "--policy", "p.yaml", "--json").out)
    assert raw["limits"] == {"p_below": 0.05}
    assert raw["waivable"] is False


def test_explain_knows_rules_of_ones_own_and_says_where_a_rule_is_not_asked_for(
    call: Callable[..., Done],
) -> None:
    Path("p.yaml").write_text(LOOSE)
    told = flat(call("policy", "explain", "own", "--policy", "p.yaml").out)
    assert "compares lower of x (fidelty) >= 0.9" in told
    done = call("policy", "explain", "replay", "--policy", "p.yaml")
    assert "does not ask for this rule" in done.err
    done = call("policy", "explain", "worst_auc.regression")
    assert done.out.startswith("worst_auc: Can any attack")
    done = call("policy", "explain", "wrst_auc")
    assert (done.code, done.out) == (2, "")
    assert "did you mean 'worst_auc'" in done.err


# --- init and schema


@pytest.mark.parametrize("name", ["internal", "partner", "public", "formal"])
def test_a_first_policy_is_the_preset_and_every_comment_in_it_can_be_taken_away(
    name: str, call: Callable[..., Done]
) -> None:
    assert call("policy", "init", "--preset", name).code == 0
    text = Path("policy.yaml").read_text()
    made, preset = load_policy("policy.yaml"), load_policy(f"preset:{name}")
    assert (made.rules, made.terms) == (preset.rules, preset.terms)
    rules = re.sub(r"^  # (\w+: \{)", r"  \1", text, flags=re.M)
    Path("all.yaml").write_text(rules)
    assert load_policy("all.yaml").rules == preset.rules
    assert rules.count("\n  #") < text.count("\n  #") - 8
    done = call("policy", "init")
    assert done.code == 2 and "exists already" in done.err
    assert Path("policy.yaml").read_text() == text


def test_a_first_waivers_file_is_read_and_asks_to_be_filled_in(call: Callable[..., Done]) -> None:
    assert call("policy", "init", "--waivers").code == 0
    done = call("policy", "lint", "waivers.yaml")
    assert "names are still to be filled in" in flat(done.out)
    assert "expires: 2027-05-19" in Path("waivers.yaml").read_text()  # 180 days on


def test_schemas_are_printed_and_take_what_init_writes(call: Callable[..., Done]) -> None:
    for kind, options in (("policy", []), ("waivers", ["--waivers"])):
        schema = json.loads(call("policy", "schema", kind).out)
        Draft202012Validator.check_schema(schema)
        call("policy", "init", *options, "--out", f"{kind}.yaml")
        raw = yaml.load(Path(f"{kind}.yaml").read_text(), yaml.BaseLoader)
        raw.pop("rules", None)  # all of them commented out
        for waiver in raw.get("waivers", ()):
            waiver["max_observed"] = float(waiver["max_observed"])
        Draft202012Validator(schema).validate(raw)
    listed = json.loads(call("list", "schemas", "--json").out)
    assert listed["policy"] == json.loads(call("policy", "schema").out)
    assert call("policy", "schema", "waiver").code == 2


# --- the gate with waivers and a last release


@pytest.fixture
def files(call: Callable[..., Done]) -> None:
    policy = load_policy("preset:public")
    Path("fail.json").write_text(to_json(leaky()))
    Path("clean.json").write_text(to_json(example.clean(policy)))
    Path("w.yaml").write_text(GOOD)
    Path("verdict.json").write_text("keep me")


def test_the_gate_releases_with_waivers_and_says_so(call: Callable[..., Done], files: None) -> None:
    gate = ("gate", "fail.json", "--policy", "preset:public")
    assert call(*gate).code == 10
    done = call(*gate, "--waivers", "w.yaml", "--out", "v.json")
    assert done.code == 0
    assert "◐ RELEASE WITH WAIVERS  example" in done.err
    assert "(waived: W-1)" in flat(done.err)
    assert "◐ waiver W-1 used: worst_tpr may be as high as 0.05" in flat(done.err)
    assert "instead: one room; approved by Bob" in flat(done.err)
    assert max(map(len, done.err.splitlines())) <= 80
    raw = json.loads(Path("v.json").read_text())
    assert (raw["status"], raw["decided_on"]) == ("pass_with_waivers", "2026-11-20")


def test_an_expired_waiver_is_told_and_covers_nothing(
    call: Callable[..., Done], files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1804118400")  # 2027-03-03
    done = call("gate", "fail.json", "--policy", "preset:public", "--waivers", "w.yaml")
    assert done.code == 10
    assert "! waiver W-1 expired: it expired on 2027-03-01" in flat(done.err)


def test_the_gate_compares_with_the_last_release(call: Callable[..., Done], files: None) -> None:
    Path("p.yaml").write_text(
        "extends: preset:public\nrules: {worst_auc: {max_increase: 0.001}, "
        "own-and-a-rather-long-name: {probe: nothing, estimate: x, statistic: lower, "
        "operator: '>', limit: 0.1, severity: warn}}\n"
    )
    policy = load_policy("p.yaml")
    now = example.clean(policy)
    last = example.with_table(now, "synthetic", 9_000)
    Path("now.json").write_text(to_json(now))
    Path("last.json").write_text(to_json(last))
    gate = ("gate", "now.json", "--policy", "p.yaml")
    done = call(*gate)
    assert done.code == 11 and "name its evidence by --baseline" in flat(done.err)
    done = call(*gate, "--baseline", "last.json", "--json")
    assert done.code == 0
    assert json.loads(done.out)["baseline"]["ends"] == {"worst_auc": 0.53}
    shown = call(*gate, "--baseline", "last.json").err
    assert "! own-and-a-rather-long-name\n" in shown
    assert "(a warning: does not block)" in flat(shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_a_last_release_that_nothing_is_compared_with_is_told(
    call: Callable[..., Done], files: None
) -> None:
    done = call("gate", "clean.json", "--policy", "preset:public", "--baseline", "fail.json")
    assert done.code == 0
    assert "nothing was compared with the last release" in done.err


BAD: dict[str, tuple[dict[str, str], list[str], str]] = {
    "an empty rule list": ({"p.yaml": "rules: {}\n"}, [], "no rules, and no membership rule"),
    "an empty policy": ({"p.yaml": ""}, [], "must hold `key: value` entries"),
    "a newer policy": (
        {"p.yaml": "schema: privsynth/policy/v2\nextends: preset:public\n"}, [],
        "this file is privsynth/policy/v2, and this version of privsynth reads privsynth/policy/v1",
    ),
    "a rule twice": (
        {"p.yaml": "rules:\n  worst_auc: {below: 0.6}\n  worst_auc: {below: 0.9}\n"}, [],
        "p.yaml, line 3: a key comes twice",
    ),
    "rules that differ by capitals": (
        {"p.yaml": "extends: preset:public\nrules: {Worst_AUC: {probe: x}}\n"}, [],
        "differs from 'worst_auc' by capitals alone",
    ),
    "a limit that is no number": (
        {"p.yaml": "extends: preset:public\nrules: {worst_auc: {below: .nan}}\n"}, [],
        "rules.worst_auc: below: ",
    ),
    "no attribute rule": (
        {"p.yaml": "rules: {worst_auc: {below: 0.6}}\n"}, [], "no attribute rule that blocks",
    ),
    "no waivers file": ({}, ["--waivers", "gone.yaml"], "waivers file gone.yaml does not exist"),
    "waivers in another shape": (
        {"w.yaml": "- a\n"}, ["--waivers", "w.yaml"], "w.yaml must hold `key: value` entries",
    ),
    "two waivers of one id": (
        {"w.yaml": GOOD + GOOD.partition("waivers:\n")[2]}, ["--waivers", "w.yaml"],
        "two waivers are called 'W-1'",
    ),
    "newer waivers": (
        {"w.yaml": GOOD.replace("v1", "v9")}, ["--waivers", "w.yaml"],
        "this file is privsynth/waivers/v9",
    ),
    "no last release": ({}, ["--baseline", "gone.json"], "evidence gone.json does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_its_own_sentence_and_nothing_is_overwritten(
    case: str, call: Callable[..., Done], files: None
) -> None:
    written, options, says = BAD[case]
    for name, text in written.items():
        Path(name).write_text(text)
    policy = "p.yaml" if "p.yaml" in written else "preset:public"
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    done = call(
        "gate", "clean.json", "--policy", policy, *options, "--out", "verdict.json", "--force"
    )
    assert (done.code, done.out) == (2, "")
    assert says in flat(done.err)
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


DAMAGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "an estimate that is not a number": lambda raw: raw["headline"]["auc"]["estimate"].update(
        high=float("nan")
    ),
    "an estimate without a bound": lambda raw: raw["headline"]["auc"]["estimate"].pop("high"),
    "a newer schema": lambda raw: raw.update(schema_version="2"),
    "an unknown entry": lambda raw: raw.update(verdict="pass"),
}


@pytest.mark.parametrize("role", ["evidence", "baseline"])
@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_evidence_ends_with_3_and_nothing_is_overwritten(
    case: str, role: str, call: Callable[..., Done], files: None
) -> None:
    raw = json.loads(Path("clean.json").read_text())
    DAMAGED[case](raw)
    Path("damaged.json").write_text(json.dumps(raw))
    names = ["damaged.json"] if role == "evidence" else ["clean.json", "--baseline", "damaged.json"]
    done = call(
        "gate", *names, "--policy", "preset:public", "--out", "verdict.json", "--force"
    )  # fmt: skip
    assert done.code == 3 and "damaged.json does not follow its schema at" in done.err
    assert Path("verdict.json").read_text() == "keep me"


def test_the_gate_never_writes_over_what_it_reads(call: Callable[..., Done], files: None) -> None:
    for option in ("--waivers", "--baseline"):
        name = {"--waivers": "w.yaml", "--baseline": "fail.json"}[option]
        before = Path(name).read_bytes()
        done = call(
            "gate",
            "clean.json",
            "--policy",
            "preset:public",
            option,
            name,
            "--out",
            name,
            "--force",
        )
        assert done.code == 2 and "is read by this command" in done.err
        assert Path(name).read_bytes() == before
