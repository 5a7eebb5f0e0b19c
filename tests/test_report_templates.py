"""A folder of own templates changes what a report looks like, and reaches nothing else."""

from pathlib import Path

import pytest
import report_example as example

from privsynth.errors import InputError
from privsynth.report import html
from privsynth.report.report import Report

TITLE = "{% set title = 'Ours' %}\n"


def page(folder: Path, **files: str) -> str:
    """Return the HTML edition with these templates; ``a__b`` is the file ``a/b.html``."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".html")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    bundle = example.bundle("pass").model_copy(update={"probes": (), "headline": {}})
    return html.page(Report(bundle, None, example.CREATED, templates=folder), "html")


def test_a_section_of_the_same_name_stands_in_for_ours_and_only_for_that(tmp_path: Path) -> None:
    found = page(tmp_path, sections__12_lineage=TITLE + "<p>House text of {{ bundle.name }}</p>")
    assert f"<p>House text of {example.NAME}</p>" in found
    assert "From the source to this table" not in found
    assert "Every rule" in found or "No policy applied" in found
    assert found.count("<section ") == 16


def test_a_new_section_and_a_new_appendix_are_numbered_and_can_be_pointed_at(
    tmp_path: Path,
) -> None:
    found = page(
        tmp_path,
        sections__17_house=TITLE + "{{ see('scope') }} and {{ see('seals') }}",
        appendices__H_seals=TITLE + "{{ see('house') }} and {{ see('nothing') }}",
    )
    assert '<span class="number">17</span> Ours' in found
    assert '<a href="#scope">section 3</a> and <a href="#seals">appendix H</a>' in found
    assert '<a href="#house">section 17</a> and a part left out of this report' in found


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("sections__12_lineage", TITLE + "{% if %}", "12_lineage.html, line 2: Expected"),
        ("sections__12_lineage", TITLE + "\n{{ absent }}", "12_lineage.html, line 3: 'absent'"),
        ("sections__12_lineage", TITLE + "{{ 1 / 0 }}", "12_lineage.html, line 2: ZeroDivision"),
        ("sections__12_lineage", TITLE + "{{ see() }}", "12_lineage.html, line 2: TypeError"),
        ("sections__12_lineage", "no title", "12_lineage.html sets no title"),
        ("report", "\n\n{{ absent }}", "report.html, line 3: 'absent'"),
        ("sections__07a_house", TITLE, "is called as 05_name.html"),
        ("appendices__house", TITLE, "is called as B_name.html"),
        ("sections__07_house", TITLE, "two templates in sections are called 7"),
        ("sections__17_scope", TITLE, "two templates in sections are called scope"),
    ],
)
def test_a_broken_template_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        page(tmp_path, **{name: text})


def test_a_file_that_is_no_text_and_a_folder_that_is_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "12_lineage.html").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        page(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        page(tmp_path / "none")


@pytest.mark.parametrize(
    "text",
    [
        "{{ report.templates.joinpath('secret').read_text() }}",
        "{{ (report.templates / 'secret').read_text() }}",
        "{{ bundle.parse_file(report.templates ~ '/secret') }}",
        "{{ bundle.parse_raw('cos\\nsystem\\n(S\"touch ran\"\\ntR.', proto='pickle',"
        " allow_pickle=True) }}",
        "{{ details.model_construct.__globals__ }}",
        "{{ bundle.model_config }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ see.func.__globals__ }}",
        "{{ forest.func.__globals__['io'].open('secret').read() }}",
        "{{ '{0.__class__}'.format(bundle) }}",
        "{{ cycler.__init__.__globals__.os.popen('touch ran').read() }}",
        "{{ bundle.warnings.__class__ }}",
        "{% include 'secret' %}{% include '../secret' %}",
        "{% include '/etc/hostname' %}",
        "{{ bundle.options.update({'a': 1}) }}",
        "{% import os %}",
    ],
)
def test_a_template_reads_no_file_and_runs_nothing(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("the secret", encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    (own / "secret").write_text("the secret", encoding="utf-8")
    text = text.replace("{% include 'secret' %}", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"12_lineage\.html, line 2: ") as caught:
        page(own, sections__12_lineage=TITLE + text)
    assert "the secret" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_a_template_cannot_change_what_others_print(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2"):
        page(tmp_path, sections__01_decision=TITLE + "{{ bundle.versions.update({'x': 'y'}) }}")


def test_our_own_templates_fail_as_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "context", lambda *_: {})
    with pytest.raises(Exception, match="undefined") as caught:
        html.page(Report(example.bundle("pass"), None, example.CREATED), "html")
    assert not isinstance(caught.value, InputError)
