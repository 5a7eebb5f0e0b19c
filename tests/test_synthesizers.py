"""Every synthesizer keeps the contract: rows, columns, types, bounds, seeds, silence."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthesizer_tables import (
    CONTROLS,
    MODELS,
    NAMES,
    OWN,
    ROWS,
    SCHEMA,
    SECRET,
    made,
    make_table,
    quick,
    rows_of,
)

from privsynth import randomness
from privsynth.progress import silent
from privsynth.registry import summary
from privsynth.synthesizers import catalogue, generate, settle
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import DTYPES, Table, typed


def test_the_catalogue_is_complete_and_says_what_each_entry_is() -> None:
    assert sorted(CONTROLS + MODELS + OWN) == NAMES
    for plugin in catalogue().values():
        assert len(summary(plugin)) > 20
        assert ("BUSL" in plugin.licence) == (plugin.name in MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_rows_columns_and_cell_types_are_kept(name: str) -> None:
    for rows in (ROWS, 7):
        table = made(name, rows=rows).synthetic
        assert len(table) == rows
        assert table.schema.names == tuple(c.name for c in SCHEMA.read)
        for column in table.schema.columns:
            assert str(table.frame[column.name].dtype) == DTYPES.get(column.kind, "object")
            if column.kind in ("categorical", "ordinal"):
                seen = set(make_table().frame[column.name])
                assert set(table.frame[column.name]) <= seen


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_texts_are_neither_modelled_nor_released(name: str) -> None:
    candidate = made(name)
    assert SECRET not in candidate.synthetic.frame.to_csv()
    assert any("'person', 'remark'" in note for note in candidate.notes)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_rows_and_another_seed_others(name: str) -> None:
    import torch

    first = made(name).synthetic.digest
    np.random.random()  # noqa: NPY002 (what went before must not matter)
    torch.rand(1)
    again = generate(catalogue()[name], make_table(), ROWS, 1, quick(name)).synthetic.digest
    assert first == again
    assert first != made(name, seed=2).synthetic.digest


@pytest.mark.parametrize("name", NAMES)
def test_one_fitted_model_samples_by_the_generator_it_is_given(name: str) -> None:
    """SDV by itself starts every fitted model from one constant: "new" tables would be the same."""
    plugin = catalogue()[name]
    train = make_table().without({"person", "remark"})
    rng = randomness.generator(0)
    fitted = plugin.fit(train, rng, silent, **settle(plugin, quick(name)))
    one, two, three = (rows_of(fitted.sample(40, randomness.generator(s))) for s in (1, 2, 1))
    assert one == three and one != two


@pytest.mark.parametrize("name", NAMES)
def test_the_training_table_and_global_random_state_stay_as_they_were(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    train = make_table()
    digest = train.digest
    before = (_legacy_state(), torch.get_rng_state(), torch.get_num_threads(), random.getstate())
    generate(catalogue()[name], train, 20, 3, quick(name))
    after = (_legacy_state(), torch.get_rng_state(), torch.get_num_threads(), random.getstate())
    assert train.digest == digest
    assert before[0] == after[0] and before[2:] == after[2:]
    assert torch.equal(before[1], after[1])
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def _legacy_state() -> str:
    return repr(np.random.get_state())  # noqa: NPY002 (what SDV would disturb)


@pytest.mark.parametrize("name", NAMES)
def test_constant_and_empty_columns_come_back_as_they_were(name: str) -> None:
    frame = made(name).synthetic.frame
    assert set(frame["country"]) == {"US"}
    assert set(frame["year"]) == {2017}
    assert frame["empty"].isna().all()


@pytest.mark.parametrize("name", NAMES)
def test_declared_bounds_hold(name: str) -> None:
    frame = made(name).synthetic.frame
    assert frame["age"].between(18, 90).all()
    assert frame["income"].between(0, 5).all()
    assert frame["visit"].between(pd.Timestamp("2017-01-01"), pd.Timestamp("2018-12-31")).all()
    assert (frame["visit"] == frame["visit"].dt.normalize()).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_thirty_rows_works_and_is_noted(name: str) -> None:
    candidate = made(name, n_train=30)
    assert len(candidate.synthetic) == ROWS
    assert any("only 30 training rows" in note for note in candidate.notes)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_variation_works(name: str) -> None:
    schema = Schema(
        columns=(Column(name="a", kind="integer"), Column(name="b", kind="categorical"))
    )
    train = Table(typed(pd.DataFrame({"a": [1] * 9, "b": ["x"] * 9}), schema), schema, "train")
    table = generate(catalogue()[name], train, 4, 0, quick(name)).synthetic
    assert table.frame.to_dict("list") == {"a": [1] * 4, "b": ["x"] * 4}


def test_another_process_with_other_hashes_and_threads_makes_the_same_rows() -> None:
    script = (
        "import synthesizer_tables as t\n"
        "print(*[t.made(n).synthetic.digest for n in ('gaussian_copula', 'tvae', 'ctgan')])"
    )
    # SDV walks through a set of column names; float sums depend on the number of threads.
    env = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}
    env["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
    found = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [
        made(name).synthetic.digest for name in ("gaussian_copula", "tvae", "ctgan")
    ]


def test_the_catalogue_imports_no_heavy_library() -> None:
    script = (
        "import sys, privsynth.synthesizers as s; s.catalogue()\n"
        "print(sorted({'sdv', 'torch', 'sklearn', 'scipy', 'joblib'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
