"""The sample table obeys its declared schema and is the file that its README describes."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import yaml

from privsynth.tables.schema import Column, Schema, read_schema

SAMPLE = Path(__file__).parent.parent / "sample_data"
TABLE = SAMPLE / "nhanes_adults.csv"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return read_schema(SAMPLE / "schema.yaml")


@pytest.fixture(scope="module")
def texts() -> pd.DataFrame:
    """Every cell as it is written; a missing one is an empty text."""
    return pd.read_csv(TABLE, dtype=str, keep_default_na=False)


def obeys(cells: pd.Series, column: Column) -> bool:
    """Whether every cell that is there is a value of the declared kind and domain."""
    if column.kind == "boolean":
        return bool(cells.isin(["true", "false"]).all())
    if column.categories is not None:
        return set(cells) <= set(column.categories)
    if column.kind == "integer" and not cells.str.fullmatch(r"\d+").all():
        return False
    return bool(pd.to_numeric(cells).between(column.low, column.high).all())


def test_every_cell_obeys_its_declared_kind_and_domain(texts, schema):
    assert tuple(texts.columns) == schema.names
    wrong = [c.name for c in schema.columns if not obeys(texts[c.name].loc[lambda s: s != ""], c)]
    assert wrong == []


def test_the_check_itself_sees_a_cell_out_of_its_domain(schema):
    assert not obeys(pd.Series(["81"]), schema["age"])
    assert not obeys(pd.Series(["40.5"]), schema["age"])
    assert not obeys(pd.Series(["Unknown"]), schema["education"])
    assert not obeys(pd.Series(["yes"]), schema["diabetes"])


def test_every_domain_is_declared_with_its_reason_and_none_is_read_from_the_rows(schema):
    assert all(column.has_declared_domain and column.reason for column in schema.columns)
    assert not any(column.inferred for column in schema.columns)
    assert schema.target in schema.names


def test_all_kinds_of_columns_that_distances_read_are_there(schema):
    kinds = {column.kind for column in schema.columns}
    assert kinds == {"integer", "numeric", "categorical", "ordinal", "boolean"}


def test_missing_values_are_kept_and_every_column_is_mostly_filled(texts):
    missing = (texts == "").mean()
    assert missing.gt(0.05).sum() >= 5
    assert missing.max() < 0.2


def test_the_table_is_small_and_holds_no_respondent_number(texts):
    assert TABLE.stat().st_size <= 800_000
    assert 4_500 <= len(texts) <= 5_500
    assert 16 <= len(texts.columns) <= 20
    assert not {"seqn", "id", "respondent"} & {name.lower() for name in texts.columns}


def test_rows_are_ordered_by_content_so_that_the_order_tells_nothing():
    lines = TABLE.read_bytes().splitlines(keepends=True)[1:]
    digests = [hashlib.sha256(line).digest() for line in lines]
    assert digests == sorted(digests)


def test_no_artefact_of_the_source_is_left(texts):
    cells = set(texts.to_numpy().ravel())
    assert not any("e-" in cell for cell in cells)
    assert not {"nan", "NA", "7777", "9999", "99999"} & cells


def test_the_readme_names_the_digest_of_the_table():
    digest = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    assert digest in (SAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_private_configuration_has_a_budget_and_no_seed():
    config = yaml.safe_load((SAMPLE / "private.yaml").read_text(encoding="utf-8"))
    assert all((SAMPLE / config[key]).is_file() for key in ("table", "schema"))
    assert config["privacy"] == {"epsilon": 1} and "seed" not in config


@pytest.mark.parametrize("name", ["release.yaml", "leaky.yaml"])
def test_the_configurations_name_files_that_are_there(name):
    config = yaml.safe_load((SAMPLE / name).read_text(encoding="utf-8"))
    assert all((SAMPLE / config[key]).is_file() for key in ("table", "schema", "policy"))
    assert config["seed"] == 20261120
