"""The one-shot pipeline behind ``privsynth run``."""

from privsynth.run.candidate import booked, generator_facts, write_labelled
from privsynth.run.config import RunConfig, Shares, Spending, read_config, refuse_seed
from privsynth.run.road import Release, now, run

__all__ = [
    "Release",
    "RunConfig",
    "Shares",
    "Spending",
    "booked",
    "generator_facts",
    "now",
    "read_config",
    "refuse_seed",
    "run",
    "write_labelled",
]
