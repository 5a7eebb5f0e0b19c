"""Wrong options, tables and plug-ins are named, and never quoted."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthesizer_tables import SCHEMA, SECRET, made, make_table

from privsynth.errors import InputError, PrivsynthError
from privsynth.synthesizers import catalogue, generate, settle
from privsynth.synthesizers._control import Control
from privsynth.tables.table import Table


@pytest.fixture
def mixed_table() -> Table:
    return make_table()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("ctgan", {"epoch": 3}, "did you mean 'epochs'"),
        ("memorizer", {"epochs": 3}, "takes none"),
        ("tvae", {"epochs": "many"}, "whole number"),
        ("tvae", {"epochs": 2.5}, "whole number"),
        ("tvae", {"epochs": True}, "whole number"),
        ("tvae", {"epochs": 0}, "above zero"),
        ("ctgan", {"batch_size": 64}, "multiple of 10"),
        ("gaussian_copula", {"distribution": "bet"}, "did you mean 'beta'"),
    ],
)
def test_a_wrong_option_is_named(
    name: str, options: dict[str, Any], message: str, mixed_table: Table
) -> None:
    with pytest.raises(InputError, match=message):
        generate(catalogue()[name], mixed_table, 5, 0, options)


def test_options_are_recorded_as_used() -> None:
    assert settle(catalogue()["ctgan"], {"epochs": "20"}) == {"epochs": 20, "batch_size": 500}
    assert made("gaussian_copula").options == {"distribution": "auto"}
    assert made("tvae").claim.kind == "none"


def test_too_short_training_is_noted() -> None:
    assert any("1 generator steps" in note for note in made("ctgan").notes)
    assert not any("generator steps" in note for note in made("gaussian_copula").notes)


def test_epochs_are_reported_while_a_model_trains(mixed_table: Table) -> None:
    seen: list[tuple[str, float]] = []
    generate(catalogue()["tvae"], mixed_table, 5, 0, {"epochs": 150}, lambda *at: seen.append(at))
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert any(0.0 < share < 0.9 for share in shares)


def test_too_few_rows_infinities_and_nothing_to_model_are_refused(mixed_table: Table) -> None:
    plugin = catalogue()["bootstrap"]
    with pytest.raises(InputError, match="at least 2"):
        generate(plugin, mixed_table.take([0], "train"), 5, 0)
    with pytest.raises(InputError, match="at least 1"):
        generate(plugin, mixed_table, 0, 0)
    frame = mixed_table.frame.copy()
    frame.loc[3, "weight"] = np.inf
    with pytest.raises(InputError, match="'weight' holds infinite values"):
        generate(plugin, Table(frame, SCHEMA, "train"), 5, 0)
    with pytest.raises(InputError, match="nothing is left"):
        generate(plugin, mixed_table.without(set(SCHEMA.names) - {"person"}), 5, 0)


def test_without_sdv_the_error_says_how_to_get_it(
    mixed_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sdv", "sdv.metadata", "sdv.single_table"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match="pip install"):
        generate(catalogue()["gaussian_copula"], mixed_table, 5, 0)
    assert len(generate(catalogue()["independent"], mixed_table, 5, 0).synthetic) == 5


def spoil(change: Any) -> Control:
    """Return a plug-in that breaks its contract by ``change``."""

    def draw(train: pd.DataFrame, n: int, rng: np.random.Generator) -> Any:
        return change(train.take(rng.integers(0, len(train), n)).reset_index(drop=True))

    return Control("spoilt", __name__, draw)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="age"), "lacks 'age'"),
        (lambda f: f.assign(more=1), "adds 'more'"),
        (lambda f: pd.concat([f, f[["age"]]], axis=1), "occur twice"),
        (lambda f: f.head(3), "3 rows instead of 10"),
        (lambda f: f.to_numpy(), "no pandas DataFrame"),
        (lambda f: f.assign(age=SECRET), "'age' holds values of another kind"),
        (lambda f: f.assign(age=1e300), "'age' holds infinite or far too large"),
        (lambda f: f.assign(weight=np.inf), "'weight' holds infinite or far too large"),
        (lambda f: f.assign(weight=SECRET), "'weight' holds values of another kind"),
        (lambda f: f.assign(age=[{SECRET: 1}] * len(f)), "'age' holds values of another kind"),
        (lambda f: f.assign(smoker=SECRET), "'smoker' holds values of another kind"),
        (lambda f: f.assign(visit=SECRET), "'visit' holds values of another kind"),
        (lambda f: f.assign(sex=[{SECRET: 1}] * len(f)), "'sex' holds values of another kind"),
    ],
)
def test_wrong_output_is_refused_without_quoting_it(
    change: Any, message: str, mixed_table: Table
) -> None:
    with pytest.raises(PrivsynthError, match=message) as caught:
        generate(spoil(change), mixed_table, 10, 0)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_loose_types_are_put_in_order(mixed_table: Table) -> None:
    loose = spoil(
        lambda f: f.assign(
            age=f["age"].astype(float), sex=f["sex"].astype("category"), smoker=1, income=9
        )[list(reversed(f.columns))].set_index(pd.Index([0] * len(f)))
    )
    candidate = generate(loose, mixed_table, 10, 0)
    assert candidate.synthetic.frame["age"].dtype == "Int64"
    assert candidate.synthetic.frame["sex"].dtype == object
    assert (candidate.synthetic.frame["income"] == 5).all()
    assert any("'income' 10" in note for note in candidate.notes)


def test_a_plug_in_cannot_change_the_training_rows(mixed_table: Table) -> None:
    def draw(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
        train["age"] = 33
        train.loc[:, "weight"] = 0.0
        return train.head(n)

    digest = mixed_table.digest
    generate(Control("rude", __name__, draw), mixed_table, 10, 0)
    assert mixed_table.digest == digest
