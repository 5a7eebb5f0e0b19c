"""The private list of exposed people: on request, under pseudonyms, and nowhere else."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import release_example as example

from privsynth.audit.at_risk import Standing, most_exposed
from privsynth.errors import InputError
from privsynth.provenance import Keeper, check_private, write_exposed
from privsynth.statistics import Game, Scored, family
from privsynth.tables import Column, Schema, Table

KEEP = Keeper(Path("nowhere"), b"k" * 32)
SCHEMA = Schema(columns=(Column(name="x", kind="integer"),))


def table(values: list[int], schema: Schema = SCHEMA, **more: Any) -> Table:
    frame = pd.DataFrame({"x": pd.array(values, dtype="Int64"), **more})
    return Table(frame, schema, "train")


def test_members_above_ninety_nine_in_a_hundred_others_are_listed_worst_first() -> None:
    """200 others score 0 to 199: two of them are the hundredth part. By hand."""
    members = np.array([250.0, 197.5, 198.0, 100.0])
    game = Game.of(np.arange(4), np.arange(200))
    first = np.r_[members, np.arange(200.0)]
    second = np.r_[[500.0, 0.0, 0.0, 0.0], np.arange(200.0)]
    train = table([1, 2, 3, 4])
    found = most_exposed(family({"a": first, "b": second}, game), train, KEEP.commit)

    def name(row: int) -> str:
        return KEEP.commit(f"exposed {train.digest} row {row}")

    assert found[0] == Standing(name(1), 100.0, ("a", "b"))
    assert {one.pseudonym: one.attacks for one in found[1:]} == {name(2): ("a",), name(3): ("a",)}
    assert [one.percentile for one in found] == [100.0, 99.0, 99.0]


def test_an_entity_is_listed_once_by_its_own_name() -> None:
    schema = Schema(columns=(*SCHEMA.columns, Column(name="who", kind="id")), entity="who")
    train = table([1, 2, 3], schema, who=["zoe", "amy", "zoe"])
    game = Game.of(train.units, np.arange(100))
    scores = np.r_[[0.0, 0.0, 7.0], np.linspace(-1, 1, 100)]
    found = most_exposed(family({"a": scores}, game), train, KEEP.commit)
    zoe = KEEP.commit(f"exposed {train.digest} entity zoe")
    assert [one.pseudonym for one in found] == [zoe]


def test_only_the_five_worst_attacks_and_the_people_they_count_are_looked_at() -> None:
    game = Game.of(np.arange(2), np.arange(100))
    good = np.r_[[9.0, 9.0], np.linspace(-1, 1, 100)]
    scores = family(
        {f"good {k}": good for k in range(5)} | {"bad": np.r_[0.999, -9.0, good[2:]]}, game
    )
    chosen = np.ones(102, bool)
    chosen[1] = False  # the second member taught a learned attack, which therefore says nothing
    scores = {k: Scored(one.scores, game, game.within(chosen)) for k, one in scores.items()}
    (found,) = most_exposed(scores, table([1, 2]), KEEP.commit)
    assert found.attacks == tuple(f"good {k}" for k in range(5))


@pytest.mark.parametrize("place", ["release/x.json", "release/deeper/x.json", "folder/x.json"])
def test_a_folder_that_leaves_the_house_is_refused(place: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "manifest.json").write_text("{}")
    for act in (check_private, lambda path: write_exposed(path, [])):
        with pytest.raises(InputError, match="leaves the house; name a private place"):
            act(tmp_path / place)
    assert not (tmp_path / place).exists()


def test_a_link_into_a_release_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    os.symlink(tmp_path / "release", tmp_path / "private")
    with pytest.raises(InputError, match="leaves the house"):
        check_private(tmp_path / "private" / "x.json")


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which a table of verbatim copies was audited, and the list asked for."""
    folder = tmp_path_factory.mktemp("exposed")
    whole = example.people(1200, fine=True)
    for name, part in (("train", whole[:600]), ("holdout", whole[600:]), ("made", whole[:300])):
        part.to_csv(folder / f"{name}.csv", index=False)
    done = example.command(
        "audit", "--train", "train.csv", "--synthetic", "made.csv", "--holdout", "holdout.csv",
        "--quick", "--seed", "3", "--exposed-records", "private/list.json",
        home=folder / "home", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "out.txt").write_text(done.stdout + done.stderr)
    return folder


def test_the_list_opens_with_a_warning_and_its_owner_alone_may_read_it(audited: Path) -> None:
    path = audited / "private" / "list.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    raw = json.loads(path.read_text())
    assert next(iter(raw)) == "notice" and raw["notice"].startswith("PERSONAL DATA")
    assert set(raw) == {"notice", "reading", "units"}
    assert "PERSONAL DATA in private/list.json" in (audited / "out.txt").read_text()


def test_most_of_the_copied_people_are_listed_and_the_key_finds_them(audited: Path) -> None:
    """300 of 600 members stand verbatim in the table; by chance each attack lists 1 % of the rest.

    ``exact_copy`` alone finds all of them, since no other row is like theirs.
    """
    from privsynth.provenance import keeper
    from privsynth.tables import read

    units = json.loads((audited / "private" / "list.json").read_text())["units"]
    train = read(audited / "train.csv", name="train")
    keep = keeper(audited / "home")
    names = [keep.commit(f"exposed {train.digest} row {row}") for row in range(1, 601)]
    listed = {unit["pseudonym"] for unit in units}
    assert listed <= set(names)
    assert listed >= set(names[:300])
    assert len(listed) < 360
    assert any("exact_copy" in unit["attacks"] for unit in units)


def test_nobody_of_the_list_stands_in_evidence_verdict_or_what_is_printed(audited: Path) -> None:
    done = example.command(
        "gate", "evidence.json", "--policy", "preset:internal", "--out", "verdict.json",
        home=audited / "home", cwd=audited,
    )  # fmt: skip
    assert done.returncode == 10, done.stderr
    units = json.loads((audited / "private" / "list.json").read_text())["units"]
    for name in ("evidence.json", "verdict.json", "out.txt"):
        text = (audited / name).read_text()
        assert "pseudonym" not in text
        assert not [u for u in units if u["pseudonym"].removeprefix("hmac-sha256:") in text]


def test_without_a_holdout_nobody_can_be_listed_and_no_audit_is_counted(tmp_path: Path) -> None:
    example.csv_file(tmp_path, example.people(100), "t.csv")
    done = example.command(
        "audit", "--train", "t.csv", "--synthetic", "t.csv", "--exposed-records", "list.json",
        home=tmp_path / "home", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--exposed-records without --holdout" in done.stderr
    assert not (tmp_path / "home").exists() and not (tmp_path / "list.json").exists()


def test_the_evidence_is_the_same_whether_the_list_is_asked_for_or_not() -> None:
    from test_audit import request

    from privsynth.audit import audit
    from privsynth.evidence import to_json

    told: list[tuple[Standing, ...]] = []
    plain = request(quick=True)
    assert to_json(audit(replace(plain, tell_exposed=told.append))) == to_json(audit(plain))
    assert len(told) == 1 and 0 < len(told[0]) < 0.1 * len(plain.train)
