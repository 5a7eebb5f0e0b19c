"""What an audit of this size could have seen."""

import math

from scipy.stats import norm

from privsynth.statistics.game import Game

POWER = 0.8


def min_detectable_auc(game: Game, c: float) -> float:
    """Return the AUC that is found with 80 % probability (gate-statistics 6).

    ½ + (c + 0.84)·√((n1 + n0 + 1) / (12·n1·n0)), c the max-T quantile of everything that is tried.
    """
    n1, n0 = game.n_members, game.n_non_members
    error = math.sqrt((n1 + n0 + 1) / (12 * n1 * n0))
    return min(0.5 + (c + float(norm.ppf(POWER))) * error, 1.0)


def min_detectable_copies(game: Game, alpha: float) -> int:
    """Return the smallest number of copied members that chance would not explain.

    The smallest k with (n1 / (n1 + n0))^k <= alpha: k copied units that all turn out to be members.
    """
    share = game.n_members / (game.n_members + game.n_non_members)
    return max(1, math.ceil(math.log(alpha) / math.log(share) - 1e-9))
