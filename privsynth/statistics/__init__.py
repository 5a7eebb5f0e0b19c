"""Scores into estimates with intervals; nothing outside this room makes one."""

from privsynth.statistics.auc import auc, delong
from privsynth.statistics.binomial import proportion
from privsynth.statistics.estimate import Estimate
from privsynth.statistics.exchange import copied_excess, permutation_variance, share_closer
from privsynth.statistics.family import Worst, headline, max_t, permutation_aucs
from privsynth.statistics.game import Game
from privsynth.statistics.power import min_detectable_auc, min_detectable_copies
from privsynth.statistics.rates import advantage, roc, tpr_at_fpr
from privsynth.statistics.retries import level

__all__ = [
    "Estimate",
    "Game",
    "Worst",
    "advantage",
    "auc",
    "copied_excess",
    "delong",
    "headline",
    "level",
    "max_t",
    "min_detectable_auc",
    "min_detectable_copies",
    "permutation_aucs",
    "permutation_variance",
    "proportion",
    "roc",
    "share_closer",
    "tpr_at_fpr",
]
