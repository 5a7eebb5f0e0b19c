"""Scores into estimates with intervals; nothing outside this room makes one."""

from privsynth.statistics.auc import auc, delong
from privsynth.statistics.binomial import proportion
from privsynth.statistics.difference import difference, largest_difference, rate
from privsynth.statistics.dp_bounds import (
    Refutation,
    best_threshold,
    epsilon_from_rates,
    epsilon_gdp,
    gdp_delta,
    gdp_epsilon,
    gdp_mu,
    refutation,
)
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.exchange import copied_excess, permutation_variance, share_closer
from privsynth.statistics.family import (
    AnyScored,
    Scored,
    Worst,
    family,
    headline,
    max_t,
    permutation_aucs,
    worst_auc,
)
from privsynth.statistics.game import Game
from privsynth.statistics.one_run import epsilon_one_run, epsilon_one_run_fdp
from privsynth.statistics.power import min_detectable_auc, min_detectable_copies
from privsynth.statistics.rates import advantage, roc, tpr_at_fpr
from privsynth.statistics.reappear import End, extreme_excess, extreme_hits, reappearing_excess
from privsynth.statistics.retries import level

__all__ = [
    "AnyScored",
    "End",
    "Estimate",
    "Game",
    "Refutation",
    "Scored",
    "Worst",
    "advantage",
    "auc",
    "best_threshold",
    "copied_excess",
    "delong",
    "difference",
    "epsilon_from_rates",
    "epsilon_gdp",
    "epsilon_one_run",
    "epsilon_one_run_fdp",
    "extreme_excess",
    "extreme_hits",
    "family",
    "gdp_delta",
    "gdp_epsilon",
    "gdp_mu",
    "headline",
    "largest_difference",
    "level",
    "max_t",
    "min_detectable_auc",
    "min_detectable_copies",
    "permutation_aucs",
    "permutation_variance",
    "proportion",
    "rate",
    "reappearing_excess",
    "refutation",
    "roc",
    "share_closer",
    "tpr_at_fpr",
    "worst_auc",
]
