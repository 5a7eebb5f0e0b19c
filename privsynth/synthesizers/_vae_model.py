"""The network of ``vae``, and its training: DP-SGD through Opacus, or plain without noise.

The decoder starts from the bins' shares, which are known already, so that training is spent on
what goes together (Kingma and Welling 2014 for the autoencoder; Abadi et al. 2016 for DP-SGD).
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from privsynth.errors import PrivsynthError

CLIP = 1.0
"""The largest gradient of a row. Nearly all are longer, and Adam is blind to a common factor."""

LEARNING_RATE = 1e-2

FAR = 10.0
"""Where log variances are cut off; in all runs seen they stay within a few units of 0."""

GRID = 2**24
"""torch draws uniforms in steps of 1 / GRID: a sampling rate on this grid is met exactly."""


@dataclass(frozen=True)
class Plan:
    """What is booked: ``steps`` gradient steps, each over rows drawn at ``rate``, with noise of
    ``noise_multiplier`` times ``CLIP``; 0 stands for training without noise and clipping."""

    rate: float
    steps: int
    noise_multiplier: float


def sampling_rate(batch: int, rows: int) -> float:
    """Return the rate at which rows are drawn for batches of about ``batch``, in (0, 1]."""
    return max(round(min(batch / rows, 1.0) * GRID), 1) / GRID


def network(sizes: Sequence[int], shares: Any, hidden: int, latent: int, generator: Any) -> Any:
    """Return encoder and decoder; ``shares`` are those of all bins, float ``(sum of sizes,)``.

    Encoder: one-hot bins - hidden - mean and log variance; decoder: latent - hidden - logits.
    """
    import torch

    def linear(inner: int, outer: int) -> Any:
        # Not by torch's own start, which draws from the global generator.
        layer = torch.nn.utils.skip_init(torch.nn.Linear, inner, outer)
        with torch.no_grad():
            layer.weight.normal_(0.0, inner**-0.5, generator=generator)
            layer.bias.zero_()
        return layer

    width = sum(sizes)
    out = linear(hidden, width)
    with torch.no_grad():
        # Small, so that the shares are what the decoder starts from.
        out.weight.mul_(0.5)
        out.bias.copy_(torch.log(torch.as_tensor(shares)))
    encoder = torch.nn.Sequential(
        linear(width, hidden), torch.nn.Tanh(), linear(hidden, 2 * latent)
    )
    decoder = torch.nn.Sequential(linear(latent, hidden), torch.nn.Tanh(), out)
    return torch.nn.ModuleDict({"encoder": encoder, "decoder": decoder})


class RowLoss:
    """Minus the evidence lower bound in nats: cross-entropy of each column's bin, plus KL.

    ``weights`` say how much each column counts. One loss a row for Opacus, which sets
    ``reduction`` to ``none`` and sums clipped rows itself.
    """

    def __init__(self, sizes: Sequence[int], weights: Sequence[float]) -> None:
        self.sizes, self.weights = list(sizes), list(weights)
        self.reduction = "sum"

    def __call__(self, logits: Any, codes: Any, mean: Any, log_variance: Any) -> Any:
        from torch.nn.functional import cross_entropy

        columns = zip(self.weights, logits.split(self.sizes, 1), codes.T, strict=True)
        missed = sum(w * cross_entropy(part, bins, reduction="none") for w, part, bins in columns)
        far = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        return missed + far if self.reduction == "none" else (missed + far).sum()


def sampler(plan: Plan, rows: int, generator: Any) -> Any:
    """Return Opacus' Poisson sampler: every row is in every batch with the plan's rate."""
    from opacus.utils.uniform_sampler import UniformWithReplacementSampler

    return UniformWithReplacementSampler(
        num_samples=rows, sample_rate=plan.rate, generator=generator, steps=plan.steps
    )


def passed(net: Any, sizes: Sequence[int], batch: Any, generator: Any) -> tuple[Any, ...]:
    """Return logits, the batch itself, means and log variances: what the loss of each row takes."""
    import torch

    places = batch + torch.as_tensor(np.cumsum([0, *sizes[:-1]]))
    bits = torch.zeros(len(batch), sum(sizes)).scatter_(1, places, 1.0)
    mean, log_variance = net["encoder"](bits).chunk(2, 1)
    # A gradient that is not finite cannot be clipped, and would show that a row was there.
    log_variance = log_variance.clamp(-FAR, FAR)
    noise = torch.empty_like(mean).normal_(generator=generator)
    logits = net["decoder"](mean + noise * torch.exp(0.5 * log_variance))
    return logits, batch, mean, log_variance


def descend(
    net: Any, loss: RowLoss, codes: Any, plan: Plan, batches: Any,
    generator: Any, report: Callable[[float], None],
) -> None:  # fmt: skip
    """Train ``net`` on codes int64 ``(rows, columns)`` by Adam, slower in the second half.

    ``batches`` is a ``sampler``. Raises ``PrivsynthError`` unless what was done is what was
    planned: the sampler, its rate, the noise, and the number of noisy steps.
    """
    import torch

    adam = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    optimizer, losses, noisy = (
        _private(net, adam, loss, plan, generator) if plan.noise_multiplier else (adam, loss, None)
    )
    for done, chosen in enumerate(batches):
        for group in adam.param_groups:
            group["lr"] = LEARNING_RATE * min(2 * (1 - done / plan.steps), 1.0)
        batch = codes[torch.as_tensor(chosen, dtype=torch.long)]
        # An empty batch is a step like any other: its gradient is noise alone.
        optimizer.zero_grad()
        losses(*passed(net, loss.sizes, batch, generator)).backward()
        optimizer.step()
        if done % 20 == 0:
            report(done / plan.steps)
    if noisy is not None:
        _check(plan, len(codes), batches, optimizer, noisy)


def _private(
    net: Any, adam: Any, loss: RowLoss, plan: Plan, generator: Any
) -> tuple[Any, Any, list[float]]:
    """Return optimizer and loss of DP-SGD by ghost clipping, and the noise of each step to be."""
    from opacus.grad_sample import GradSampleModuleFastGradientClipping
    from opacus.optimizers import DPOptimizerFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    module = GradSampleModuleFastGradientClipping(net, loss_reduction="sum", max_grad_norm=CLIP)
    module.forbid_grad_accumulation()
    optimizer = DPOptimizerFastGradientClipping(
        adam, noise_multiplier=plan.noise_multiplier, max_grad_norm=CLIP,
        expected_batch_size=None, loss_reduction="sum", generator=generator,
    )  # fmt: skip
    noisy: list[float] = []
    optimizer.attach_step_hook(lambda o: noisy.append(o.noise_multiplier * o.max_grad_norm))
    return optimizer, DPLossFastGradientClipping(module, optimizer, loss, "sum"), noisy


def _check(plan: Plan, rows: int, batches: Any, optimizer: Any, noisy: list[float]) -> None:
    """Raise ``PrivsynthError`` unless the steps that were taken are the ones that were booked."""
    from opacus.utils.uniform_sampler import UniformWithReplacementSampler

    drawn = [getattr(batches, name, None) for name in ("num_samples", "sample_rate", "steps")]
    taken = {int(state["step"]) for state in optimizer.state.values()}
    if type(batches) is not UniformWithReplacementSampler or drawn != [rows, plan.rate, plan.steps]:
        raise PrivsynthError("vae: rows were not drawn as the ledger has it: nothing is released")
    if taken != {plan.steps} or noisy != [plan.noise_multiplier * CLIP] * plan.steps:
        raise PrivsynthError("vae: other steps were taken than are booked: nothing is released")


def unpredictable() -> Any:
    """Return a torch generator whose whole state comes from the operating system.

    ``manual_seed`` would not do: it keeps 32 bits, few enough to try every one of them.
    """
    import torch

    generator = torch.Generator()
    generator.manual_seed(GRID)
    words = generator.get_state().numpy().view(np.uint64).copy()
    # The seed, three counters in two words, the 624 words of the Mersenne Twister, spare normals.
    state = words[3:627]
    if len(words) != 632 or state[0] != GRID or not (state[1:] > 0).all() or state.max() >> 32:
        raise PrivsynthError("this release of torch keeps its random state in another way")
    state[:] = np.frombuffer(os.urandom(4 * len(state)), np.uint32)
    generator.set_state(torch.from_numpy(words.view(np.uint8)))
    return generator


def predictable(seed: int) -> Any:
    """Return the torch generator of a seed, for training without noise."""
    import torch

    return torch.Generator().manual_seed(seed)


def tensor(codes: Any) -> Any:
    """Return bins ``(rows, columns)`` as torch indexes with them."""
    import torch

    return torch.as_tensor(codes, dtype=torch.long)


def arrays(layers: Any) -> list[Any]:
    """Return weights and biases of layers in order, float64."""
    return [p.detach().numpy().astype(np.float64) for p in layers.parameters()]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Hold torch to one thread: the nets are small, and sums depend on how they are split."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
