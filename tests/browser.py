"""A real browser for the tests: what Chromium makes of a page, and what axe-core says about it."""

import html
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
AXE = (
    "axe_playwright_python"  # carries axe.min.js; playwright itself is neither needed nor installed
)
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def axe() -> str:
    """Return the source of axe-core; skip the test where it is not installed."""
    found = importlib.util.find_spec(AXE)
    if found is None or not found.submodule_search_locations:
        pytest.skip("axe-core is not installed: pip install --no-deps axe-playwright-python")
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def dom(address: str, folder: Path, *flags: str) -> tuple[str, str]:
    """Return the document at an address after its scripts ran, and what the browser logged."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--disable-background-networking",
            "--disable-component-update",
            f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr",
            "--virtual-time-budget=30000", "--window-size=1280,900", *flags, "--dump-dom", address,
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def without_policy(page: str) -> str:
    """Return a copy of a page into which a test may put a script of its own."""
    bare, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    assert count == 1
    return bare


def asked(page: str, script: str, folder: Path, *flags: str) -> Any:
    """Return what the body of an async function returns inside a page without a policy."""
    wrapped = (
        f"<script>(async () => {{ {script} }})().catch((e) => ({{error: String(e)}})).then((v) => "
        '{ const said = document.createElement("pre"); said.id = "said"; '
        "said.textContent = JSON.stringify(v); document.body.replaceChildren(said); })</script>"
    )
    path = folder / "page.html"
    path.write_text(page.replace("</body>", wrapped + "</body>"), encoding="utf-8")
    seen, log = dom(path.as_uri(), folder, *flags)
    found = re.search(r'<pre id="said">(.*?)</pre>', seen, flags=re.DOTALL)
    assert found, f"the page did not answer: {log[-2000:]}"
    said = json.loads(html.unescape(found[1]))
    assert not (isinstance(said, dict) and "error" in said), said
    return said


def complaints(page: str, folder: Path, *flags: str) -> tuple[dict[str, list[str]], int, bool]:
    """Return axe-core's violations (rule to elements), how many rules held, and if it was dark."""
    ask = (
        f"const found = await axe.run(document, {{runOnly: {json.dumps(RULES)}}});"
        "return {broken: Object.fromEntries(found.violations.map((v) => [v.id, v.nodes.map("
        "(n) => n.target.join(' ') + ' | ' + n.failureSummary)])), held: found.passes.length,"
        "dark: matchMedia('(prefers-color-scheme: dark)').matches};"
    )
    copy = without_policy(page).replace("</body>", f"<script>{axe()}</script></body>")
    said = asked(copy, ask, folder, *flags)
    return said["broken"], said["held"], said["dark"]
