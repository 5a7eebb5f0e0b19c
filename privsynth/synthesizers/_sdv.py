"""One adapter for the four single-table models of SDV 2.0, and what has to be done around them."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from privsynth.errors import InputError, nearest_name
from privsynth.progress import Progress
from privsynth.randomness import integer_seed
from privsynth.synthesizers._base import Option
from privsynth.synthesizers._coding import Coder, code
from privsynth.synthesizers._quiet import quiet, seeded
from privsynth.tables.table import Table

LICENCE = "BUSL-1.1 (sdv 2.0): no commercial synthetic-data service"
TABLE = "t"
DISTRIBUTIONS = ("auto", "norm", "beta", "truncnorm", "gamma", "uniform", "gaussian_kde")
AUTO = ("beta", "gamma", "norm")
"""What ``auto`` chooses from, column by column. On health data of 2,500 x 18 (mean distance of
pairs of columns to fresh rows; seconds for fit and sample): auto 0.130 (1.1 s), beta alone, SDV's
default, 0.153 (0.9 s), norm alone 0.194 (0.5 s), gaussian_kde 0.118 (36 s); fresh rows 0.082."""
LEARNT_RANGE = ("truncnorm", "uniform")
"""These end where the training rows end, whatever bounds a schema declares: measured on health
data, the smallest and largest released values are those of single training people."""
ENOUGH_STEPS = 3_000
"""Generator steps below which CTGAN and TVAE were measured to be under-trained."""
PAC = 10
"""Rows that CTGAN's discriminator judges together: its batches must be a multiple of it."""


@dataclass(frozen=True)
class SdvSynthesizer:
    """A single-table model of SDV behind the protocol; ``engine`` is its class there."""

    name: str
    engine: str
    home: str
    options: Mapping[str, Option]
    licence: str = LICENCE

    def fit(
        self, train: Table, rng: np.random.Generator, progress: Progress, **options: Any
    ) -> "FittedSdv":
        """Return the model that SDV learnt from ``train``."""
        self._check(options)
        coder, coded = code(train.frame, train.schema, rng)
        seed = integer_seed(rng)
        stage = f"fitting {self.name}"
        if coded.empty:
            return FittedSdv(coder, None)
        with quiet():
            model = self._model(coder, coded, options)
            with seeded(seed), watched(progress, stage, _epochs_of(model, options)):
                model.fit({TABLE: coded})
        return FittedSdv(coder, model, self._notes(len(train), options))

    def _check(self, options: Mapping[str, Any]) -> None:
        where = f"synthesizer {self.name!r}"
        chosen = options.get("distribution", "auto")
        if chosen not in DISTRIBUTIONS:
            hint = nearest_name(chosen, DISTRIBUTIONS)
            raise InputError(f"{where}: unknown distribution {chosen!r}{hint}")
        if options.get("batch_size", PAC) % PAC:
            raise InputError(f"{where}: batch_size must be a multiple of {PAC}")

    def _model(self, coder: Coder, coded: pd.DataFrame, options: Mapping[str, Any]) -> Any:
        single_table, metadata = _import_sdv()
        given: dict[str, Any] = {"enforce_min_max_values": False, "enforce_rounding": True}
        if "distribution" in options:
            # Labels are coded as uniform numbers, an interval a label: any other marginal would
            # change their shares.
            given["numerical_distributions"] = dict.fromkeys(coder.labels, "uniform") | {
                name: _marginal(coded[name], options["distribution"]) for name in coder.floats
            }
        for key in ("epochs", "batch_size"):
            if key in options:
                given[key] = options[key]
        if "epochs" in options:
            # Nets this small gain little on a GPU, and its sums are not reproducible.
            given["enable_gpu"] = False
        return getattr(single_table, self.engine)(_declared(metadata, coder), **given)

    def _notes(self, rows: int, options: Mapping[str, Any]) -> tuple[str, ...]:
        if options.get("distribution") in LEARNT_RANGE:
            return (
                f"distribution {options['distribution']!r} takes its range from the training rows: "
                "the smallest and largest released values may be those of single people",
            )
        if "epochs" not in options:
            return ()
        per_epoch = max(rows // options["batch_size"], 1)
        steps = options["epochs"] * per_epoch
        if steps >= ENOUGH_STEPS:
            return ()
        return (
            f"{self.name} trained for {steps} generator steps; below {ENOUGH_STEPS} it is usually "
            f"under-trained: {math.ceil(ENOUGH_STEPS / per_epoch)} epochs would reach that",
        )


@dataclass(frozen=True)
class FittedSdv:
    """A fitted SDV model (None where every column is constant) with its coder."""

    coder: Coder
    model: Any
    notes: tuple[str, ...] = ()

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return ``n`` rows in the columns of the training table."""
        if self.model is None:
            return self.coder.decode(pd.DataFrame(index=range(n)))
        seed = integer_seed(rng)
        with quiet(), seeded(seed):
            # Without a seed SDV starts every fitted model from one constant, so that several
            # "independent" tables of a model would be the same table. The order matters:
            # reset_sampling also rewinds the state that _set_random_state sets.
            self.model.reset_sampling()
            self.model._set_random_state(seed)
            coded = self.model.sample(n)[TABLE]
        return self.coder.decode(coded)


@contextlib.contextmanager
def watched(progress: Progress, stage: str, epoch: Callable[[], float]) -> Iterator[None]:
    """Report the share of epochs done, twice a second: SDV has no callback to do it."""
    done = threading.Event()

    def report() -> None:
        while not done.wait(0.5):
            progress(stage, epoch())

    progress(stage, 0.0)
    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    progress(stage, 1.0)


def _epochs_of(model: Any, options: Mapping[str, Any]) -> Callable[[], float]:
    """Return a function that says which share of the epochs a model under fit has done."""

    def share() -> float:
        losses = getattr(model._model, "loss_values", None)
        if losses is None or losses.empty:
            return 0.0
        return float((losses["Epoch"].iloc[-1] + 1) / options["epochs"])

    return share


def _declared(metadata: Any, coder: Coder) -> Any:
    """Return SDV's description of the coded columns: their kinds and nothing else.

    What SDV detects by itself carries every column's smallest and largest value, by which a fit
    clips or refuses; ``enforce_min_max_values`` would do the same.
    """
    kinds = dict.fromkeys(coder.floats, "numerical") | dict.fromkeys(coder.labels, "ordinal")
    return metadata.load_from_dict(
        {
            "METADATA_SPEC_VERSION": "V2",
            "tables": {TABLE: {"columns": {name: {"sdtype": kinds[name]} for name in kinds}}},
            "relationships": [],
        }
    )


def _marginal(values: pd.Series, distribution: str) -> str:
    """Return the distribution's name; for ``auto`` the nearest by Kolmogorov-Smirnov distance."""
    if distribution != "auto":
        return distribution
    distances = {name: _distance(values.to_numpy(), name) for name in AUTO}
    return min(AUTO, key=lambda name: distances[name])


def _distance(values: Any, distribution: str) -> float:
    from scipy.stats import kstest
    from sdv.single_table import GaussianCopulaSynthesizer

    model = GaussianCopulaSynthesizer.get_distribution_class(distribution)()
    try:
        model.fit(values)
        distance = float(kstest(values, model.cdf).statistic)
    except (ValueError, RuntimeError):  # how scipy says that a fit did not converge
        return math.inf
    return distance if math.isfinite(distance) else math.inf


def _import_sdv() -> tuple[Any, Any]:
    try:
        import sdv.metadata
        import sdv.single_table
    except ModuleNotFoundError as error:
        raise InputError(
            f"this synthesizer needs the package {error.name or 'sdv'!r}, which is not installed; "
            "install it with `pip install 'sdv==2.0.0'`, or choose another synthesizer"
        ) from None
    return sdv.single_table, sdv.metadata.Metadata


def epochs(default: int) -> Mapping[str, Option]:
    """Return the options of a neural model."""
    return MappingProxyType({"epochs": default, "batch_size": 500})
