"""``DATASET_CARD.md``: the same record as ``croissant.json``, for people, on one page."""

import re
from collections.abc import Iterable

from privsynth.policy import Finding
from privsynth.provenance.lineage import Parent
from privsynth.provenance.record import Record, visible

NAME = "DATASET_CARD.md"
UNTOLD = "*not stated*"
LONGEST = 200
"""Columns beyond this many are counted and not listed."""
NAME_LENGTH = 80


def card(record: Record) -> bytes:
    """Return the file: GitHub's Markdown, in which no foreign text can be anything but text."""
    parts = [
        f"# {md(record.bundle.name, NAME_LENGTH)}",
        _what(record),
        "## Decision",
        _decision(record),
        "## What this does not say",
        bullets([*record.limits, *(f"Not covered: {md(x)}" for x in record.bundle.not_covered)]),
        "## How it was made",
        _made(record),
        "## For what, and for what not",
        _uses(record),
        "## Columns",
        _columns(record),
        "## Record",
        _files(record),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def md(text: object, limit: int = 800) -> str:
    """Return foreign text as Markdown text: one line, nothing hidden, and no markup in it."""
    escaped = re.sub(r"([\\`*_\[\]<>|~&$#!])", r"\\\1", visible(text, limit))
    # Bare addresses would become links, and marks at the start lists or rules.
    calm = re.sub(r":(?=//)|(?<=www)\.", r"\\\g<0>", escaped, flags=re.IGNORECASE)
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", calm)


def code(text: object) -> str:
    """Return a foreign name in a code span, or as text where it would end one."""
    shown = visible(text, NAME_LENGTH)
    return md(text, NAME_LENGTH) if re.search(r"[`|]", shown) or not shown else f"`{shown}`"


def bullets(lines: Iterable[str]) -> str:
    """Return a list, or that nothing was stated."""
    return "\n".join(f"- {line}" for line in lines) or UNTOLD


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _what(record: Record) -> str:
    label, told = record.label, record.told
    dataset = f"\n\nDataset: {md(told.dataset)}" if told.dataset else ""
    return (
        f"{label.rows:,} synthetic rows of {len(label.columns)} columns in {code(label.file)}, "
        f"made by {md(record.made_by)}. {md(label.note)}{dataset}"
    )


def _decision(record: Record) -> str:
    verdict, bundle = record.verdict, record.bundle
    when = "before" if verdict.policy_registered == "before_scoring" else "AFTER"
    lines = [
        f"**{md(record.decision)}** under policy {md(verdict.policy_name, NAME_LENGTH)}, which was "
        f"registered {when} scoring. {md(verdict.headline)}",
        md(record.worst),
        md(record.guarantee),
    ]
    if bundle.power is not None:
        lines.append(md(bundle.power.sentence))
    if bundle.mechanism:
        lines.append(f"**{md(bundle.mechanism)}**")
    head = ("Rule", "Verdict", "What was found")
    lines.append(table(head, [_finding(finding) for finding in verdict.findings]))
    lines += [
        f"Waiver {md(w.id)} of {md(w.rule)}, {md(w.state)}: {md(w.reason)}" for w in verdict.waivers
    ]
    return "\n\n".join(lines)


def _finding(finding: Finding) -> tuple[str, ...]:
    waived = f", waived by {finding.waiver}" if finding.waiver else ""
    status = md(f"{finding.status}{waived}", NAME_LENGTH)
    return md(finding.rule, NAME_LENGTH), status, md(finding.message)


def _made(record: Record) -> str:
    label, told = record.label, record.told
    made = label.generator
    options = {} if made is None else made.options
    depth, share = label.generation_depth, label.real_fraction
    rows = [
        ("Origin", md(label.origin)),
        ("Generator", md(record.made_by)),
        ("Settings", md(", ".join(f"{k} = {v}" for k, v in sorted(options.items()))) or "none"),
        ("Seed", md(label.seed_policy)),
        ("Source", md(told.source) or UNTOLD),
        ("Made from", "; ".join(_parent(parent) for parent in label.parents) or UNTOLD),
        ("Generation depth", UNTOLD if depth is None else f"{depth} (0 is people's records)"),
        ("Rows that are people's records", UNTOLD if share is None else f"{100 * share:g} %"),
        ("Filters afterwards", _filters(record)),
        ("Reviews before", "; ".join(map(md, label.human_review)) or "none recorded"),
        ("Licence of the generator", md(made.licence) if made and made.licence else UNTOLD),
    ]
    return table(("Question", "Answer"), rows)


def _filters(record: Record) -> str:
    steps = record.label.filters
    if steps is None:
        return UNTOLD
    read = {True: "read people's records", False: "did not read people's records"}
    told = (
        f"{md(step.name)}: {step.rows_in:,} rows to {step.rows_out:,}, "
        f"{read[step.touches_real_data]}"
        for step in steps
    )
    return "; ".join(told) or "none"


def _parent(parent: Parent) -> str:
    depth = parent.generation_depth
    how = f"{parent.origin}, {parent.basis}" + ("" if depth is None else f", depth {depth}")
    return f"{md(parent.name, NAME_LENGTH)} ({md(how)}), {code(parent.digest)}"


def _uses(record: Record) -> str:
    told, licences = record.told, record.label.licences
    return "\n\n".join(
        [
            f"For:\n\n{bullets(map(md, told.intended_uses))}",
            f"Not for:\n\n{bullets(map(md, told.excluded_uses))}",
            f"Conditions:\n\n{bullets(map(md, told.conditions))}",
            table(
                ("Entry", "As stated"),
                [
                    ("Licence of the table", "; ".join(map(md, licences)) or UNTOLD),
                    ("Organisation", md(told.organisation) or UNTOLD),
                    ("Contact", md(told.contact) or UNTOLD),
                    ("Classes of data", "; ".join(map(md, told.data_classes)) or UNTOLD),
                    ("Valid until", md(told.valid_until) or UNTOLD),
                ],
            ),
        ]
    )


def _columns(record: Record) -> str:
    kinds = list(record.kinds.items())
    rows = [(md(name, NAME_LENGTH), md(kind) or UNTOLD) for name, kind in kinds[:LONGEST]]
    more = f"\n\n{len(kinds) - LONGEST:,} more are in `croissant.json`." if kinds[LONGEST:] else ""
    return table(("Column", "Kind"), rows) + more


def _files(record: Record) -> str:
    label, verdict = record.label, record.verdict
    rows = [
        (code(label.file), f"the table, sha256 {code(label.sha256)}"),
        (code(f"{label.file}.label.json"), "its history"),
        ("`evidence.json`", f"every number, {code(verdict.evidence_digest)}"),
        ("`verdict.json`, `policy.json`", f"the decision, policy {code(verdict.policy_digest)}"),
        ("`report.pdf`, `report.html`", "the report for people"),
        ("`manifest.json`", "the digest of every file; signatures, if any, stand beside it"),
    ]
    return (
        f"Made on {md(record.created, NAME_LENGTH)} by {md(label.made_by)}. `privsynth verify` on "
        f"this folder decides again from the evidence.\n\n{table(('File', 'What it is'), rows)}"
    )
