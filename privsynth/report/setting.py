"""The setting of two audits beside each other: tables, columns, policy, generator, claim, level."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from privsynth.evidence import Bundle
from privsynth.privacy import NoClaim
from privsynth.report.text import count, number, significant

REAL = ("train", "holdout", "reference")
DIGEST = 28
"""Characters of a digest that are shown: its kind and 16 digits of it."""


@dataclass(frozen=True)
class Fact:
    """Something that is no estimate and differs: what it is, how it was, how it is."""

    what: str
    old: str
    new: str


def cautions(new: Bundle, old: Bundle) -> tuple[str, ...]:
    """Return why numbers of the two may differ without any change of a table, gravest first."""
    return tuple(_cautions(new, old))


def _cautions(new: Bundle, old: Bundle) -> Iterator[str]:
    if new.name != old.name:
        yield "The two are of different name: another dataset, or one that was renamed."
    if columns(new) != columns(old):
        yield "Other columns were read, or columns as another kind: the tables are not alike."
    if new.split.get("unit") != old.split.get("unit"):
        yield "Rows were counted in one and entities in the other."
    if new.mechanism != old.mechanism:
        yield "One describes the released file, the other its mechanism, or another mechanism."
    if attacks(new) != attacks(old):
        yield (
            "Other attacks ran, or other versions of them: the worst of all attacks, whole and in "
            "groups, can move without any change of the table."
        )
    other = [role for role in REAL if digest(new, role) != digest(old, role)]
    if other:
        yield (
            f"The real rows differ ({', '.join(other)}), or the same rows were digested under "
            "another key: numbers can move with the rows."
        )
    if new.audits.alpha != old.audits.alpha:
        yield (
            f"Bounds hold at different levels: one-sided {1 - old.audits.alpha:.4f} then, "
            f"{1 - new.audits.alpha:.4f} now; a stricter level widens an interval by itself."
        )


def columns(bundle: Bundle) -> dict[str, str]:
    """Return the kind of every column that was read, by name."""
    return {c.name: c.kind for c in bundle.columns if c.read}


def attacks(bundle: Bundle) -> dict[str, str]:
    """Return the version of every attack that ran, by name."""
    return {p.id: p.version for p in bundle.probes if p.kind == "attack" and not p.not_run}


def digest(bundle: Bundle, role: Any) -> str:
    """Return the digest of a table, empty where there is none."""
    return bundle.tables[role].digest if role in bundle.tables else ""


def claimed(bundle: Bundle) -> str:
    """Return the claim in words, with its unit: an epsilon alone says little."""
    claim = bundle.claim
    if isinstance(claim, NoClaim):
        return "none claimed"
    whole = "" if claim.end_to_end else ", not end-to-end"
    stated = "stated " if claim.kind == "stated" else ""
    delta = significant(claim.delta)
    return (
        f"{stated}epsilon {significant(claim.epsilon)}, delta {delta} for one {claim.unit}{whole}"
    )


def facts(new: Bundle, old: Bundle) -> tuple[Fact, ...]:
    """Return everything that is no estimate and differs between two evidences."""
    before, after = dict(_facts(old)), dict(_facts(new))
    names = list({**after, **before})
    heads = [name.partition(",")[0] for name in names]
    return tuple(
        Fact(name, before.get(name, "–"), after.get(name, "–"))
        for name in sorted(names, key=lambda name: heads.index(name.partition(",")[0]))
        if before.get(name, "–") != after.get(name, "–")
    )


def _facts(bundle: Bundle) -> Iterator[tuple[str, str]]:
    yield "Name", bundle.name
    for role, table in bundle.tables.items():
        yield f"{role.capitalize()} table, rows", count(table.rows)
        yield f"{role.capitalize()} table, units", count(table.units)
        yield f"{role.capitalize()} table, digest", table.digest[:DIGEST] + "…"
    yield "Counted by", str(bundle.split.get("unit", "–"))
    yield "Policy", bundle.policy.name
    yield "Policy, digest", bundle.policy.digest
    yield "Policy, registered", bundle.policy.registered.replace("_", " ")
    rules = bundle.policy.document.get("rules")
    for rule, parameters in rules.items() if isinstance(rules, Mapping) else ():
        named = parameters if isinstance(parameters, Mapping) and parameters else {"": "asked"}
        for name, value in named.items():
            yield f"Rule {rule}{name and ', '}{name}", _text(value)
    yield "Synthesizer", bundle.generator.synthesizer
    for name, value in bundle.generator.options.items():
        yield f"Synthesizer, {name}", _text(value)
    yield "Synthesizer, licence", bundle.generator.licence or "–"
    yield "Formal guarantee", claimed(bundle)
    yield "Audit of this source, number", count(bundle.audits.number)
    yield "One-sided level of every bound", f"{1 - bundle.audits.alpha:.6g}"
    for name, control in bundle.controls.items():
        yield f"Control: {name.replace('_', ' ')}", control.status.replace("_", " ")
    if bundle.power is not None:
        yield "Smallest AUC that is seen", number(bundle.power.min_detectable_auc)
        yield "Fewest copied people that are seen", count(bundle.power.min_detectable_copies)
    for column in bundle.columns:
        released = "released" if column.released else "not released"
        yield f"Column {column.name}", f"{column.kind if column.read else 'not read'}, {released}"
    for package, version in bundle.versions.items():
        yield f"Version of {package}", version


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
