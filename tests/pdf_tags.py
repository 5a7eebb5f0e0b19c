"""What a reader of tags finds in a PDF: structure elements and their text, in reading order."""

import re
from collections.abc import Iterator
from typing import Any

import pikepdf


def nodes(element: Any) -> Iterator[Any]:
    """Yield every structure element below one, in reading order."""
    for kid in _kids(element):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from nodes(kid)


def tags(document: pikepdf.Pdf) -> list[tuple[str, Any]]:
    """Return the structure elements of a document with their names, in reading order."""
    return [(str(node.S), node) for node in nodes(document.Root.StructTreeRoot)]


def spoken(document: pikepdf.Pdf, wanted: str) -> list[str]:
    """Return the text, without spaces, of the elements whose names match a pattern, in order."""
    texts = {page.obj.objgen: _texts(page) for page in document.pages}
    return [
        re.sub(r"\s", "", "".join(_said(node, None, texts)))
        for tag, node in tags(document) if re.fullmatch(wanted, tag)
    ]  # fmt: skip


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _said(element: Any, page: Any, texts: dict[Any, dict[int, str]]) -> Iterator[str]:
    page = element.Pg.objgen if "/Pg" in element else page
    for kid in _kids(element):
        if not isinstance(kid, pikepdf.Dictionary):
            yield texts[page].get(int(kid), "")
        elif "/S" in kid:
            yield from _said(kid, page, texts)


def _texts(page: pikepdf.Page) -> dict[int, str]:
    """Return the text of each piece of marked content on a page, by its number."""
    maps = {name: _unicode(font) for name, font in page.Resources.Font.items()}
    found: dict[int, str] = {}
    open_marks: list[int | None] = []
    letters: dict[bytes, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in ("BDC", "BMC"):
            has_number = name == "BDC" and isinstance(operands[1], pikepdf.Dictionary)
            open_marks.append(int(operands[1].get("/MCID", -1)) if has_number else None)
        elif name == "EMC":
            open_marks.pop()
        elif name == "Tf":
            letters = maps[str(operands[0])]
        elif name in ("Tj", "TJ") and open_marks and open_marks[-1] is not None:
            parts = operands[0] if name == "TJ" else operands
            raw = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
            text = "".join(letters[raw[i : i + 2]] for i in range(0, len(raw), 2))
            found[open_marks[-1]] = found.get(open_marks[-1], "") + text
    return found


def _unicode(font: Any) -> dict[bytes, str]:
    """Return a font's two-byte codes with the text that they stand for."""
    table = bytes(font.ToUnicode.read_bytes()).decode("ascii")
    return {
        bytes.fromhex(code): bytes.fromhex(text).decode("utf-16-be")
        for code, text in re.findall(r"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", table, re.M)
    }
