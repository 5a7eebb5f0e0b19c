"""The command line: one JSON document or a sentence, one exit code for each way to end."""

import contextlib
import io
import json
import logging
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import evidence_example
import pandas as pd
import pytest
import release_example as example

from privsynth import cli, policy
from privsynth.cli import _common
from privsynth.cli.policy import VERBS as POLICY_VERBS
from privsynth.evidence import to_json

VERBS = (
    "run", "synthesize", "sweep", "audit", "gate", "report", "compare", "verify", "label", "policy",
    "keygen", "sign", "review", "schema", "dp-audit", "dp-lint", "list", "doctor",
)  # fmt: skip
HEAVY = (
    "sdv", "torch", "opacus", "opendp", "weasyprint", "sklearn", "pandas", "numpy", "matplotlib",
    "scipy", "numba",
)  # fmt: skip


class Done(NamedTuple):
    """What one call of the program ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; anything beside it is an error."""
        return json.loads(self.out)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Give the program as a function, in this process; its report is a stand-in."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["privsynth", *map(str, arguments)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        capfd.readouterr()
        code: Any = 0
        with example.no_report():
            try:
                cli.main()
            except SystemExit as end:
                code = end.code or 0
        return Done(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with tables, evidence and a release to copy from."""
    folder = tmp_path_factory.mktemp("shelf")
    example.csv_file(folder, example.people(60))
    example.csv_file(folder, example.people(60, 1), "holdout.csv")
    example.csv_file(folder, example.people(60, 2), "synthetic.csv")
    example.release(folder, folder / "people.csv")
    clean = evidence_example.clean()
    changed = {
        "pass": clean,
        "fail": evidence_example.with_headline(
            clean, "auc", evidence_example.estimate("auc", 0.9, 0.8, 0.95)
        ),
        "inconclusive": evidence_example.with_table(clean, "holdout", 60),
    }
    for name, bundle in changed.items():
        (folder / f"{name}.json").write_text(to_json(bundle))
    (folder / "broken.json").write_text(to_json(clean)[:-40])
    verdict = policy.decide(changed["fail"], evidence_example.PUBLIC)
    (folder / "verdict.json").write_text(to_json(verdict))
    (folder / "release.yaml").write_text("table: people.csv\nsynthesizer: memorizer\nseed: 1\n")
    return folder


@pytest.fixture
def place(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder of one's own with all that is on the shelf."""
    folder = Path(shutil.copytree(shelf, tmp_path / "place"))
    shutil.rmtree(folder / "home")
    monkeypatch.chdir(folder)
    return folder


# --- help, and what it costs


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_says_what_the_program_and_every_verb_do(
    verb: str, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for option in ("--help", "-h"):
        done = call(*filter(None, [verb]), option)
        assert (done.code, done.err) == (0, "")
        assert f"Usage: privsynth {verb}".strip() in done.out
    if not verb:
        assert all(re.search(rf"\b{name}\b", done.out) for name in VERBS)
        assert "10 fail, 11 inconclusive" in done.out
    elif verb == "policy":
        assert all(re.search(rf"\b{name}\b", done.out) for name in POLICY_VERBS)
    else:
        doc = cli._VERBS[verb].__doc__ or ""
        assert doc.split("\n")[0][:60] in done.out and "--json" in done.out


def test_the_version_is_the_package_s(call: Callable[..., Done]) -> None:
    import privsynth

    assert call("--version") == (0, f"privsynth {privsynth.__version__}\n", "")


def in_process(code: str, *arguments: str | Path, **env: str) -> Done:
    """Return what a fresh interpreter did that runs ``code`` and then the command line."""
    program = f"import sys\nsys.argv = ['privsynth', *sys.argv[1:]]\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=example.environment(**env), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_help_imports_nothing_heavy() -> None:
    done = in_process(
        "from privsynth.cli import main\n"
        "try:\n    main()\n"
        f"finally:\n    print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)",
        "--help",
    )
    assert (done.code, done.err) == (0, "[]\n")


FORBID = """
import importlib.abc
class Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sdv", "rdt", "ctgan", "copulas", "torch", "opacus"):
            raise ImportError(f"{name} must not be imported")
sys.meta_path.insert(0, Wall())
from privsynth.cli import main
main()
"""


def test_audit_and_gate_work_where_sdv_torch_and_opacus_cannot_be_imported(place: Path) -> None:
    done = in_process(
        FORBID, "audit", "--train", "people.csv", "--synthetic", "synthetic.csv", "--holdout",
        "holdout.csv", "--out", "new.json", "--seed", "1",
    )  # fmt: skip
    assert (done.code, done.out) == (0, ""), done.err
    done = in_process(FORBID, "gate", "new.json", "--policy", "preset:internal")
    assert done.code == 11, done.err
    wall = in_process(FORBID + "import sdv", "list", "presets")
    assert wall.code == 0
    assert "must not be imported" in in_process(FORBID.replace("main()", "import sdv")).err


# --- one JSON document


def test_every_verb_prints_one_json_document_and_progress_goes_to_stderr(
    place: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    from privsynth.report import pdf

    run = call("run", "release.yaml", "--out", "new", "--json")
    assert run.code == 10 and run.json["verdict"]["status"] == "fail"
    assert (place / run.json["files"]["report.pdf"]).is_file()
    assert re.search(r"^ *\d+% comparing records$", run.err, re.MULTILINE)

    made = call(
        "synthesize", "people.csv", "--rows", 25, "--out", "s.csv", "--synthesizer", "bootstrap",
        "--json",
    )  # fmt: skip
    assert made.code == 0 and made.json["rows"] == 25 and "% fitting bootstrap" in made.err

    audit = call(
        "audit", "--train", "people.csv", "--synthetic", "s.csv", "--holdout", "holdout.csv",
        "--out", "e.json", "--json",
    )  # fmt: skip
    assert audit.code == 0 and "% comparing records" in audit.err
    assert audit.json == json.loads((place / "e.json").read_text())

    gate = call("gate", "e.json", "--policy", "preset:internal", "--out", "v.json", "--json")
    assert gate.code in (10, 11) and gate.json["name"] == "s" and gate.err == ""
    assert gate.json["status"] == json.loads((place / "v.json").read_text())["status"]

    monkeypatch.setattr(pdf, "pdf_bytes", lambda *_, **__: b"%PDF")
    report = call("report", "e.json", "--verdict", "v.json", "--out", "r.pdf", "--json")
    assert (report.code, report.json) == (0, {"pdf": "r.pdf", "html": None})
    assert "% report" in report.err

    verify = call("verify", "new", "--json")
    assert verify.code == 0 and verify.json["intact"] is True and verify.err == ""
    schema = call("schema", "people.csv", "--out", "schema.yaml", "--json")
    assert schema.code == 0 and schema.json["columns"][0]["name"] == "age"
    for kind in ("synthesizers", "attacks", "measures", "rules", "presets"):
        listed = call("list", kind, "--json")
        assert listed.code == 0 and all(listed.json.values()) and listed.err == ""
    doctor = call("doctor", "--json")
    assert doctor.code in (0, 2) and "numpy" in doctor.json["packages"]


def test_without_json_a_decision_is_for_people_and_stdout_stays_empty(
    place: Path, call: Callable[..., Done]
) -> None:
    done = call("gate", "fail.json", "--policy", "preset:public")
    assert (done.code, done.out) == (10, "")
    assert "FAIL" in done.err and "worst_auc" in done.err


def test_json_is_ascii_whatever_the_terminal_can_print() -> None:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        _common.answer({"größe": "→ \udcff"})
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == {"größe": "→ \udcff"}


def test_a_terminal_that_lacks_a_letter_sees_it_spelled_out(place: Path) -> None:
    shutil.copy(place / "people.csv", place / "out" / "release" / "größe.csv")
    done = example.command("verify", "out", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (3, "")
    assert "BAD gr\\xf6\\xdfe.csv" in done.stdout


# --- exit codes


def test_each_exit_code_in_a_process_of_its_own(place: Path, tmp_path: Path) -> None:
    gate = ("--policy", "preset:public")
    codes = {
        0: ("gate", "pass.json", *gate),
        10: ("gate", "fail.json", *gate),
        11: ("gate", "inconclusive.json", *gate),
        2: ("gate", "nothing.json", *gate),
        3: ("gate", "broken.json", *gate),
    }
    for code, arguments in codes.items():
        done = example.command(*arguments)
        assert done.returncode == code, done.stderr
    assert "error: evidence broken.json is not JSON" in done.stderr
    (place / "out" / "release" / "people.csv").write_text("age\n1\n")
    assert example.command("verify", "out").returncode == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["gate"], ["nonsense"], ["gate", "x.json"], ["run", "people.csv", "--seed", "-1"],
        ["run", "people.csv", "--seed", str(2**63)], ["run", "people.csv", "--rows", "0"],
        ["run", "people.csv", "--epsilon", "1"], ["gate", "x", "--waivers", "w.yaml"],
    ],
)  # fmt: skip
def test_a_wrong_call_is_exit_code_2(arguments: list[str], call: Callable[..., Done]) -> None:
    done = call(*arguments)
    assert (done.code, done.out) == (2, "") and done.err


# --- names that nothing answers to


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "people.csv", "--synthesizer", "memoriser"], "did you mean 'memorizer'?"),
        (
            ["synthesize", "people.csv", "--rows", "5", "--out", "s.csv", "--synthesizer", "ctgam"],
            "unknown synthesizer 'ctgam'; did you mean 'ctgan'?",
        ),
        (["run", "people.csv", "--policy", "preset:patner"], "did you mean 'partner'?"),
        (["gate", "pass.json", "--policy", "preset:publik"], "did you mean 'public'?"),
        (["gate", "pass.json", "--policy", "partner"], "preset:partner"),
        (["gate", "pass.json", "--policy", "rule.yaml"], "did you mean 'worst_auc'?"),
        (["gate", "pass.json", "--policy", "attack.yaml"], "did you mean 'dcr_ratio'?"),
        (["list", "synthesisers"], "did you mean 'synthesizers'?"),
        (
            ["run", "people.csv", "--synthesizer", "ctgan", "--option", "epoch=1"],
            "unknown option 'epoch'; did you mean 'epochs'?",
        ),
        (["run", "people.csv", "--option", "epochs"], "--option takes key=value"),
        (["run", "people.csv", "--synth-cmd", "x {tran} {out}"], "did you mean 'train'?"),
        (["run", "top.yaml"], "top.yaml: polcy: unknown key; did you mean 'policy'?"),
        (["run", "deep.yaml"], "deep.yaml: split.trian: unknown key"),
        (["run", "line.yaml"], "line.yaml, line 3: this is not valid YAML"),
        (["run", "people.csv", "--schema", "schema.yaml"], "columns.0.knd (column 'age')"),
    ],
)
def test_an_unknown_name_or_key_is_named_with_its_place_and_the_nearest_one(
    arguments: list[str], says: str, place: Path, call: Callable[..., Done]
) -> None:
    files = {
        "rule.yaml": "rules: {worst_acu: {below: 0.6}}",
        "attack.yaml": "rules: {worst_auc: {below: 0.6, attacks: [dcr_ration]}}",
        "top.yaml": "table: people.csv\npolcy: preset:public\n",
        "deep.yaml": "table: people.csv\nsplit: {trian: 0.5}\n",
        "line.yaml": "table: people.csv\npolicy: [\n",
        "schema.yaml": "columns:\n- {name: age, knd: integer}\n",
    }
    for name, text in files.items():
        (place / name).write_text(text)
    before = example.listing(place)
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert example.listing(place) == before


# --- nothing written, nothing lost

AUDIT = ["audit", "--train", "people.csv", "--synthetic", "synthetic.csv"]
WRITERS: dict[str, list[str]] = {
    "run": ["run", "release.yaml", "--out", "OUT"],
    "synthesize": [
        "synthesize", "people.csv", "--rows", "5", "--synthesizer", "bootstrap", "--out", "OUT.csv",
    ],
    "audit": [*AUDIT, "--out", "OUT"],
    "gate": ["gate", "fail.json", "--policy", "preset:public", "--out", "OUT"],
    "report": ["report", "fail.json", "--out", "OUT"],
    "report html": ["report", "fail.json", "--out", "fine.pdf", "--html", "OUT"],
    "schema": ["schema", "people.csv", "--out", "OUT"],
}  # fmt: skip


def to(verb: str, out: str) -> list[str]:
    return [word.replace("OUT", out) for word in WRITERS[verb]]


@pytest.mark.parametrize("verb", WRITERS)
def test_an_output_that_exists_needs_force_and_nothing_is_lost(
    verb: str, place: Path, call: Callable[..., Done]
) -> None:
    name = "mine.csv" if verb == "synthesize" else "mine"
    (place / name).write_text("mine")
    before = example.listing(place)
    done = call(*to(verb, "mine"))
    assert (done.code, done.out) == (2, "")
    assert f"{name} exists already" in done.err and "--force" in done.err
    assert example.listing(place) == before


def test_with_force_an_output_is_replaced(
    place: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    from privsynth.report import pdf

    monkeypatch.setattr(pdf, "pdf_bytes", lambda *_, **__: b"%PDF")
    for verb in ("synthesize", "audit", "gate", "schema", "report"):
        name = "mine.csv" if verb == "synthesize" else "mine"
        (place / name).write_text("mine")
        done = call(*to(verb, "mine"), "--force")
        assert done.code == (10 if verb == "gate" else 0), done.err
        assert (place / name).read_bytes()[:4] != b"mine"


@pytest.mark.parametrize("verb", WRITERS)
def test_an_output_that_cannot_be_written_is_refused_before_any_work(
    verb: str, place: Path, call: Callable[..., Done]
) -> None:
    before = example.listing(place)
    for out in ("people.csv/below", "people.csv/deep/below"):
        done = call(*to(verb, out))
        assert (done.code, done.out) == (2, "")
        assert "cannot be written" in done.err
        assert "fitting" not in done.err and "comparing" not in done.err
    assert example.listing(place) == before
    assert not (Path(os.environ["PRIVSYNTH_HOME"]) / "audits.json").exists()


@pytest.mark.parametrize("verb", [verb for verb in WRITERS if verb != "run"])
def test_an_output_that_is_a_folder_is_refused(
    verb: str, place: Path, call: Callable[..., Done]
) -> None:
    (place / "below.csv").mkdir()
    (place / "below").mkdir()
    before = example.listing(place)
    for force in ([], ["--force"]):
        done = call(*to(verb, "below"), *force)
        assert done.code == 2 and "is a folder; name a file" in done.err
    assert example.listing(place) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [*AUDIT, "--out", "people.csv"],
        [*AUDIT, "--holdout", "holdout.csv", "--out", "./holdout.csv"],
        [*AUDIT, "--policy", "policy.yaml", "--out", "policy.yaml"],
        ["synthesize", "people.csv", "--rows", "5", "--out", "../place/people.csv"],
        ["gate", "pass.json", "--policy", "preset:public", "--out", "pass.json"],
        ["gate", "pass.json", "--policy", "policy.yaml", "--out", "policy.yaml"],
        ["report", "pass.json", "--out", "pass.json"],
        ["report", "fail.json", "--verdict", "verdict.json", "--html", "verdict.json"],
        ["report", "fail.json", "--out", "same", "--html", "same"],
        ["schema", "people.csv", "--out", "people.csv"],
    ],
)
def test_force_never_writes_over_what_the_command_reads(
    arguments: list[str], place: Path, call: Callable[..., Done]
) -> None:
    (place / "policy.yaml").write_text("extends: preset:public\n")
    before = example.listing(place)
    done = call(*arguments, "--force")
    assert done.code == 2 and ("is read by this command" in done.err or "named twice" in done.err)
    assert example.listing(place) == before


BAD_TABLES: dict[str, bytes] = {
    "empty.csv": b"",
    "header.csv": b"age,sex\n",
    "latin.csv": "age,größe\n1,2\n".encode("latin-1"),
    "binary.csv": b"\x00\x01\x02",
    "json.csv": b'{"a": 1}',
    "cut.csv.gz": b"\x1f\x8b\x08\x00",
    "cut.parquet": b"PAR1 and no more",
    "ragged.csv": b"a,b\n1,2\n3\n",
    "twice.csv": b"a,a\n1,2\n",
    "few.csv": b"a,b\n" + b"1,2\n2,1\n" * 5,
    "constant.csv": b"a,b\n" + b"".join(b"1,%d\n" % (i % 7) for i in range(60)),
    "infinite.csv": b"a,b\n" + b"".join(b"%d.5,1e999\n" % i for i in range(60)),
    "text.csv": b"a,b\n"
    + b"".join(b"%d,%d\n" % (i * i, i % 9) for i in range(60))
    + b"Zebediah,3\n",
    "people.xlsx": b"PK\x03\x04",
}


@pytest.mark.parametrize("table", [*BAD_TABLES, "nothing.csv", "."])
def test_a_bad_table_is_a_sentence_and_exit_code_2_and_leaves_nothing(
    table: str, place: Path, call: Callable[..., Done]
) -> None:
    for name, data in BAD_TABLES.items():
        (place / name).write_bytes(data)
    (place / "bad.yaml").write_text(f"table: {table}\nsynthesizer: memorizer\nout: new\n")
    before = example.listing(place)
    calls = [
        ["run", table, "--synthesizer", "memorizer", "--out", "new/deep"],
        ["run", "bad.yaml"],
        ["synthesize", table, "--rows", "5", "--synthesizer", "bootstrap", "--out", "new.csv"],
        ["audit", "--train", table, "--synthetic", "synthetic.csv", "--out", "new.json"],
        ["audit", "--train", "people.csv", "--synthetic", table, "--out", "new.json"],
        [*AUDIT, "--holdout", table, "--out", "new.json"],
    ]
    if table == "few.csv":  # few rows are no fault of a table that is only learnt from
        del calls[2]
    for arguments in calls:
        done = call(*arguments)
        assert (done.code, done.out) == (2, ""), (arguments, done.err)
        assert done.err.rstrip().rpartition("\n")[2].startswith("error: "), done.err
        assert "Zebediah" not in done.err
    assert example.listing(place) == before
    assert not (Path(os.environ["PRIVSYNTH_HOME"]) / "audits.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([*AUDIT, "--holdout", "people.csv"], "train and holdout are the same table"),
        ([*AUDIT, "--reference", "holdout.csv"], "--reference without --holdout"),
        (["audit", "--train", "people.csv", "--synthetic", "other.csv"], "the columns differ"),
        (["gate", "people.csv", "--policy", "preset:public"], "is not JSON"),
        (["gate", "verdict.json", "--policy", "preset:public"], "does not follow its schema"),
        (["gate", ".", "--policy", "preset:public"], "cannot be read"),
        (["report", "pass.json", "--verdict", "verdict.json"], "decides on other evidence"),
        (["verify", "."], "name a release folder"),
        (["verify", "people.csv"], "name a release folder"),
        (
            ["run", "people.csv", "--synthesizer", "bootstrap", "--synth-cmd", "a {train} {out}"],
            "name two generators",
        ),
        (["synthesize", "people.csv", "--rows", "5", "--out", "s.xlsx"], "written as .csv"),
        (["synthesize", "people.csv", "--rows", "5", "--out", "s"], "written as .csv"),
    ],
)
def test_input_that_does_not_fit_together_is_refused_and_leaves_nothing(
    arguments: list[str], says: str, place: Path, call: Callable[..., Done]
) -> None:
    (place / "other.csv").write_text("age,wieght\n1,2\n")
    before = example.listing(place)
    done = call(*arguments)
    assert done.code in (2, 3) and done.out == "" and says in done.err
    assert example.listing(place) == before
    assert not (Path(os.environ["PRIVSYNTH_HOME"]) / "audits.json").exists()


def test_a_command_line_generator_takes_the_place_of_the_configured_one_and_back(
    place: Path, call: Callable[..., Done]
) -> None:
    copy = f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {{train}} {{out}}"
    (place / "both.yaml").write_text(f'table: people.csv\nseed: 1\nsynth_cmd: "{copy}"\n')
    for arguments, name in (
        (["both.yaml"], "command"),
        (["both.yaml", "--synthesizer", "bootstrap"], "bootstrap"),
        (["release.yaml", "--synth-cmd", copy], "command"),
    ):
        done = call("run", *arguments, "--out", name, "--force", "--json")
        assert done.code == 10, done.err
        evidence = json.loads((place / name / "release" / "evidence.json").read_text())
        assert evidence["generator"]["synthesizer"] == name


# --- crashes and foreign code

PLUG_IN = '''\
"""A plug-in that misbehaves on purpose."""

import logging
import os
import sys
import warnings


class Bad:
    home = __name__
    licence = "none"
    options = {}

    def __init__(self, name, act):
        self.name, self.act = name, act

    def fit(self, train, rng, progress, **options):
        self.act(str(train.frame.iloc[0].to_dict()) + " SECRET123")
        self.frame = train.frame
        return self

    def sample(self, n, rng):
        return self.frame.iloc[rng.integers(0, len(self.frame), n)]


def crash(cells):
    try:
        raise KeyError(cells)
    except KeyError as error:
        raise ValueError(f"cannot convert {cells}") from error


def bark(cells):
    print(cells)
    os.system("echo SECRET123")
    warnings.warn(cells)
    logging.getLogger("plug-in").error(cells)


crasher = Bad("crasher", crash)
leaver = Bad("leaver", lambda cells: sys.exit(0))
barker = Bad("barker", bark)
'''


@pytest.fixture
def plugged(tmp_path: Path) -> Callable[..., Done]:
    """Give the program in a process where a package with bad synthesizers is installed."""
    folder = tmp_path / "site"
    info = folder / "bad_plugins-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugins\nVersion: 1\n")
    entries = "".join(f"{n} = bad_plugins:{n}\n" for n in ("crasher", "leaver", "barker"))
    (info / "entry_points.txt").write_text(f"[privsynth.synthesizers]\n{entries}")
    (folder / "bad_plugins.py").write_text(PLUG_IN)

    def run(*arguments: str | Path, **env: str) -> Done:
        path = os.pathsep.join([str(folder), example.environment()["PYTHONPATH"]])
        done = example.command(*arguments, **{"PYTHONPATH": path, **env})
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.parametrize("trace", ["", "1"])
def test_a_crash_prints_kind_and_place_and_never_the_message(
    trace: str, plugged: Callable[..., Done], place: Path
) -> None:
    before = example.listing(place)
    done = plugged("run", "people.csv", "--synthesizer", "crasher", PRIVSYNTH_TRACEBACK=trace)
    assert (done.code, done.out) == (1, "")
    assert "crash: ValueError; this is a bug" in done.err
    assert re.search(r"at \S+bad_plugins.py:\d+ in crash", done.err)
    assert (len(re.findall(r"^  at ", done.err, re.MULTILINE)) > 1) == bool(trace)
    assert "SECRET123" not in done.err and "cannot convert" not in done.err
    assert "KeyError" not in done.err
    assert example.listing(place) == before


def test_a_plug_in_that_exits_with_zero_is_a_crash_and_no_pass(
    plugged: Callable[..., Done], place: Path
) -> None:
    done = plugged("run", "people.csv", "--synthesizer", "leaver")
    assert (done.code, done.out) == (1, "")
    assert "bad_plugins.py" in done.err
    assert not (place / "people-release").exists()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_a_plug_in_prints_warns_and_logs_is_dropped(
    unbuffered: str, plugged: Callable[..., Done], place: Path
) -> None:
    done = plugged(
        "synthesize", "people.csv", "--rows", "5", "--synthesizer", "barker", "--out", "new.csv",
        "--json", PYTHONUNBUFFERED=unbuffered,
    )  # fmt: skip
    assert done.code == 0 and done.json["rows"] == 5
    assert "SECRET123" not in done.out + done.err


def test_a_plug_in_that_cannot_be_loaded_stops_the_program_with_its_name(
    plugged: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "site" / "bad_plugins.py").write_text("raise OSError('SECRET123')")
    done = plugged("list", "synthesizers")
    assert (
        done.code == 2 and "the plug-in 'barker' (bad_plugins:barker) cannot be loaded" in done.err
    )
    assert "SECRET123" not in done.err
    (tmp_path / "site" / "bad_plugins.py").write_text("barker = crasher = leaver = object()")
    done = plugged("list", "synthesizers")
    assert done.code == 2 and "holds no 'synthesizer' object with a name and a home" in done.err


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, RecursionError, AssertionError])
def test_any_error_inside_is_a_crash_without_its_message(
    error: type[Exception], place: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise error("somebody's row: SECRET123")

    monkeypatch.setattr(policy, "decide", broken)
    done = call("gate", "pass.json", "--policy", "preset:public")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"crash: {error.__name__};") and "SECRET123" not in done.err


def test_the_program_leaves_warnings_and_logs_of_a_host_alone(
    place: Path, call: Callable[..., Done]
) -> None:
    import warnings

    before, level = list(warnings.filters), logging.getLogger().level
    call("gate", "pass.json", "--policy", "preset:public")
    assert (list(warnings.filters), logging.getLogger().level) == (before, level)


def test_names_from_foreign_files_cannot_steer_the_terminal(
    place: Path, call: Callable[..., Done]
) -> None:
    nasty = "\x1b[2J\x1b]0;owned\x07\u202egood\nok  signature"
    manifest = place / "out" / "release" / "manifest.json"
    raw = json.loads(manifest.read_text())
    raw["files"][nasty] = raw["files"]["run.json"]
    manifest.write_text(json.dumps(raw))
    done = call("verify", "out")
    assert done.code == 3 and "\\x1b[2J" in done.out
    assert not set("\x1b\x07\u202e") & set(done.out)
    assert call("verify", "out", "--json").json["intact"] is False
    done = call("verify", "a\x1b[31mb")
    assert done.code == 2 and "\x1b" not in done.err


# --- colour


def on_a_terminal(*arguments: str, **env: str) -> str:
    """Return what the program writes when stderr is a terminal."""
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            [*example.PYTHON, *arguments], stdin=slave, stdout=slave, stderr=slave,
            env={**example.environment(TERM="xterm-256color"), **env},
        )  # fmt: skip
        os.close(slave)
        return "".join(_read_all(master))
    finally:
        os.close(master)
        process.wait(60)


def _read_all(descriptor: int) -> Iterator[str]:
    while select.select([descriptor], [], [], 60)[0]:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # the other side has closed
            return
        if not data:
            return
        yield data.decode(errors="replace")


COLOUR = re.compile(r"\x1b\[(\d;)*3\dm")


def test_colour_is_for_terminals_that_want_it(
    place: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    arguments = ("gate", "fail.json", "--policy", "preset:public")
    assert COLOUR.search(on_a_terminal(*arguments))
    plain = on_a_terminal(*arguments, NO_COLOR="1")
    assert "FAIL" in plain and not COLOUR.search(plain)
    assert "\x1b" not in call(*arguments).err


def test_a_terminal_sees_a_bar_with_the_time_that_is_left(place: Path) -> None:
    seen = on_a_terminal(*AUDIT, "--holdout", "holdout.csv", "--out", "new.json")
    assert re.search(r"\d+%", seen) and re.search(r"\d:\d\d:\d\d|-:--:--", seen)
    assert pd.read_json(place / "new.json", typ="series")["name"] == "synthetic"


def test_a_foreign_name_is_no_command_of_a_ci_runner(capsys: pytest.CaptureFixture[str]) -> None:
    _common.say("  ::error::x\x1b[2J")
    assert capsys.readouterr().err == "  : :error: :x\\x1b[2J\n"
