"""What the charts share: words for intervals, points with bounds, lines to compare with."""

import re
import textwrap
from collections.abc import Iterable
from typing import Any

from privsynth.report.drawing import BLUE, DASHED, DOTTED, GREY, VERMILLION
from privsynth.report.text import clean, number, percent
from privsynth.statistics.estimate import Estimate

SHORT_NAME = 34
FILE = "evidence.json"


def interval(estimate: Estimate) -> str:
    """Return ``value (low to high)``."""
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def level(estimate: Estimate) -> str:
    """Return the level of each one-sided bound of an estimate, as per cent."""
    return percent((1 + estimate.confidence) / 2)


def chance(name: str) -> float | None:
    """Return what guessing gives for an estimate of that name, where its definition says so."""
    return 0.5 if name == "auc" else rate(name)


def rate(name: str) -> float | None:
    """Return the false-positive rate in an estimate's name, or None."""
    match = re.fullmatch(r"tpr_at_fpr_([0-9.]+)", name)
    return float(match[1]) if match else None


def bounds(axis: Any, row: float, estimate: Estimate, color: str = BLUE, marker: str = "o") -> None:
    """Draw an estimate as a point on its row, between its bounds."""
    axis.plot([estimate.low, estimate.high], [row, row], color=color, linewidth=1.4)
    ends = [estimate.low, estimate.high]
    axis.plot(ends, [row, row], linestyle="", marker="|", color=color, ms=5, mew=1.0)
    axis.plot([estimate.value], [row], marker=marker, color=color, ms=4.2)


def references(axis: Any, expected: float | None, limit: float | None) -> None:
    """Draw what guessing gives as a dotted line, and the policy's limit as a dashed one."""
    if expected is not None:
        axis.axvline(expected, color=GREY, linewidth=1.1, linestyle=DOTTED)
    if limit is not None:
        axis.axvline(limit, color=VERMILLION, linewidth=1.3, linestyle=DASHED)


def name_rows(axis: Any, names: Iterable[str], width: int = 28) -> None:
    """Write a name beside each row, the first on top, in lines of at most ``width`` letters."""
    lines = [textwrap.fill(one, width) for one in names]
    axis.set_yticks(range(len(lines)), lines)
    axis.set_ylim(len(lines) - 0.5, -0.5)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)


def bold_last(axis: Any) -> None:
    """Set the last row's name in bold, with a line above it."""
    labels = axis.get_yticklabels()
    labels[-1].set_fontweight("bold")
    axis.axhline(len(labels) - 1.5, color=GREY, linewidth=0.5)


def short(name: object) -> str:
    """Return a foreign name as a chart has room for it."""
    return clean(name, SHORT_NAME)


def capital(sentence: str) -> str:
    """Return the words with a capital letter at the start."""
    return sentence[:1].upper() + sentence[1:]


def left_over(total: int, shown: int, what: str) -> str:
    """Return the sentence on rows that a chart has no room for, or nothing."""
    return f" {total - shown} more {what} are in {FILE}." if total > shown else ""
