"""Names and remarks that come back: members' beyond the holdout's, and nothing that all share."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from privsynth.measures import Material, catalogue
from privsynth.neighbours import Search
from privsynth.tables import Column, Schema, Table, fit_space, typed

MEASURE = catalogue()["replay"]
SCHEMA = Schema(
    columns=(
        Column(name="who", kind="id"),
        Column(name="first", kind="id"),
        Column(name="remark", kind="text"),
        Column(name="age", kind="integer"),
    ),
    entity="who",
)
LEVEL = 0.01


def people(n: int, rng: np.random.Generator, start: int = 0) -> Table:
    """Return two rows a person: a number, one of 40 common or 5,000 rare names, a remark."""
    who = np.repeat(np.arange(start, start + n), 2)
    names = np.where(rng.random(n) < 0.7, rng.integers(0, 40, n), rng.integers(40, 5040, n))
    words = rng.integers(0, 3000, (2 * n, 12))
    frame = pd.DataFrame(
        {
            "who": [f"P-{w}" for w in who],
            "first": [f"Name {names[w - start]}" for w in who],
            "remark": [" ".join(f"w{x}" for x in row) for row in words],
            "age": rng.integers(0, 90, 2 * n),
        }
    )
    return Table(typed(frame, SCHEMA), SCHEMA, "people")


def material(synthetic, sizes=(200, 100, 100), seed: int = 1) -> Material:
    rng = np.random.default_rng(seed)
    starts = np.cumsum([0, *sizes])
    tables = {
        role: people(n, rng, start)
        for role, n, start in zip(("train", "holdout", "reference"), sizes, starts, strict=False)
    }
    tables["synthetic"] = synthetic(tables["train"], people(sizes[0], rng, 10_000))
    space = fit_space(SCHEMA, [tables[role] for role in ("train", "holdout", "reference")])
    return Material(
        schema=SCHEMA, space=space, search=Search(), alpha=0.05, seed=7, tables=tables,
        **{role: space.encode(table) for role, table in tables.items()},
    )  # fmt: skip


def changed(table: Table, **cells) -> Table:
    return Table(typed(table.frame.assign(**cells), table.schema), table.schema, "synthetic")


def found(what: Material):
    return {e.name: e for e in MEASURE.evidence(what).estimates}


def test_members_values_that_come_back_are_found_in_their_column_alone():
    """Ten percent of the people keep their number; the others are new."""

    def some(train, fresh):
        who = fresh.frame["who"].copy()
        who[:40] = train.frame["who"][:40]
        return changed(fresh, who=who)

    estimates = found(material(some))
    assert estimates["replayed[who]"].value == pytest.approx(20 / 200)
    assert estimates["replayed_holdout[who]"].value == 0
    assert estimates["replayed_excess[who]"].p < LEVEL / 3
    assert estimates["replayed_excess[who]"].n == 300
    assert estimates["replayed_excess[who]"].value == pytest.approx(0.1)
    assert estimates["replayed_excess[first]"].p > LEVEL
    assert estimates["replayed_excess[remark]"].p == 1


def test_a_part_of_a_remark_in_other_case_is_found():
    def mixed(train, fresh):
        pairs = zip(fresh.frame["remark"], train.frame["remark"], strict=True)
        remarks = [f"{a[:9]} {b.upper().replace(' ', '   ')[10:70]}" for a, b in pairs]
        return changed(fresh, remark=remarks)

    estimates = found(material(mixed))
    assert estimates["replayed[remark]"].value == 0
    assert estimates["replayed_excess[remark]"].p <= 1e-4


def test_common_names_come_back_for_everybody_and_are_no_leak():
    """All 40 common names are in the release; rare ones are drawn anew.

    At the fixed seed a false alarm had probability at most 0.01.
    """
    estimates = found(material(lambda train, fresh: fresh))
    assert estimates["replayed[first]"].value > 0.3
    assert estimates["replayed_excess[first]"].p >= LEVEL


def test_rare_names_of_members_are_found_among_common_ones():
    estimates = found(material(lambda train, fresh: changed(fresh, first=train.frame["first"])))
    assert estimates["replayed_excess[first]"].p < LEVEL / 3


def test_clean_tables_alarm_at_most_at_the_level():
    """300 clean audits of 40 against 20 people, a column at LEVEL / 3: more than 9 alarms < 2e-3.

    Released names are those of other people; numbers and remarks never recur.
    """
    assert binom.sf(9, 300, LEVEL) < 2e-3

    def alarms(seed):
        estimates = found(material(lambda t, f: f, sizes=(40, 20, 20), seed=seed))
        return any(e.p is not None and e.p < LEVEL / 3 for e in estimates.values())

    assert sum(alarms(seed) for seed in range(300)) <= 9


def test_row_numbers_from_both_sides_are_no_leak():
    """Numbers 0 to 399 are released, which train and holdout share as they fall: Fisher gives 1."""

    def numbered(train, fresh):
        return changed(fresh, who=[f"P-{i}" for i in range(len(fresh))])

    assert found(material(numbered))["replayed_excess[who]"].p == 1


def test_a_table_without_such_columns_says_so():
    def bare(train, fresh):
        return fresh.without({"who", "first", "remark"})

    evidence = MEASURE.evidence(material(bare))
    assert evidence.not_run == "no identifier or free-text column was released"


def test_no_value_of_a_table_is_in_the_evidence():
    evidence = MEASURE.evidence(material(lambda train, fresh: train)).model_dump_json()
    assert "P-" not in evidence and "Name " not in evidence and "w1" not in evidence


def test_an_empty_column_breaks_nothing():
    def empty(train, fresh):
        return changed(fresh, first=None, remark=None)

    estimates = found(material(empty))
    assert "replayed[first]" not in estimates
    assert estimates["replayed_excess[first]"].p == 1
