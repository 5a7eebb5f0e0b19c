"""A chart as a value: finding, note, sentence for those who cannot see it, and inline SVG."""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

from markupsafe import Markup, escape

from privsynth.report.text import clean

INK = "#1d2733"
GREY = "#6b7480"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PAPER = "#ffffff"
GRID = "#dfe3e8"
PANEL = "#f4f6f8"
DOTTED = (0, (1, 1.5))
DASHED = (0, (5, 2))
THEME = {
    INK: "ink", GREY: "grey", BLUE: "blue", VERMILLION: "vermillion", PAPER: "paper",
    GRID: "grid", PANEL: "panel",
}  # fmt: skip
"""The CSS variable that each colour of a figure can be changed by."""
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
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "privsynth",
    "text.parse_math": False,
    "text.usetex": False,
}
SENTENCE = 1200
WIDTH = 6.7
"""Inches: the text width of an A4 page with 20 mm margins."""


@dataclass(frozen=True)
class Drawing:
    """One chart, ready for a page or a notebook (which shows it by ``_repr_html_``).

    ``id`` is the figure's stable name, ``title`` states the finding, ``note`` says n and how the
    intervals were made, ``alternative`` is a full sentence with the numbers, ``data`` says which
    file holds them, and where in it.
    """

    id: str
    title: str
    note: str
    alternative: str
    data: str
    svg: str

    def __html__(self) -> str:
        """Return the figure as HTML; a template prints it without escaping it again."""
        return Markup(
            '<figure data-figure="{}"><figcaption><strong>{}</strong> {}</figcaption>\n{}\n'
            '<p class="data">Figure id: {}. Data: {}.</p>\n</figure>'
        ).format(self.id, self.title, self.note, Markup(self.svg), self.id, self.data)

    _repr_html_ = __html__

    def themed(self) -> Self:
        """Return the drawing with colours that a style sheet can change (see ``themed``)."""
        return replace(self, svg=themed(self.svg))


def draw(
    height: float,
    paint: Callable[[Any], None],
    *,
    name: str,
    title: str,
    note: str,
    alternative: str,
    data: str,
) -> Drawing:
    """Return the chart that ``paint`` draws on an empty matplotlib figure ``WIDTH`` wide.

    ``name`` becomes its id, ``data`` is where its numbers are. The same input gives the same bytes:
    default style, fixed salt, no date, no global state kept.
    """
    import matplotlib
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with matplotlib.rc_context():
        dict.update(matplotlib.rcParams, _style())
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        paint(figure)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    sentence = clean(alternative, SENTENCE)
    svg = _inline(buffer.getvalue(), sentence)
    return Drawing(slug(name), clean(title, 200), clean(note, 400), sentence, clean(data, 200), svg)


@cache
def _style() -> dict[str, Any]:
    """Return matplotlib's own defaults with ours above them, checked once."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcParams.update(matplotlib.rcParamsDefault)
        matplotlib.rcParams.update(STYLE)
        return dict(dict.items(matplotlib.rcParams))


def slug(name: str) -> str:
    """Return a name as the id of a figure: letters, digits and ``_ . @ -``, at most 48 of them."""
    return re.sub(r"[^A-Za-z0-9_.@-]+", "-", name)[:48].strip("-")


def themed(svg: str) -> str:
    """Return a figure whose colours are CSS variables, ours where a page does not set them.

    ``--ink``, ``--grey``, ``--paper``, ``--grid``, ``--panel``, ``--blue`` and ``--vermillion``.
    """
    variables = {color.lower(): f"var(--{name},{color})" for color, name in THEME.items()}

    def one(tag: re.Match[str]) -> str:
        return re.sub(
            r"(?<=: )#[0-9a-f]{6}\b", lambda found: variables.get(found[0], found[0]), tag[0]
        )

    return re.sub(r'<[a-z][^>]* style="[^>]*>', one, svg)


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
