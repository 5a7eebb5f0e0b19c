"""A label says where a table comes from, and cannot say what is not possible."""

import hashlib
import io
import json
import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import release_example as example
import report_example
from hypothesis import given
from hypothesis import strategies as st
from tables_example import EVERY_KIND, EVERY_KIND_CSV, QUICK, write_file
from typer.testing import CliRunner

import privsynth
from privsynth.cli import app
from privsynth.errors import InputError, IntegrityError
from privsynth.evidence import Generator, read_model, to_json
from privsynth.provenance import (
    Parent,
    check_known,
    hint_problem,
    hints,
    keeper,
    verify,
)
from privsynth.provenance.hint import read_hints
from privsynth.provenance.label import Label, file_digest, label, label_of, label_path
from privsynth.provenance.labelling import Said, label_for, read_filter
from privsynth.provenance.lineage import (
    Filter,
    Joined,
    contradictions,
    depth_of,
    joined,
    next_depth,
    release_problem,
    share_of,
)
from privsynth.provenance.manifest import write_manifest
from privsynth.provenance.origin import origin, parent_of
from privsynth.run.candidate import generator_version
from privsynth.tables import read, table_bytes

SECRET, NUMBER = "Zebediah", 98765.4321
OLD = """\
{
  "claim": {"kind": "none"},
  "columns": ["age", "sex"],
  "evidence": "evidence.json",
  "file": "people.csv",
  "generator": {"licence": "same as privsynth", "notes": [], "options": {}, "synthesizer": "mst"},
  "logical_digest": "sha256:5f",
  "made_by": "privsynth 0.1.0",
  "note": "Synthetic rows.",
  "origin": "synthetic",
  "rows": 2,
  "schema_version": "1",
  "sha256": "%s",
  "training_table": "hmac-sha256:00",
  "verdict": "pass"
}
"""
"""A label as it was written before origins, parents and filters were."""


def base(**changes: Any) -> Label:
    """Return a label of ten synthetic rows that contradicts nothing, with some entries changed."""
    entries: dict[str, Any] = {
        "file": "t.csv", "sha256": "0" * 64, "logical_digest": "sha256:00", "rows": 10,
        "columns": ("x",),
    }  # fmt: skip
    return Label.model_validate({**entries, **changes})


def parent(origin: str = "human", name: str = "p.csv", **more: Any) -> Parent:
    digest = more.pop("digest", f"hmac-sha256:{name}")
    return Parent.model_validate(
        {"name": name, "digest": digest, "origin": origin, "basis": "labelled", **more}
    )


def step(rows_in: int, rows_out: int, real: bool = False, name: str = "dedupe") -> Filter:
    return Filter(name=name, rows_in=rows_in, rows_out=rows_out, touches_real_data=real)


def csv(folder: Path, name: str = "t.csv", rows: int = 3) -> Path:
    start = sum(name.encode())  # other rows in every file
    text = "age,sex\n" + "".join(f"{start + i},F\n" for i in range(rows))
    return write_file(folder, text, name)


def said(folder: Path, name: str = "t.csv", rows: int = 3, **words: Any) -> Label:
    """Return the label of a new table file from what a person says, once it stands beside it."""
    path = csv(folder, name, rows)
    made = label_for(path, read(path), Said(**words), keeper())
    label_path(path).write_text(to_json(made))
    return made


def refused(folder: Path, **words: Any) -> str:
    with pytest.raises(InputError) as error:
        said(folder, **words)
    return str(error.value)


# --- joining

ORIGINS = st.sampled_from(["human", "synthetic", "mixed", "unknown"])


@st.composite
def pieces(draw: st.DrawFn) -> Joined:
    """Draw an origin with a depth and a share that are possible for it."""
    kind = draw(ORIGINS)
    depth = None if kind in ("human", "unknown") else draw(st.none() | st.integers(1, 9))
    share = draw(st.none() | st.floats(0.01, 0.99)) if kind == "mixed" else None
    return Joined(kind, depth, share)


@QUICK
@given(
    parts=st.lists(st.tuples(pieces(), st.integers(1, 1000)), min_size=1, max_size=5),
    data=st.data(),
)
def test_joining_does_not_depend_on_order_and_unknown_absorbs(
    parts: list[tuple[Joined, int]], data: st.DataObject
) -> None:
    found = joined([p for p, _ in parts], [n for _, n in parts])
    other = data.draw(st.permutations(parts))
    assert joined([p for p, _ in other], [n for _, n in other]) == found
    unknown = Joined("unknown")
    assert joined([*(p for p, _ in parts), unknown]) == unknown
    alone = contradictions(base(
        origin=found.origin, generation_depth=found.generation_depth,
        real_fraction=found.real_fraction,
    ))  # fmt: skip
    assert alone == []


@QUICK
@given(part=pieces(), copies=st.integers(1, 4), n=st.integers(1, 1000))
def test_joining_a_table_with_itself_changes_nothing_that_is_known(
    part: Joined, copies: int, n: int
) -> None:
    found = joined([part] * copies, [n] * copies)
    if part.origin == "unknown":
        assert found == Joined("unknown")
    else:
        assert found.origin == part.origin
        assert found.generation_depth == depth_of(part)
        assert found.real_fraction == pytest.approx(share_of(part))


def test_unlike_origins_give_mixed_with_the_share_of_the_rows_and_the_larger_depth() -> None:
    human, synthetic = Joined("human"), Joined("synthetic", 2)
    assert joined([human, synthetic], [30, 10]) == Joined("mixed", 2, 0.75)
    assert joined([human, synthetic]) == Joined("mixed", 2, None)
    assert joined([human, Joined("synthetic")], [1, 1]) == Joined("mixed", None, 0.5)
    assert joined([human, human]) == Joined("human", 0, 1.0)
    assert joined([]) == Joined("unknown")
    assert joined([Joined("mixed", 1, 0.5), synthetic], [10, 10]) == Joined("mixed", 2, 0.25)


def test_what_is_trained_on_a_table_is_one_generation_deeper() -> None:
    assert next_depth([parent("human")]) == 1
    assert next_depth([parent("synthetic", generation_depth=1)]) == 2
    assert next_depth([parent("human"), parent("mixed", generation_depth=3)]) == 4
    assert next_depth([parent("synthetic")]) is None
    assert next_depth([parent("human"), parent("unknown")]) is None


# --- what cannot be

CONTRADICTIONS = [
    (dict(origin="human", generator=Generator(synthesizer="g")), "people's records have no gener"),
    (dict(origin="human", seed_policy="operating-system entropy"), "people's records have no gen"),
    (dict(origin="human", training_table="hmac-sha256:0"), "people's records have no generator"),
    (dict(origin="human", generation_depth=1), "is of human origin, which is generation depth 0"),
    (dict(origin="human", real_fraction=0.5), "human origin, so its real fraction is 1, not 0.5"),
    (dict(origin="human", parents=(parent("synthetic"),)), "'p.csv' is synthetic"),
    (dict(origin="human", parents=(parent(), parent("unknown", "q"))), "parent 'q' is unknown"),
    (dict(origin="synthetic", real_fraction=1), "is synthetic, so its real fraction is 0, not 1"),
    (dict(origin="synthetic", real_fraction=0.2), "also holds people's records is mixed"),
    (dict(origin="synthetic", generation_depth=0), "its generation depth is 1 or more, not 0"),
    (dict(origin="mixed", generation_depth=0), "its generation depth is 1 or more, not 0"),
    (dict(origin="mixed", real_fraction=1), "with a real fraction of 1 is human, not mixed"),
    (dict(origin="mixed", real_fraction=0), "with a real fraction of 0 is synthetic, not mixed"),
    (dict(origin="mixed", parents=(parent(), parent(name="q"))), "every parent is human"),
    (dict(origin="unknown", generation_depth=1), "nobody knows its generation depth either"),
    (dict(origin="unknown", real_fraction=0.5), "nobody knows its real fraction either"),
    (dict(origin="unknown", generator=Generator(synthesizer="g")), "not unknown"),
    (dict(parents=(parent("human", generation_depth=2),)), "the parent 'p.csv' is of human origin"),
    (dict(parents=(parent("synthetic", real_fraction=1),)), "the parent 'p.csv' is synthetic"),
    (dict(parents=(parent(), parent())), "'p.csv' is listed twice"),
    (dict(parents=(parent(digest="sha256:00"),)), "the table is its own parent"),
    (dict(generation_depth=1, parents=(parent("synthetic", generation_depth=1),)), "ents give 2"),
    (dict(generation_depth=3, parents=(parent(),)), "generation depth 3, and its parents give 1"),
    (
        dict(
            generation_depth=2,
            parents=(parent("unknown"), parent("synthetic", "q", generation_depth=4)),
        ),
        "generation depth 2, and its parents give at least 5",
    ),
    (dict(filters=(step(5, 10),)), "lets out 10 of 5 rows; a filter adds none"),
    (dict(filters=(step(20, 15), step(14, 10, name="trim"))), "lets out 15 rows, and the next"),
    (dict(filters=(step(20, 15),)), "lets out 15 rows, and the table has 10"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "says"), CONTRADICTIONS, ids=[s for _, s in CONTRADICTIONS])
def test_each_contradiction_is_refused_with_its_own_sentence(
    entries: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="validation error") as error:
        base(**entries)
    assert says in str(error.value)
    path = tmp_path / "t.csv.label.json"
    path.write_text(base().model_copy(update=entries).model_dump_json())
    with pytest.raises(IntegrityError, match=r"does not follow its schema"):
        read_model(Label, path, "label")


def test_a_label_that_is_possible_is_made() -> None:
    possible: list[dict[str, Any]] = [
        {"origin": "human", "generation_depth": 0, "real_fraction": 1, "parents": (parent(),)},
        {"generation_depth": 1, "real_fraction": 0, "parents": (parent(),)},
        {"generation_depth": 5, "parents": (parent("unknown"), parent("mixed", "q"))},
        {"origin": "mixed", "generation_depth": 1, "real_fraction": 0.5,
         "parents": (parent(), parent("synthetic", "q", generation_depth=1))},
        {"origin": "mixed", "generator": Generator(synthesizer="g")},
        {"origin": "unknown", "parents": (parent("unknown"),)},
        {"filters": (step(20, 15), step(15, 10, True, "trim"))},
        {"filters": ()},
    ]  # fmt: skip
    for entries in possible:
        assert contradictions(base(**entries)) == []


def test_unknown_and_human_tables_may_not_be_released_nor_those_made_from_the_unknown() -> None:
    assert "its origin is unknown" in release_problem(base(origin="unknown"))
    assert "people's records" in release_problem(base(origin="human"))
    assert "'p.csv', and its origin is unknown" in release_problem(
        base(parents=(parent("unknown"),))
    )
    assert "it is mixed" in release_problem(base(origin="mixed"))
    for fine in (base(), base(parents=(parent(),))):
        assert release_problem(fine) == ""


# --- claims


def test_a_claim_of_differential_privacy_contradicts_seeds_real_rows_and_filters() -> None:
    claim = report_example.dp_claim()
    entropy = "operating-system entropy"
    assert contradictions(base(claim=claim, seed_policy=entropy)) == []
    for entries, says in (
        ({"seed_policy": "seeded, seed kept private"}, "such noise can be subtracted"),
        ({"origin": "mixed"}, "covers what a mechanism made, and the table is mixed"),
        ({"origin": "human"}, "covers what a mechanism made, and the table is human"),
        ({"filters": (step(20, 10, real=True),)}, "read people's records after the fit"),
    ):
        with pytest.raises(ValueError, match=re.escape(says)):
            base(**{"claim": claim, **entries})
    base(claim=claim, filters=(step(20, 10),))
    base(claim=report_example.stated_claim(), seed_policy="seeded, seed published")


# --- files


def test_a_label_of_the_first_version_still_reads_and_says_what_it_does_not_know(
    tmp_path: Path,
) -> None:
    table = csv(tmp_path, "people.csv", 2)
    label_path(table).write_text(OLD % file_digest(table.read_bytes(), "synthetic"))
    found = label_of(table)
    assert found is not None
    assert (found.origin, found.generation_depth, found.filters) == ("synthetic", None, None)
    assert (found.parents, found.seed_policy, found.real_fraction) == ((), "not stated", None)
    made = parent_of(table, read(table).digest, None, keeper())
    assert (made.origin, made.basis, made.generation_depth) == ("synthetic", "labelled", None)
    assert origin([table], "hmac-sha256:00")[0].synthesizer == "mst"


def test_digests_of_what_may_be_people_are_keyed_and_checked_under_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("human", "unknown"):
        made = said(tmp_path, f"{kind}.csv", origin=kind)
        plain = hashlib.sha256((tmp_path / f"{kind}.csv").read_bytes()).hexdigest()
        assert made.sha256.startswith("hmac-sha256:")
        assert made.logical_digest.startswith("hmac-sha256:")
        text = label_path(tmp_path / f"{kind}.csv").read_text()
        assert plain not in text and read(tmp_path / f"{kind}.csv").digest not in text
        assert label_of(tmp_path / f"{kind}.csv") == made
    made = said(tmp_path, "s.csv", origin="synthetic")
    assert made.sha256 == hashlib.sha256((tmp_path / "s.csv").read_bytes()).hexdigest()
    monkeypatch.setenv("PRIVSYNTH_HOME", str(tmp_path / "other"))
    assert label_of(tmp_path / "human.csv") is None
    assert label_of(tmp_path / "s.csv") is not None


def test_a_label_of_other_bytes_is_none_and_stops_whoever_would_rely_on_it(tmp_path: Path) -> None:
    said(tmp_path, origin="synthetic", generation_depth=1)
    table = csv(tmp_path, rows=4)
    assert label_of(table) is None
    with pytest.raises(InputError, match=r"names other bytes than t\.csv"):
        parent_of(table, "", None, keeper())


def test_the_label_holds_no_cell(tmp_path: Path) -> None:
    path = write_file(tmp_path, f"name,age\n{SECRET},{NUMBER}\nAda,30\n", "t.csv")
    for kind in ("human", "synthetic", "mixed", "unknown"):
        text = to_json(label_for(path, read(path), Said(origin=kind), keeper()))
        assert SECRET not in text and str(NUMBER) not in text


# --- the parent of what is made here


def test_a_source_without_a_label_is_taken_for_people_and_marked_as_assumed(tmp_path: Path) -> None:
    table = csv(tmp_path, "secret-clinic.csv")
    digest = read(table).digest
    found = parent_of(table, digest, None, keeper())
    assert (found.origin, found.basis, found.generation_depth) == ("human", "assumed", 0)
    assert found.name == "training table"
    assert found.digest == keeper().commit(digest)
    stated = parent_of(table, digest, "human", keeper())
    assert (stated.basis, stated.generation_depth) == ("stated", 0)
    other = parent_of(table, digest, "synthetic", keeper())
    assert (other.origin, other.basis, other.generation_depth) == ("synthetic", "stated", None)
    unknown = parent_of(table, digest, "unknown", keeper())
    with pytest.raises(InputError, match="its origin is unknown"):
        check_known(table, unknown)
    check_known(table, found)


def test_a_labelled_source_passes_its_origin_and_depth_on(tmp_path: Path) -> None:
    said(tmp_path, origin="synthetic", generation_depth=2)
    table = tmp_path / "t.csv"
    digest = read(table).digest
    found = parent_of(table, digest, None, keeper())
    assert (found.name, found.origin, found.basis) == ("t.csv", "synthetic", "labelled")
    assert found.digest == f"sha256:{digest}"
    assert next_depth([found]) == 3
    with pytest.raises(InputError, match=r"t\.csv: you say human, and its label says synthetic"):
        parent_of(table, digest, "human", keeper())


def test_an_audit_says_what_its_tables_labels_leave_in_doubt(tmp_path: Path) -> None:
    said(tmp_path, "h.csv", origin="human")
    said(tmp_path, "s.csv", origin="synthetic", generator="CTGAN")
    none = "its label names no training table"
    found, _ = origin([tmp_path / "s.csv"], "hmac-sha256:00")
    assert (found.synthesizer, found.notes) == ("CTGAN", (none,))
    found, _ = origin([tmp_path / "h.csv"], "hmac-sha256:00")
    assert found.synthesizer == "made elsewhere"
    assert found.notes == ("its label says that its origin is human, not synthetic", none)


# --- Parquet


def parquet(folder: Path, found: dict[str, str], name: str = "t.parquet") -> Path:
    table = read(write_file(folder, EVERY_KIND_CSV), EVERY_KIND)
    return write_file(folder, table_bytes(table, name, found), name)


def test_the_hint_in_a_parquet_file_survives_pyarrow_and_not_pandas(tmp_path: Path) -> None:
    wanted = hints("synthetic", "mst", 1)
    path = parquet(tmp_path, wanted)
    assert path.read_bytes() == parquet(tmp_path, wanted).read_bytes()
    assert read_hints(path) == wanted
    assert set(wanted) == {
        "privsynth.origin", "privsynth.generator", "privsynth.generation_depth", "privsynth.note"
    }  # fmt: skip
    again = tmp_path / "again.parquet"
    pq.write_table(pq.read_table(path), again)
    assert read_hints(again) == wanted
    pd.read_parquet(path).to_parquet(again)
    assert read_hints(again) == {}
    plain = parquet(tmp_path, {}, "plain.parquet")
    frame = read(plain).frame
    buffer = io.BytesIO()
    read(write_file(tmp_path, EVERY_KIND_CSV), EVERY_KIND).frame.to_parquet(buffer, index=False)
    assert plain.read_bytes() == buffer.getvalue()
    assert read(path).frame.equals(frame)


def test_a_hint_that_contradicts_the_label_is_found_and_none_says_nothing(tmp_path: Path) -> None:
    path = parquet(tmp_path, hints("synthetic", "mst", 1))
    fits: dict[str, Any] = {"generator": Generator(synthesizer="mst"), "generation_depth": 1}
    assert hint_problem(path, base(**fits)) == ""
    for entries, says in (
        ({**fits, "generation_depth": 2}, "generation_depth"),
        ({**fits, "generator": Generator(synthesizer="tan")}, "generator"),
        ({"generation_depth": 1}, "generator"),
        ({"origin": "human"}, "origin and generator and generation_depth"),
    ):
        problem = hint_problem(path, base(**entries))
        assert problem == f"the file itself says something else than its label of {says}"
    for other in (parquet(tmp_path, {}, "p.parquet"), csv(tmp_path), tmp_path / "none.parquet"):
        assert hint_problem(other, base(origin="human")) == ""
    broken = write_file(tmp_path, b"PAR1 no more", "b.parquet")
    assert hint_problem(broken, base()) == ""


def test_a_table_whose_file_says_something_else_than_its_label_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, hints("synthetic", "mst", 1))
    table = read(path)
    for text in ("human", "mixed", "unknown"):
        with pytest.raises(InputError, match="it calls itself synthetic"):
            label_for(path, table, Said(origin=text), keeper())
    forged = label(path.name, path.read_bytes(), table, None, origin="human")
    label_path(path).write_text(to_json(forged))
    with pytest.raises(IntegrityError, match="says something else than its label of origin"):
        label_of(path)


def test_a_hint_is_believed_where_there_is_no_label(tmp_path: Path) -> None:
    path = parquet(tmp_path, hints("synthetic", "mst", 1))
    digest = read(path).digest
    found = parent_of(path, digest, None, keeper())
    assert (found.origin, found.basis, found.generation_depth) == ("synthetic", "hinted", 1)
    with pytest.raises(InputError, match="you say human, and the file itself says synthetic"):
        parent_of(path, digest, "human", keeper())
    odd = parquet(tmp_path, {"privsynth.origin": "alien"}, "odd.parquet")
    assert parent_of(odd, digest, None, keeper()).basis == "assumed"
    deep = {"privsynth.origin": "synthetic", "privsynth.generation_depth": "-1"}
    assert parent_of(parquet(tmp_path, deep), digest, None, keeper()).generation_depth is None


# --- what a person says


def test_nothing_said_is_unknown_and_blocks(tmp_path: Path) -> None:
    found = said(tmp_path)
    assert (found.origin, found.generation_depth, found.real_fraction) == ("unknown", None, None)
    assert release_problem(found)


def test_what_follows_from_the_origin_and_the_parents_is_filled_in(tmp_path: Path) -> None:
    human = said(tmp_path, "h.csv", origin="human")
    assert (human.generation_depth, human.real_fraction) == (0, 1.0)
    first = said(
        tmp_path, "s.csv", origin="synthetic", generator="CTGAN", generator_version="0.9",
        options={"epochs": "3"}, seed_policy="seeded, seed published",
        parents=(tmp_path / "h.csv",), filters=(step(9, 3),), licences=("CC0-1.0",),
        human_review=("ticket 7",), note="For the tests.",
    )  # fmt: skip
    assert (first.generation_depth, first.real_fraction) == (1, 0.0)
    assert first.parents[0].digest == human.logical_digest
    assert (first.parents[0].name, first.parents[0].basis) == ("h.csv", "labelled")
    assert first.note == "For the tests."
    second = said(tmp_path, "t.csv", origin="synthetic", parents=(tmp_path / "s.csv",))
    assert second.generation_depth == 2
    lost = csv(tmp_path, "lost.csv", 7)
    third = said(tmp_path, "u.csv", origin="synthetic", parents=(lost,))
    assert (third.parents[0].origin, third.parents[0].basis) == ("unknown", "unlabelled")
    assert third.parents[0].digest.startswith("hmac-sha256:")
    assert third.generation_depth is None
    assert "'lost.csv', and its origin is unknown" in release_problem(third)


def test_joined_parts_give_origin_depth_and_the_share_of_their_rows(tmp_path: Path) -> None:
    said(tmp_path, "h.csv", 3, origin="human")
    said(tmp_path, "s.csv", 1, origin="synthetic", generation_depth=2)
    parts = (tmp_path / "h.csv", tmp_path / "s.csv")
    found = said(tmp_path, "m.csv", 4, parts=parts)
    assert (found.origin, found.generation_depth, found.real_fraction) == ("mixed", 2, 0.75)
    beside = said(tmp_path, "n.csv", 3, parts=parts)  # joined sideways: nobody knows the share
    assert (beside.origin, beside.real_fraction) == ("mixed", None)
    lost = csv(tmp_path, "lost.csv", 2)
    assert said(tmp_path, "o.csv", 9, parts=(*parts, lost)).origin == "unknown"
    again = said(tmp_path, "p.csv", 5, parts=(tmp_path / "m.csv", tmp_path / "s.csv"))
    assert (again.origin, again.real_fraction) == ("mixed", 0.6)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"origin": "human", "generator": "g"}, "people's records have no generator"),
        ({"origin": "synthetic", "real_fraction": 1.0}, "its real fraction is 0, not 1"),
        ({"origin": "human", "generation_depth": 2}, "which is generation depth 0, not 2"),
        ({"generator": "g"}, "synthetic or mixed, not unknown"),
        ({"origin": "synthetic", "generator_version": "2"}, "without the generator"),
        ({"origin": "synthetic", "options": {"a": "1"}}, "without the generator"),
        ({"origin": "synthetic", "filters": (step(9, 5),)}, "lets out 5 rows, and the table has 3"),
        ({"origin": "human", "parents": ("s.csv",)}, "its parent 's.csv' is synthetic"),
        ({"origin": "synthetic", "parents": ("s.csv",), "generation_depth": 1}, "parents give 2"),
        ({"parents": ("h.csv",), "parts": ("h.csv", "s.csv")}, "name one of them"),
        ({"parts": ("h.csv",)}, "name the others too"),
        ({"parts": ("h.csv", "h.csv")}, "'h.csv' is listed twice"),
        (
            {"origin": "synthetic", "parents": ("copy.csv",)},
            "t.csv holds the very rows of 'copy.cs",
        ),
        (
            {"origin": "human", "parts": ("h.csv", "s.csv")},
            "say origin human, and the parts give mi",
        ),
        ({"parts": ("h.csv", "s.csv"), "generation_depth": 9}, "depth 9, and the parts give 1"),
        ({"origin": "human", "licences": ("x" * 300,)}, "licences.0: String should have at most"),
    ],
)
def test_what_a_person_says_is_checked(words: dict[str, Any], says: str, tmp_path: Path) -> None:
    said(tmp_path, "h.csv", 5, origin="human")
    said(tmp_path, "s.csv", 6, origin="synthetic", generation_depth=1)
    shutil.copy(csv(tmp_path), tmp_path / "copy.csv")
    files = {
        k: tuple(tmp_path / name for name in words[k]) for k in ("parents", "parts") if k in words
    }
    assert says in refused(tmp_path, **{**words, **files})
    assert not label_path(tmp_path / "t.csv").exists()


def test_a_filter_is_read_from_words() -> None:
    found = read_filter(" far rows , rows_in=120, rows_out = 100,touches_real_data=Yes, cut=0.1")
    assert found == Filter(
        name="far rows", parameters={"cut": "0.1"}, rows_in=120, rows_out=100,
        touches_real_data=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trim", "say rows_in: how many rows it took"),
        ("trim, rows_in=3", "say rows_out"),
        ("trim, rows_in=3, rows_out=2", "say touches_real_data: yes or no"),
        ("trim, rows_in=3, rows_out=2, touches_real_data=maybe", "is yes or no"),
        ("trim, rows_in=3, rows_in=2", "rows_in is given twice"),
        ("trim, hard", "takes key=value after its name, not 'hard'"),
        ("trim, rows_in=x, rows_out=2, touches_real_data=no", "rows_in: Input should be a valid"),
        (", rows_in=3, rows_out=2, touches_real_data=no", "name: String should have at least 1"),
        ("trim, rows_in=-3, rows_out=2, touches_real_data=no", "greater than or equal to 0"),
    ],
)
def test_a_filter_that_is_not_told_in_full_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        read_filter(text)


# --- the command


def call(*words: str | Path) -> tuple[int, Any]:
    """Return what `privsynth label` did: 0 and its answer, or the error's exit code and text."""
    done = CliRunner().invoke(app, ["label", *map(str, words), "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return getattr(done.exception, "exit_code", 1), str(done.exception)
    return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else done.output


def test_the_command_writes_the_label_beside_the_table(tmp_path: Path) -> None:
    human, table = csv(tmp_path, "h.csv", 9), csv(tmp_path)
    assert call(human, "--origin", "human")[0] == 0
    code, found = call(
        table, "--origin", "synthetic", "--generator", "CTGAN", "--option", "epochs=3",
        "--parent", human, "--seed-policy", "private", "--filter",
        "trim, rows_in=4, rows_out=3, touches_real_data=no", "--review", "ticket 7",
        "--licence", "CC0-1.0", "--note", "Mine.",
    )  # fmt: skip
    assert (code, found["blocks_release"]) == (0, "")
    told = label_of(table)
    assert told is not None and found["label"] == told.model_dump(mode="json")
    assert (told.generation_depth, told.seed_policy) == (1, "seeded, seed kept private")
    assert told.generator == Generator(synthesizer="CTGAN", options={"epochs": "3"})
    code, found = call(csv(tmp_path, "u.csv"))
    assert code == 0 and "unknown" in found["blocks_release"]


def test_the_command_replaces_a_label_that_says_something_else_only_when_told(
    tmp_path: Path,
) -> None:
    table = csv(tmp_path)
    assert call(table, "--origin", "synthetic")[0] == 0
    before = label_path(table).read_bytes()
    assert call(table, "--origin", "synthetic")[0] == 0
    code, text = call(table, "--origin", "human")
    assert code == 2 and "exists already and says something else" in text
    csv(tmp_path, rows=4)
    assert call(table, "--origin", "synthetic")[0] == 2
    assert label_path(table).read_bytes() == before
    assert call(table, "--origin", "human", "--force")[0] == 0
    assert label_of(table) is not None
    code, text = call(table, "--origin", "human", "--out", table, "--force")
    assert code == 2 and "is read by this command" in text
    assert table.read_text().startswith("age,sex")


def test_the_command_joins(tmp_path: Path) -> None:
    human, made, both = csv(tmp_path, "h.csv", 3), csv(tmp_path, "s.csv", 2), csv(tmp_path, rows=5)
    call(human, "--origin", "human")
    call(made, "--origin", "synthetic", "--parent", human)
    code, found = call(both, "--joined-from", human, "--joined-from", made)
    assert code == 0
    assert {k: found["label"][k] for k in ("origin", "generation_depth", "real_fraction")} == {
        "origin": "mixed", "generation_depth": 1, "real_fraction": 0.6
    }  # fmt: skip


# --- in a run


def test_a_release_is_labelled_from_its_source_and_a_second_generation_is_depth_two(
    tmp_path: Path,
) -> None:
    source = example.csv_file(tmp_path, example.people(60))
    first = example.release(tmp_path, source, "bootstrap").folder / "release" / "people.csv"
    found = label_of(first)
    assert found is not None
    assert (found.origin, found.generation_depth, found.real_fraction) == ("synthetic", 1, 0.0)
    assert found.parents[0].basis == "assumed" and found.filters == ()
    assert found.generator_version == f"privsynth {privsynth.__version__}"
    second = example.release(tmp_path / "second", first, "bootstrap").folder
    again = label_of(second / "release" / "people.csv")
    assert again is not None
    assert (again.origin, again.generation_depth) == ("synthetic", 2)
    assert again.parents[0].digest == found.logical_digest
    assert [c for c in verify(second) if not c.ok] == []


def test_a_source_of_unknown_origin_stops_a_run_before_any_work(tmp_path: Path) -> None:
    source = example.csv_file(tmp_path, example.people(60))
    with pytest.raises(InputError, match=r"people\.csv: its origin is unknown"):
        example.release(tmp_path, source, "bootstrap", origin="unknown")
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / "home").glob("audits.json"))


@pytest.mark.parametrize(
    ("lineage", "says"),
    [
        (
            "generation_depth: 2",
            r"lineage\.generation_depth 2, and people\.csv gives 1 \(known: assu",
        ),
        ("origin: Synthetic", r"lineage\.origin synthetic, and people\.csv gives human"),
        ("real_fraction: 0.5", r"lineage\.real_fraction 0\.5, and people\.csv gives 1"),
    ],
)
def test_details_that_tell_another_history_than_the_label_are_refused(
    lineage: str, says: str, tmp_path: Path
) -> None:
    source = example.csv_file(tmp_path, example.people(60))
    (tmp_path / "details.yaml").write_text(f"lineage: {{{lineage}}}\n")
    with pytest.raises(InputError, match=says):
        example.release(tmp_path, source, "bootstrap", details=str(tmp_path / "details.yaml"))
    told = "lineage: {origin: real, generation_depth: 1, real_fraction: 1}\n"
    (tmp_path / "details.yaml").write_text(told)
    example.release(tmp_path, source, "bootstrap", details=str(tmp_path / "details.yaml"))


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"origin": "unknown", "generator": None, "generation_depth": None}, "unknown"),
        ({"generation_depth": 3}, "parents give 1"),
        ({"origin": "human"}, "no generator"),
        ({"origin": "mixed", "real_fraction": 0.5}, "every parent is human"),
        ({"real_fraction": 1.0}, "its real fraction is 0"),
    ],
)
def test_a_label_that_was_changed_afterwards_is_found(
    entries: dict[str, Any], says: str, tmp_path: Path
) -> None:
    source = example.csv_file(tmp_path, example.people(60))
    folder = example.release(tmp_path, source, "bootstrap").folder / "release"
    path = folder / "people.csv.label.json"
    raw = {**json.loads(path.read_text()), **entries}
    path.write_text(json.dumps({k: v for k, v in raw.items() if v is not None}))
    write_manifest(folder, "people")
    wrong = " ".join(c.detail for c in verify(folder) if not c.ok)
    assert re.search(says, wrong), wrong


def test_a_parquet_release_carries_its_hint(tmp_path: Path) -> None:
    source = example.csv_file(tmp_path, example.people(60))
    folder = example.release(tmp_path, source, "bootstrap", format="parquet").folder / "release"
    found = read_hints(folder / "people.parquet")
    assert found == hints("synthetic", "bootstrap", 1)
    assert [c for c in verify(folder) if not c.ok] == []


def test_the_version_of_a_generator_names_its_package_and_engine() -> None:
    own = f"privsynth {privsynth.__version__}"
    assert generator_version("mst") == own
    assert generator_version("gaussian_copula") == f"{own}, sdv {version('sdv')}"
    assert generator_version("command") == ""
