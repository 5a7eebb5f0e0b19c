"""Likelihood gain: the synthetic rows near the target are likelier once the target is added.

Gen-LRA (Ward et al.), as Synth-MIA describes it (arXiv:2509.18014), in closed form: with a kernel
density the model with the target added needs no refit.
"""

from typing import Any

import numpy as np

from privsynth.attacks._base import WITH_REFERENCE, Attack, AttackerView
from privsynth.attacks._density import SILVERMAN, WIDTHS, cloud, log_means
from privsynth.attacks._near import nearest
from privsynth.neighbours import STD
from privsynth.tables import Records

COUNTS = (1, 10, 50)
SCALE = -0.5 * (WIDTHS[0] / WIDTHS[SILVERMAN]) ** 2
"""Log kernel at Silverman's bandwidth for a squared distance in units of the widest one."""
_ROWS = 4096


def score(targets: Records, view: AttackerView, rng: np.random.Generator) -> dict[str, Any]:
    """Return by label k1, k10 and k50 the sum over the k nearest synthetic rows s of
    log[(n_R + K(s - x)/p_R(s)) / (n_R + 1)].

    Candidates are the 50 nearest by Gower; the k of them with the largest kernels count. Rows at
    the very distance at which the list ends, while the table has more, are left out (K = 0): which
    of them were listed depends on the order of rows.
    """
    points = view.encoded(STD)
    held = cloud(points)
    placed = held.place(view.encode(STD, targets))
    released = held.place(points.synthetic)
    usual = log_means(released, held.reference, 2 * SILVERMAN + 1)[-1]
    found = nearest(targets, view.synthetic, view)
    open_end = found.distances[:, -1:] if len(released) > found.ids.shape[1] else np.inf
    listed = (found.ids >= 0) & ((found.distances < open_end) | (found.distances == 0))
    n = held.reference.shape[1]
    sums = np.empty((len(COUNTS), len(targets)))
    for start in range(0, len(targets), _ROWS):
        part = slice(start, start + _ROWS)
        ids = found.ids[part]
        gaps = released[ids] - placed[part][:, None, :]
        log_kernel = SCALE * np.einsum("ijk,ijk->ij", gaps, gaps, dtype=np.float64)
        log_kernel = np.where(listed[part], log_kernel, -np.inf)
        gain = np.where(ids >= 0, gains(log_kernel, usual[ids], n), 0.0)
        order = np.lexsort((-gain, -log_kernel), axis=1)
        gain = np.cumsum(np.take_along_axis(gain, order, axis=1), axis=1)
        for place, k in enumerate(COUNTS):
            sums[place, part] = gain[:, min(k, gain.shape[1]) - 1]
    return {f"k{k}": sums[place] for place, k in enumerate(COUNTS)}


def gains(log_kernel: Any, log_density: Any, n: int) -> Any:
    """Return log[(n + K/p)/(n + 1)], finite for any K and p given as logs."""
    return np.logaddexp(np.log(n), log_kernel - log_density) - np.log(n + 1)


attack = Attack(
    name="gen_lra",
    home=__name__,
    title="Likelihood gain of the nearest synthetic rows",
    source="Gen-LRA as in Synth-MIA (arXiv:2509.18014); closed form for kernel densities",
    threat=WITH_REFERENCE,
    blind_to="leaks narrower than the bandwidth; values replayed column by column",
    score=score,
    costly=True,
)
