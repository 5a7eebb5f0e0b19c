"""How foreign text and numbers are printed: every name is cleaned, every digit is kept."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

NAME_LENGTH = 80
SENTENCE_LENGTH = 800
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf")
UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
INVISIBLE = frozenset({0x34F, *range(0xFE00, 0xFE10)})
"""Marks that join or vary the one before them: the fonts have them, and nothing is seen."""
LABELS = {
    "auc": "AUC",
    "advantage": "Membership advantage",
    "share_closer_to_train": "Share closer to train",
    "identical_in_train": "Identical to a train row",
    "identical_in_holdout": "Identical to a holdout row",
    "unique_identical_in_train": "Identical to a unique train row",
    "unique_identical_in_holdout": "Identical to a unique holdout row",
    "copied_units_excess": "Copied units beyond the holdout's",
    "marginals_tvd": "Marginals, total variation",
    "pairs_tvd": "Pairs of columns, total variation",
    "tail_coverage": "Tails kept",
    "invented_pairs": "Rows with an invented pair of values",
    "tstr": "Trained on synthetic, tested on real",
    "trtr": "Trained on real, tested on real",
}
ABBREVIATIONS = {
    "auc": "AUC",
    "dcap": "DCAP",
    "dcr": "DCR",
    "disco": "DiSCO",
    "nndr": "NNDR",
    "repu": "repU",
    "sd": "SD",
    "tcap": "TCAP",
    "tstr": "TSTR",
    "tvd": "TVD",
}
KEYED = {"advantage": "Advantage in guessing"}
ORIGINALS = ("repu", "disco", "dcap", "tcap")
PARTS = {"floor": "floor", "ceiling": "ceiling", "train": "to train", "holdout": "to holdout"}


def font_folder() -> Path:
    """Return the folder of the DejaVu fonts that matplotlib's wheel carries."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def showable() -> frozenset[int]:
    """Return the code points that the regular and the bold font of the report both have."""
    from fontTools.ttLib import TTFont

    maps = []
    for name in FONTS[:2]:
        with TTFont(font_folder() / name, lazy=True) as font:
            maps.append(frozenset(font.getBestCmap()))
    return maps[0] & maps[1]


def clean(text: object, limit: int = NAME_LENGTH) -> str:
    """Return foreign text as it may be printed: NFC, at most ``limit`` characters, no surprises.

    Control, format, surrogate, private and unassigned characters, and those outside the fonts,
    become a visible ``⟨U+XXXX⟩``: none of them can hide, reverse or break the text around it.
    """
    raw = str(text)
    # Normalising is quadratic at worst; nothing beyond a few times the limit is ever printed.
    parts: list[str] = []
    length = 0
    for char in unicodedata.normalize("NFC", raw[: 4 * limit]):
        piece = char if _is_showable(char) else f"⟨U+{ord(char):04X}⟩"
        parts.append(piece)
        length += len(piece)
        if length > limit:
            while length > limit - 1:
                length -= len(parts.pop())
            return "".join(parts) + "…"
    return "".join(parts)


def _is_showable(char: str) -> bool:
    known = unicodedata.category(char) not in UNSHOWABLE and ord(char) in showable()
    return known and ord(char) not in INVISIBLE


def printed(value: Any) -> Any:
    """Return any value a template prints, its text cleaned: the net under every expression."""
    if isinstance(value, Markup):
        return value
    return clean(value, SENTENCE_LENGTH) if isinstance(value, str) else value


def name(text: object, limit: int = NAME_LENGTH) -> Markup:
    """Return a foreign name (column, file, probe, option), cleaned and isolated in ``<bdi>``."""
    return Markup("<bdi>{}</bdi>").format(clean(text, limit))


def number(value: float | None) -> str:
    """Return an estimate or a bound at three decimals, or at four where it has as many."""
    if value is None:
        return "–"
    return f"{value:.4f}".removesuffix("0").replace("-", "−")


def aligned(value: float | None) -> str:
    """Return ``number`` for a column of a table, where decimal points stand above each other."""
    return number(value) if value is None else number(value).ljust(len(f"{value:.4f}"), "\u2007")


def p_value(value: float | None) -> str:
    """Return a p-value; the smallest that is written as a bound, since no test gives zero."""
    if value is None:
        return "–"
    return "≤ 0.0001" if value <= 0.0001 else f"{value:.4f}"


def amount(value: float | None, limit: float | None = None) -> str:
    """Return a limit or what was observed beside it: counts as whole numbers, others in full."""
    if value is None:
        return "–"
    is_count = float(value).is_integer() and max(abs(value), abs(limit or 0)) > 1
    if is_count:
        return count(int(value))
    return f"{value:.4f}".rstrip("0").ljust(4, "0").replace("-", "−")


def limit(finding: Any) -> str:
    """Return a rule's limit with the side on which it holds: ``< 0.65``, ``p ≥ 0.01``."""
    if finding.limit is None:
        return "–"
    sign = {"below": "< ", "at most": "≤ ", "at least": "≥ "}.get(finding.holds_when, "")
    return f"{finding.quantity} {sign}{amount(finding.limit)}".strip()


def observed(finding: Any) -> str:
    """Return what a rule compared with its limit; the smallest p that is written as a bound."""
    if finding.quantity == "p" and finding.observed is not None:
        value = p_value(finding.observed)
        return f"p {value}" if value.startswith("≤") else f"p = {value}"
    if finding.quantity == "ε" and finding.observed is not None:
        return f"ε = {significant(finding.observed, 4)}"
    return amount(finding.observed, finding.limit)


def count(value: int | None) -> str:
    """Return a whole number with commas between its thousands."""
    return "–" if value is None else f"{value:,}".replace("-", "−")


def significant(value: float | None, digits: int = 6) -> str:
    """Return a parameter as it is written: epsilon 1, delta 1e-05, at most ``digits`` digits."""
    return "–" if value is None else f"{value:.{digits}g}"


def percent(value: float | None) -> str:
    """Return a share as per cent, three significant digits."""
    return "–" if value is None else f"{100 * value:.3g}\u00a0%"


def label(estimate: str) -> str:
    """Return the words for an estimate's name; an unknown name is printed with its spaces."""
    rate = re.fullmatch(r"tpr_at_fpr_([0-9.]+)", estimate)
    if rate:
        return f"TPR at {percent(float(rate[1]))} FPR"
    if estimate in LABELS:
        return LABELS[estimate]
    keyed = re.fullmatch(r"([a-z_]+)\[(.+)\]", estimate)
    if keyed:
        return f"{KEYED.get(keyed[1]) or label(keyed[1])}: {clean(keyed[2])}"
    stem, _, last = estimate.rpartition("_")
    if stem in ORIGINALS and last in PARTS:
        return f"{ABBREVIATIONS[stem]} in {last}"
    if stem and last in PARTS:
        return f"{label(stem)}, {PARTS[last]}"
    quantile = re.fullmatch(r"([a-z]+)_q(\d\d)", estimate)
    if quantile:
        return f"{label(quantile[1])} {int(quantile[2])} % quantile"
    words = [ABBREVIATIONS.get(word, word) for word in estimate.split("_")]
    text = clean(" ".join(words))
    return text if words[0] in ABBREVIATIONS.values() else text[:1].upper() + text[1:]
