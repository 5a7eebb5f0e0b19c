"""Scores into estimates with intervals; nothing outside this room makes one."""

from privsynth.statistics.auc import auc, delong
from privsynth.statistics.binomial import proportion
from privsynth.statistics.difference import difference, largest_difference, rate
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
from privsynth.statistics.power import min_detectable_auc, min_detectable_copies
from privsynth.statistics.rates import advantage, roc, tpr_at_fpr
from privsynth.statistics.reappear import End, extreme_excess, extreme_hits, reappearing_excess
from privsynth.statistics.retries import level

__all__ = [
    "AnyScored",
    "End",
    "Estimate",
    "Game",
    "Scored",
    "Worst",
    "advantage",
    "auc",
    "copied_excess",
    "delong",
    "difference",
    "extreme_excess",
    "extreme_hits",
    "family",
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
    "roc",
    "share_closer",
    "tpr_at_fpr",
    "worst_auc",
]
