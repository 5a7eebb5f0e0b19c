"""The HTML edition in a real browser: reachable by everybody, sortable, closed to the outside."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import pytest
import report_example as example
from browser import DARK, LIGHT, asked, complaints, dom, needs_browser, without_policy

from privsynth.policy.verdict import Status
from privsynth.report import html
from privsynth.report.context import context

TEMPLATES = Path(__file__).parents[1] / "report_templates"
SCRIPT = (TEMPLATES / "html.js").read_text(encoding="utf-8")
REPORTS = ("fail", "inconclusive", "private", "hostile")
SCHEMES = {"light": LIGHT, "dark": DARK}
IN_EVERY_RUN = {("fail", "dark"), ("hostile", "light")}
VIEWS = [
    pytest.param(*view, marks=() if view in IN_EVERY_RUN else pytest.mark.slow)
    for view in product(REPORTS, SCHEMES)
]
TEXT = ("ink", "muted", "accent", "pass", "fail", "open")
LINES = ("rule", "grey", "focus", "blue", "vermillion")
FIGURES = {"blue": "#0072B2", "vermillion": "#D55E00"}  # by themselves, where a page sets no other


@cache
def page(kind: str) -> str:
    """Return the HTML edition of one of the examples."""
    if kind == "hostile":
        return html.page(example.report(*example.hostile()), "html")
    if kind == "private":
        bundle = example.private("pass")
        return html.page(example.report(bundle, example.verdict(bundle, "pass")), "html")
    status: Status = "fail" if kind == "fail" else "inconclusive"
    bundle = example.bundle(status)
    return html.page(example.report(bundle, example.verdict(bundle, status)), "html")


def colours(scheme: str) -> dict[str, str]:
    """Return the colour variables of the style sheets as a light or a dark page has them."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    screen = (TEMPLATES / "html.css").read_text(encoding="utf-8")
    light, _, dark = screen.partition("@media screen and (prefers-color-scheme: dark)")
    read = style + light + (dark.partition("\n}")[0] if scheme == "dark" else "")
    return FIGURES | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", read))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.1, relative luminance)."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.005)  # the known border case


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_colour_can_be_read_on_what_lies_behind_it(scheme: str) -> None:
    found = colours(scheme)
    for name, behind in product(TEXT, ("paper", "panel")):
        assert contrast(found[name], found[behind]) >= 4.5, f"{name} on {behind}"
    for name in ("pass", "fail", "open"):
        for text in (name, "ink"):
            assert contrast(found[text], found[f"{name}-panel"]) >= 4.5, f"{text} in {name}"
    for name in LINES:
        assert contrast(found[name], found["paper"]) >= 3, name
    assert colours("dark") != colours("light")


@pytest.mark.parametrize("name", ["style.css", "html.css"])
def test_no_colour_escapes_the_scheme(name: str) -> None:
    sheet = (TEMPLATES / name).read_text(encoding="utf-8")
    rest = re.sub(r":root \{.*?\}|\.logo \{.*?\}", "", sheet, flags=re.DOTALL)
    assert not re.findall(r":[^;{}]*?#[0-9a-fA-F]{3,8}\b", rest)


def test_without_a_script_the_page_is_whole_and_has_no_dead_buttons() -> None:
    text = page("fail")
    assert "<button" not in text and "tabindex=" not in text
    assert text.count('<table class="sortable">') >= 5
    assert len(text.encode()) < 1_500_000
    seen = context(example.report(example.bundle(), None), "pdf")
    frame = html.environment(html.template_folder()).get_template("report.html")
    paper = frame.render(seen | {"sections": (), "appendices": ()})
    assert "<script" not in paper and "Skip to" not in paper


@needs_browser
def test_a_logo_is_shown_whole(tmp_path: Path) -> None:
    logo = (TEMPLATES.parent / "sample_data" / "logo.png").read_bytes()
    bare = replace(example.report(example.bundle(), None), logo=logo)
    frame = html.environment(html.template_folder()).get_template("report.html")
    text = frame.render(context(bare, "html") | {"sections": (), "appendices": ()})
    ask = "const logo = document.images[0]; await logo.decode(); return logo.naturalWidth;"
    width = int.from_bytes(logo[16:20], "big")  # a PNG file's header
    assert asked(without_policy(text), ask, tmp_path) == width > 100


@needs_browser
@pytest.mark.parametrize(("kind", "scheme"), VIEWS)
def test_an_accessibility_checker_finds_nothing(kind: str, scheme: str, tmp_path: Path) -> None:
    broken, held, dark = complaints(page(kind), tmp_path, SCHEMES[scheme])
    assert broken == {}
    assert held >= 30 and dark == (scheme == "dark")


@needs_browser
@pytest.mark.slow
def test_the_checker_finds_nothing_on_a_narrow_screen(tmp_path: Path) -> None:
    broken, held, _ = complaints(page("fail"), tmp_path, LIGHT, "--window-size=500,900")
    assert broken == {} and held >= 30


@needs_browser
def test_the_checker_does_find_what_is_broken(tmp_path: Path) -> None:
    worse = page("fail").replace('<html lang="en">', "<html>")
    worse = worse.replace("--muted: #56606c", "--muted: #b9c0c8").replace("<h3", "<h5", 1)
    worse = worse.replace("<main>", '<main><button></button><img src="data:,">')
    broken, _, _ = complaints(worse, tmp_path, LIGHT)
    assert {
        "html-has-lang", "color-contrast", "heading-order", "button-name", "image-alt"
    } <= set(broken)  # fmt: skip


CELLS = ["0.5000", "–", "≤ 0.0001", "−0.0300", "14.4 %", "1,316", "0.0001", "< 11", "p = 0.02", ""]
UP = ["−0.0300", "≤ 0.0001", "0.0001", "p = 0.02", "14.4 %", "0.5000", "< 11", "1,316", "–", ""]
DOWN = [*UP[7::-1], "–", ""]
NAMES = ["q10", "b", "q9", "✓ pass", "B", "a", "3 rows", "a", "–", "c"]
NAMES_UP = ["3 rows", "a", "a", "b", "B", "c", "✓ pass", "q9", "q10", "–"]


@needs_browser
def test_a_table_is_sorted_up_down_and_back(tmp_path: Path) -> None:
    """Signs, per cent, commas, bounds and words are ordered as a reader would; ties keep order."""
    rows = "".join(
        f"<tr><th>{name}<span class='detail'>zz</span></th><td>{cell}</td><td>{place}</td></tr>"
        for place, (name, cell) in enumerate(zip(NAMES, CELLS, strict=True))
    ).replace("✓", "<span class='mark'>✓</span>")
    head = (
        "<tr><th scope=col>Name</th><th scope=col class=n>Value</th><th scope=col>Place</th></tr>"
    )
    table = f"<table class='sortable'><thead>{head}</thead><tbody>{rows}</tbody></table>"
    small = table.replace(rows, "<tr><td>1</td><td>2</td><td>3</td></tr>" * 2)
    document = (
        '<!DOCTYPE html><html lang="en"><title>t</title><body><main>'
        f"{table}{small}</main><script>{SCRIPT}</script></body></html>"
    )
    ask = """
    const table = document.querySelector("table"), seen = [];
    const state = () => ({
      rows: Array.from(table.tBodies[0].rows).map((r) => Array.from(r.cells).map(
        (c) => c.textContent.replace("zz", ""))),
      sort: Array.from(table.tHead.rows[0].cells).map((c) => c.getAttribute("aria-sort")),
      said: document.querySelector("[role=status]").textContent});
    const buttons = table.getElementsByTagName("button");
    const press = (column) => { buttons[column].click(); seen.push(state()); };
    seen.push(state());
    press(1); press(1); press(1); press(0); press(1); press(0);
    const button = table.querySelector("button");
    button.focus();
    return {seen, focused: document.activeElement === button, type: button.type,
            buttons: document.querySelectorAll("button").length};
    """
    found = asked(document, ask, tmp_path)
    first, up, down, back, words, up_again, words_again = found["seen"]
    assert [row[1] for row in first["rows"]] == CELLS and first["sort"] == [None] * 3
    assert [row[1] for row in up["rows"]] == UP and up["sort"] == [None, "ascending", None]
    assert [row[1] for row in down["rows"]] == DOWN and down["sort"] == [None, "descending", None]
    assert back["rows"] == first["rows"] and back["sort"] == [None] * 3
    assert [row[0] for row in words["rows"]] == NAMES_UP and words["sort"][0] == "ascending"
    assert up_again["rows"] == up["rows"] and words_again["rows"] == words["rows"]
    twins = [int(row[2]) for row in words["rows"] if row[0] == "a"]
    assert twins == sorted(twins) and len(twins) == 2  # equal names keep the order of the report
    assert up["said"] == "Sorted by Value, ascending." and back["said"].startswith("Back")
    assert found["focused"] and found["type"] == "button"
    assert found["buttons"] == 3  # none on a table of two rows


@needs_browser
def test_a_reader_with_a_keyboard_gets_everywhere_and_a_small_screen_loses_nothing(
    tmp_path: Path,
) -> None:
    """In frames of 320 and 640 CSS pixels: a phone, and a window of 1,280 enlarged to 200 %."""
    ask = """
    const source = document.getElementById("source").content;
    const scrolls = (box) => box.scrollWidth > box.clientWidth + 1;
    const look = (width) => new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.style.cssText = `border:0;width:${width}px;height:700px`;
      frame.srcdoc = source.firstChild.textContent;
      frame.onload = () => setTimeout(() => {
        const inside = frame.contentDocument, page = inside.documentElement;
        const boxes = Array.from(inside.querySelectorAll(".scroll, figure"));
        const told = Array.from(inside.querySelectorAll("td, th, p:not(.back), li, dd, svg"));
        const hidden = told.filter((e) => e.getClientRects().length === 0).length;
        done({wide: page.scrollWidth, hidden, links: inside.querySelectorAll("a.skip").length,
          targets: Array.from(inside.querySelectorAll("a")).filter(
            (a) => !inside.getElementById(a.hash.slice(1))).length,
          over: boxes.filter(scrolls).length,
          wrong: boxes.filter((b) => scrolls(b) !== (b.tabIndex === 0)).length});
      }, 300);
      document.body.append(frame);
    });
    return [await look(320), await look(640), await look(1280)];
    """
    inner = without_policy(page("hostile")).replace("&", "&amp;").replace("<", "&lt;")
    shell = f'<!DOCTYPE html><body><template id="source">{inner}</template></body>'
    for width, seen in zip((320, 640, 1280), asked(shell, ask, tmp_path), strict=True):
        assert seen["wide"] <= width, "the page itself must not scroll sideways"
        assert seen["hidden"] == 0 and seen["wrong"] == 0 and seen["targets"] == 0
        assert seen["links"] == 2
        assert (seen["over"] > 0) == (width == 320 or width == 640)


@pytest.fixture
def listener() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Return the address of a server on this machine, its pages, and the paths asked for."""
    pages: dict[str, str] = {}
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages, paths
    server.shutdown()
    server.server_close()
    thread.join()


@needs_browser
def test_the_page_runs_its_own_script_and_asks_for_nothing(
    listener: tuple[str, dict[str, str], list[str]], tmp_path: Path
) -> None:
    address, pages, paths = listener
    pages["/report"] = page("hostile")
    seen, log = dom(f"{address}/report", tmp_path)
    assert seen.count("<button") >= 5 and 'role="status"' in seen
    assert set(paths) <= {"/report", "/favicon.ico"}  # the second is the browser's own wish
    assert "Content Security Policy" not in log


@needs_browser
def test_what_is_planted_in_the_page_does_not_run_and_asks_for_nothing(
    listener: tuple[str, dict[str, str], list[str]], tmp_path: Path
) -> None:
    address, pages, paths = listener
    planted = (
        f'<img alt="x" src="{address}/image"><link rel="stylesheet" href="{address}/style">'
        f'<iframe title="x" src="{address}/frame"></iframe>'
        "<script>document.title = 'ran'</script>"
        f"<script>fetch('{address}/fetch')</script></main>"
    )
    changed = page("fail").replace('"use strict";', '"use strict" ;').replace("</main>", planted)
    pages["/closed"], pages["/open"] = changed, without_policy(changed)
    closed, log = dom(f"{address}/closed", tmp_path)
    assert "<title>ran" not in closed and "<button" not in closed  # one blank more: not our script
    assert set(paths) <= {"/closed", "/favicon.ico"} and "Content Security Policy" in log
    opened, _ = dom(f"{address}/open", tmp_path)
    assert "<title>ran" in opened and "<button" in opened
    assert {"/image", "/style", "/frame", "/fetch"} <= set(paths)
