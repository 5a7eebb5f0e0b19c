"""What becomes of a table that was made: it is booked, asked about, labelled and written."""

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import privsynth
from privsynth.audit import Request
from privsynth.evidence import Audits, Generator, to_json
from privsynth.policy import Policy
from privsynth.privacy import DpClaim
from privsynth.provenance import Keeper, Label, Parent, book, hints, label, next_depth
from privsynth.run.folds import Parts
from privsynth.synthesizers import Candidate, catalogue
from privsynth.tables import table_bytes, write_bytes


def booked(candidate: Candidate, keep: Keeper, source: str) -> Candidate:
    """Return the candidate, its claim booked in the ledger of the source where it has one."""
    if not isinstance(candidate.claim, DpClaim):
        return candidate
    return replace(candidate, claim=book(keep, source, candidate.claim))


def generator_facts(candidate: Candidate) -> Generator:
    """Return what evidence and label say of the generator: no seed, no rows."""
    return Generator(
        synthesizer=candidate.synthesizer,
        options=dict(candidate.options),
        licence=candidate.licence,
        notes=candidate.notes,
    )


def request_for(
    candidate: Candidate, parts: Parts, policy: Policy, seed: int, audits: Audits, keep: Keeper,
    name: str, **more: Any,
) -> Request:  # fmt: skip
    """Return the audit of a candidate against the parts of its source that we divided."""
    return Request(
        train=parts.train,
        synthetic=candidate.synthetic,
        holdout=parts.holdout,
        reference=parts.reference,
        seed=seed,
        commit=keep.commit,
        name=name,
        own_split=True,
        policy=policy.registration(),
        limits=policy.limits,
        audits=audits,
        generator=generator_facts(candidate),
        claim=candidate.claim,
        **more,
    )


def generator_version(name: str) -> str:
    """Return the package of a synthesizer with its version, "" for a program from outside."""
    plugin = catalogue().get(name)
    if plugin is None:
        return ""
    own, engine = plugin.home.partition(".")[0], "sdv" if "sdv" in plugin.licence else ""
    return ", ".join(f"{one} {_installed(one)}" for one in (own, engine) if one)


def _installed(package: str) -> str:
    try:
        return privsynth.__version__ if package == "privsynth" else version(package)
    except PackageNotFoundError:
        return "of unknown version"


def write_labelled(
    path: Path, candidate: Candidate, training_table: str, parent: Parent, **more: Any
) -> Label:
    """Return the label of a candidate, once it and then the table stand at ``path``.

    ``training_table`` is the keyed digest of the rows it was made from, ``parent`` the table that
    they are of. The label is written first: no table stands there without one.
    """
    name, depth = candidate.synthesizer, next_depth([parent])
    version_, private = generator_version(name), isinstance(candidate.claim, DpClaim)
    seeded = "seeded, seed kept private" if version_ else "not stated"
    data = table_bytes(candidate.synthetic, path.name, hints("synthetic", name, depth))
    text = label(
        path.name, data, candidate.synthetic, generator_facts(candidate), claim=candidate.claim,
        training_table=training_table, generator_version=version_,
        seed_policy="operating-system entropy" if private else seeded,
        filters=(), parents=(parent,), generation_depth=depth, real_fraction=0.0, **more,
    )  # fmt: skip
    write_bytes(path.with_name(f"{path.name}.label.json"), to_json(text).encode())
    write_bytes(path, data)
    return text
