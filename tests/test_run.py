"""The whole road: the same bytes for the same seed, nothing private in it, nothing half-written."""

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import release_example as example
import yaml
from pydantic import ValidationError

import privsynth.run.config as config_
import privsynth.run.road as road
from privsynth.errors import InputError
from privsynth.evidence import read_bundle, to_json
from privsynth.provenance import keeper, verify
from privsynth.randomness import generator
from privsynth.run import RunConfig, Shares, read_config
from privsynth.tables import read, split

GOLDEN = Path(__file__).parent / "golden" / "evidence-v1.json"

HONEST = """
import csv, random, sys
random.seed(int(sys.argv[3]))
head = next(csv.reader(open(sys.argv[1])))
values = {
    "age": lambda: random.randrange(20, 90, 10), "sex": lambda: random.choice("FM"),
    "weight": lambda: 70 + 10 * round(random.gauss(0, 1)),
    "stage": lambda: random.choice(["low", "middle", "high"]),
    "smoker": lambda: random.choice(["True", "False"]),
    "height": lambda: random.gauss(0, 1), "pressure": lambda: random.gauss(0, 1),
}
with open(sys.argv[2], "w", newline="") as stream:
    rows = csv.writer(stream)
    rows.writerow(head)
    rows.writerows([values[name]() for name in head] for _ in range(int(sys.argv[4])))
"""
"""A generator that reads nothing of the training table but the names of its columns."""


def honest(folder: Path) -> str:
    script = folder / "honest.py"
    script.write_text(HONEST)
    return f"{sys.executable} {script} {{train}} {{out}} {{seed}} {{n}}"


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- what is released


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> road.Release:
    """Return the release of a table of 300 people without a real report."""
    folder = tmp_path_factory.mktemp("quick")
    return example.release(folder, example.csv_file(folder, example.people(300)), "independent")


def test_the_release_folder_holds_what_travels_and_what_stays(quick: road.Release) -> None:
    assert names(quick.folder) == {
        "release/people.csv", "release/people.csv.label.json", "release/evidence.json",
        "release/verdict.json", "release/policy.json", "release/report.pdf",
        "release/report.html", "release/run.json", "release/manifest.json",
        "release/manifest.sha256",
        "release/croissant.json", "release/DATASET_CARD.md",
        "private/config.yaml", "private/evidence.json", "private/split.csv",
    }  # fmt: skip
    listed = json.loads((quick.folder / "release" / "manifest.json").read_text())["files"]
    apart = {"release/manifest.json", "release/manifest.sha256"}
    assert {f"release/{name}" for name in listed} | apart == {
        name for name in names(quick.folder) if name.startswith("release/")
    }
    assert all(path.is_file() for path in quick.files.values())
    assert [check for check in verify(quick.folder) if not check.ok] == []


def test_only_its_owner_may_enter_the_private_part(quick: road.Release) -> None:
    assert stat.S_IMODE((quick.folder / "private").stat().st_mode) == 0o700
    assert stat.S_IMODE(quick.folder.stat().st_mode) == 0o755


def test_the_split_stays_and_says_where_every_row_went(quick: road.Release) -> None:
    split = pd.read_csv(quick.folder / "private" / "split.csv")
    assert split["row"].tolist() == list(range(1, 301))
    rows = {role: facts.rows for role, facts in quick.bundle.tables.items() if role != "synthetic"}
    assert split["role"].value_counts().to_dict() == rows == {
        "train": 150, "holdout": 75, "reference": 75,
    }  # fmt: skip


def test_no_seed_and_no_split_index_travel(tmp_path: Path) -> None:
    """A seed of 18 digits: that it stands in a file by chance has probability below 1e-10."""
    seed = 918273645546372819
    table = example.csv_file(tmp_path, example.people(60))
    made = example.release(tmp_path, table, "independent", seed=seed)
    for name, data in example.listing(made.folder / "release").items():
        assert data is not None and str(seed).encode() not in data, name
        assert b"split.csv" not in data
    evidence = json.loads((made.folder / "release" / "evidence.json").read_text())
    assert "seed" not in evidence and evidence["seed_commitment"].startswith("hmac-sha256:")
    assert str(seed) in (made.folder / "private" / "config.yaml").read_text()


def test_digests_of_real_tables_are_keyed_and_those_of_released_ones_are_plain(
    quick: road.Release,
) -> None:
    tables = quick.bundle.tables
    for role in ("train", "holdout", "reference"):
        assert tables[role].digest.startswith("hmac-sha256:")
    assert tables["synthetic"].digest.startswith("sha256:")
    label = json.loads((quick.folder / "release" / "people.csv.label.json").read_text())
    assert label["training_table"] == tables["train"].digest


def test_the_key_lies_outside_the_folder_and_no_file_holds_it(quick: road.Release) -> None:
    key = quick.folder.parent / "home" / "key"
    assert key.is_file() and not key.is_relative_to(quick.folder)
    text = key.read_bytes()
    for data in example.listing(quick.folder).values():
        assert data is None or (text not in data and bytes.fromhex(text.decode()) not in data)


def test_another_key_changes_the_keyed_digests_and_nothing_else(
    quick: road.Release, tmp_path: Path
) -> None:
    table = quick.folder.parent / "people.csv"
    other = example.release(tmp_path, table, "independent").bundle
    hidden = re.compile(r"hmac-sha256:[0-9a-f]{64}")
    assert to_json(other) != to_json(quick.bundle)
    assert hidden.sub("", to_json(other)) == hidden.sub("", to_json(quick.bundle))


def test_run_json_says_when_where_and_how_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = example.release(tmp_path, example.csv_file(tmp_path, example.people(60)))
    facts = json.loads((made.folder / "release" / "run.json").read_text())
    assert facts["created"] == "2023-11-14T22:13:20+00:00"
    assert set(facts["seconds"]) == {"read and split", "synthesize", "audit", "report"}
    assert facts["audits_of_this_source"] == 1
    assert set(facts["machine"]) == {"system", "machine", "python", "cpus"}


@pytest.mark.parametrize("epoch", ["", "yesterday", "²", "-5"])
def test_a_source_date_that_is_no_number_is_not_used(
    epoch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert abs(road.now().timestamp() - time.time()) < 60


# --- the same again


def test_the_same_seed_gives_the_same_evidence_and_table(
    quick: road.Release, tmp_path: Path
) -> None:
    shutil.copytree(quick.folder.parent / "home", tmp_path / "home")
    table = quick.folder.parent / "people.csv"
    again = example.release(tmp_path, table, "independent")
    for name in ("evidence.json", "verdict.json", "policy.json", "people.csv",
                 "people.csv.label.json"):  # fmt: skip
        first, second = (made.folder / "release" / name for made in (quick, again))
        assert first.read_bytes() == second.read_bytes(), name
    other = example.release(tmp_path / "other", table, "independent", seed=8)
    assert other.bundle.tables["synthetic"].digest != again.bundle.tables["synthetic"].digest


def test_the_private_configuration_makes_the_same_release_again(
    quick: road.Release, tmp_path: Path
) -> None:
    config = read_config(quick.folder / "private" / "config.yaml")
    assert config.out is not None and Path(config.out).resolve() == quick.folder
    with example.no_report():
        again = road.run(
            config.model_copy(update={"out": str(tmp_path / "again")}),
            keep=keeper(quick.folder.parent / "home"),
        )
    assert to_json(again.bundle) == to_json(quick.bundle)


def test_without_a_seed_two_runs_differ_and_each_keeps_its_own(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    made = [
        example.release(tmp_path, table, "bootstrap", seed=None, out=str(tmp_path / name))
        for name in ("a", "b")
    ]
    seeds = [
        yaml.safe_load((m.folder / "private" / "config.yaml").read_text())["seed"] for m in made
    ]
    assert seeds[0] != seeds[1]
    assert [m.bundle.audits.number for m in made] == [1, 2]
    again = example.release(tmp_path, table, "bootstrap", seed=seeds[0], out=str(tmp_path / "c"))
    assert to_json(again.bundle) == to_json(made[0].bundle)


def test_evidence_of_the_first_schema_still_reads_and_writes_the_same_bytes(
    quick: road.Release,
) -> None:
    """A golden file of a released schema is never rewritten: it is made where there is none."""
    if os.environ.get("PRIVSYNTH_ACCEPT") == "1" and not GOLDEN.exists():
        GOLDEN.write_text(to_json(quick.bundle), encoding="utf-8")
    assert to_json(read_bundle(GOLDEN)) == GOLDEN.read_text(encoding="utf-8")
    assert read_bundle(GOLDEN).schema_version == "1"


# --- decisions


def test_the_memorizer_fails_also_with_sixty_rows_and_says_why(tmp_path: Path) -> None:
    made = example.release(tmp_path, example.csv_file(tmp_path, example.people(60)))
    assert made.verdict.status == "fail"
    (copies,) = (f for f in made.verdict.findings if f.rule == "copies")
    assert (copies.status, copies.hard) == ("fail", True)
    assert "copies" in made.verdict.headline


def test_an_honest_generator_with_sixty_rows_is_inconclusive(tmp_path: Path) -> None:
    """A program that never looks at a row; with 15 holdout rows nothing can pass."""
    table = example.csv_file(tmp_path, example.people(60))
    made = example.release(tmp_path, table, synth_cmd=honest(tmp_path))
    assert made.bundle.generator.synthesizer == "command"
    assert made.verdict.status == "inconclusive"
    assert "holdout_units" in made.verdict.headline


def test_an_external_command_goes_all_the_way_and_can_pass(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(2400, fine=True))
    made = example.release(tmp_path, table, synth_cmd=honest(tmp_path), rows=900)
    assert made.verdict.status == "pass"
    assert made.bundle.tables["synthetic"].rows == 900
    label = json.loads((made.folder / "release" / "people.csv.label.json").read_text())
    assert (label["verdict"], label["generator"]["synthesizer"]) == ("pass", "command")
    assert [check for check in verify(made.folder) if not check.ok] == []
    for data in example.listing(made.folder / "release").values():
        assert data is None or b"honest.py" not in data  # a command line may name people


def test_the_split_and_the_counts_go_by_person_where_one_is_declared(tmp_path: Path) -> None:
    frame = example.people(300)
    frame.insert(0, "person", [f"P{i // 3}" for i in range(300)])
    table = example.csv_file(tmp_path, frame)
    schema = tmp_path / "schema.yaml"
    kinds = {"person": "id", "age": "integer", "weight": "integer"}
    columns = [{"name": n, "kind": kinds.get(n, "categorical")} for n in frame.columns]
    schema.write_text(yaml.safe_dump({"entity": "person", "columns": columns}))
    made = example.release(tmp_path, table, "independent", schema=str(schema))
    roles = pd.read_csv(made.folder / "private" / "split.csv")["role"]
    assert roles.groupby(frame["person"]).nunique().max() == 1
    facts = made.bundle.tables
    assert {role: (facts[role].rows, facts[role].units) for role in ("train", "holdout")} == {
        "train": (150, 50), "holdout": (75, 25),
    }  # fmt: skip
    assert made.bundle.split["unit"] == "person"
    assert "person" not in pd.read_csv(made.folder / "release" / "people.csv").columns


def test_the_shares_of_the_split_are_those_of_the_configuration(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(100))
    shares = {"train": 0.4, "holdout": 0.4, "reference": 0.2}
    made = example.release(tmp_path, table, split=shares)
    assert {r: f.rows for r, f in made.bundle.tables.items()} == {
        "train": 40, "holdout": 40, "reference": 20, "synthetic": 40,
    }  # fmt: skip
    assert made.bundle.split["shares"] == shares
    with pytest.raises(InputError, match="sum to 1"):
        example.release(tmp_path, table, split={"train": 0.9}, out=str(tmp_path / "other"))


def test_retries_on_one_source_are_counted_and_the_sixth_decides_nothing(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    for number in (1, 2):
        made = example.release(tmp_path, table, "bootstrap", seed=number, force=True)
        assert made.bundle.audits.number == number
    for other in ("third", "fourth", "fifth"):
        keeper(tmp_path / "home").count(read(table).fingerprint, other)
    made = example.release(tmp_path, table, "bootstrap", seed=6, force=True)
    assert made.bundle.audits.number == 6
    (finding,) = (f for f in made.verdict.findings if f.rule == "audits")
    assert finding.status == "inconclusive"


def test_a_value_so_rare_that_train_lacks_it_stops_no_release(
    tmp_path: Path,
) -> None:
    """The rare value falls out of train with probability 1/2: not once in 20 seeds is 1e-6."""
    table = example.csv_file(tmp_path, example.people(60).assign(rare=[1] + [0] * 59))
    for seed in range(20):
        parts = split(read(table), generator(seed, "split"))
        if parts.train.frame["rare"].nunique() == 1:
            break
    assert parts.train.frame["rare"].nunique() == 1
    assert example.release(tmp_path, table, "bootstrap", seed=seed).bundle.probes


# --- no cell of a real row


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> tuple[road.Release, str, str]:
    """Return a release of a table of recognisable people, and all that was printed meanwhile."""
    folder = tmp_path_factory.mktemp("guarded")
    frame = example.with_secrets(example.people(80))
    table = example.csv_file(folder, frame)
    done = example.command(
        "run", table, "--synth-cmd", honest_with_income(folder), "--seed", 3, "--out",
        folder / "out", home=folder / "home",
    )  # fmt: skip
    assert done.returncode in (10, 11), done.stderr
    bundle = read_bundle(folder / "out" / "release" / "evidence.json")
    return road.Release(folder / "out", bundle, None), done.stdout, done.stderr  # type: ignore[arg-type]


def honest_with_income(folder: Path) -> str:
    command = honest(folder)
    script = folder / "honest.py"
    script.write_text(
        script.read_text().replace(
            "values = {",
            'values = {"income": random.random, "town": lambda: "Springfield", ',
        )
    )
    return command


def numbers_of(table: Path) -> set[str]:
    """Return the texts of the recognisable numbers of single people, without their decimals."""
    income = pd.read_csv(table)["income"]
    return {str(int(value)) for value in income if value > 1000}


def quoted(text: str, numbers: set[str]) -> set[str]:
    """Return the numbers that stand in a text as a number's whole part.

    Digests are hexadecimal and pictures base 64: five digits may well stand in those by chance.
    """
    plain = re.sub(r"[0-9a-f]{64}|base64,[A-Za-z0-9+/=]+", "", text)
    return {n for n in numbers if re.search(rf"(?<![\d.]){n}(?!\d)", plain)}


def test_a_number_that_is_quoted_would_be_found() -> None:
    for text in ("98765", "the largest is 98765.4321!", '"high": 98765.43', "<td>98765</td>"):
        assert quoted(text, {"98765", "12345"}) == {"98765"}
    assert quoted("0.98765 and 1987654 and " + "98765" * 13, {"98765"}) == set()


def test_no_cell_of_a_real_row_stands_in_a_file_that_travels(
    guarded: tuple[road.Release, str, str],
) -> None:
    """Ids, texts and large unique numbers; the PDF is made of the pages of report.html."""
    folder = guarded[0].folder
    numbers = numbers_of(folder.parent / "people.csv")
    assert len(numbers) == 40
    for name, data in example.listing(folder / "release").items():
        assert data is not None
        assert example.SECRET.encode() not in data, name
        if name.endswith((".json", ".html", ".csv")):
            assert quoted(data.decode(), numbers) == set(), name


def test_no_cell_of_a_real_row_stands_in_what_stays_with_the_release(
    guarded: tuple[road.Release, str, str],
) -> None:
    for name, data in example.listing(guarded[0].folder / "private").items():
        assert data is not None and example.SECRET.encode() not in data, name


def test_no_cell_of_a_real_row_is_printed(guarded: tuple[road.Release, str, str]) -> None:
    _, out, err = guarded
    assert out == ""
    assert example.SECRET not in err
    assert not [n for n in numbers_of(guarded[0].folder.parent / "people.csv") if n in err]


def test_a_whole_release_with_its_report_is_intact(
    guarded: tuple[road.Release, str, str],
) -> None:
    folder = guarded[0].folder
    assert [check for check in verify(folder) if not check.ok] == []
    assert (folder / "release" / "report.pdf").read_bytes().startswith(b"%PDF-")


# --- whole or not at all


def other_files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name not in {"home", "people.csv"}}


def test_an_existing_release_needs_force_and_is_lost_only_to_a_whole_new_one(
    tmp_path: Path,
) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    first = example.release(tmp_path, table)
    before = example.listing(first.folder)
    with pytest.raises(InputError, match=r"exists already.*--force"):
        example.release(tmp_path, table, seed=8)
    for bad in ({"table": str(tmp_path / "nothing.csv")}, {"synth_cmd": "false {train} {out}"}):
        with pytest.raises(InputError):
            example.release(tmp_path, table, force=True, **bad)
    assert example.listing(first.folder) == before
    second = example.release(tmp_path, table, "independent", seed=8, force=True)
    assert second.folder == first.folder and example.listing(second.folder) != before
    assert other_files(tmp_path) == {"out"}


@pytest.mark.parametrize("extra", ["notes.txt", "people.csv", ".hidden"])
def test_force_replaces_no_folder_that_holds_anything_else(extra: str, tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    out = example.release(tmp_path, table).folder
    (out / extra).write_text("mine")
    before = example.listing(out)
    with pytest.raises(InputError, match="holds other things besides"):
        example.release(tmp_path, table, force=True)
    shutil.rmtree(out / "release")
    with pytest.raises(InputError, match="no release folder"):
        example.release(tmp_path, table, force=True)
    assert set(example.listing(out)) <= set(before) and (out / extra).read_text() == "mine"


def test_force_takes_an_empty_folder_and_follows_a_link(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    example.release(tmp_path, table, force=True)
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "real" / "release" / "manifest.json").is_file()
    assert other_files(tmp_path) == {"out", "real"}


def test_a_folder_that_holds_what_the_run_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out" / "release").mkdir(parents=True)
    (tmp_path / "out" / "release" / "manifest.json").write_text("{}")
    table = example.csv_file(tmp_path / "out" / "release", example.people(60))
    with pytest.raises(InputError, match="which this run reads"):
        example.release(tmp_path, table, force=True)
    assert table.is_file()


@pytest.mark.parametrize("out", ["people.csv/out", "people.csv/deep/out", "x" * 300, "a\0b"])
def test_a_folder_that_cannot_be_written_is_said_before_any_work(out: str, tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    with pytest.raises(InputError, match=r"cannot be written|not a usable path"):
        example.release(tmp_path, table, out=str(tmp_path / out))
    assert other_files(tmp_path) == set()


@pytest.mark.parametrize("out", [".", "", "..", "/"])
def test_a_folder_that_is_there_for_other_reasons_is_refused(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    table = example.csv_file(tmp_path / "below", example.people(60))
    for force in (False, True):
        with pytest.raises(InputError):
            example.release(tmp_path, table, out=out or ".", force=force)
    assert other_files(tmp_path) == {"below"}
    assert names(tmp_path / "below") == {"people.csv"}


def test_a_run_that_fails_leaves_no_folder_it_made_on_the_way(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    with pytest.raises(InputError):
        example.release(tmp_path, table, out=str(tmp_path / "a" / "b" / "c"), rows=3,
                        synth_cmd="false {train} {out}")  # fmt: skip
    assert other_files(tmp_path) == set()


def test_a_folder_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    script = f"{sys.executable} -c \"import shutil, os; os.makedirs(r'{tmp_path}/out/mine')\" "
    with pytest.raises(InputError):
        example.release(tmp_path, table, synth_cmd=script + "{train} {out}")
    appear = (
        f"import shutil, os, sys; os.makedirs(r'{tmp_path}/late/mine'); "
        "shutil.copy(sys.argv[1], sys.argv[2])"
    )
    with pytest.raises(InputError, match="exists already"):
        example.release(
            tmp_path, table, out=str(tmp_path / "late"), rows=30,
            synth_cmd=f'{sys.executable} -c "{appear}" {{train}} {{out}}',
        )  # fmt: skip
    assert other_files(tmp_path) == {"out", "late"}
    assert [p.name for p in (tmp_path / "late").iterdir()] == ["mine"]


SLOW_GENERATOR = """
import os, shutil, sys, time
shutil.copy(sys.argv[1], sys.argv[2])
with open(sys.argv[3] + ".part", "w") as stream:
    stream.write(str(os.getpid()))
os.rename(sys.argv[3] + ".part", sys.argv[3])
time.sleep(60)
"""


@pytest.fixture
def busy(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Give a run with --force that stands in the middle of its work, over an existing release."""
    table = example.csv_file(tmp_path, example.people(60))
    example.release(tmp_path, table)
    (tmp_path / "slow.py").write_text(SLOW_GENERATOR)
    command = f"{sys.executable} {tmp_path}/slow.py {{train}} {{out}} {tmp_path}/started"
    process = subprocess.Popen(
        [*example.PYTHON, "run", str(table), "--synth-cmd", command, "--out",
         str(tmp_path / "out"), "--force"],
        env=example.environment(tmp_path / "home", TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A test run in the background of a shell ignores Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.02)
    yield process
    if process.poll() is None:
        process.kill()
    with contextlib.suppress(ProcessLookupError):  # a killed run leaves the generator behind
        os.kill(int((tmp_path / "started").read_text()), signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_leaves_the_old_release_and_nothing_else(
    name: str, busy: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    before = example.listing(tmp_path / "out")
    busy.send_signal(getattr(signal, name))
    out, err = busy.communicate(timeout=60)
    assert (busy.returncode, out) == (130, "")
    assert "interrupted" in err and "Traceback" not in err
    assert example.listing(tmp_path / "out") == before
    assert other_files(tmp_path) == {"out", "slow.py", "started"}


def test_a_killed_run_leaves_the_old_release_and_the_next_one_sweeps_up(
    busy: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    before = example.listing(tmp_path / "out")
    busy.kill()
    assert busy.wait(60) == -signal.SIGKILL
    assert example.listing(tmp_path / "out") == before
    left = [path for path in tmp_path.iterdir() if ".partial-" in path.name]
    assert len(left) == 1 and left[0].name.startswith(".out.")
    example.release(tmp_path, tmp_path / "people.csv", "independent", force=True)
    assert not left[0].exists()
    assert [check for check in verify(tmp_path / "out") if not check.ok] == []


def test_a_working_run_is_not_swept_away_by_another(
    busy: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    example.release(tmp_path, tmp_path / "people.csv", "independent", force=True)
    assert [path for path in tmp_path.iterdir() if ".partial-" in path.name]


def test_a_release_that_a_killed_run_had_moved_aside_comes_back(tmp_path: Path) -> None:
    """The one moment without a release at its place: between two renames."""
    table = example.csv_file(tmp_path, example.people(60))
    out = example.release(tmp_path, table).folder
    before = example.listing(out)
    out.rename(tmp_path / ".out.old-99999")
    (tmp_path / ".out.partial-99999" / "release").mkdir(parents=True)
    with pytest.raises(InputError, match="exists already"):
        example.release(tmp_path, table)
    assert example.listing(out) == before
    assert other_files(tmp_path) == {"out"}


def test_an_old_release_that_was_replaced_and_not_yet_deleted_is_swept(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    shutil.copytree(example.release(tmp_path, table).folder, tmp_path / ".out.old-99999")
    example.release(tmp_path, table, force=True)
    assert other_files(tmp_path) == {"out"}


def test_sweeping_takes_a_name_with_wildcards_literally(tmp_path: Path) -> None:
    table = example.csv_file(tmp_path, example.people(60))
    (tmp_path / ".out1.partial-99999").mkdir()
    example.release(tmp_path, table, out=str(tmp_path / "out[0-9]"))
    assert other_files(tmp_path) == {".out1.partial-99999", "out[0-9]"}


# --- configurations


def write_config(folder: Path, text: str) -> Path:
    path = folder / "release.yaml"
    path.write_text(text)
    return path


def test_paths_of_a_configuration_are_relative_to_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    path = write_config(
        tmp_path / "a" / "b",
        "table: ../people.csv\nschema: s.yaml\npolicy: ../p.yaml\nout: ../../made\n",
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = read_config(path)
    found = (config.table, config.table_schema, config.policy, config.out)
    assert [Path(str(p)).resolve() for p in found] == [
        tmp_path / "a" / "people.csv", tmp_path / "a" / "b" / "s.yaml",
        tmp_path / "a" / "p.yaml", tmp_path / "made",
    ]  # fmt: skip
    path.write_text("table: /data/people.csv\npolicy: preset:public\n")
    config = read_config(path)
    assert (Path(config.table).resolve(), config.policy) == (
        Path("/data/people.csv"), "preset:public",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("my table (1).csv", "my-table-1"),
        ("Älter.CSV.gz", "lter"),
        ("..hidden.parquet", "hidden"),
        ("ünï", "n"),
        ("päivä.tsv", "p-iv"),
        ("-.csv", "release"),
        ("a" * 200, "a" * 80),
    ],
)
def test_any_file_name_gives_a_release_a_plain_name(table: str, name: str) -> None:
    assert config_.release_name(RunConfig(table=f"/some/where/{table}")) == name


@pytest.mark.parametrize("name", ["a/b", "..", ".a", "a b", "", "a\n", "x" * 82])
def test_a_name_that_is_no_plain_file_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="a release is called by letters"):
        config_.release_name(RunConfig(table="t.csv", name=name))


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1}, {"seed": 2**63}, {"rows": 0}, {"format": "xlsx"}, {"format": "csv\n"},
        {"table": None}, {"tables": "x"}, {"options": {"a": [1]}}, {"split": {"train": "half"}},
        {"split": {"training": 0.5}},
    ],
)  # fmt: skip
def test_a_configuration_is_checked_when_it_is_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RunConfig.model_validate({"table": "t.csv", **wrong})


def test_the_default_shares_sum_to_one() -> None:
    shares = Shares()
    assert (shares.train, shares.holdout, shares.reference) == (0.5, 0.25, 0.25)
