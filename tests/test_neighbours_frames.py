"""The public search over DataFrames: what it takes, what it refuses, what SDMetrics would say."""

import numpy as np
import pandas as pd
import pytest
from population import SCHEMA, people

from privsynth.errors import InputError
from privsynth.neighbours import nearest


def frames(n: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    return people(n, rng).frame, people(n, rng).frame


def test_it_equals_the_distance_of_sdmetrics_divided_by_the_columns():
    """SDMetrics' own Gower distance with its ranges, which are those of the reference alone.

    Two rows at the ends make them hold the queries too, as declared bounds would.
    """
    import warnings

    from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

    asked, given = (frame[["height", "weight", "region"]] for frame in frames(60))
    ends = pd.DataFrame({"height": [-6.0, 6.0], "weight": [-6.0, 6.0], "region": ["north"] * 2})
    given = pd.concat([given, ends], ignore_index=True)
    columns = {
        "height": {"sdtype": "numerical"},
        "weight": {"sdtype": "numerical"},
        "region": {"sdtype": "categorical"},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it writes to slices of frames
        theirs = calculate_dcr(asked, given, {"columns": columns})
    found = nearest(asked, given, k=1)
    np.testing.assert_allclose(found.distances[:, 0] / 3, theirs.to_numpy(), atol=1e-12)


def test_frames_and_a_schema_give_the_same_as_frames_alone_where_ranges_are_those_found():
    asked, given = frames()
    inferred = nearest(asked, given, k=2)
    assert inferred.distances.shape == inferred.ids.shape == (200, 2)
    assert inferred.distances.dtype == np.float64
    assert inferred.ids.dtype == np.int64
    declared = nearest(asked, given, SCHEMA, k=2)
    assert (declared.distances <= inferred.distances + 1e-12).all()


def test_a_row_finds_itself_at_zero_whatever_the_column_order():
    asked, _ = frames()
    found = nearest(asked[asked.columns[::-1]], asked, k=1)
    assert (found.distances == 0).all()


def test_columns_of_one_frame_only_are_left_out():
    asked, given = frames()
    more = given.assign(extra=1.0)
    np.testing.assert_array_equal(nearest(asked, more).ids, nearest(asked, given).ids)


@pytest.mark.parametrize("k", [0, -1, 201])
def test_a_k_beyond_the_reference_is_refused(k):
    asked, given = frames()
    with pytest.raises(InputError, match="between 1 and the 200"):
        nearest(asked, given, k=k)


def test_frames_without_a_common_column_are_refused():
    asked, given = frames()
    with pytest.raises(InputError, match="no common column"):
        nearest(asked.add_prefix("a_"), given)


def test_kinds_that_differ_are_refused_by_name_and_not_by_value():
    asked, given = frames()
    asked = asked.assign(height=["Zebediah"] * len(asked))
    with pytest.raises(InputError, match="'height' is numeric") as error:
        nearest(asked, given)
    assert "Zebediah" not in str(error.value)


def test_a_search_beyond_the_ceiling_is_refused_before_it_begins():
    asked, given = frames()
    with pytest.raises(InputError, match="--max-memory"):
        nearest(asked, given, max_memory=1000)


def test_unknown_categories_never_match():
    given = pd.DataFrame({"g": ["a", "b"] * 20, "x": np.arange(40.0) % 7})
    asked = given.assign(g=[f"new{i % 3}" for i in range(40)])
    assert (nearest(asked, given, k=1).distances >= 1).all()
