"""The same badge as a picture, which needs no service to draw it."""

from privsynth.policy.outputs._base import DECISIONS, Context, Output
from privsynth.policy.outputs.badge import COLOURS
from privsynth.policy.verdict import Verdict

LETTER = 7
"""Pixels that a letter has at most, in the fonts named below."""


def write(verdict: Verdict, context: Context) -> bytes:
    """Return an SVG of 20 pixels height with a title for screen readers."""
    label, word = "privsynth", DECISIONS[verdict.status].lower()
    left, right = (LETTER * len(text) + 10 for text in (label, word))
    texts = "".join(
        f'<text x="{x:g}" y="14">{text}</text>'
        for x, text in ((left / 2, label), (left + right / 2, word))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{label}: {word}"><title>{label}: {word}</title>'
        f'<rect width="{left}" height="20" fill="#24292f"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLOURS[verdict.status]}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
        f'text-anchor="middle">{texts}</g>'
        "</svg>\n"
    ).encode()


output = Output("badge-svg", __name__, write)
