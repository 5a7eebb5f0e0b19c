"""The whole road with a privacy budget: the claim stands in every file and is checked again."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_private_contract import SCHEMA, people
from typer.testing import CliRunner

from privsynth.audit.mechanism.result import DpAudit, OneRun, View
from privsynth.cli import app
from privsynth.errors import InputError
from privsynth.evidence import read_bundle, to_json
from privsynth.policy import decide, load_policy
from privsynth.privacy import DpClaim
from privsynth.provenance import keeper, verify
from privsynth.provenance.label import label_of
from privsynth.run import Release, RunConfig, run
from privsynth.tables import dump_schema, write_bytes
from privsynth.tables.write import table_bytes

ROWS, FEW = 4500, 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table and its schema."""
    folder = tmp_path_factory.mktemp("private run")
    write_bytes(folder / "people.csv", table_bytes(people(ROWS), "people.csv"))
    write_bytes(folder / "few.csv", table_bytes(people(FEW), "few.csv"))
    (folder / "schema.yaml").write_text(dump_schema(SCHEMA))
    return folder


def config(folder: Path, **changes: Any) -> RunConfig:
    given = {
        "table": str(folder / "people.csv"),
        "schema": str(folder / "schema.yaml"),
        "synthesizer": "mst",
        "privacy": {"epsilon": 1.0},
        "policy": "preset:formal",
        "out": str(folder / "out"),
    }
    return RunConfig.model_validate(given | changes)


@pytest.fixture(scope="module")
def release(folder: Path) -> Release:
    return run(config(folder, audit_seed=3), keep=keeper(folder / "home"))


def test_the_claim_stands_in_evidence_label_and_decision(folder: Path, release: Release) -> None:
    claim = release.bundle.claim
    assert isinstance(claim, DpClaim) and claim.end_to_end
    label = label_of(release.folder / "release" / "people.csv")
    assert label is not None and label.claim == claim
    finding = {f.rule: f for f in release.verdict.findings}["dp_claim"]
    assert finding.status == "pass" and "booked looks" in finding.message
    assert claim.composition is not None and claim.composition.fits == 1
    assert [bound.name for bound in release.bundle.implied or ()] == sorted(release.bundle.headline)


def test_verify_adds_the_ledger_up_again(folder: Path, release: Release) -> None:
    checks = {check.name: check for check in verify(folder / "out")}
    assert all(check.ok for check in checks.values())
    assert "recomputed" in checks["claim"].detail


@pytest.mark.slow
def test_the_configuration_that_stays_holds_no_seed_that_could_replay_noise(
    folder: Path, release: Release
) -> None:
    kept = yaml.safe_load((folder / "out" / "private" / "config.yaml").read_text())
    assert "seed" not in kept and kept["audit_seed"] == 3
    again = RunConfig.model_validate(kept | {"out": str(folder / "again")})
    other = run(again, keep=keeper(folder / "home"))
    for side in ("train", "holdout"):
        assert other.bundle.tables[side].digest == release.bundle.tables[side].digest
    same = other.bundle.tables["synthetic"].digest == release.bundle.tables["synthetic"].digest
    assert not same  # the division is the same, the noise is not
    whole = other.bundle.claim
    assert isinstance(whole, DpClaim) and whole.composition is not None
    assert whole.composition.fits == 2


def test_seeds_are_refused_where_they_would_replay_noise(folder: Path) -> None:
    with pytest.raises(InputError, match="takes no seed"):
        run(config(folder, seed=1, out=str(folder / "no")), keep=keeper(folder / "home"))
    with pytest.raises(InputError, match="audit_seed is for private fits"):
        plain = config(folder, audit_seed=1, privacy=None, out=str(folder / "no"))
        run(plain, keep=keeper(folder / "home"))
    assert not (folder / "no").exists()


def test_a_schema_that_was_read_from_the_rows_works_and_fails_where_a_claim_is_asked(
    folder: Path, tmp_path: Path
) -> None:
    columns = [
        c.model_copy(update={"inferred": ("kind", "low", "high")} if c.low is not None else {})
        for c in SCHEMA.columns
    ]
    guessed = SCHEMA.model_copy(update={"columns": tuple(columns)})
    (tmp_path / "guessed.yaml").write_text(dump_schema(guessed))
    made = run(
        config(
            folder,
            table=str(folder / "few.csv"),
            schema=str(tmp_path / "guessed.yaml"),
            out=str(tmp_path / "out"),
        ),
        keep=keeper(tmp_path / "home"),
    )
    finding = {f.rule: f for f in made.verdict.findings}["dp_claim"]
    assert finding.status == "fail" and "not end-to-end DP" in finding.message
    inside = decide(made.bundle, load_policy("preset:internal"))
    assert {f.rule: f.status for f in inside.findings}["dp_claim"] == "pass"
    text = (tmp_path / "out" / "release" / "report.html").read_text()
    assert "NOT end-to-end DP" in text


@pytest.mark.slow
def test_folds_are_made_under_the_same_budget_and_not_released(
    folder: Path, tmp_path: Path
) -> None:
    asked = config(
        folder,
        table=str(folder / "few.csv"),
        split={"folds": 2},
        policy="preset:internal",
        out=str(tmp_path / "folds"),
    )
    made = run(asked, keep=keeper(tmp_path / "home"))
    claim = made.bundle.claim
    assert isinstance(claim, DpClaim) and claim.composition is not None
    assert claim.composition.fits == 1 and made.bundle.mechanism is not None


def test_what_a_mechanism_audit_found_can_go_into_the_evidence(
    folder: Path, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVSYNTH_HOME", str(tmp_path / "home"))
    found = DpAudit(
        synthesizer="mst", options={}, epsilon=1.0, delta=1e-5, unit="row",
        neighbours="add_remove", refuted=True, problems=(), rows=20, versions={},
        views=(View(
            name="released answers", refuted=True, can_refute=True, margin=0.1, at_epsilon=1.2,
            tpr=0.5, fpr=0.0, tpr_low=0.4, fpr_high=0.01, epsilon_low=1.5, epsilon_low_gdp=1.6,
            auc=0.8, runs_in=100, runs_out=100, runs_to_choose=50, alpha=0.05,
        ),),
        one_run=OneRun(
            canaries=10, guesses=10, correct=9, refuted=True, epsilon_low=1.5,
            epsilon_low_gdp=1.6, alpha=0.05,
        ),
    )  # fmt: skip
    write_bytes(tmp_path / "dp-audit.json", to_json(found).encode())
    files = [str(folder / "people.csv"), str(folder / "out" / "release" / "people.csv")]
    arguments = ["audit", "--quick", "--train", files[0], "--synthetic", files[1], "--schema"]
    arguments += [str(folder / "schema.yaml"), "--out", str(tmp_path / "e.json")]
    arguments += ["--dp-audit", str(tmp_path / "dp-audit.json")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    bundle = read_bundle(tmp_path / "e.json")
    assert bundle.mechanism_audit is not None and bundle.mechanism_audit.refuted
    verdict = decide(bundle, load_policy("preset:internal"))
    assert {f.rule: f.status for f in verdict.findings}["dp_claim"] == "fail"
    write_bytes(
        tmp_path / "dp-audit.json",
        json.dumps(json.loads(to_json(found)) | {"synthesizer": "tan"}).encode(),
    )
    again = CliRunner().invoke(app, [*arguments, "--force"])
    assert isinstance(again.exception, InputError)
