"""What an audit says of itself: its power, what it did not cover, what it ran on."""

import math
from importlib.metadata import PackageNotFoundError, version

import privsynth
from privsynth.evidence import Power
from privsynth.statistics import Game, min_detectable_auc, min_detectable_copies


def power(game: Game, alpha: float, c: float) -> Power:
    """Return the smallest leaks that this audit would have found, and the sentence that says so.

    ``c`` is the max-T quantile of everything that was tried.
    """
    best = min_detectable_auc(game, c)
    copies = min_detectable_copies(game, alpha)
    n1, n0 = game.n_members, game.n_non_members
    sentence = (
        f"With {n1:,} members and {n0:,} non-members this audit finds, with 80 % probability, an "
        f"attacker whose AUC is {best:.3f} or more, or {copies} or more verbatim copies of members "
        f"({copies / n1:.2%} of them). Smaller leaks, other attacks and other outputs of the same "
        "generator are not excluded."
    )
    return Power(
        min_detectable_auc=rounded_up(best) or 1.0,
        min_detectable_copies=copies,
        min_detectable_copy_fraction=round(min(copies / n1, 1.0), 6),
        sentence=sentence,
    )


def not_covered(
    synthetic_rows: int, train_rows: int, *, joined: bool = False
) -> tuple[str, ...]:  # fmt: skip
    """Return what no probe of this audit looked at (gate-statistics 8).

    ``joined`` says that the rows are those of several releases, which were attacked together.
    """
    ratio = synthetic_rows / train_rows
    return (
        "attackers who hold the generator, its code or its seed, and attacks on single chosen "
        "records: none was run, so generator, seed and model must not be shared",
        "groups of people that nobody declared and no outlier or rare value marks: a leak confined "
        "to few of them can hide in an average",
        f"reconstruction from many queries: {'the releases have' if joined else 'the table has'} "
        f"{ratio:.2g} synthetic rows for each training row, and more rows reveal more",
        "averaging over several releases of the same source"
        + (", but for those that were audited together" if joined else ""),
        "other tables about the same people, and outside data joined on unread columns",
    )


def versions() -> dict[str, str]:
    """Return the versions of the packages that numbers may depend on."""
    out = {"privsynth": privsynth.__version__}
    for package in ("numpy", "pandas", "scipy", "scikit-learn", "numba", "pyarrow", "sdv"):
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            out[package] = "not installed"
    return out


def rounded_up(value: float | None) -> float | None:
    """Return a value at four decimals, never below it."""
    return None if value is None else math.ceil(value * 1e4) / 1e4
