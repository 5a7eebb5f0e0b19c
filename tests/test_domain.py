"""Domains: what is declared is taken, what is not is refused, and learning it is paid for."""

import math

import numpy as np
import pandas as pd
import pytest

from privsynth.errors import BudgetError, InputError
from privsynth.privacy import Budget, Ledger
from privsynth.privacy.domain import (
    FALSE_CELL,
    LEARN_DELTA,
    OTHER,
    ColumnDomain,
    domain_of,
    learn_domain,
    read_domain,
)
from privsynth.tables import Column, Schema
from privsynth.tables.schema import microsecond
from privsynth.tables.table import Table, typed

SURE = Budget(epsilon=1e6, delta=1e-6)
"""So large a budget that there is next to no noise."""


def table(columns: list[Column], **cells: object) -> Table:
    schema = Schema(columns=tuple(columns))
    return Table(typed(pd.DataFrame(cells), schema), schema, "train")


def everything(rows: int = 400) -> Table:
    return table(
        [
            Column(name="x", kind="numeric"),
            Column(name="n", kind="integer"),
            Column(name="day", kind="datetime"),
            Column(name="town", kind="categorical"),
            Column(name="own", kind="boolean"),
            Column(name="age", kind="integer", low=0, high=120, nullable=False),
            Column(name="key", kind="id"),
        ],
        x=np.linspace(-3.5, 700.25, rows),
        n=np.arange(rows) % 37,
        day=pd.to_datetime(["2017-05-01", "2019-02-03"] * (rows // 2)),
        town=["A", "B", "C", "A"] * (rows // 4),
        own=[True, False] * (rows // 2),
        age=[30, 40] * (rows // 2),
        key=[str(i) for i in range(rows)],
    )


def test_a_schema_without_domains_is_refused_with_every_column_and_what_to_do() -> None:
    with pytest.raises(InputError) as caught:
        domain_of(everything().schema)
    message = str(caught.value)
    assert "'x', 'n', 'day', 'town'" in message
    assert "'own'" not in message and "'age'" not in message and "'key'" not in message
    assert "--learn-domain" in message and "a tenth of the budget" in message


def test_what_is_declared_is_taken_as_it_stands() -> None:
    schema = Schema(
        columns=(
            Column(name="x", kind="numeric", low=-1, high=2.5, decimals=2),
            Column(name="day", kind="datetime", low="2017-01-01", high="2018-01-01"),
            Column(name="c", kind="ordinal", categories=("low", "high"), nullable=False),
            Column(name="own", kind="boolean", inferred=("kind",)),
            Column(name="who", kind="text"),
        )
    )
    assert domain_of(schema) == (
        ColumnDomain("x", "numeric", -1.0, 2.5, decimals=2),
        ColumnDomain("day", "datetime", microsecond("2017-01-01"), microsecond("2018-01-01")),
        ColumnDomain("c", "ordinal", categories=("low", "high"), nullable=False),
        ColumnDomain("own", "boolean"),
    )


def test_entries_that_were_read_from_the_rows_are_not_passed_off_as_declared() -> None:
    guessed = ("kind", "low", "high", "decimals", "nullable")
    column = Column(
        name="x", kind="numeric", low=0, high=1, decimals=1, nullable=False, inferred=guessed
    )
    (domain,) = domain_of(Schema(columns=(column,)))
    assert domain == ColumnDomain("x", "numeric", 0.0, 1.0, source="read")


def test_without_noise_the_rows_say_what_the_schema_does_not() -> None:
    domains = {domain.name: domain for domain in read_domain(everything())}
    assert domains["x"] == ColumnDomain("x", "numeric", -3.5, 700.25, source="read")
    assert domains["n"] == ColumnDomain("n", "integer", 0, 36, source="read")
    assert domains["day"].low == microsecond("2017-05-01")
    assert domains["town"].categories == ("A", "B", "C")
    assert domains["age"] == ColumnDomain("age", "integer", 0, 120, nullable=False)
    assert list(domains) == ["x", "n", "day", "town", "own", "age"]


def test_a_bound_that_is_declared_alone_stays_and_an_empty_column_has_a_domain() -> None:
    columns = [
        Column(name="x", kind="numeric", low=-10),
        Column(name="none", kind="numeric"),
        Column(name="c", kind="categorical"),
        Column(name="day", kind="datetime"),
    ]
    cells = {"none": [np.nan, np.nan], "c": [None, None], "day": [pd.NaT, pd.NaT]}
    found = read_domain(table(columns, x=[1.0, 2.0], **cells))
    assert [(d.low, d.high) for d in found] == [(-10, 2), (0, 0), (None, None), (0, 0)]
    assert found[2].categories == ()


def test_bounds_are_learnt_roughly_and_rare_categories_are_left_out() -> None:
    rows = everything(4000)
    rows.frame.loc[0, "town"] = "Atlantis"
    found = learn_domain(rows, rows.schema, ledger := Ledger(SURE), ledger.remaining)
    x, n, day, town, own, age = found
    assert (x.low, x.high, x.source) == (-8.0, 2048.0, "learnt")
    assert (n.low, n.high, n.source) == (0, 127, "learnt")
    assert (day.low, day.high) == (microsecond("2016"), microsecond("2021"))
    assert town.categories == ("A", "B", "C", OTHER) and town.source == "learnt"
    assert (own.source, age.source, age.high) == ("declared", "declared", 120)


@pytest.mark.parametrize(
    ("kind", "values", "bounds"),
    [
        ("integer", [0], (0, 1)),
        ("integer", [1], (0, 1)),
        ("integer", [2], (1, 7)),
        ("integer", [-1], (-3, 0)),
        ("integer", [-1, 0], (-3, 0)),
        ("integer", [-5, -4], (-15, -2)),
        ("integer", [2**62], (2**61, 2.0**63 - 1024)),
        ("integer", [-(2**63) + 1, 2**63 - 1], (1024 - 2.0**63, 2.0**63 - 1024)),
        ("numeric", [0.0], (0, 0)),
        ("numeric", [0.0, 0.3], (0, 1)),
        ("numeric", [-0.3, 0.0], (-1, 0)),
        ("numeric", [3.0], (1, 8)),
        ("numeric", [1e300, -1e300], (-(2.0**127), 2.0**127)),
        ("numeric", [1e-300], (0, 0)),
        ("numeric", [np.nan], (0, 0)),
    ],
)
def test_learnt_bounds_are_those_of_a_cell_and_its_neighbours(
    kind: str, values: list[float], bounds: tuple[float, float]
) -> None:
    rows = table([Column(name="x", kind=kind)], x=values * 500)
    ledger = Ledger(SURE)
    (domain,) = learn_domain(rows, rows.schema, ledger, ledger.remaining)
    assert (domain.low, domain.high) == bounds
    assert math.copysign(1, domain.low) == math.copysign(1, bounds[0])


def test_learning_spends_what_it_was_given_and_a_tenth_of_delta_at_most() -> None:
    rows, ledger = everything(4000), Ledger(Budget(epsilon=1.0, delta=1e-6))
    before = ledger.remaining
    learn_domain(rows, rows.schema, ledger, 0.1 * before)
    assert len(ledger.events) == 4
    spent = sum(event.rho for event in ledger.events)
    assert spent == pytest.approx(0.1 * before, rel=1e-6)
    used = sum(getattr(event, "delta", 0.0) for event in ledger.events)
    assert 0 < used <= LEARN_DELTA * ledger.budget.delta


def test_what_is_declared_costs_nothing_and_what_was_read_is_learnt_again() -> None:
    column = Column(name="x", kind="numeric", low=0, high=1)
    rows = table([column], x=[0.25] * 2000)
    ledger = Ledger(SURE)
    assert learn_domain(rows, rows.schema, ledger, ledger.remaining) == domain_of(rows.schema)
    assert not ledger.events
    read = Schema(columns=(column.model_copy(update={"inferred": ("low",)}),))
    (domain,) = learn_domain(rows, read, ledger, ledger.remaining)
    assert (domain.low, domain.high, domain.source) == (0.125, 1.0, "learnt")


def test_a_budget_that_does_not_afford_it_is_refused_before_any_draw() -> None:
    rows, ledger = everything(), Ledger(Budget(epsilon=0.5))
    with pytest.raises(BudgetError):
        learn_domain(rows, rows.schema, ledger, 1.0)
    assert not ledger.events


def test_noise_sets_a_bound_where_there_are_no_rows_once_in_a_thousand_tables() -> None:
    """25 tables of 4 columns without a value, so FALSE_CELL each: 4 or more by chance 1.6e-8.

    Poisson with mean 25 * 1e-3 = 0.025: 0.025^4 / 24 = 1.6e-8. Planted: a limit at two standard
    deviations lets noise set bounds in every table (191 cells, 2.3 % each).
    """
    names = [f"x{k}" for k in range(4)]
    rows = table(
        [Column(name=name, kind="numeric") for name in names],
        **{name: np.full(10, np.nan) for name in names},
    )

    def tables_with_a_bound() -> int:
        found = 0
        for _ in range(25):
            ledger = Ledger(Budget(epsilon=1.0))
            domains = learn_domain(rows, rows.schema, ledger, ledger.remaining)
            found += any((d.low, d.high) != (0, 0) for d in domains)
        return found

    assert FALSE_CELL == 1e-3
    assert tables_with_a_bound() <= 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("privsynth.privacy.domain.FALSE_CELL", 0.023 * 4 * 383)
        assert tables_with_a_bound() == 25
