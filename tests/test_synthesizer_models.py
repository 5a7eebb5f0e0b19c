"""What a synthesizer keeps of its training table: shares, holes, relations; and no extremes."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from synthesizer_tables import MODELS, ROWS, SCHEMA, made, make_table, quick, rows_of

from privsynth import randomness
from privsynth.synthesizers import _sdv, catalogue, generate, settle
from privsynth.synthesizers._coding import code
from privsynth.synthesizers._control import Control
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import Table, typed


@pytest.fixture
def mixed_table() -> Table:
    return make_table()


# --- what is kept of the data --------------------------------------------------------------------

N_DRAWN = 2000


def keeps_missing_shares(frame: pd.DataFrame, train: pd.DataFrame) -> bool:
    """Whether every column is missing as often as in training, within 5.5 standard deviations.

    Each synthetic row is missing with the training share p on its own, so the count is binomial
    and the false-alarm probability over fresh seeds is below 1e-6 for all columns together.
    """
    share = train.isna().mean()
    limit = 5.5 * np.sqrt(share * (1 - share) / len(frame)) + 1e-12
    return bool(((frame.isna().mean() - share).abs() <= limit).all())


@pytest.mark.parametrize("name", ["gaussian_copula", "independent", "bootstrap"])
def test_missing_cells_keep_their_share(name: str) -> None:
    train = make_table().without({"person", "remark"})
    assert keeps_missing_shares(made(name, rows=N_DRAWN).synthetic.frame, train.frame)


def test_a_model_that_fills_the_holes_would_be_noticed() -> None:
    def fill(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
        return train.ffill().bfill().take(rng.integers(0, len(train), n))

    train = make_table().without({"person", "remark"})
    filled = generate(Control("fill", __name__, fill), train, N_DRAWN, 0).synthetic
    assert not keeps_missing_shares(filled.frame, train.frame)


@pytest.mark.parametrize("name", MODELS)
def test_columns_missing_in_the_same_rows_stay_so(name: str) -> None:
    frame = made(name, rows=N_DRAWN).synthetic.frame
    assert (frame["weight"].isna() == frame["waist"].isna()).all()


def test_another_seed_punches_other_holes() -> None:
    """SDV's own holes come from a seed that is the first cells of the column: always the same."""
    first, second = (made("gaussian_copula", seed=seed).synthetic.frame for seed in (1, 2))
    assert (first["weight"].isna() != second["weight"].isna()).any()


def keeps_the_relation(frame: pd.DataFrame) -> bool:
    """Whether weight and waist rise together: Spearman above 0.6 (training: 0.95, none: 0).

    With about 1,600 pairs its standard error is below 0.025 (no relation) or 0.01 (0.9): more than
    ten of them away from the limit on either side, hence below 1e-20.
    """
    return bool(frame[["weight", "waist"]].corr("spearman").iloc[0, 1] > 0.6)


def test_a_model_keeps_relations_and_independent_columns_lose_them() -> None:
    assert keeps_the_relation(made("gaussian_copula", rows=N_DRAWN).synthetic.frame)
    assert not keeps_the_relation(made("independent", rows=N_DRAWN).synthetic.frame)


def test_undeclared_extremes_of_the_training_rows_are_no_bounds() -> None:
    """A normal of 30 rows ends near 2 standard deviations; 20,000 draws go beyond (e^-100 not)."""
    train = make_table(30)
    frame = generate(
        catalogue()["gaussian_copula"], train, 20_000, 0, {"distribution": "norm"}
    ).synthetic.frame
    assert frame["weight"].max() > train.frame["weight"].max()
    assert frame["weight"].min() < train.frame["weight"].min()


def test_bounds_read_from_the_data_are_no_bounds_either() -> None:
    train = make_table(30)
    low, high = train.frame["weight"].min(), train.frame["weight"].max()
    guessed = Column(name="weight", kind="numeric", low=low, high=high, inferred=("low", "high"))
    declared = Column(name="weight", kind="numeric", low=low, high=high)
    for column, is_clipped in ((guessed, False), (declared, True)):
        schema = Schema(columns=(column,))
        table = Table(train.frame[["weight"]], schema, "train")
        made_of = generate(
            catalogue()["gaussian_copula"], table, 20_000, 0, {"distribution": "norm"}
        )
        assert bool(made_of.synthetic.frame["weight"].max() > high) != is_clipped
        assert any("nearest declared bound" in note for note in made_of.notes) == is_clipped


@pytest.mark.parametrize("name", MODELS)
def test_sdv_learns_no_range_of_any_column(name: str, mixed_table: Table) -> None:
    visible = mixed_table.without({"person", "remark"})
    plugin = catalogue()[name]
    fitted = plugin.fit(
        visible, randomness.generator(0), lambda *_: None, **settle(plugin, quick(name))
    )
    columns = fitted.model.get_metadata().to_dict()["tables"][_sdv.TABLE]["columns"]
    assert columns and all(set(column) == {"sdtype"} for column in columns.values())
    assert fitted.model.enforce_min_max_values is False
    assert not set(columns) & set(SCHEMA.names)


# --- the coding around SDV -----------------------------------------------------------------------


def test_decoding_gives_the_coded_table_back() -> None:
    train = make_table().without({"person", "remark"})
    coder, coded = code(train.frame, train.schema, randomness.generator(0))
    assert not coded.isna().any().any()
    assert Table(coder.decode(coded), train.schema, "back").digest == train.digest


def test_holes_are_filled_with_values_that_are_there(mixed_table: Table) -> None:
    train = mixed_table.without({"person", "remark"})
    coder, coded = code(train.frame, train.schema, randomness.generator(0))
    filled = coded[coder.codings[1].code]
    assert set(filled) == set(train.frame["weight"].dropna())


def test_datetimes_keep_seconds_and_microseconds() -> None:
    schema = Schema(columns=(Column(name="at", kind="datetime"),))
    for texts in (["2020-01-01T10:00:01", None, "1950-05-05T23:59:59"], ["2020-01-01T10:00:00.1"]):
        frame = typed(pd.DataFrame({"at": pd.to_datetime(texts, format="ISO8601")}), schema)
        coder, coded = code(frame, schema, randomness.generator(0))
        pd.testing.assert_frame_equal(coder.decode(coded), frame)


# --- controls ------------------------------------------------------------------------------------


def test_the_memorizer_hands_out_every_row_and_cycles_evenly() -> None:
    real = rows_of(make_table().without({"person", "remark"}).frame)
    assert Counter(rows_of(made("memorizer").synthetic.frame)) == Counter(real)
    twice = made("memorizer", rows=2 * ROWS + 1).synthetic.frame
    assert set(Counter(rows_of(twice)).values()) == {2, 3}


def test_bootstrap_hands_out_rows_and_independent_only_cells() -> None:
    real = set(rows_of(make_table().without({"person", "remark"}).frame))
    assert set(rows_of(made("bootstrap").synthetic.frame)) < real
    free = made("independent").synthetic.frame
    assert not set(rows_of(free)) & real
    for name in free.columns:
        assert set(map(str, free[name])) <= set(map(str, make_table().frame[name]))
