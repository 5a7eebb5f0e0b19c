"""docs/validation.md says what validation.json says, and keeps a section that is not measured."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
FIGURES = json.loads((ROOT / "benchmarks" / "validation.json").read_text(encoding="utf-8"))


@pytest.fixture
def script(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    spec = importlib.util.spec_from_file_location(
        "validation", ROOT / "benchmarks" / "validation.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _block(text, name):
    return re.search(rf"<!-- {name}:begin -->\n(.*?)\n<!-- {name}:end -->", text, re.S)[1]


def test_page_and_figures_say_the_same(script):
    assert set(FIGURES) == set(script.SECTIONS)
    for name, found in FIGURES.items():
        assert _block(PAGE, name) == script.section.block(name, found)
    titles = {name: title for name, (title, _) in script.SECTIONS.items()}
    assert _block(PAGE, "summary") == script.section.summary(FIGURES, titles)


def test_a_section_without_its_folder_stays_and_says_so(script, monkeypatch, tmp_path):
    page, figures = tmp_path / "validation.md", tmp_path / "validation.json"
    page.write_text(PAGE)
    figures.write_text(json.dumps(FIGURES))
    monkeypatch.setattr(script, "PAGE", page)
    monkeypatch.setattr(script, "FIGURES", figures)
    monkeypatch.setattr(sys, "argv", ["validation.py"])
    monkeypatch.setenv("PRIVSYNTH_DATA", str(tmp_path))
    script.main()
    for name, found in FIGURES.items():
        kept = _block(page.read_text(), name)
        assert kept.startswith("**Left as it was: no folder")
        assert kept.endswith(_block(PAGE, name).split("\n\n", 1)[1])
        assert json.loads(figures.read_text())[name]["expected"] == found["expected"]
