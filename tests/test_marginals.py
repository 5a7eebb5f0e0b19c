"""mst and tan: what they pick, what they keep, what they spend, and what noise off must not do."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from privsynth.errors import InputError
from privsynth.privacy import Budget, Ledger, NoNoise
from privsynth.privacy.domain import domain_of
from privsynth.progress import silent
from privsynth.synthesizers import catalogue, generate
from privsynth.synthesizers._marginals import FittedMarginals, learn_marginals, structure
from privsynth.synthesizers._marginals.estimate import Answer, estimate
from privsynth.synthesizers._marginals.structure import (
    Rows,
    candidates,
    pick_forest,
    pick_more,
    scores,
)
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import Table, typed


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def levels(*columns: Any, target: str | None = None) -> Table:
    """Return a table of categories "0", "1", … named a, b, c, …"""
    names = [chr(97 + i) for i in range(len(columns))]
    known = tuple(str(k) for k in range(max(max(c) for c in columns) + 1))
    schema = Schema(
        columns=tuple(
            Column(name=n, kind="categorical", categories=known, nullable=False) for n in names
        ),
        target=target,
    )
    frame = pd.DataFrame({n: [str(v) for v in c] for n, c in zip(names, columns, strict=True)})
    return Table(typed(frame, schema), schema, "train")


def chain(n: int, seed: int = 0, width: int = 6) -> list[Any]:
    """Return columns of three levels, each the one before with a fifth of it redrawn."""
    draw = rng(seed)
    columns = [draw.integers(0, 3, n)]
    for _ in range(width - 1):
        columns.append(np.where(draw.random(n) < 0.2, draw.integers(0, 3, n), columns[-1]))
    return columns


def learnt(name: str, train: Table, noise: Any, **more: Any) -> FittedMarginals:
    plugin = catalogue()[name]
    options = {**plugin.options, **more}
    return plugin.learn(train, domain_of(train.schema), noise, rng(1), silent, **options)


def shares(frame: pd.DataFrame, *names: str) -> Any:
    """Return the shares of all pairs of three levels (a noisy model may draw others, rarely)."""
    found = pd.crosstab(frame[names[0]], frame[names[1]]) / len(frame)
    return found.reindex(index=["0", "1", "2"], columns=["0", "1", "2"], fill_value=0).to_numpy()


# --- what is picked ------------------------------------------------------------------------------


def test_the_tree_of_a_chain_is_the_chain() -> None:
    fitted = learnt("mst", levels(*chain(5000)), NoNoise())
    assert set(fitted.links[:5]) == {(i, i + 1) for i in range(5)}


def test_a_large_budget_finds_the_chain_as_well() -> None:
    """Neighbours lie 1,000 rows further apart than the rest, 100 deviations of the choice."""
    fitted = learnt("mst", levels(*chain(5000)), Ledger(Budget(100.0)))
    assert {(i, i + 1) for i in range(5)} <= set(fitted.links)


def test_columns_that_have_nothing_to_do_with_each_other_are_not_linked_without_noise() -> None:
    """The rule against over-fitting: what chance does to independent rows is no link.

    Of 45 pairs, each passes when its L1 distance exceeds the mean by chance, which without a
    margin would be half of them; the sample that stands for the model adds one.
    """
    few = levels(*[rng(k).integers(0, 6, 200) for k in range(10)])
    fitted = learnt("mst", few, NoNoise())
    cells = sum(np.prod([fitted.book.sizes[i] for i in link]) for link in fitted.links)
    assert cells < 200


def test_scores_move_by_at_most_one_when_a_row_is_added() -> None:
    """The sensitivity that is booked; exact, for every row that could be added."""
    sizes, codes = (2, 3), rng(3).integers(0, 2, (30, 2))
    model, _ = estimate(sizes, [Answer((0,), np.array([10.0, 20]), 1.0)], np.zeros(0), 50)
    options = candidates([0, 1], None)
    before = scores(Rows(codes, sizes), model, 30.0, options, 2.0, rng(0))
    for a in range(2):
        for b in range(3):
            more = np.vstack([codes, [a, b]])
            after = scores(Rows(more, sizes), model, 30.0, options, 2.0, rng(0))
            assert np.abs(after - before).max() <= 1 + 1e-9


def test_a_forest_has_no_cycle_and_ends_when_nothing_is_worth_it() -> None:
    options = candidates(range(4), None)
    gains = {(0, 1): 9.0, (1, 2): 8.0, (0, 2): 7.0, (2, 3): -1.0}
    values = np.array([gains.get(o.link, -5.0) for o in options])
    chosen = pick_forest(options, values, NoNoise(), 1.0, 3)
    assert [o.link for o in chosen] == [(0, 1), (1, 2)]


def test_links_beyond_the_tree_keep_the_model_small(monkeypatch: pytest.MonkeyPatch) -> None:
    options, tree = candidates(range(4), None), [(0, 1), (1, 2), (2, 3)]
    values = np.array([{(0, 3): 9.0, (0, 2): 5.0}.get(o.link, -1.0) for o in options])
    sizes = (10,) * 4
    assert [o.link for o in pick_more(options, values, sizes, tree, NoNoise(), 1.0, 2)] == [
        (0, 3), (0, 2),
    ]  # fmt: skip
    monkeypatch.setattr(
        structure, "CELLS", 1500
    )  # a loop of four needs 2,000 cells, of three 1,100
    assert [o.link for o in pick_more(options, values, sizes, tree, NoNoise(), 1.0, 2)] == [(0, 2)]


# --- what is kept --------------------------------------------------------------------------------


def test_noise_off_keeps_linked_pairs_to_the_row() -> None:
    """A sample of the same size is spread evenly: far closer than draws, which are 0.01 apart."""
    train = levels(*chain(4000))
    frame = learnt("mst", train, NoNoise()).sample(4000, rng(5))
    for one, two in ("ab", "cd", "ef", "ac"):
        assert np.abs(shares(frame, one, two) - shares(train.frame, one, two)).max() < 0.003


def test_tan_keeps_what_two_columns_say_about_the_target_together() -> None:
    """The target is the parity of two coins: no pair of columns shows it, three together do.

    At epsilon 3 its link stands 2,000 rows above the others, and noise moves the share of rows by
    less than 0.01 in 20 runs: 0.9 is missed with probability far below 1e-6.
    """
    a, b, c = (rng(k).integers(0, 2, 4000) for k in range(3))
    train = levels(a, b, c, a ^ b, target="d")
    assert hits(learnt("tan", train, NoNoise()).sample(4000, rng(2))) > 0.99
    assert hits(learnt("tan", train, Ledger(Budget(3.0))).sample(4000, rng(2))) > 0.9


def hits(frame: pd.DataFrame) -> float:
    one = frame == "1"
    return float(((one["a"] ^ one["b"]) == one["d"]).mean())


def test_mst_sees_pairs_only_and_cannot_keep_a_parity() -> None:
    """Control of the test above."""
    a, b = (rng(k).integers(0, 2, 4000) for k in range(2))
    train = levels(a, b, a, a ^ b, target="d")
    assert hits(learnt("mst", train, NoNoise()).sample(4000, rng(2))) < 0.6


def test_links_beyond_the_tree_close_a_loop() -> None:
    """Three noisy copies of one column: a tree leaves two of them apart given the third."""
    draw = rng(1)
    base = draw.integers(0, 3, 6000)
    copies = [np.where(draw.random(6000) < 0.4, draw.integers(0, 3, 6000), base) for _ in range(3)]
    fitted = learnt("mst", levels(*copies), Ledger(Budget(20.0)))
    assert set(fitted.links) == {(0, 1), (0, 2), (1, 2)}


def test_tan_without_a_target_is_mst_and_says_so() -> None:
    train = levels(*chain(500))
    tan, mst = (learnt(name, train, NoNoise()) for name in ("tan", "mst"))
    pd.testing.assert_frame_equal(tan.sample(50, rng(1)), mst.sample(50, rng(1)))
    assert any("target" in note for note in tan.notes) and not mst.notes


# --- what is spent -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mst", "tan"])
@pytest.mark.parametrize("epsilon", [0.1, 1.0, 10.0, 100.0])
def test_the_budget_is_spent_to_the_end(name: str, epsilon: float) -> None:
    for train in (
        levels(*chain(300), target="c"),
        levels(*[rng(k).integers(0, 2, 20) for k in range(3)], target="a"),
        levels(rng(0).integers(0, 2, 50), target="a"),
        levels(np.zeros(9, int), np.zeros(9, int), target="b"),
    ):
        ledger = Ledger(Budget(epsilon, 1e-6))
        fitted = learnt(name, train, ledger)
        assert ledger.epsilon == pytest.approx(epsilon, rel=1e-3)
        assert ledger.epsilon <= epsilon * (1 + 1e-9)
        assert len(fitted.sample(7, rng())) == 7 and len(fitted.sample(0, rng())) == 0


@pytest.mark.parametrize("name", ["mst", "tan"])
def test_small_budgets_still_find_the_shares_of_a_column(name: str) -> None:
    """At epsilon 1 a share of 20,000 rows is off by 0.02 with probability below 1e-6.

    Six columns share 0.3 of rho 0.030: a count's noise has a deviation below 30 rows, and the
    test asks for 400.
    """
    train = levels(*chain(20_000), target="f")
    frame = learnt(name, train, Ledger(Budget(1.0))).sample(20_000, rng(3))
    for column in frame:
        told, real = (f[column].value_counts(normalize=True) for f in (frame, train.frame))
        assert told.subtract(real, fill_value=0).abs().max() < 0.02


def test_more_budget_is_more_alike() -> None:
    """Distances of all pairs at epsilon 0.1 and 10; equal only if noise did not matter."""
    train = levels(*chain(3000))

    def apart(epsilon: float) -> float:
        frame = learnt("mst", train, Ledger(Budget(epsilon))).sample(3000, rng(3))
        return sum(
            np.abs(shares(frame, a, b) - shares(train.frame, a, b)).sum()
            for a in train.frame
            for b in train.frame
            if a < b
        )

    assert apart(10.0) < 0.7 * apart(0.1)


# --- bad input -----------------------------------------------------------------------------------


def test_too_many_bins_are_refused_before_anything_is_spent() -> None:
    ledger = Ledger(Budget(1.0))
    with pytest.raises(InputError, match="at most 64"):
        learn_marginals(
            levels(*chain(50)), domain_of(levels(*chain(50)).schema), ledger, rng(), silent,
            bins=65, target=None, name="mst",
        )  # fmt: skip
    assert ledger.events == []


def test_more_bins_are_an_option() -> None:
    values = rng(0).integers(0, 40, 20_000)
    schema = Schema(columns=(Column(name="x", kind="integer", low=0, high=39, nullable=False),))
    train = Table(typed(pd.DataFrame({"x": values}), schema), schema, "train")
    few, many = (learnt("mst", train, NoNoise(), bins=b).book.sizes[0] for b in (8, 32))
    assert few <= 8 < many
    made = generate(catalogue()["mst"], train, 2000, 1, {"bins": 5})
    assert made.options == {"bins": 5} and made.synthetic.frame["x"].between(0, 39).all()
