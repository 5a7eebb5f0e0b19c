"""The private autoencoder: what is booked is what is done, rows are clipped, noise is secret."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from privsynth import randomness
from privsynth.errors import PrivsynthError
from privsynth.privacy import Budget, BudgetError, ColumnDomain, DpSgd, Ledger, Noise, NoNoise
from privsynth.progress import silent
from privsynth.synthesizers import _vae_model as model
from privsynth.synthesizers import settle
from privsynth.synthesizers._quiet import quiet
from privsynth.synthesizers.vae import synthesizer
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import Table, typed

SIZES = (3, 4)
SCHEMA = Schema(
    columns=(
        Column(name="a", kind="integer", low=0, high=2),
        Column(name="b", kind="categorical", categories=("x", "y", "z")),
    ),
    target="b",
)
DOMAIN = (
    ColumnDomain("a", "integer", 0.0, 2.0),
    ColumnDomain("b", "categorical", categories=("x", "y", "z")),
)
FEW = {"steps": 6, "batch": 50, "hidden": 8, "latent": 2}


def make_table(rows: int = 200) -> Table:
    """Return two columns, one a function of the other in nine rows of ten."""
    rng = randomness.generator(3, "vae rows")
    a = rng.integers(0, 3, rows)
    b = np.where(rng.random(rows) < 0.9, a, rng.integers(0, 3, rows))
    frame = pd.DataFrame({"a": a, "b": np.array(["x", "y", "z"])[b]})
    return Table(typed(frame, SCHEMA), SCHEMA, "train")


def learnt(
    noise: Noise, seed: int = 1, rows: int = 200, n: int = 100, **options: int
) -> pd.DataFrame:
    """Return ``n`` rows of a model fitted with few steps."""
    rng = randomness.generator(seed, "vae")
    options = settle(synthesizer, {**FEW, **options})  # type: ignore[assignment]
    fitted = synthesizer.learn(make_table(rows), DOMAIN, noise, rng, silent, **options)
    return fitted.sample(n, randomness.generator(seed, "vae sample"))


@pytest.fixture
def hushed() -> Any:
    """Hold back what torch and opacus warn of, as ``learn`` does."""
    with quiet():
        yield


def a_net(generator: Any) -> Any:
    return model.network(SIZES, np.full(7, 0.25), 5, 2, generator)


def some_codes(rows: int = 40) -> Any:
    rng = randomness.generator(0, "vae codes")
    return model.tensor(np.stack([rng.integers(0, size, rows) for size in SIZES], axis=1))


def flat(tensors: Any) -> Any:
    return np.concatenate([t.detach().numpy().ravel() for t in tensors]).astype(np.float64)


def test_what_is_booked_is_the_whole_budget_and_the_steps_asked_for() -> None:
    ledger = Ledger(Budget(epsilon=2.0, delta=1e-4))
    learnt(ledger)
    *looks, steps = ledger.events
    assert looks and isinstance(steps, DpSgd)
    assert steps.steps == 6 and steps.sampling_rate == 0.25
    assert 0.99 * 2.0 < ledger.epsilon <= 2.0


def test_a_unit_of_several_rows_is_refused_before_anything_is_spent() -> None:
    ledger = Ledger(Budget(epsilon=2.0, delta=1e-4, unit="entity", rows_per_unit=2))
    with pytest.raises(BudgetError, match="row by row"):
        learnt(ledger)
    assert ledger.events == []


def test_without_noise_the_same_generator_gives_the_same_rows_whatever_torch_did() -> None:
    import torch

    first = learnt(NoNoise())
    torch.rand(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    again = learnt(NoNoise())
    assert torch.equal(state, torch.get_rng_state()) and threads == torch.get_num_threads()
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(learnt(NoNoise(), seed=2))


def test_two_private_runs_differ_though_their_generators_agree() -> None:
    one, two = (learnt(Ledger(Budget(epsilon=2.0, delta=1e-4))) for _ in range(2))
    assert not one.equals(two)


def test_what_goes_together_stays_together_and_shares_are_kept() -> None:
    """Agreement is 0.93 in the table and 0.33 by chance; 2,000 rows move it and shares by 0.01."""
    table = learnt(NoNoise(), rows=1000, n=2000, steps=300, batch=200, hidden=32)
    agree = (table["a"].map({0: "x", 1: "y", 2: "z"}) == table["b"]).mean()
    assert agree > 0.7
    real = make_table(1000).frame
    for name in ("a", "b"):
        shares, wanted = (f[name].value_counts(normalize=True) for f in (table, real))
        assert (shares.reindex(wanted.index, fill_value=0) - wanted).abs().max() < 0.06


@pytest.mark.parametrize("rows", [1, 5])
def test_batches_without_rows_are_steps_that_hold_noise_alone(hushed: None, rows: int) -> None:
    """The last gradient is noise of the booked scale; half of it is caught. False alarm 1e-6."""
    scale, seen = 3.0, []
    for told in (scale, scale / 2):
        generator = model.unpredictable()
        net = a_net(generator)
        before = flat(net.parameters())
        plan = model.Plan(1 / model.GRID, 4, told)
        batches = model.sampler(plan, rows, generator)
        model.descend(
            net,
            model.RowLoss(SIZES, (1.0, 2.0)),
            some_codes(rows),
            plan,
            batches,
            generator,
            lambda _: None,
        )
        assert np.isfinite(flat(net.parameters())).all()
        assert (flat(net.parameters()) != before).any()
        seen.append(flat(p.grad for p in net.parameters() if p.requires_grad))
    reach = 5 / np.sqrt(2 * len(seen[0]))
    true, halved = (np.sqrt(np.mean(np.square(noise))) / scale for noise in seen)
    assert abs(true - 1) < reach
    assert abs(halved - 1) > reach


def test_every_row_is_clipped_as_its_own_gradient_says(
    hushed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ghost clipping against autograd row by row; half of the rows are longer than the bound."""
    import torch

    net = a_net(model.predictable(1))
    with torch.no_grad():
        net["encoder"][2].weight.mul_(5)
    codes = some_codes(6)
    wanted = [p for p in net.parameters() if p.requires_grad]
    single = model.RowLoss(SIZES, (1.0, 2.0))
    single.reduction = "none"
    losses = single(*model.passed(net, SIZES, codes, model.predictable(2)))
    rows = np.array([flat(torch.autograd.grad(x, wanted, retain_graph=True)) for x in losses])
    lengths = np.linalg.norm(rows, axis=1)
    clip = float(np.median(lengths))
    monkeypatch.setattr(model, "CLIP", clip)
    clipped = rows * np.minimum(1, clip / lengths)[:, None]
    assert (lengths > 1.05 * clip).any() and (lengths < 0.95 * clip).any()

    adam = torch.optim.Adam(wanted, 0.01)
    plan = model.Plan(1.0, 1, 1.0)
    optimizer, loss, _ = model._private(net, adam, model.RowLoss(SIZES, (1.0, 2.0)), plan, None)
    optimizer.zero_grad()
    loss(*model.passed(net, SIZES, codes, model.predictable(2))).backward()
    summed = flat(p.grad for p in wanted)
    np.testing.assert_allclose(summed, clipped.sum(axis=0), rtol=1e-3, atol=1e-5)
    worst = int(np.argmax(lengths))
    without = np.delete(clipped, worst, axis=0).sum(axis=0)
    assert np.linalg.norm(summed - without) <= 1.0001 * clip


def test_no_row_can_make_a_gradient_that_is_not_finite(hushed: None) -> None:
    import torch

    generator = model.unpredictable()
    net = a_net(generator)
    with torch.no_grad():
        net["encoder"][2].weight.mul_(1e6)
    plan = model.Plan(0.5, 3, 1.0)
    batches = model.sampler(plan, 40, generator)
    loss = model.RowLoss(SIZES, (1.0, 1.0))
    model.descend(net, loss, some_codes(), plan, batches, generator, lambda _: None)
    assert np.isfinite(flat(net.parameters())).all()


class Shuffled:
    """Planted bug: batches of one size from a shuffled table, which no accountant here covers."""

    num_samples, sample_rate, steps = 40, 0.25, 4

    def __iter__(self) -> Any:
        order = randomness.generator(0, "shuffled").permutation(40)
        yield from order.reshape(4, 10)


def descended(plan: model.Plan, batches: Any) -> None:
    generator = model.unpredictable()
    net = a_net(generator)
    model.descend(
        net,
        model.RowLoss(SIZES, (1.0, 2.0)),
        some_codes(),
        plan,
        batches,
        generator,
        lambda _: None,
    )


def test_other_steps_or_other_draws_than_booked_release_nothing(hushed: None) -> None:
    plan = model.Plan(0.25, 4, 1.0)
    generator = model.unpredictable()
    descended(plan, model.sampler(plan, 40, generator))
    planted = [
        Shuffled(),
        model.sampler(model.Plan(0.25, 5, 1.0), 40, generator),
        model.sampler(model.Plan(0.25, 3, 1.0), 40, generator),
        model.sampler(model.Plan(0.5, 4, 1.0), 40, generator),
        model.sampler(plan, 39, generator),
    ]
    longer = model.sampler(plan, 40, generator)
    planted.append(type("Longer", (type(longer),), {})(num_samples=40, sample_rate=0.25, steps=4))
    for batches in planted:
        with pytest.raises(PrivsynthError, match="nothing is released"):
            descended(plan, batches)


def test_steps_without_a_booked_share_of_noise_release_nothing(hushed: None) -> None:
    import torch

    plan, generator = model.Plan(0.25, 2, 1.0), model.unpredictable()
    for told, count in ((1.0, 2), (0.5, 2), (1.0, 1)):
        net = a_net(generator)
        adam = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 0.01)
        given = model.Plan(0.25, 2, told)
        optimizer, loss, noisy = model._private(
            net, adam, model.RowLoss(SIZES, (1.0, 2.0)), given, generator
        )
        batches = model.sampler(plan, 40, generator)
        for _ in range(2):
            optimizer.zero_grad()
            loss(*model.passed(net, SIZES, some_codes(5), generator)).backward()
            optimizer.step()
        del noisy[count:]
        if (told, count) == (1.0, 2):
            model._check(plan, 40, batches, optimizer, noisy)
            continue
        with pytest.raises(PrivsynthError, match="nothing is released"):
            model._check(plan, 40, batches, optimizer, noisy)


def test_the_rate_of_drawing_rows_is_met_exactly_and_batches_vary() -> None:
    """Poisson sampling: the sum of 2,000 batches lies within 5 standard deviations, 6e-7."""
    rate = model.sampling_rate(30, 100)
    assert rate * model.GRID == round(rate * model.GRID) and abs(rate - 0.3) < 1e-7
    assert model.sampling_rate(500, 20) == 1.0
    plan = model.Plan(rate, 2000, 1.0)
    sizes = np.array([len(batch) for batch in model.sampler(plan, 100, model.unpredictable())])
    assert len(sizes) == 2000
    assert abs(sizes.sum() - 60_000) < 5 * np.sqrt(2000 * 21)
    assert abs(sizes.var() / 21 - 1) < 5 * np.sqrt(2 / 2000)


def test_the_secret_generator_is_more_than_a_seed_of_torch() -> None:
    """A seed of torch has 32 bits, which can be tried one by one; false alarm of the mean 6e-7."""
    import torch

    one, two = (model.predictable(seed) for seed in (5, 5 + 2**32))
    assert torch.equal(torch.rand(9, generator=one), torch.rand(9, generator=two))
    draws = [torch.rand(10_000, generator=model.unpredictable()).numpy() for _ in range(2)]
    assert not (draws[0] == draws[1]).all()
    for drawn in draws:
        assert abs(drawn.mean() - 0.5) < 5 / np.sqrt(12 * len(drawn))


def test_progress_grows_from_nothing_to_all() -> None:
    seen: list[float] = []
    options = settle(synthesizer, {**FEW, "steps": 60})
    rng = randomness.generator(1, "vae")
    synthesizer.learn(
        make_table(), DOMAIN, NoNoise(), rng, lambda stage, done: seen.append(done), **options
    )
    assert seen == sorted(seen) and seen[0] == 0.0 and seen[-1] == 1.0 and len(seen) >= 4
