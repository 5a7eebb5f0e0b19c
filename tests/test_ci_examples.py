"""The examples for pipelines in docs/ci: they parse, their commands exist, their gates run."""

import ast
import importlib.util
import json
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import evidence_example
import pytest
import yaml
from typer.main import get_command

from privsynth import cli
from privsynth.evidence import to_json
from privsynth.policy import load_policy

FOLDER = Path(__file__).parents[1] / "docs" / "ci"
YAMLS = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".yml", ".yaml"))
CODES = {"pass": 0, "fail": 10, "inconclusive": 11}


def texts(node: Any) -> Iterator[str]:
    """Yield every string in a document, its keys left out."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from texts(value)


def dag_parts() -> dict[str, Any]:
    """Return the constants and the function of the DAG that need no Airflow."""
    tree = ast.parse((FOLDER / "airflow_dag.py").read_text(encoding="utf-8"))
    kept = [
        node for node in tree.body
        if isinstance(node, ast.Assign)
        or (isinstance(node, ast.FunctionDef) and node.name == "next_task")
    ]  # fmt: skip
    space: dict[str, Any] = {"AirflowFailException": RuntimeError}
    exec(compile(ast.Module(kept, []), "airflow_dag.py", "exec"), space)
    return space


def commands() -> dict[str, list[str]]:
    """Return every command line of ours in the examples, by the file it stands in."""
    found = {"airflow_dag.py": [dag_parts()["GATE"]]}
    for path in YAMLS:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        name = path.relative_to(FOLDER).as_posix()
        found[name] = [text for text in texts(document) if text.startswith("privsynth ")]
    return found


GATES = [
    (name, line)
    for name, lines in commands().items()
    for line in lines
    if line.startswith("privsynth gate")
]


def test_every_example_calls_the_program_with_options_that_it_has() -> None:
    found = commands()
    for name in ("github-actions.yml", "gitlab-ci.yml", "dvc/dvc.yaml", "airflow_dag.py"):
        assert any(line.startswith("privsynth gate") for line in found[name]), name
    for name, lines in found.items():
        for line in lines:
            words = shlex.split(line)[1:]
            verb: Any = get_command(cli.app)
            while hasattr(verb, "commands"):
                verb = verb.commands[words.pop(0)]
            known = {option for parameter in verb.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, (name, line)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Give a command line as a function of the evidence, in a folder with a policy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    Path("policy.yaml").write_text("extends: preset:public\n")
    clean = evidence_example.clean(load_policy("policy.yaml"))
    leak = evidence_example.estimate("auc", 0.9, 0.8, 0.95)
    bundles = {
        "pass": clean,
        "fail": evidence_example.with_headline(clean, "auc", leak),
        "inconclusive": evidence_example.with_table(clean, "holdout", 60),
    }

    def call(line: str, kind: str) -> Any:
        Path("evidence.json").write_text(to_json(bundles[kind]), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code or 0

    return call


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize(("name", "line"), GATES)
def test_the_gate_of_an_example_runs_and_leaves_its_files(
    name: str, line: str, kind: str, run: Callable[[str, str], Any]
) -> None:
    assert run(line, kind) == CODES[kind]
    written = re.findall(r"(?:--out |=)([\w/.]+\.\w+)", line)
    assert written
    for file in written:
        assert Path(file).stat().st_size > 0, (name, file)
    status = next(json.loads(Path(f).read_text())["status"] for f in written if "verdict" in f)
    assert status == kind


def test_a_pipeline_uploads_what_its_gate_writes() -> None:
    """Reports that GitHub and GitLab are told to read are among the outputs of the gate."""
    github = yaml.safe_load((FOLDER / "github-actions.yml").read_text())["jobs"]["gate"]["steps"]
    (line,) = [step["run"] for step in github if "gate" in step.get("run", "")]
    uploads = [step for step in github if "upload" in step.get("uses", "")]
    assert len(uploads) == 2 and all(step["if"] == "${{ !cancelled() }}" for step in uploads)
    assert f"sarif={uploads[0]['with']['sarif_file']}" in line
    gate = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text())["gate"]
    assert gate["artifacts"]["when"] == "always" and not gate["allow_failure"]
    reports = gate["artifacts"]["reports"]
    assert f"junit={reports['junit']}" in gate["script"][0]
    assert f"gitlab={reports['codequality']}" in gate["script"][0]


def test_only_a_pass_publishes_and_only_an_inconclusive_gate_asks_a_person() -> None:
    follow = dag_parts()["next_task"]
    assert follow(0) == "publish" and follow(11) == "ask_a_person"
    for code in (1, 2, 3, 10, 127, 130, -9):
        with pytest.raises(RuntimeError):
            follow(code)


def test_dvc_names_what_each_stage_reads_and_writes() -> None:
    stages = yaml.safe_load((FOLDER / "dvc" / "dvc.yaml").read_text())["stages"]
    parameters = yaml.safe_load((FOLDER / "dvc" / "params.yaml").read_text())
    for stage in stages.values():
        assert set(re.findall(r"\$\{(\w+)\}", stage["cmd"])) <= set(parameters)
        files = [out if isinstance(out, str) else next(iter(out)) for out in stage["outs"]]
        files += stage["deps"]
        assert all(f in stage["cmd"] or f.endswith(".label.json") for f in files)


def mlflow_example() -> Any:
    spec = importlib.util.spec_from_file_location("mlflow_log", FOLDER / "mlflow_log.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", CODES)
def test_a_verdict_becomes_flat_numbers(kind: str, run: Callable[[str, str], Any]) -> None:
    run("privsynth gate evidence.json --policy policy.yaml --out v.json", kind)
    found = mlflow_example().metrics(json.loads(Path("v.json").read_text()))
    assert found["released"] == (kind == "pass")
    assert found["worst_auc.holds"] == (kind != "fail")
    assert all(isinstance(value, float | int) for value in found.values())


def test_mlflow_keeps_the_verdict_where_it_is_installed(
    run: Callable[[str, str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("mlflow", reason="MLflow is not among our dependencies")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # newer versions ask for a database
    run("privsynth gate evidence.json --policy policy.yaml --out v.json", "pass")
    mlflow_example().main(Path("v.json"))
    assert list(tmp_path.glob("runs/*/*/metrics/released"))


def test_the_junit_of_an_example_is_read_as_xml(run: Callable[[str, str], Any]) -> None:
    line = next(line for name, line in GATES if name == "gitlab-ci.yml")
    run(line, "fail")
    assert int(xml.parse("build/gate.xml").getroot().get("failures", "")) >= 1
