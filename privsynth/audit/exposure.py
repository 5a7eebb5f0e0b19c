"""How members and non-members spread over people ranked by the worst attack."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from privsynth.evidence import Evidence
from privsynth.measures._base import MIN_CELL
from privsynth.statistics import Scored
from privsynth.statistics.binomial import lower, upper

BINS = 20


def with_exposure(probe: Evidence, scores: Mapping[str, Scored], alpha: float) -> Evidence:
    """Return the probe of people unlike others with the series ``exposure``, any other as it is."""
    if probe.id != "exposed":
        return probe
    found = exposure(scores, alpha)
    series = probe.series if found is None else {**probe.series, "exposure": found}
    return probe.model_copy(update={"series": series})


def exposure(scores: Mapping[str, Scored], alpha: float) -> dict[str, Any] | None:
    """Return members and non-members in bins of rising exposure, or None for too few people.

    A unit's exposure is its rank among all units by the ``attack`` with the largest AUC. ``edges``
    are shares of all units, from the least exposed to the most. Bins hold at least a twentieth of
    them and ``MIN_CELL`` of either side, so that nothing has to be hidden; equal scores stay
    together. ``lift`` is the share of members in a bin over their share among all: 1 is chance.
    ``low`` and ``high`` are exact binomial bounds of it, each at ``1 - alpha`` for all ``scores``
    at once (Bonferroni), since the attack was chosen by what it found.
    """
    whole = {name: one for name, one in scores.items() if one.part is None}
    worst = max(whole, key=lambda name: (whole[name].delong.value, name))
    game = whole[worst].game
    members, others = _bins(game.unit_max(whole[worst].scores), game.unit_is_member)
    if len(members) < 2:
        return None
    together = members + others
    base = game.n_members / together.sum()
    each = alpha / len(whole)
    low, high = (
        [end(int(m), int(n), each) / base for m, n in zip(members, together, strict=True)]
        for end in (lower, upper)
    )
    return {
        "attack": worst,
        "scores": len(whole),
        "edges": _plain(np.r_[0.0, np.cumsum(together) / together.sum()]),
        "members": members.tolist(),
        "non_members": others.tolist(),
        "lift": _plain(members / together / base),
        "low": _plain(low),
        "high": _plain(high),
        "confidence": 1 - 2 * alpha,
    }


def _bins(exposed: Any, labels: Any) -> tuple[Any, Any]:
    """Return members and non-members of each bin, cut from the most exposed downwards."""
    values, place = np.unique(-exposed, return_inverse=True)
    members = np.bincount(place, weights=labels, minlength=len(values)).astype(int)
    others = np.bincount(place, minlength=len(values)) - members
    found, m, n = [(0, 0)], 0, 0
    for more_members, more_others in zip(members.tolist(), others.tolist(), strict=True):
        m, n = m + more_members, n + more_others
        if m + n >= len(exposed) / BINS and min(m, n) >= MIN_CELL:
            found.append((m, n))
            m = n = 0
    found[-1] = (found[-1][0] + m, found[-1][1] + n)  # the rest goes to the last bin
    counts = np.array(found[:0:-1]).reshape(-1, 2)
    return counts[:, 0], counts[:, 1]


def _plain(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]
