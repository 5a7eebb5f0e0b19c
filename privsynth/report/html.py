"""The report as HTML: templates and sections found by their names, everything foreign cleaned."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from privsynth.errors import InputError, IntegrityError
from privsynth.progress import Progress, silent
from privsynth.report import claim, figures, text
from privsynth.report.context import context
from privsynth.report.report import Medium, Report
from privsynth.report.sandbox import Sandbox, blamed

MAX_ENTRIES = 60
SECTIONS = ("sections", "[0-9][0-9]_*.html")
APPENDICES = ("appendices", "[A-Z]_*.html")


@dataclass(frozen=True)
class Section:
    """One part of the report; its mark is a number, or a letter for an appendix."""

    mark: str
    slug: str
    title: str
    body: Markup


def template_folder() -> Path:
    """Return where the templates are: inside an installed wheel, else in the checkout."""
    installed = Path(str(files("privsynth"))) / "report_templates"
    checkout = Path(__file__).resolve().parents[2] / "report_templates"
    for folder in (installed, checkout):
        if (folder / "report.html").is_file():
            return folder
    raise IntegrityError(
        "the report templates are missing from this installation; install privsynth again"
    )


def parts(folders: list[Path], kind: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """Return file name to (mark, slug) of the templates of one kind, in order.

    ``05_threats.html`` is part 5, ``A_methods.html`` appendix A; the first folder wins.
    """
    names: dict[str, Path] = {}
    for path in (path for folder in folders for path in (folder / kind[0]).glob("*.html")):
        if not fnmatchcase(path.name, kind[1]):
            called = "05_name.html" if kind == SECTIONS else "B_name.html"
            raise InputError(f"template {path}: a file in {kind[0]} is called as {called}")
        names.setdefault(path.name, path)
    found: dict[str, tuple[str, str]] = {}
    for name in sorted(names):
        mark, _, slug = Path(name).stem.partition("_")
        found[name] = (mark.lstrip("0"), slug)
    for place in (0, 1):
        taken = [entry[place] for entry in found.values()]
        for name, entry in found.items():
            if taken.count(entry[place]) > 1:
                raise InputError(f"two templates in {kind[0]} are called {entry[place]}, as {name}")
    return found


def sections(
    report: Report, medium: Medium, progress: Progress = silent
) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """Return every section rendered, in order, and the appendices."""
    folders = _folders(report.templates)
    templates = environment(*folders)
    numbered, lettered = parts(folders, SECTIONS), parts(folders, APPENDICES)
    seen = context(report, medium)
    seen["see"] = partial(
        _see, {slug: mark for mark, slug in (*numbered.values(), *lettered.values())}
    )

    def rendered(room: str, found: dict[str, tuple[str, str]]) -> Iterator[Section]:
        for place, (name, (mark, slug)) in enumerate(found.items()):
            progress("report", (0.2 if room == "appendices" else 1) * place / len(found))
            module: Any = templates.get_template(f"{room}/{name}").make_module(seen)
            if not hasattr(module, "title"):
                raise InputError(f"template {room}/{name} sets no title: {{% set title = … %}}")
            yield Section(mark, slug, str(module.title), Markup(module))

    with blamed(report.templates):
        seen["appendices"] = tuple(rendered("appendices", lettered))
        return tuple(rendered("sections", numbered)), seen["appendices"]


def page(report: Report, medium: Medium, progress: Progress = silent) -> str:
    """Return the whole report as one HTML document that refers to nothing outside itself.

    The PDF's names its fonts and logo by ``asset:``, which only our own fetcher resolves.
    """
    done, appendices = sections(report, medium, progress)
    seen = context(report, medium) | {"sections": done, "appendices": appendices}
    with blamed(report.templates):
        return environment(*_folders(report.templates)).get_template("report.html").render(seen)


@cache
def environment(*folders: Path) -> Sandbox:
    """Return the templates of folders, the first wins; they escape all they are given."""
    made = Sandbox(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (
        text.name, text.p_value, text.limit, text.observed, text.count, text.percent,
        text.label, text.significant, claim.looks, claim.rho, claim.script,
    ):  # fmt: skip
        made.filters[function.__name__] = function
    made.filters["clean"] = text.clean
    made.filters["number"] = text.aligned
    made.filters["code"] = escape  # our own lines: they keep their breaks
    made.filters["entries"] = entries
    made.filters["integrity"] = integrity
    made.filters["level"] = figures.level
    return made


def _folders(own: Path | None) -> list[Path]:
    if own is not None and not own.is_dir():
        raise InputError(f"template folder {own} does not exist")
    return [template_folder()] if own is None else [own, template_folder()]


def _see(marks: Mapping[str, str], slug: str) -> Markup:
    """Return a link to a part by its file's name, or plain words where it was taken out."""
    if slug not in marks:
        return Markup("a part left out of this report")
    kind = "section" if marks[slug].isdigit() else "appendix"
    return Markup('<a href="#{}">{} {}</a>').format(slug, kind, marks[slug])


def integrity(script: str) -> str:
    """Return the digest by which a content security policy lets one inline script run."""
    return f"sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def entries(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return nested options as ``(dotted key, text)`` pairs, at most ``MAX_ENTRIES``."""
    found = list(_flat(raw, ""))
    rest = len(found) - MAX_ENTRIES
    return found[:MAX_ENTRIES] + ([("…", f"{rest} more in evidence.json")] if rest > 0 else [])


def _flat(raw: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(raw, Mapping) and raw:
        for step, value in raw.items():
            yield from _flat(value, f"{key}.{step}" if key else str(step))
    elif isinstance(raw, list | tuple) and any(isinstance(item, Mapping) for item in raw):
        for place, item in enumerate(raw, start=1):
            yield from _flat(item, f"{key}.{place}")
    elif raw in ({}, [], ()):
        yield key, "–"
    else:
        yield key, raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
