"""Borrowed library state, given back: global random generators, standard output, warnings."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

import numpy as np

LIBRARIES = ("sdv", "SingleTableSynthesizer", "rdt", "copulas", "ctgan", "deepecho", "sdmetrics")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what the libraries print, warn and log: their texts may quote cells.

    Standard error stays, since the caller's progress bar lives there; nothing here writes to it.
    """
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.disabled = True
            yield
        finally:
            for logger, was in zip(loggers, before, strict=True):
                logger.disabled = was


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators of numpy and torch, on one thread, and restore them after.

    ctgan draws from both. One thread, because sums of floats depend on how they are split, and no
    worker processes of joblib: they cost more than they give, and threads would share the state.
    """
    import joblib
    import torch

    state = np.random.get_state()  # noqa: NPY002 (SDV reads the global state)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), joblib.parallel_config(backend="sequential"):
        try:
            torch.set_num_threads(1)
            np.random.seed(seed)  # noqa: NPY002
            torch.default_generator.manual_seed(seed)
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
            torch.set_num_threads(threads)
