"""What the README says is true: its commands exist, its Python runs, its exit codes are real."""

import re
from pathlib import Path

import numpy as np
import pytest
from population import SCHEMA, people
from typer.main import get_command

from privsynth import attacks, measures, synthesizers
from privsynth.cli import app
from privsynth.errors import InputError, IntegrityError
from privsynth.policy import rule_catalogue
from privsynth.registry import summary
from privsynth.tables import fit_space, write

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERBS = get_command(app).commands
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


def test_every_command_of_the_readme_exists_with_its_options():
    named = re.findall(r"privsynth ([a-z][a-z-]*)((?: [^`\n#|]*)?)", README)
    used = {verb for verb, _ in named}
    assert used >= set(VERBS)
    for verb, rest in named:
        if verb in VERBS:
            below = getattr(VERBS[verb], "commands", {})
            command = below.get(next(iter(rest.split()), ""), VERBS[verb])
            known = {option for p in command.params for option in p.opts}
            plain = re.sub(r'"[^"]*"', "", rest)
            assert set(re.findall(r"--[a-z-]+", plain)) <= known, (verb, rest)


def test_the_exit_codes_of_the_readme_are_the_real_ones():
    from privsynth.cli._common import EXIT

    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.M)}
    real = {*EXIT.values(), InputError.exit_code, IntegrityError.exit_code, 130, 1}
    assert listed == real


def test_the_readme_names_the_files_and_folders_that_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
    for source in re.findall(r'src="([^"]+)"', README):
        assert (ROOT / source).exists(), source


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    """Both ways in, on small tables; the second block audits files of the first one's kind."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    for name, n in (("patients", 600), ("train", 300), ("holdout", 300), ("synthetic", 300)):
        write(people(n, rng), tmp_path / f"{name}.csv")
    whole, parts = BLOCKS[:2]
    space: dict[str, object] = {}
    exec(whole, space)
    assert (tmp_path / "patients-release" / "release" / "report.pdf").exists()
    assert "worst AUC" in capsys.readouterr().out
    exec(parts, space)
    assert space["verdict"].status in ("pass", "fail", "inconclusive")


def test_the_epsilon_of_a_claim_is_recomputed_by_the_readme(tmp_path, monkeypatch, capsys):
    from report_example import dp_claim

    claim = dp_claim()
    (tmp_path / "evidence.json").write_text(f'{{"claim": {claim.model_dump_json()}}}')
    monkeypatch.chdir(tmp_path)
    exec(BLOCKS[2], {})
    again, claimed = map(float, capsys.readouterr().out.split(" of "))
    assert claimed == claim.epsilon and abs(again - claim.spent) < 1e-3


def test_the_attack_of_the_readme_is_an_attack():
    space: dict[str, object] = {"__name__": "readme"}
    exec(BLOCKS[3], space)
    rng = np.random.default_rng(2)
    train, fresh = people(60, rng), people(60, rng)
    rows = fit_space(SCHEMA, [train, fresh]).encode(train)
    view = attacks.AttackerView(rows, rows, __import__("privsynth.neighbours").neighbours.Search())
    name = space["attack"].name
    scores = attacks.score_all({name: space["attack"]}, rows, view, rng)[name]
    assert (scores == 0).all()


@pytest.mark.parametrize(
    "catalogue",
    [attacks.catalogue, measures.catalogue, synthesizers.catalogue, rule_catalogue],
)
def test_every_plug_in_says_in_one_line_what_it_is(catalogue):
    for name, plugin in catalogue().items():
        line = summary(plugin)
        assert line.endswith("."), name
        assert len(line) < 120, name


def test_nothing_in_the_project_names_a_place_it_was_written_at():
    """No machine path or private host in any file that is committed."""
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    words = ["/work" + "/", "/root" + "/", "/home" + "/user"]
    for name in listed:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".yml", ".toml", ".html", ".css", ".txt", ".sh"):
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not any(word in text for word in words), name
