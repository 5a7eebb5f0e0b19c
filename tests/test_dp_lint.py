"""The linter of foreign claims: each known mistake is named, and silence is never an answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from privsynth.cli import app
from privsynth.errors import InputError
from privsynth.privacy.lint import lint, read_statement
from privsynth.privacy.statement import BREAKS, QUESTIONS, TEMPLATE, Statement

FULL: dict[str, Any] = {
    "mechanism": "dp-ctgan 1.0", "epsilon": 3, "delta": "1e-6", "unit": "row", "rows_per_unit": 1,
    "neighbours": "replace_one", "accounted_neighbours": "replace_one", "rows": 10_000,
    "row_count": "public", "bounds": "declared", "categories": "private", "transformers": "private",
    "sampler": "poisson", "accounted_sampler": "poisson", "clipping": "row", "pac": 1,
    "early_stopping": "none", "tuning": "accounted", "filters": "public", "seed": "none",
}  # fmt: skip
STEPS = {
    "mechanism": "dpsgd", "what": "training", "sampling_rate": 0.01, "noise_multiplier": 1.1,
    "steps": 1000,
}  # fmt: skip
COUNTS = {
    "mechanism": "gaussian", "what": "counts of age", "sensitivity": 1, "scale": 20,
    "rho": 0.00125, "rho_replace_one": 0.0025, "answers": 32,
}  # fmt: skip


def found(**changes: Any) -> tuple[str, ...]:
    """Return what is found against the full statement, changed so."""
    return lint(Statement.model_validate(FULL | changes)).unaccounted


def remarks(**changes: Any) -> tuple[str, ...]:
    return lint(Statement.model_validate(FULL | changes)).remarks


def written(folder: Path, content: Any, name: str = "statement.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(content) if name.endswith("yaml") else json.dumps(content))
    return path


@pytest.fixture(scope="module")
def sdv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the metadata that SDV detects, and the parameters of its models."""
    from sdv.metadata import Metadata
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer

    folder = tmp_path_factory.mktemp("sdv")
    table = pd.DataFrame(
        {
            "age": [18, 31, 89] * 20,
            "illness": ["flu", "plague", "flu"] * 20,
            "range_min": [0.25, 7.125, 3.5] * 20,
        }
    )
    metadata = Metadata.detect_from_dataframes({"t": table}, infer_keys=None)
    metadata.save_to_json(folder / "metadata.json")
    for model in (CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer):
        parameters = model(metadata).get_parameters()
        written(folder, parameters, f"{model.__name__}.json")
    return folder


# --- the answers


def test_a_full_statement_has_nothing_against_it_and_is_not_called_a_proof() -> None:
    claim = lint(Statement.model_validate(FULL))
    assert claim.end_to_end and claim.recomputed is None
    assert (claim.epsilon, claim.delta, claim.unit) == (3, 1e-6, "row")
    assert claim.statement["sampler"] == "poisson"
    (only,) = claim.remarks
    assert "could not be computed again" in only


@pytest.mark.parametrize(("key", "answer"), BREAKS)
def test_every_answer_that_breaks_a_claim_is_named_with_what_to_do(key: str, answer: str) -> None:
    (text,) = found(**{key: answer})
    assert text == BREAKS[key, answer]
    assert text.count(";") == 1 and "(" in text


@pytest.mark.parametrize("key", QUESTIONS)
def test_what_is_not_stated_is_not_accounted_for(key: str) -> None:
    changes: dict[str, Any] = {key: None}
    if key == "rows_per_unit":
        changes |= {"unit": "entity", "clipping": "entity"}
    (text,) = found(**changes)
    assert text.startswith("not stated: ") and text.endswith(f"({key})")


def test_a_bare_epsilon_is_not_end_to_end() -> None:
    bare = lint(Statement(mechanism="something", epsilon=1, delta=0))
    assert not bare.end_to_end
    assert len(bare.unaccounted) == len(QUESTIONS) - 1  # rows of one entity: no entity is claimed
    assert (bare.unit, bare.neighbours) == ("not stated", "not stated")


def test_without_batches_nobody_is_asked_about_gradients() -> None:
    none = {"sampler": "none", "accounted_sampler": None, "clipping": None}
    assert found(**none) == ()


MIXED: dict[str, tuple[dict[str, Any], str]] = {
    "shuffled batches, Poisson accounting": ({"sampler": "shuffled"}, "batches: shuffled"),
    "no batches, accounting with them": ({"sampler": "none"}, "batches: none"),
    "shuffled batches, Poisson ledger": (
        {"sampler": "shuffled", "accounted_sampler": "shuffled", "epsilon": 9, "events": [STEPS]},
        "batches: shuffled",
    ),
    "fixed batches for add_remove": (
        {
            "sampler": "fixed_size", "accounted_sampler": "fixed_size",
            "neighbours": "add_remove", "accounted_neighbours": "add_remove",
        },
        "fixed size",
    ),
    "batches without gradient steps": ({"events": [COUNTS]}, "no gradient step"),
    "unequal neighbours": ({"accounted_neighbours": "add_remove"}, "may double it"),
    "ten rows judged together": ({"pac": 10}, "judges 10 rows"),
    "entities clipped by row": (
        {"unit": "entity", "rows_per_unit": 5}, "gradients are clipped row by row"
    ),
    "entities counted as rows": (
        {
            "unit": "entity", "rows_per_unit": 5, "sampler": "none", "clipping": None,
            "events": [COUNTS],
        },
        "a unit of 5 rows moves it",
    ),
    "delta of one over the rows": ({"delta": 1e-4}, "not below 1 / 10,000 rows"),
    "no delta for Gaussian noise": (
        {"delta": 0, "events": [COUNTS], "sampler": "none"}, "no finite epsilon"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MIXED)
def test_answers_that_do_not_fit_together_are_named(case: str) -> None:
    changes, words = MIXED[case]
    (text,) = found(**changes)
    assert words in text


def test_accounting_that_takes_no_credit_for_batches_covers_all_of_them() -> None:
    assert found(accounted_sampler="none") == ()
    assert len(found(accounted_sampler="none", sampler="by_category")) == 1


def test_what_only_weakens_a_claim_is_a_remark() -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"epsilon": 10.1}, "epsilon 10.1 is above 10"),
        ({"seed": "secret"}, "as secret as its seed"),
        ({"rows": None}, "could not be compared"),
        (
            {"neighbours": "add_remove", "accounted_neighbours": "add_remove"},
            "goes with replace_one",
        ),
    )
    for changes, words in cases:
        assert found(**changes) == ()
        assert any(words in text for text in remarks(**changes))
    assert not any("above 10" in text for text in remarks(epsilon=10))


# --- the ledger


def test_epsilon_is_computed_again_from_the_stated_events() -> None:
    """Against a figure of dp-accounting that knows nothing of this package's orders."""
    from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, SelfComposedDpEvent
    from dp_accounting.rdp import RdpAccountant

    step = PoissonSampledDpEvent(0.01, GaussianDpEvent(1.1))
    theirs = RdpAccountant().compose(SelfComposedDpEvent(step, 1000)).get_epsilon(1e-6)
    own = {"neighbours": "add_remove", "events": [STEPS]}
    claim = lint(Statement.model_validate(FULL | own | {"epsilon": theirs + 0.01}))
    assert claim.recomputed == pytest.approx(theirs, abs=0.01)
    assert claim.end_to_end
    (text,) = found(**own, epsilon=theirs - 0.02)
    assert "above the" in text and "claimed" in text


def test_planted_bugs_in_a_stated_ledger_are_found() -> None:
    own = {"neighbours": "add_remove", "epsilon": 2, "events": [STEPS]}
    assert found(**own) == ()
    twice = own | {"events": [STEPS | {"steps": 2000}]}
    assert len(found(**twice)) == 1  # every batch was used twice
    assert len(found(**own, delta=1e-8)) == 1  # a wrong delta
    counts = own | {"sampler": "none"}
    assert found(**(counts | {"events": [COUNTS]})) == ()
    (text,) = found(**(counts | {"events": [COUNTS | {"scale": 10}]}))  # half of the noise
    assert "books less than its noise" in text
    assert "ledger is empty" in found(**(counts | {"events": []}))[0]


# --- files of SDV


def test_ranges_that_sdv_detected_are_found_and_not_repeated(sdv: Path, tmp_path: Path) -> None:
    claim = read_statement(written(sdv, FULL | {"metadata": "metadata.json"}))
    assert len(claim.unaccounted) == 1
    assert "'age', 'illness', 'range_min'" in claim.unaccounted[0]
    assert claim.statement["metadata"] == "metadata.json"
    told = claim.model_dump_json()
    for cell in ("plague", "flu", "89", "7.125"):
        assert cell in (sdv / "metadata.json").read_text() and cell not in told


def edited(raw: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return metadata with every column's entries changed."""
    columns = raw["tables"]["t"]["columns"]
    return {**raw, "tables": {"t": {"columns": {k: change(v) for k, v in columns.items()}}}}


def test_metadata_of_other_versions_and_without_ranges(sdv: Path, tmp_path: Path) -> None:
    raw = json.loads((sdv / "metadata.json").read_text())
    path = written(tmp_path, FULL | {"metadata": "metadata.json"})

    def lines(metadata: Any) -> tuple[str, ...]:
        written(tmp_path, metadata, "metadata.json")
        return read_statement(path).unaccounted

    kinds = edited(raw, lambda column: {"sdtype": column["sdtype"]})
    assert lines(kinds) == ()
    assert lines({**kinds["tables"]["t"], "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1"}) == ()
    single = {**raw["tables"]["t"], "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1"}
    assert "'range_min'" in lines(single)[0]
    old = {"fields": {"age": {"type": "numerical", "range_max": 89}}}
    assert "ranges or values of 'age'" in lines(old)[0]
    no_range = edited(
        raw, lambda c: {k: v for k, v in c.items() if k in ("sdtype", "decimal_places")}
    )
    (text,) = lines(no_range)
    assert "decimals or missingness of 'range_min'" in text


CTGAN = ("clipped to the smallest", "decimals", "by category", "Gaussian mixture", "10 rows")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("CTGANSynthesizer", CTGAN),
        ("TVAESynthesizer", ("clipped to the smallest", "decimals", "Gaussian mixture")),
        ("GaussianCopulaSynthesizer", ("clipped to the smallest", "decimals", "correlations")),
    ],
)
def test_parameters_of_sdv_tell_how_the_rows_were_read(
    sdv: Path, model: str, words: tuple[str, ...]
) -> None:
    claim = read_statement(written(sdv, FULL | {"parameters": f"{model}.json"}))
    assert "FloatFormatter" in claim.unaccounted[0]
    assert len(claim.unaccounted) == 1 + len(words)
    for word in words:
        assert sum(word in text for text in claim.unaccounted) == 1, word


# --- mistakes in the statement


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sampeler": "poisson"}, "sampeler: unknown key; did you mean 'sampler'"),
        ({"epsilon": 0}, "epsilon: .*greater than 0"),
        ({"epsilon": None}, "epsilon: .*number"),
        ({"epsilon": ".inf"}, "epsilon: "),
        ({"delta": 1}, "delta: .*less than 1"),
        ({"mechanism": None}, "mechanism: .*string"),
        ({"bounds": "guessed"}, "bounds: .*'declared', 'private', 'data' or 'none'"),
        ({"events": [STEPS | {"steps": 0}]}, "events.*steps"),
        ({"events": [{"mechanism": "laplace"}]}, "events.0: .*expected tags"),
        ({"metadata": "nowhere.json"}, "metadata .*nowhere.json does not exist"),
        ({"metadata": "statement.yaml"}, "is not JSON"),
        ({"metadata": "other.json"}, "lists no columns"),
        ({"parameters": "other.json"}, "no parameter of an SDV synthesizer"),
        ({"parameters": "."}, "cannot be read"),
    ],
)
def test_a_mistake_in_a_statement_is_named(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    written(tmp_path, {"a": [1]}, "other.json")
    with pytest.raises(InputError, match=says):
        read_statement(written(tmp_path, FULL | changes))


# --- the command


def call(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["dp-lint", *map(str, arguments)])


def test_the_template_asks_every_question_and_can_be_filled_in(tmp_path: Path) -> None:
    done = call("--template")
    assert (done.exit_code, done.stdout) == (0, TEMPLATE)
    path = tmp_path / "statement.yaml"
    for key in Statement.model_fields:
        assert f"\n{key}: " in TEMPLATE or f"\n# {key}:" in TEMPLATE, key
    filled = TEMPLATE.replace("mechanism: ", "mechanism: x", 1).replace(
        "epsilon: ", "epsilon: 1", 1
    )
    path.write_text(filled.replace("delta: ", "delta: 1e-6", 1))
    assert read_statement(path).unaccounted == lint(
        Statement(mechanism="x", epsilon=1, delta=1e-6)
    ).unaccounted  # fmt: skip
    examples = filled[filled.index("# events:") :].replace("\n# ", "\n")[2:]
    events = yaml.safe_load(examples[: examples.index("metadata:")])["events"]
    assert len(Statement.model_validate(FULL | {"events": events}).events or ()) == 2


def test_the_command_never_calls_silence_a_proof_and_ends_with_0(tmp_path: Path) -> None:
    done = call(written(tmp_path, FULL | {"epsilon": 12}))
    assert done.exit_code == 0
    assert "end-to-end: nothing found" in done.stdout and "this proves nothing" in done.stdout
    assert "remarks:\n  - epsilon 12 is above 10" in done.stdout
    done = call(written(tmp_path, FULL | {"bounds": "data", "seed": None}))
    assert done.exit_code == 0
    assert "not end-to-end DP:\n  - bounds were read" in done.stdout
    assert "  - not stated: where the randomness" in done.stdout
    assert "nothing found" not in done.stdout


def test_the_command_speaks_json(tmp_path: Path) -> None:
    own = {"events": [STEPS], "neighbours": "add_remove"}
    done = call(written(tmp_path, FULL | own), "--json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["end_to_end"], answer["kind"]) == (0, True, "stated")
    assert answer["recomputed"] < 3
    assert isinstance(call().exception, InputError)
