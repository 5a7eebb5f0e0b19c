"""Outputs of the gate: each shows the decision, none a pass that is not, whatever texts hold."""

import html
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree as xml

import evidence_example
import jsonschema
import pytest
import report_example as example
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from privsynth import cli
from privsynth.evidence import to_json
from privsynth.policy import Finding, Verdict, load_policy
from privsynth.policy.outputs import Context, catalogue, rule_lines
from privsynth.policy.outputs._base import LONGEST, fingerprint, plain
from privsynth.policy.verdict import WaiverUse, overall
from privsynth.registry import summary

GOLDEN = Path(__file__).parent / "golden" / "outputs"
SCHEMAS = Path(__file__).parent / "schemas"
ACCEPT = os.environ.get("PRIVSYNTH_ACCEPT") == "1"
CONTEXT = Context("1.2.3", "build/evidence.json", "ci/policy.yaml", {"": 1, "worst_auc": 4})
NASTY = "\x00\x1b[31m\r\n::error file=x::%0A ]]> <b>&amp; |`*_ @team #12 \ufffe\u202e https://x.y"
OUTPUTS = catalogue()


def waiver(**changes: Any) -> WaiverUse:
    """Return a waiver of the rule worst_auc that holds."""
    told = {
        "id": "W-7", "rule": "worst_auc", "state": "used", "message": "covers 0.6872 up to 0.7",
        "requested_by": "A. Asker", "approved_by": "B. Boss", "expires": "2027-02-01",
        "reason": "the pilot needs it", "compensating_control": "two named readers",
    }  # fmt: skip
    return WaiverUse(**{**told, **changes})


def changed(verdict: Verdict, rule: str, **update: Any) -> Verdict:
    """Return a verdict with one finding changed, whatever follows from it."""
    findings = tuple(f.model_copy(update=update) if f.rule == rule else f for f in verdict.findings)
    return verdict.model_copy(update={"findings": findings})


def waived() -> Verdict:
    """Return a verdict that releases because a failed rule is waived; another waiver is void."""
    verdict = example.verdict(example.bundle("pass"), "pass")
    verdict = changed(verdict, "worst_auc", status="fail", waiver="W-7", waivable=True)
    verdict = changed(verdict, "dcr_share", status="fail", severity="warn")
    void = waiver(id="W-8", rule="worst_tpr", state="expired", message="expired on 2026-01-31")
    return verdict.model_copy(update={"status": "pass_with_waivers", "waivers": (waiver(), void)})


def undecided() -> Verdict:
    """Return a verdict whose every rule passes, and that is inconclusive for all that."""
    verdict = example.verdict(example.bundle("pass"), "pass")
    only = tuple(f for f in verdict.findings if f.fail_only)
    return verdict.model_copy(update={"findings": only, "status": "inconclusive"})


def nasty() -> Verdict:
    """Return a failed verdict whose every text tries to break out of its format."""
    verdict = example.hostile()[1]
    findings = tuple(
        f.model_copy(update={"status": "fail", "message": NASTY + f.message})
        for f in verdict.findings
    )
    found = {k: NASTY for k in ("id", "message", "reason", "approved_by", "expires")}
    more = {"name": NASTY, "status": "fail", "headline": NASTY, "policy_name": NASTY}
    return verdict.model_copy(update={"findings": findings, "waivers": (waiver(**found),), **more})


VERDICTS: dict[str, Callable[[], Verdict]] = {
    "pass": lambda: example.verdict(example.bundle("pass"), "pass"),
    "fail": lambda: example.verdict(example.bundle("fail"), "fail"),
    "inconclusive": lambda: example.verdict(example.bundle("inconclusive"), "inconclusive"),
    "waived": waived,
    "undecided": undecided,
    "hostile": lambda: example.hostile()[1],
    "nasty": nasty,
}


def junit_releases(data: bytes) -> bool:
    """Return what Jenkins makes of it: no failure, no error."""
    suites = xml.fromstring(data)
    counted = sum(len(suites.findall(f".//{kind}")) for kind in ("failure", "error"))
    assert int(suites.get("failures", "")) + int(suites.get("errors", "")) == counted
    return counted == 0


def sarif_releases(data: bytes) -> bool:
    """Return what code scanning makes of it: no error that nothing suppresses."""
    (run,) = json.loads(data)["runs"]
    errors = [r for r in run["results"] if r["level"] == "error" and not r.get("suppressions")]
    assert (not errors) == run["properties"]["decision"].startswith("pass")
    return not errors


def github_releases(data: bytes) -> bool:
    """Return whether no annotation is an error."""
    return all(command.level != "error" for command in commands(data))


READERS: dict[str, Callable[[bytes], bool]] = {
    "json": lambda data: json.loads(data)["status"] in ("pass", "pass_with_waivers"),
    "junit": junit_releases,
    "sarif": sarif_releases,
    "markdown": lambda data: data.decode()[4] in "✓◐",
    "github": github_releases,
    "gitlab": lambda data: not {"blocker", "critical"} & {e["severity"] for e in json.loads(data)},
    "badge": lambda data: json.loads(data)["message"] in ("pass", "release with waivers"),
    "badge-svg": lambda data: (
        re.search(r": (pass|release with waivers)<", data.decode()) is not None
    ),
    "line": lambda data: data.decode()[0] in "✓◐",
}
"""What whoever reads a format takes from it: may the table leave?"""


class Command(NamedTuple):
    """One line as GitHub's runner takes it apart."""

    level: str
    properties: dict[str, str]
    message: str


def commands(data: bytes) -> list[Command]:
    """Return the workflow commands in an output; every line must be one."""
    found = []
    for line in data.decode().split("\n")[:-1]:
        match = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line)
        assert match, line
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        found.append(Command(match[1], {k: unquote(v) for k, v in pairs.items()}, match[3]))
    return found


def written(name: str, verdict: Verdict, context: Context = CONTEXT) -> bytes:
    data: bytes = OUTPUTS[name].write(verdict, context)
    return data


# --- the contract of every output


def test_every_output_has_a_reader_here_and_a_line_for_the_list() -> None:
    assert set(READERS) == set(OUTPUTS)
    for name, output in OUTPUTS.items():
        assert summary(output).endswith(".") and len(summary(output)) < 120, name


@pytest.mark.parametrize("kind", VERDICTS)
@pytest.mark.parametrize("name", OUTPUTS)
def test_the_decision_is_readable_and_the_bytes_are_the_same_again(name: str, kind: str) -> None:
    verdict = VERDICTS[kind]()
    data = written(name, verdict)
    assert data == written(name, VERDICTS[kind]())
    assert data.endswith(b"\n") and data.decode().isprintable() is False
    assert READERS[name](data) == (verdict.status in ("pass", "pass_with_waivers"))


FOUND = st.builds(
    Finding,
    rule=st.sampled_from(["a", "b", "c", "d"]),
    title=st.text(max_size=5),
    message=st.text(max_size=20),
    status=st.sampled_from(["pass", "fail", "inconclusive"]),
    severity=st.sampled_from(["block", "warn", "info"]),
    waiver=st.sampled_from(["", "W"]),
    waivable=st.booleans(),
    hard=st.booleans(),
    fail_only=st.booleans(),
)


@given(st.lists(FOUND, max_size=4, unique_by=lambda f: f.rule), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_output_claims_a_pass_where_the_verdict_is_none(
    findings: list[Finding], name: str
) -> None:
    """Every reader sees what follows from the findings; a verdict that is stricter wins."""
    right = overall(tuple(findings))
    for status in {"fail", "inconclusive", right}:
        verdict = VERDICTS["pass"]().model_copy(
            update={"status": status, "findings": tuple(findings), "name": name}
        )
        for output, reader in READERS.items():
            assert reader(written(output, verdict)) == status.startswith("pass"), output


@pytest.mark.parametrize("kind", ["fail", "waived"])
@pytest.mark.parametrize("name", [name for name in OUTPUTS if name != "json"])
def test_every_output_is_as_it_was_accepted(name: str, kind: str) -> None:
    path = GOLDEN / f"{kind}.{name}"
    data = written(name, VERDICTS[kind]())
    if ACCEPT:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert data == path.read_bytes(), f"{path.name}: see it, then `make accept`"


# --- each by the rules of its reader


@pytest.mark.parametrize("kind", VERDICTS)
def test_junit_holds_to_the_schema_of_jenkins(kind: str) -> None:
    verdict = VERDICTS[kind]()
    data = written("junit", verdict)
    etree.XMLSchema(file=str(SCHEMAS / "junit-10.xsd")).assertValid(etree.fromstring(data))
    suite = xml.fromstring(data)[0]
    cases = suite.findall("testcase")
    assert (
        len(cases) == int(suite.get("tests", "")) == len(verdict.findings) + (kind == "undecided")
    )
    for kind_ in ("skipped", "failure", "error"):
        key = kind_ if kind_ == "skipped" else f"{kind_}s"
        assert int(suite.get(key, "")) == len(suite.findall(f".//{kind_}"))


def test_junit_tells_fail_inconclusive_and_waived_apart() -> None:
    def kinds(kind: str) -> dict[str, str]:
        cases = xml.fromstring(written("junit", VERDICTS[kind]())).iter("testcase")
        return {case.get("name", ""): case[0].tag for case in cases}

    assert kinds("fail")["worst_auc"] == "failure"
    assert kinds("inconclusive")["worst_auc"] == "error"
    assert kinds("pass")["worst_auc"] == "system-out"
    assert kinds("waived")["worst_auc"] == "skipped"
    assert kinds("waived")["dcr_share"] == "skipped"
    assert kinds("undecided")["decision"] == "error"
    open_ = changed(VERDICTS["inconclusive"](), "worst_auc", waiver="W-7", waivable=True)
    (case,) = xml.fromstring(written("junit", open_)).findall(".//testcase[@name='worst_auc']")
    assert case[0].tag == "error"  # a waiver covers a leak that was measured, nothing else


@pytest.mark.parametrize("kind", VERDICTS)
def test_sarif_holds_to_its_schema_and_points_into_the_policy(kind: str) -> None:
    verdict = VERDICTS[kind]()
    log = json.loads(written("sarif", verdict))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    checker = jsonschema.Draft202012Validator(schema)
    assert list(checker.iter_errors(log)) == []
    assert list(checker.iter_errors({**log, "version": "2.0.0"})) != []
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "ci/policy.yaml"
        line = 4 if result["ruleId"] == "worst_auc" else 1
        assert place["physicalLocation"]["region"]["startLine"] == line
    assert len(run["results"]) == sum(f.status != "pass" for f in verdict.findings) + (
        kind == "undecided"
    )


def test_only_a_waiver_that_holds_suppresses_a_result() -> None:
    (run,) = json.loads(written("sarif", waived()))["runs"]
    by_rule = {result["ruleId"]: result for result in run["results"]}
    (suppression,) = by_rule["worst_auc"]["suppressions"]
    assert suppression["status"] == "accepted"
    for part in ("W-7", "the pilot needs it", "two named readers", "B. Boss", "2027-02-01"):
        assert part in suppression["justification"]
    verdict = changed(waived(), "worst_tpr", status="fail")
    (run,) = json.loads(written("sarif", verdict.model_copy(update={"status": "fail"})))["runs"]
    (expired,) = [r for r in run["results"] if r["ruleId"] == "worst_tpr"]
    assert "suppressions" not in expired and expired["level"] == "error"


def test_fingerprints_follow_rule_and_table_and_nothing_else() -> None:
    def prints(verdict: Verdict, context: Context = CONTEXT) -> list[tuple[str, str]]:
        (run,) = json.loads(written("sarif", verdict, context))["runs"]
        code = [e["fingerprint"] for e in json.loads(written("gitlab", verdict, context))]
        hashes = [r["partialFingerprints"] for r in run["results"]]
        assert [h["privsynthRuleAndTable/v1"] for h in hashes] == code
        return [(h["primaryLocationLineHash"], c) for h, c in zip(hashes, code, strict=True)]

    failed = VERDICTS["fail"]()
    elsewhere = Context("9.9.9", "e.json", "other.yaml", {"worst_auc": 77})
    worse = changed(failed, "worst_auc", message="worse", observed=0.99, limit=0.5)
    assert prints(failed) == prints(worse, elsewhere)
    assert len(set(prints(failed))) == 4
    assert not set(prints(failed)) & set(prints(failed.model_copy(update={"name": "another"})))
    assert fingerprint("worst_auc", "t").startswith("37ee96e7")  # of every version from the first


@pytest.mark.parametrize("kind", VERDICTS)
def test_gitlab_gets_the_fields_that_it_documents(kind: str) -> None:
    entries = json.loads(written("gitlab", VERDICTS[kind]()))
    for entry in entries:
        assert set(entry) == {"check_name", "description", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert set(entry["location"]) == {"path", "lines"}
        assert not entry["location"]["path"].startswith((".", "/"))
        assert entry["location"]["lines"]["begin"] >= 1
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


def test_a_workflow_command_carries_its_texts_and_no_second_command() -> None:
    verdict = nasty()
    places = Context("1.2.3", "e.json", "a,b:c%\r\n::error::x.yaml")
    found = commands(written("github", verdict, places))
    assert len(found) == len(verdict.findings) + 1
    for command, finding in zip(found, verdict.findings, strict=False):
        assert set(command.properties) == {"file", "line", "title"}
        assert command.properties["file"] == "a,b:c%\r\n::error::x.yaml"
        assert command.properties["title"] == f"privsynth {plain(finding.rule)}"
        assert unquote(command.message) == f"✗ fail: {plain(finding.message)}"
    levels = [(c.level, c.properties["title"]) for c in commands(written("github", waived()))]
    assert levels == [
        ("notice", "privsynth worst_auc"),
        ("warning", "privsynth dcr_share"),
        ("warning", "privsynth waiver"),
        ("notice", "privsynth gate"),
    ]


@pytest.mark.parametrize("kind", VERDICTS)
def test_markdown_shows_foreign_texts_and_obeys_none(kind: str) -> None:
    verdict = VERDICTS[kind]()
    page = MarkdownIt("commonmark").enable("table").render(written("markdown", verdict).decode())
    tags = set(re.findall(r"</?([a-z0-9]+)", page))
    assert tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td"}
    cells = [
        html.unescape(cell).replace("\u200b", "")
        for cell in re.findall(r"<td>(.*?)</td>", page, re.S)
    ]
    assert "<p><" not in page and not re.search(r"(?<!\w)@\w", page)
    for finding in verdict.findings:
        assert plain(finding.message) in cells
    rows = len(verdict.findings) + (kind == "undecided")
    assert len(cells) == 4 * rows + 6 * len(verdict.waivers)


def test_texts_are_one_printable_line_of_bounded_length() -> None:
    assert plain("a\x00\x1b\r\n\u202e\ufffe") == r"a\x00\x1b\r\n\u202e\ufffe"
    assert len(plain("x" * 10_000)) == LONGEST


def test_white_letters_stand_out_from_every_badge() -> None:
    from privsynth.policy.outputs.badge import COLOURS

    for colour in COLOURS.values():
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        light = sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        assert 1.05 / (light + 0.05) >= 4.5, colour
    xml.fromstring(written("badge-svg", nasty()))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("name: p\nextends: x\nrules:\n\n  copies:\n    p_below: 0.01\n  replay: null\n",
         {"": 2, "copies": 5, "replay": 7}),
        ("# c\nrules: {worst_auc: {below: 0.6}}\n", {"": 2, "worst_auc": 2}),
        ("rules:\n- id: PS-1\n  limit: 1\n-\n  id: PS-2\n", {"": 1, "PS-1": 2, "PS-2": 5}),
        ("", {"": 1}), ("[]", {"": 1}), ("a: [", {}), ("rules: 3", {"": 1}), ("1: 2", {"": 1}),
    ],
)  # fmt: skip
def test_a_rule_is_found_on_its_line_of_the_policy(text: str, lines: dict[str, int]) -> None:
    assert rule_lines(text) == lines


# --- the command line


class Done(NamedTuple):
    """What one call of the program ended with and printed."""

    code: Any
    out: str
    err: str


@pytest.fixture
def gate(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Give the gate as a function, in a repository with a policy and evidence of every kind."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "ci"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("p.yaml").write_text(
        "name: ours\nextends: preset:public\nrules:\n  worst_auc:\n    below: 0.54\n"
    )
    clean = evidence_example.clean(load_policy("p.yaml"))
    leak = evidence_example.estimate("auc", 0.9, 0.8, 0.95)
    evidence = {
        "pass": clean,
        "fail": evidence_example.with_headline(clean, "auc", leak),
        "inconclusive": evidence_example.with_table(clean, "holdout", 60),
    }
    for name, bundle in evidence.items():
        Path(f"{name}.json").write_text(to_json(bundle), encoding="utf-8")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def run(kind: str, *arguments: str) -> Done:
        words = ["privsynth", "gate", f"{kind}.json", "--policy", "p.yaml", *arguments]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        return Done(end.value.code or 0, *capfd.readouterr())

    return run


@pytest.mark.parametrize("kind", ["pass", "fail", "inconclusive"])
def test_every_output_is_written_at_once_whatever_is_decided(
    kind: str, gate: Callable[..., Done]
) -> None:
    wanted = [f"--output={name}=out/{name}.x" for name in OUTPUTS]
    done = gate(kind, "--out", "out/verdict.json", *wanted)
    assert done.code == {"pass": 0, "fail": 10, "inconclusive": 11}[kind], done.err
    assert done.out == ""
    for name, reader in READERS.items():
        assert reader(Path(f"out/{name}.x").read_bytes()) == (kind == "pass"), name
    assert Path("out/json.x").read_bytes() == Path("out/verdict.json").read_bytes()
    assert len(list(Path("out").iterdir())) == len(OUTPUTS) + 1


def test_places_are_told_from_the_top_of_the_repository(gate: Callable[..., Done]) -> None:
    done = gate("fail", "--output", "gitlab=-")
    (entry,) = json.loads(done.out)
    assert entry["location"] == {"path": "ci/p.yaml", "lines": {"begin": 4}}


def test_files_of_an_earlier_run_are_replaced_with_force_only(gate: Callable[..., Done]) -> None:
    Path("j.xml").write_text("earlier")
    done = gate("pass", "--output", "junit=j.xml")
    assert done.code == 2 and "--force" in done.err
    assert Path("j.xml").read_text() == "earlier"
    assert gate("pass", "--output", "junit=j.xml", "--force").code == 0
    assert junit_releases(Path("j.xml").read_bytes())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--output", "juint=x"], "did you mean 'junit'?"),
        (["--output", "junit"], "key=value"),
        (["--output", "junit="], "name a file"),
        (["--output", "junit=-", "--output", "line=-"], "one document"),
        (["--output", "junit=-", "--json"], "one document"),
        (["--output", "junit=x", "--output", "sarif=x"], "twice"),
        (["--output", "junit=p.yaml", "--force"], "read by this command"),
        (["--output", "junit=.", "--force"], "is a folder"),
        (["--fail-on", "never"], "never"),
    ],
)
def test_outputs_that_cannot_be_are_refused_before_anything_is_written(
    options: list[str], said: str, gate: Callable[..., Done]
) -> None:
    before = sorted(Path().iterdir())
    done = gate("fail", "--output", "sarif=first.sarif", *options)
    assert done.code == 2 and said in done.err, done.err
    assert sorted(Path().iterdir()) == before and done.out == ""


@pytest.mark.parametrize(
    ("kind", "options", "code", "said"),
    [
        ("fail", ["--fail-on", "fail"], 10, ""),
        ("inconclusive", ["--fail-on", "fail"], 0, "exit code 0 in place of 11"),
        ("inconclusive", ["--fail-on", "inconclusive"], 11, ""),
        ("inconclusive", ["--fail-on", "warn"], 11, ""),
        ("pass", ["--fail-on", "warn"], 0, ""),
        ("fail", ["--exit-zero"], 0, "exit code 0 in place of 10"),
        ("inconclusive", ["--exit-zero"], 0, "exit code 0 in place of 11"),
        ("pass", ["--exit-zero"], 0, ""),
        ("nothing", ["--exit-zero"], 2, ""),
    ],
)
def test_an_exit_code_is_softened_on_demand_and_never_in_silence(
    kind: str, options: list[str], code: int, said: str, gate: Callable[..., Done]
) -> None:
    done = gate(kind, "--json", *options)
    assert done.code == code
    assert ("in place of" in done.err) == bool(said) and said in done.err
    if kind != "nothing":
        assert json.loads(done.out)["status"] == kind


@pytest.mark.parametrize(
    ("status", "severity", "void", "code"),
    [
        ("pass", "warn", False, 0), ("fail", "warn", False, 10), ("pass", "warn", True, 10),
        ("inconclusive", "warn", False, 11), ("fail", "info", False, 0),
    ],
)  # fmt: skip
def test_fail_on_warn_minds_warnings_and_void_waivers(
    status: str, severity: str, void: bool, code: int
) -> None:
    from privsynth.cli._outputs import FailOn, exit_code

    verdict = changed(VERDICTS["pass"](), "dcr_share", status=status, severity=severity)
    unused = (waiver(state="unused"),) if void else (waiver(),)
    verdict = verdict.model_copy(update={"waivers": unused})
    assert exit_code(verdict, FailOn.warn, False) == code
    assert exit_code(verdict, None, False) == 0


def test_a_waived_rule_is_shown_as_such_by_every_output(
    gate: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")  # 2026-11-18
    name = json.loads(Path("fail.json").read_text())["name"]
    told = {
        "id": "W-7", "rule": "worst_auc", "dataset": name, "reason": "the pilot needs it",
        "compensating_control": "two named readers", "requested_by": "A. Asker",
        "approved_by": "B. Boss", "approved_at": "2026-11-01", "expires": "2027-02-01",
        "max_observed": 0.96,
    }  # fmt: skip
    Path("w.yaml").write_text(json.dumps({"waivers": [told]}))  # JSON is YAML
    wanted = [f"--output={name}=out/{name}" for name in OUTPUTS]
    done = gate("fail", "--waivers", "w.yaml", *wanted)
    assert done.code == 0, done.err
    for output, reader in READERS.items():
        data = Path(f"out/{output}").read_bytes()
        assert reader(data), output
        assert re.search("with.waivers|W-7", data.decode(), re.I), output
    told["expires"] = "2026-11-10"
    Path("w.yaml").write_text(json.dumps({"waivers": [told]}))
    done = gate("fail", "--waivers", "w.yaml", "--force", *wanted)
    assert done.code == 10
    for output, reader in READERS.items():
        assert not reader(Path(f"out/{output}").read_bytes()), output


def test_github_gets_its_annotations_and_the_page_of_the_job(
    gate: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    done = gate("fail", "--output", "github=-")
    assert done.code == 10 and not github_releases(done.out.encode())
    assert page.read_text().startswith("before\n### ✗ FAIL") and "worst_auc" in page.read_text()
    assert gate("fail", "--output", "line=-").code == 10
    assert page.read_text().count("FAIL") == 1
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))  # a folder: GitHub's fault, not ours
    done = gate("pass", "--output", "github=-")
    assert done.code == 0 and "cannot be written" in done.err
