"""An external command is a synthesizer that leaves nothing behind."""

import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from synthesizer_tables import SECRET, make_table, rows_of

from privsynth.errors import InputError, PrivsynthError
from privsynth.synthesizers import _command, command_synthesizer, generate
from privsynth.tables.table import Table


@pytest.fixture
def mixed_table() -> Table:
    return make_table()


GENERATOR = """
import os, sys
import pandas as pd
train, out, n, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("{secret}", file=sys.stderr)
print("{secret}")
with open(os.environ["TMPDIR"] + "/left", "w") as stream:
    stream.write("{secret}")
{first}
frame = pd.read_csv(train, dtype=str, keep_default_na=False)
assert "person" not in frame
frame = frame.sample(n, replace=True, random_state=seed % 2**31)
{last}
frame.to_csv(out, index=False)
"""


@pytest.fixture
def scratch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "scratch"
    home.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    return home


def command_for(tmp_path: Path, first: str = "", last: str = "") -> Any:
    script = tmp_path / "gen tool.py"
    script.write_text(GENERATOR.format(secret=SECRET, first=first, last=last))
    return command_synthesizer(f"{sys.executable} '{script}' {{train}} {{out}} {{n}} {{seed}}")


def test_a_command_makes_a_candidate_and_leaves_nothing_behind(
    tmp_path: Path, scratch_home: Path, mixed_table: Table, capfd: pytest.CaptureFixture[str]
) -> None:
    command = command_for(tmp_path)
    candidate = generate(command, mixed_table, 40, 1)
    assert len(candidate.synthetic) == 40
    assert candidate.synthetic.digest == generate(command, mixed_table, 40, 1).synthetic.digest
    assert candidate.synthetic.digest != generate(command, mixed_table, 40, 2).synthetic.digest
    real = set(rows_of(mixed_table.without({"person", "remark"}).frame))
    assert set(rows_of(candidate.synthetic.frame)) <= real
    assert list(scratch_home.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("first", "last", "options", "message"),
    [
        ("sys.exit(7)", "", {}, "failed with exit code 7"),
        ("sys.exit(0)", "", {}, "wrote no {out} file"),
        ("import time; time.sleep(60)", "", {"time_limit": 0.5}, "stopped after 0.5 s"),
        ("", "frame = frame.drop(columns='age')", {}, "'age'"),
        ("", "frame = frame.head(3)", {}, "3 rows instead of 40"),
        ("", f"frame['age'] = '{SECRET}'", {}, "40 cells in column 'age'"),
    ],
)
def test_a_command_that_fails_is_named_and_never_quoted(
    first: str,
    last: str,
    options: dict[str, Any],
    message: str,
    tmp_path: Path,
    scratch_home: Path,
    mixed_table: Table,
) -> None:
    with pytest.raises(PrivsynthError) as caught:
        generate(command_for(tmp_path, first, last), mixed_table, 40, 1, options)
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)
    assert list(scratch_home.iterdir()) == []


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("gen {train}", "{out} is missing"),
        ("gen {out}", "{train} is missing"),
        ("gen {train} {out} {rows}", "unknown placeholder {rows}"),
        ("gen {train} {out} {seeds}", "did you mean 'seed'"),
        ("gen {train.parent} {train} {out}", "unknown placeholder {train.parent}"),
        ("gen {train} {out} {n:>9}", "unknown placeholder {n:>9}"),
        ("gen {train} {out} 'open", "unbalanced"),
        ("gen {train} {out} {", "unbalanced"),
        ("", "{train} is missing"),
    ],
)
def test_a_wrong_template_is_explained(template: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        command_synthesizer(template)
    assert message in str(caught.value)


def test_an_unknown_program_is_named(mixed_table: Table) -> None:
    command = command_synthesizer("/nowhere/no-such-tool {train} {out}")
    with pytest.raises(InputError, match="no program 'no-such-tool'"):
        generate(command, mixed_table, 5, 0)


def test_the_scratch_folder_is_private_and_goes_on_an_interrupt(scratch_home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), _command.scratch() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "train.csv").write_text(SECRET)
        raise KeyboardInterrupt
    assert list(scratch_home.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_a_living_run_is_spared(scratch_home: Path) -> None:
    dead = scratch_home / f"{_command.PREFIX}dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "train.csv").write_text(SECRET)
    with _command.scratch() as alive:
        assert not dead.exists()
        with _command.scratch():
            assert alive.exists()


def test_what_a_command_started_ends_with_it(
    tmp_path: Path, scratch_home: Path, mixed_table: Table
) -> None:
    mark = tmp_path / "mark"
    child = f"import time; time.sleep(1.5); open({str(mark)!r}, 'w').close()"
    first = f"import subprocess; subprocess.Popen([sys.executable, '-c', {child!r}])"
    generate(command_for(tmp_path, first), mixed_table, 5, 0)
    time.sleep(2.0)
    assert not mark.exists()
