"""`verify` adds up the ledger in the evidence again: a claim that was touched is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import release_example as example
import report_example
from test_provenance import correct_manifest, correct_verdict, edit

from privsynth.evidence import to_json
from privsynth.privacy import Budget
from privsynth.provenance import verify

CLAIMS = {
    "tan": report_example.dp_claim(),
    "vae": report_example.dp_claim(Budget(3.0, 1e-5), "vae"),
    "exchanged": report_example.dp_claim(Budget(1.0, 1e-5, neighbours="replace_one")),
    "stated": report_example.stated_claim(),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release that claims nothing."""
    folder = tmp_path_factory.mktemp("release")
    return example.release(folder, example.csv_file(folder, example.people(60))).folder / "release"


@pytest.fixture
def kept(release: Path) -> Any:
    """Return the release; what a test writes into it is undone."""
    before = {path: path.read_bytes() for path in release.iterdir()}
    yield release
    for path, data in before.items():
        path.write_bytes(data)


def claimed(folder: Path, claim: Any) -> None:
    """Do what a forger does: every other part of the record agrees with the claim."""
    raw = json.loads(claim if isinstance(claim, str) else to_json(claim))
    edit(folder / "evidence.json", lambda found: found | {"claim": raw})
    correct_verdict(folder)
    status = json.loads((folder / "verdict.json").read_text())["status"]
    drawn = {"seed_policy": "operating-system entropy"} if raw["kind"] == "dp" else {}
    edit(folder / "people.csv.label.json", lambda f: f | {"claim": raw, "verdict": status} | drawn)
    correct_manifest(folder)


def answer(folder: Path) -> tuple[bool, str]:
    (line,) = [check for check in verify(folder) if check.name == "claim"]
    return line.ok, line.detail


def test_a_release_without_a_claim_says_so(kept: Path) -> None:
    assert answer(kept) == (True, "no claim")


@pytest.mark.parametrize(
    ("which", "says"),
    [
        ("tan", "epsilon 0.953424 recomputed from 53 events, claimed 1"),
        ("vae", "epsilon 2.9998 recomputed from 2 events, claimed 3"),
        ("stated", "epsilon 3 as the producer states it: nothing here verifies it"),
    ],
)
def test_a_claim_that_holds_is_recomputed_and_the_record_is_intact(
    which: str, says: str, kept: Path
) -> None:
    claimed(kept, CLAIMS[which])
    assert answer(kept) == (True, says)
    assert [check for check in verify(kept) if not check.ok] == []


def flip(*steps: Any, to: Any) -> Callable[[Any], None]:
    def change(raw: Any) -> None:
        for step in steps[:-1]:
            raw = raw[step]
        raw[steps[-1]] = to(raw[steps[-1]])

    return change


@pytest.mark.parametrize(
    ("which", "change", "says"),
    [
        ("tan", flip("epsilon", to=lambda e: e / 2), "above the 0.5 claimed"),
        ("tan", flip("spent", to=lambda e: e - 0.01), "not to the ledger's"),
        ("tan", flip("delta", to=lambda d: d / 100), "above the 1 claimed"),
        ("tan", flip("events", 7, "rho", to=lambda r: r / 2), "books less"),
        ("tan", flip("events", 7, "rho", to=lambda r: 2 * r), "not to the ledger's"),
        ("tan", flip("events", 7, "scale", to=lambda s: s / 2), "books less"),
        ("tan", flip("events", 7, "sensitivity", to=lambda s: 2 * s), "books less"),
        ("tan", flip("events", 0, "delta", to=lambda d: 9 * d), "the events add up"),
        ("tan", flip("events", to=lambda e: e[:-1]), "not to the ledger's"),
        ("tan", flip("events", to=lambda e: [*e, e[-1]]), "not to the ledger's"),
        ("tan", flip("events", to=lambda _: []), "the ledger is empty"),
        ("tan", flip("neighbours", to=lambda _: "replace_one"), "above the 1 claimed"),
        ("exchanged", flip("events", 7, "rho_replace_one", to=lambda r: r / 3), "books less"),
        ("vae", flip("events", 1, "noise_multiplier", to=lambda z: z * 0.9), "above the 3 claimed"),
        ("vae", flip("events", 1, "steps", to=lambda n: n + 50), "above the 3 claimed"),
        ("vae", flip("events", 1, "sampling_rate", to=lambda q: q / 2), "not to the ledger's"),
        ("tan", flip("accountant", "orders", to=lambda _: [2.0, 3.0]), "the list is too short"),
        ("tan", flip("events", 7, "scale", to=lambda _: 1e-300), "cannot be added up"),
    ],
)
def test_a_claim_that_was_touched_is_found_though_all_else_agrees(
    which: str, change: Callable[[Any], None], says: str, kept: Path
) -> None:
    raw = json.loads(to_json(CLAIMS[which]))
    change(raw)
    claimed(kept, json.dumps(raw))
    ok, detail = answer(kept)
    assert not ok and says in detail
