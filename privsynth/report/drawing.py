"""A chart as a value: finding, note, sentence for those who cannot see it, and inline SVG."""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from privsynth.report.text import clean

INK = "#1d2733"
GREY = "#6b7480"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
STYLE = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "grid.color": "#dfe3e8",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "privsynth",
    "text.parse_math": False,
    "text.usetex": False,
}
WIDTH = 6.7
"""Inches: the text width of an A4 page with 20 mm margins."""


@dataclass(frozen=True)
class Drawing:
    """One chart, ready for a page or a notebook (which shows it by ``_repr_html_``).

    ``title`` states the finding, ``note`` says n and how the intervals were made, ``alternative``
    is a full sentence with the numbers.
    """

    title: str
    note: str
    alternative: str
    svg: str

    def __html__(self) -> str:
        """Return the figure as HTML; a template prints it without escaping it again."""
        return Markup(
            "<figure><figcaption><strong>{}</strong> {}</figcaption>\n{}\n</figure>"
        ).format(self.title, self.note, Markup(self.svg))

    _repr_html_ = __html__


def draw(
    height: float,
    paint: Callable[[Any], None],
    *,
    title: str,
    note: str,
    alternative: str,
) -> Drawing:
    """Return the chart that ``paint`` draws on an empty matplotlib figure ``WIDTH`` wide.

    The same input gives the same bytes: default style, fixed salt, no date, no global state kept.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        paint(figure)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    sentence = clean(alternative, 600)
    return Drawing(
        clean(title, 200), clean(note, 400), sentence, _inline(buffer.getvalue(), sentence)
    )


def _inline(document: str, sentence: str) -> str:
    """Return matplotlib's SVG as an element for a page: titled, without prolog, ids of its own."""
    svg = document[document.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    # Several charts share one page: an id that nothing points at goes, the others get a prefix.
    prefix = "f" + hashlib.sha256((sentence + svg).encode()).hexdigest()[:8]
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))

    def own(match: re.Match[str]) -> str:
        return f' id="{prefix}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r' id="([^"]+)"', own, svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    head, _, body = svg.partition(">")
    head = re.sub(r' (width|height|version|xmlns:xlink)="[^"]*"', "", head)
    style = "stroke-linejoin:round;stroke-linecap:butt"
    extra = f' xmlns:xlink="http://www.w3.org/1999/xlink" role="img" style="{style}"'
    return f"{head}{extra}>\n<title>{escape(sentence)}</title>{body}"
