"""The one-shot pipeline behind ``privsynth run``."""

from privsynth.run.config import RunConfig, Shares, read_config
from privsynth.run.road import Release, generator_facts, now, run

__all__ = ["Release", "RunConfig", "Shares", "generator_facts", "now", "read_config", "run"]
