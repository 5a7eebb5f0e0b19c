"""A release made with waivers and a baseline keeps both in its record, and `verify` reads them."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import release_example as example

from privsynth.errors import InputError
from privsynth.evidence import read_bundle
from privsynth.provenance import verify

POLICY = """\
extends: preset:internal
name: house
rules:
  too_useful:
    title: Is the table as far from the real one as the house wants?
    probe: fidelity
    estimate: marginals_tvd
    statistic: lower
    operator: ">"
    limit: 0.9
    waivable: true
    source: the house's own
    rationale: a rule that no table keeps
"""


def waiver(**changes: Any) -> str:
    """Return a waivers file as JSON, which is YAML, that covers the rule for 30 days from today."""
    today = datetime.datetime.now(datetime.UTC).date()
    entry = {
        "id": "W-1", "rule": "too_useful", "dataset": "people", "reason": "it is useful",
        "compensating_control": "none is needed", "requested_by": "A. Meyer",
        "approved_by": "B. Osei", "approved_at": today.isoformat(),
        "expires": (today + datetime.timedelta(days=30)).isoformat(), "max_observed": -1.0,
    }  # fmt: skip
    return json.dumps({"waivers": [entry | changes]})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a release of 1,400 people under a policy that no table keeps, waived."""
    folder = tmp_path_factory.mktemp("waived")
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "waivers.yaml").write_text(waiver(max_observed=0.0))
    table = example.csv_file(folder, example.people(1400, fine=True))
    return example.release(
        folder, table, "independent",
        policy=str(folder / "policy.yaml"), waivers=str(folder / "waivers.yaml"),
    )  # fmt: skip


def test_the_waiver_is_in_verdict_and_record_and_verify_judges_it_again(made: Any) -> None:
    used = made.verdict.waivers
    assert [(w.id, w.rule, w.state) for w in used] == [("W-1", "too_useful", "used")]
    assert made.verdict.decided_on
    assert all(check.ok for check in verify(made.folder))
    kept = json.loads((made.folder / "release" / "waivers.json").read_text())
    assert [w["id"] for w in kept["waivers"]] == ["W-1"]


def test_a_waiver_that_was_changed_afterwards_is_found(made: Any, tmp_path: Path) -> None:
    import shutil

    from privsynth.provenance.manifest import write_manifest

    folder = Path(shutil.copytree(made.folder / "release", tmp_path / "copy"))
    text = (folder / "waivers.json").read_text()
    (folder / "waivers.json").write_text(text.replace("B. Osei", "C. Rossi"))
    (folder / "manifest.json").unlink()
    (folder / "manifest.sha256").unlink()
    write_manifest(folder, "people")
    wrong = {check.name for check in verify(folder) if not check.ok}
    assert {"decision", "report.pdf"} & wrong


def test_the_last_release_is_compared_with_and_its_absence_is_an_error(
    made: Any, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(
        "extends: preset:internal\nname: house\nrules:\n  worst_auc: {max_increase: 0.3}\n"
    )
    table = example.csv_file(tmp_path, example.people(400, fine=True))
    options = {"policy": str(tmp_path / "policy.yaml")}
    with pytest.raises(InputError, match="does not exist"):
        example.release(tmp_path, table, "independent", baseline="no.json", **options)
    last = str(made.folder / "release" / "evidence.json")
    done = example.release(tmp_path, table, "independent", baseline=last, **options)
    assert done.verdict.baseline is not None
    assert "worst_auc.regression" in {f.rule for f in done.verdict.findings}
    assert all(check.ok for check in verify(done.folder))
    assert read_bundle(Path(last)).edition == "recipient"
