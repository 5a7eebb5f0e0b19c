"""What an audit will take is told before it begins, and too much is refused."""

from dataclasses import replace

import numpy as np
import pytest
from population import people
from typer.testing import CliRunner

from privsynth.audit import (
    Limits,
    Request,
    audit,
    check_memory,
    expected_effort,
    foretell,
    in_bytes,
)
from privsynth.cli import app
from privsynth.errors import InputError
from privsynth.tables import write


def test_sizes_are_read_as_people_write_them():
    assert in_bytes(None) is None
    assert in_bytes("2GB") == in_bytes("2g") == in_bytes("2 GiB") == 2_000_000_000
    assert in_bytes("1.5MB") == 1_500_000
    assert in_bytes("700") == 700


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0", "2XB", "1e9"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="800MB or 2GB"):
        in_bytes(text)


def test_more_rows_take_more_of_everything():
    small, large = (foretell((range(n),) * 4, 15, Limits()) for n in (1000, 100_000))
    assert large.pairs > 1000 * small.pairs
    assert large.seconds > small.seconds
    assert large.memory > small.memory


def test_the_foretold_pairs_are_those_that_are_compared():
    """The progress bar and the estimate stand on them: within a quarter, rather too many."""
    rng = np.random.default_rng(1)
    request = Request(
        train=people(600, rng), synthetic=people(600, rng), holdout=people(600, rng),
        reference=people(600, rng), seed=1, commit=lambda text: "x", own_split=True,
    )  # fmt: skip
    reports: list[float] = []
    audit(request, lambda stage, done: reports.append(done) if "comparing" in stage else None)
    assert 0.7 < max(reports) <= 0.95
    assert expected_effort(request).pairs > 600 * 600 * 5


def test_an_audit_beyond_the_ceiling_is_refused_before_it_begins():
    rng = np.random.default_rng(1)
    request = Request(
        train=people(60, rng), synthetic=people(60, rng), holdout=people(60, rng),
        reference=None, seed=1, commit=lambda text: "x", max_memory=1_000_000,
    )  # fmt: skip
    with pytest.raises(InputError, match="--max-memory"):
        audit(request)
    check_memory(expected_effort(request), None)
    assert audit(replace(request, max_memory=None)).probes


def test_a_run_beyond_the_ceiling_leaves_nothing_and_is_not_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRIVSYNTH_HOME", str(tmp_path / "home"))
    write(people(100, np.random.default_rng(2)), tmp_path / "people.csv")
    asked = ["run", "people.csv", "--synthesizer", "independent", "--max-memory", "1MB"]
    result = CliRunner().invoke(app, asked)
    assert isinstance(result.exception, InputError)
    assert "are allowed" in str(result.exception)
    assert not (tmp_path / "people-release").exists()
    assert not (tmp_path / "home" / "audits.json").exists()
