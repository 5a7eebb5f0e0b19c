"""The whole road: split, synthesize, audit, gate, report, provenance, into one release folder."""

import datetime
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from privsynth import synthesizers
from privsynth.audit import check_counted, check_memory, in_bytes, rows_of
from privsynth.evidence import Bundle, read_bundle, to_json
from privsynth.policy import Verdict, decide, load_policy, load_waivers
from privsynth.privacy.claim import Composition
from privsynth.progress import Progress, part, silent
from privsynth.provenance import (
    Keeper,
    Made,
    before,
    check_known,
    counted,
    keeper,
    let_go,
    parent_of,
    read_also,
    spent,
)
from privsynth.provenance.describe import describe
from privsynth.provenance.manifest import NAME as MANIFEST
from privsynth.provenance.manifest import write_manifest
from privsynth.provenance.record import Record, told_of
from privsynth.provenance.stage import staged
from privsynth.randomness import fresh_seed
from privsynth.registry import choose
from privsynth.report import Report, Stated, read_details, record, render
from privsynth.run.candidate import booked, request_for, write_labelled
from privsynth.run.config import RunConfig, check_apart, release_name
from privsynth.run.folds import Parts, divide, judged, siblings
from privsynth.tables import (
    Table,
    check_informative,
    read,
    read_schema,
    write_bytes,
)


@dataclass(frozen=True)
class Release:
    """A finished release folder with its full evidence and verdict.

    ``aside`` is for whoever holds the training rows alone: it counts them. ``earlier`` are the
    releases of the same source before, ``spent`` what all its private fits add up to.
    """

    folder: Path
    bundle: Bundle
    verdict: Verdict
    aside: tuple[str, ...] = ()
    earlier: tuple[Made, ...] = ()
    spent: Composition | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The paths a person looks for first."""
        names = ("report.pdf", "report.html", "evidence.json", "verdict.json", MANIFEST)
        return {name: self.folder / "release" / name for name in names}


def run(
    config: RunConfig, *, force: bool = False, progress: Progress = silent,
    keep: Keeper | None = None,
) -> Release:  # fmt: skip
    """Return the release made by a configuration; its folder is there whole or not at all.

    ``release/`` holds what travels, with the recipient's evidence; ``private/`` what stays: full
    evidence, the configuration with its seed, and which rows went where. The same configuration
    and seed give the same synthetic table and ``evidence.json``. Raises ``InputError`` for what the
    user can mend; an existing folder is only replaced with ``force``.
    """
    keep = keep or keeper()
    policy = load_policy(config.policy)
    stated = Stated() if config.details is None else read_details(Path(config.details))
    waivers = () if config.waivers is None else load_waivers(Path(config.waivers))
    last = None if config.baseline is None else read_bundle(Path(config.baseline))
    maker = (
        synthesizers.command_synthesizer(config.synth_cmd)
        if config.synth_cmd
        else choose(synthesizers.catalogue(), config.synthesizer, "synthesizer")
    )
    synthesizers.settle(maker, config.options)
    name = release_name(config)
    folder = Path(config.out or f"{name}-release")
    check_apart(folder, config)
    seed = fresh_seed() if config.root_seed is None else config.root_seed
    clock = _Clock()
    with staged(folder, force) as stage:
        progress("reading the table", 0.0)
        source = _source(config)
        parent = parent_of(Path(config.table), source.digest, config.origin, keep)
        check_known(Path(config.table), parent, stated.details.lineage)
        parts = divide(source, seed, config.split)
        check_counted(config.also, has_holdout=parts.holdout is not None)
        also = read_also([*map(Path, config.also)], source.schema, parts.train.digest, keep)
        rows = config.rows or len(parts.train)
        recipe = synthesizers.Recipe(maker, rows, config.options, config.private)
        recipe.check(parts.train)
        if config.privacy is not None:
            config.privacy.check_source(keep, source.fingerprint)
        effort = parts.effort(rows + rows_of(also), policy.limits)
        check_memory(effort, in_bytes(config.max_memory))  # now, not after the work
        clock.lap("read and split")
        beside = parts.folds or config.other_seeds
        first = 0.03 + 0.42 / (1 + beside)
        candidate = recipe.make(parts.train, seed, part(progress, 0.03, first))
        candidate = booked(candidate, keep, source.fingerprint)
        made = siblings(recipe, parts, seed, config.other_seeds, part(progress, first, 0.45))
        clock.lap("synthesize")
        audits = keep.count(source.fingerprint, candidate.synthetic.fingerprint)
        earlier = before(keep, source, candidate.synthetic)
        audits = counted(keep, audits, earlier, also)
        request = request_for(
            candidate, parts, policy, seed, audits, keep, name,
            split={"unit": parts.unit, "shares": config.split.used},
            max_memory=in_bytes(config.max_memory), also=also,
        )  # fmt: skip
        bundle = judged(request, parts, made, config.other_seeds, part(progress, 0.45, 0.8))
        clock.lap("audit")
        travels, created = stage / "release", now()
        verdict = decide(bundle, policy, waivers=waivers, last=last, on=created.date())
        file = f"{name}.{config.format}"
        made_label = write_labelled(
            travels / file, candidate, bundle.tables["train"].digest, parent,
            verdict=verdict.status, evidence="evidence.json", licences=config.licences,
        )  # fmt: skip
        shown = record(bundle, verdict, policy, waivers=waivers)
        files = {f"{file}.label.json": to_json(made_label).encode(), **shown.files}
        for kept, data in files.items():
            write_bytes(travels / kept, data)
        report = Report(
            shown.bundle, verdict, created, files, cell=shown.cell, details=stated.details,
            logo=stated.logo, templates=None if not config.templates else Path(config.templates),
            signatures=policy.signatures,
        )  # fmt: skip
        paths = {"pdf": travels / "report.pdf", "html": travels / "report.html"}
        render(report, **paths, progress=part(progress, 0.82, 0.98))
        clock.lap("report")
        _write_private(stage / "private", config, seed, parts)
        write_bytes(stage / "private" / "evidence.json", to_json(bundle).encode())
        write_bytes(travels / "run.json", _run_facts(created, clock, audits.number))
        size, told = (travels / file).stat().st_size, told_of(stated.details)
        public = Record(made_label, shown.bundle, verdict, created.isoformat(), size, told)
        for kept, data in describe(public).items():
            write_bytes(travels / kept, data)
        write_manifest(travels, name)
        # Before it leaves: what was not remembered must not be there.
        let_go(
            keep, (source, parts.train), candidate.synthetic, name, created.date().isoformat(),
            verdict.status, candidate.claim,
        )  # fmt: skip
    progress("done", 1.0)
    return Release(
        folder, bundle, verdict, candidate.aside, earlier, spent(keep, source.fingerprint)
    )


def now() -> datetime.datetime:
    """Return the time that documents carry: SOURCE_DATE_EPOCH where set, else the clock."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _source(config: RunConfig) -> Table:
    schema = None if config.table_schema is None else read_schema(Path(config.table_schema))
    source = read(config.table, schema, name=Path(config.table).name)
    check_informative(source)
    return source


def _write_private(folder: Path, config: RunConfig, seed: int, parts: Parts) -> None:
    key = "seed" if config.privacy is None else "audit_seed"
    used = config.model_copy(update={key: seed}).model_dump(by_alias=True, exclude_none=True)
    for key in ("table", "schema", "waivers", "baseline", "details", "templates", "out"):
        if used.get(key):
            used[key] = str(Path(used[key]).resolve())
    used["also"] = [str(Path(one).resolve()) for one in config.also]
    if not config.policy.startswith("preset:"):
        used["policy"] = str(Path(config.policy).resolve())
    text = "# what this release was made with; a seed lets an insider replay it: keep it private\n"
    text += yaml.safe_dump(used, sort_keys=False, allow_unicode=True)
    write_bytes(folder / "config.yaml", text.encode())
    roles = np.empty(sum(len(rows) for rows in parts.rows.values()), object)
    for role, rows in parts.rows.items():
        roles[rows] = role
    lines = "".join(f"{row},{role}\n" for row, role in enumerate(roles, start=1))
    write_bytes(folder / "split.csv", f"row,role\n{lines}".encode())


def _run_facts(created: datetime.datetime, clock: "_Clock", number: int) -> bytes:
    facts: dict[str, Any] = {
        "created": created.isoformat(),
        "seconds": clock.laps,
        "audits_of_this_source": number,
        "machine": {
            "system": platform.system(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
    }
    return (json.dumps(facts, indent=2, sort_keys=True) + "\n").encode()


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Note the seconds since the last lap under ``stage``."""
        moment = time.perf_counter()
        self.laps[stage] = round(moment - self._last, 2)
        self._last = moment
