"""Graphical models: exact against all cells of small domains, and samples that follow them."""

import itertools
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privsynth.synthesizers._marginals.estimate import _FLOOR, LOOSENESS, Answer, estimate, total_of
from privsynth.synthesizers._marginals.markov import JunctionTree, Model, junction_tree
from privsynth.synthesizers._marginals.structure import tabulate

NONE = np.zeros(0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@st.composite
def graphs(draw: Any) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Return sizes of up to six columns, and cliques that may leave some out."""
    sizes = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=6)))
    columns = st.sets(st.integers(0, len(sizes) - 1), min_size=1, max_size=3)
    cliques = draw(st.lists(columns, max_size=7))
    return sizes, [tuple(sorted(clique)) for clique in cliques]


def everything(tree: JunctionTree, tables: list[Any]) -> Any:
    """Return the sum of log tables in every cell of the whole domain: no cleverness at all."""
    total = np.zeros(tree.sizes)
    for clique, table in zip(tree.cliques, tables, strict=True):
        shape = [tree.sizes[i] if i in clique else 1 for i in range(len(tree.sizes))]
        total = total + table.reshape(shape)
    return total


def onto(joint: Any, columns: tuple[int, ...]) -> Any:
    return joint.sum(axis=tuple(i for i in range(joint.ndim) if i not in columns))


def random_model(sizes: tuple[int, ...], cliques: list[tuple[int, ...]], seed: int) -> Model:
    tree = junction_tree(sizes, cliques)
    logs = [rng(seed).normal(0, 2, tree.shape(clique)) for clique in tree.cliques]
    return Model(tree, tuple(tree.calibrate(logs)[0]))


def joint_of(model: Model) -> Any:
    """Return the probability of every cell: clique tables over the tables of what they share."""
    tree = model.tree
    parts = []
    for clique, kept, table in zip(tree.cliques, tree.separators, model.tables, strict=True):
        shared = table.sum(axis=tuple(a for a, i in enumerate(clique) if i not in kept))
        shape = [tree.sizes[i] if i in kept else 1 for i in clique]
        parts.append(np.log(table) - np.log(shared).reshape(shape))
    return np.exp(everything(tree, parts))


# --- junction trees ------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_every_clique_has_a_home_and_a_column_is_met_on_one_connected_part(graph: Any) -> None:
    sizes, cliques = graph
    tree = junction_tree(sizes, cliques)
    for clique in [*cliques, *((i,) for i in range(len(sizes)))]:
        assert set(clique) <= set(tree.cliques[tree.home(clique)])
    for c, (parent, kept) in enumerate(zip(tree.parents, tree.separators, strict=True)):
        assert parent < c and (parent >= 0) == (c > 0)
        above = {i for clique in tree.cliques[:c] for i in clique}
        # Whatever was met before is shared with the parent: the running intersection.
        assert above & set(tree.cliques[c]) == set(kept)
        assert set(kept) <= set(tree.cliques[parent]) or c == 0
    assert tree.cells == sum(prod(tree.shape(clique)) for clique in tree.cliques)


@settings(max_examples=100, deadline=None)
@given(graphs(), st.integers(0, 2**31))
def test_message_passing_agrees_with_the_sum_over_all_cells(graph: Any, seed: int) -> None:
    tree = junction_tree(*graph)
    logs = [rng(seed).normal(0, 3, tree.shape(clique)) for clique in tree.cliques]
    tables, log_sum = tree.calibrate(logs)
    weights = np.exp(everything(tree, logs))
    assert log_sum == pytest.approx(np.log(weights.sum()), abs=1e-9)
    for clique, table in zip(tree.cliques, tables, strict=True):
        np.testing.assert_allclose(table, onto(weights, clique) / weights.sum(), atol=1e-12)


def test_potentials_of_any_size_give_probabilities() -> None:
    """Products of such potentials underflow: the middle column is pulled three ways at once."""
    tree = junction_tree((3, 3, 3, 3), [(0, 1), (1, 2), (1, 3)])
    logs = [np.roll(np.diag([2000.0, -900.0, 0.0]), k, axis=0) for k in range(3)]
    tables, log_sum = tree.calibrate(logs)
    total = everything(tree, logs)
    weights = np.exp(total - total.max())
    assert log_sum == pytest.approx(total.max() + np.log(weights.sum()))
    for clique, table in zip(tree.cliques, tables, strict=True):
        np.testing.assert_allclose(table, onto(weights, clique) / weights.sum(), atol=1e-12)


def test_a_message_that_is_not_divided_out_would_be_noticed() -> None:
    """Planted: what a clique said is counted twice."""
    tree = junction_tree((2, 3, 2), [(0, 1), (1, 2)])
    logs = [rng(3).normal(0, 1, tree.shape(clique)) for clique in tree.cliques]
    tables, _ = tree.calibrate(logs)
    weights = np.exp(everything(tree, logs))
    below = tree.cliques[1]
    twice = tables[1] * onto(tables[1], (below.index(1),)).reshape(
        [3 if i == 1 else 1 for i in below]
    )
    assert not np.allclose(twice / twice.sum(), onto(weights, below) / weights.sum(), atol=1e-3)


def test_columns_that_a_long_way_parts_cost_every_clique_between() -> None:
    tree = junction_tree((2, 3, 5, 7), [(0, 1), (1, 2)])
    growth = tree.growth()
    assert growth[0, 1] == growth[1, 2] == 0
    assert growth[0, 2] == 3 * 5  # the first joins the pair of the others: 2 * 15 cells for 15
    assert growth[2, 3] == 5 * 7  # nothing connects them: a table of their own
    closed = junction_tree((2, 3, 5, 7), [(0, 1), (1, 2), (0, 2)])
    assert closed.cells <= tree.cells + growth[0, 2]


# --- samples -------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 400), st.integers(0, 2**31))
def test_the_rows_that_agree_are_spread_evenly(graph: Any, n: int, seed: int) -> None:
    """Given what a clique shares with its parent, a cell's rows are the expected ones, rounded."""
    model = random_model(*graph, seed)
    codes = model.sample(n, rng(seed))
    assert codes.shape == (n, len(model.tree.sizes)) and codes.dtype == np.int32
    for clique, kept, table in zip(
        model.tree.cliques, model.tree.separators, model.tables, strict=True
    ):
        axes = tuple(a for a, i in enumerate(clique) if i not in kept)
        found = tabulate(codes, model.tree.sizes, clique)
        given_ = found.sum(axis=axes, keepdims=True) / table.sum(axis=axes, keepdims=True)
        assert np.abs(found - table * given_).max(initial=0) < 1 + 1e-6


def test_independent_draws_are_not_that_even() -> None:
    """Control: 400 coins are within one of 200 heads each with probability below 0.12."""
    uneven = sum(abs(int(rng(seed).random(400).__lt__(0.5).sum()) - 200) > 1 for seed in range(40))
    assert uneven > 20  # false alarm: binomial(40, 0.88) of at most 20, below 1e-8


def test_columns_that_nothing_connects_are_sampled_apart() -> None:
    """Chi-squared of 16 cells from 4,000 rows; above 60 (9 degrees) by chance below 1e-8."""
    model = random_model((4, 4), [], 5)
    found = tabulate(model.sample(4000, rng(1)), (4, 4), (0, 1))
    expected = np.outer(found.sum(1), found.sum(0)) / 4000
    assert ((found - expected) ** 2 / expected).sum() < 60
    codes = np.repeat(np.arange(4000)[:, None] % 4, 2, axis=1)  # the same order twice is caught
    tied = tabulate(codes, (4, 4), (0, 1))
    assert ((tied - 250) ** 2 / 250).sum() > 60


def test_a_sample_follows_the_joint_distribution() -> None:
    """Every cell of a loop of four within 6 binomial deviations: 16 cells, chance below 4e-8."""
    model = random_model((2, 2, 2, 2), [(0, 1), (1, 2), (2, 3), (0, 3)], 8)
    joint, n = joint_of(model), 20_000
    found = tabulate(model.sample(n, rng(2)), (2, 2, 2, 2), (0, 1, 2, 3))
    assert (np.abs(found - n * joint) <= 6 * np.sqrt(n * joint * (1 - joint)) + 2).all()


# --- estimates -----------------------------------------------------------------------------------


def answers_of(joint: Any, cliques: list[tuple[int, ...]], n: float = 1e4) -> list[Answer]:
    return [Answer(clique, n * onto(joint, clique), 0.0) for clique in cliques]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_exact_marginals_of_a_tree_give_the_most_even_distribution(seed: int) -> None:
    """Closed form: along a chain, outer columns are independent given the inner one."""
    joint = rng(seed).dirichlet(np.full(24, 2.0)).reshape(2, 3, 4)
    one, two = onto(joint, (0, 1)), onto(joint, (1, 2))
    asked = answers_of(joint, [(0,), (1,), (2,), (0, 1), (1, 2)])
    model, _ = estimate((2, 3, 4), asked, NONE, 500)
    expected = one[:, :, None] * two[None] / onto(joint, (1,))[None, :, None]
    np.testing.assert_allclose(joint_of(model), expected, atol=1e-4)


def test_a_column_of_one_bin_and_one_that_nobody_asked_about_do_no_harm() -> None:
    model, _ = estimate((1, 3, 2), [Answer((1,), np.array([1.0, 2, 1]), 0.0)], NONE, 100)
    expected = np.broadcast_to(np.array([0.25, 0.5, 0.25])[None, :, None] / 2, (1, 3, 2))
    np.testing.assert_allclose(joint_of(model), expected, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([3.0, 30.0]))
def test_noisy_marginals_of_a_loop_meet_the_condition_of_the_optimum(seed: int, sd: float) -> None:
    """By all cells: N p - y + LOOSENESS variance theta is 0 (convex, so that is enough)."""
    draw = rng(seed)
    sizes = (2, 3, 2, 2)
    joint = draw.dirichlet(np.ones(24)).reshape(sizes)
    cliques = [(0,), (1,), (2,), (3,), (0, 1), (1, 2), (2, 3), (0, 3)]
    asked = [
        Answer(a.columns, a.counts + draw.normal(0, sd, a.counts.shape), sd**2)
        for a in answers_of(joint, cliques, 1000.0)
    ]
    model, theta = estimate(sizes, asked, NONE, 2000)
    found, total, at = joint_of(model), total_of(asked), 0
    ridge = LOOSENESS * sd**2 + _FLOOR
    assert found.sum() == pytest.approx(1)
    for answer in asked:
        part = theta[at : at + answer.counts.size].reshape(answer.counts.shape)
        at += answer.counts.size
        slack = total * onto(found, answer.columns) - answer.counts
        np.testing.assert_allclose(slack + ridge * part, 0, atol=0.05 * sd)


def test_a_precise_answer_outweighs_a_noisy_one() -> None:
    sharp, dull = np.array([60.0, 40.0]), np.array([20.0, 80.0])
    asked = [Answer((0,), sharp, 1.0), Answer((0,), dull, 1e4)]
    model, _ = estimate((2,), asked, NONE, 200)
    assert model.tables[0][0] == pytest.approx(0.6, abs=0.01)
    joined = asked[0].joined(asked[1])
    assert joined.counts == pytest.approx(sharp, abs=0.02) and joined.variance.max() < 1.01


def test_two_answers_to_one_question_join_by_their_precision() -> None:
    """Closed form: weights 1 / variance."""
    joined = Answer((0,), np.array([3.0]), 1.0).joined(Answer((0,), np.array([9.0]), 2.0))
    assert joined.counts[0] == pytest.approx(5.0, abs=0.01)
    assert joined.variance[0] == pytest.approx(2 / 3, abs=0.01)


def test_the_number_of_rows_comes_from_the_precise_answers() -> None:
    asked = [Answer((0,), np.array([500.0, 500.0]), 1.0), Answer((1,), np.array([7.0]), 1e9)]
    assert total_of(asked) == pytest.approx(1000, rel=1e-3)
    assert total_of([Answer((0,), np.array([-5.0, 1.0]), 4.0)]) == 1.0


def test_a_start_of_its_own_ends_at_the_same_model() -> None:
    joint = rng(4).dirichlet(np.ones(8)).reshape(2, 2, 2)
    asked = answers_of(joint, [(0,), (1,), (2,), *itertools.combinations(range(3), 2)])
    cold, theta = estimate((2, 2, 2), asked, NONE, 500)
    warm, _ = estimate((2, 2, 2), asked, theta[:4], 500)
    np.testing.assert_allclose(joint_of(cold), joint_of(warm), atol=1e-4)
