"""Is the released table the audited one, is its label true, and is another file that table?"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

from privsynth.errors import InputError
from privsynth.evidence import Bundle
from privsynth.policy import Verdict
from privsynth.provenance.checks._base import Check
from privsynth.provenance.checks.folder import Folder
from privsynth.provenance.checks.record import Parts
from privsynth.provenance.describe import DESCRIPTIONS, record_problems
from privsynth.provenance.hint import hint_problem
from privsynth.provenance.label import ENDING, Label, label
from privsynth.provenance.lineage import release_problem
from privsynth.provenance.reread import reread
from privsynth.tables import Table

CELL = 4096
"""Bytes that a cell of a packed table may have on the average to be read."""


def check_label(folder: Folder, parts: Parts) -> Iterator[Check]:
    """Yield whether label, descriptions and table say what the evidence says."""
    for beside in [name for name in folder.files if name.endswith(ENDING)]:
        found, bundle, verdict = parts.label, parts.bundle, parts.verdict
        if found is None or bundle is None or verdict is None:
            continue
        problem = _problem(folder, beside, found, bundle, verdict)
        yield Check(
            beside, not problem, problem or "names the audited rows, as they stand here", "table"
        )
    if parts.bundle is None or parts.verdict is None:
        return
    problems = record_problems(folder.path, parts.bundle, parts.verdict)
    for said in problems:
        yield Check("description", False, said, "table")
    if not problems and DESCRIPTIONS[0] in folder.files:
        names = " and ".join(DESCRIPTIONS)
        yield Check("description", True, f"{names} say what the record says", "table")


def check_table(path: Path, folder: Folder, parts: Parts) -> Check:
    """Return whether a file is the released table: its bytes, or its values in another encoding.

    Compared are the released columns by name, their kinds, and their cells row by row: the order
    of columns does not count, that of rows does. Raises ``InputError`` where there is no file.
    """
    if not path.is_file():
        raise InputError(f"--table {path}: there is no such file")
    found, bundle = parts.label, parts.bundle
    if found is None or bundle is None or "synthetic" not in bundle.tables:
        return _table(False, "cannot be told: label or evidence of the release cannot be read")
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() == found.sha256:
            return _table(True, f"is {found.file} of this release, byte for byte")
    try:
        table = _reread(path, bundle)
    except InputError as error:
        return _table(False, f"is not the released table: {error}")
    if f"sha256:{table.digest}" == bundle.tables["synthetic"].digest:
        return _table(
            True,
            f"is {found.file} of this release in other bytes: the same columns, and the same "
            "values row by row",
        )
    return _table(False, f"is not the released table: {_difference(table, folder, found, bundle)}")


def _difference(table: Table, folder: Folder, found: Label, bundle: Bundle) -> str:
    """Return in which way a table differs from the released one, without a cell of it."""
    lacks = sorted({*found.columns} - {*table.schema.names})
    if lacks:
        return f"it lacks {len(lacks)} of its {len(found.columns)} columns"
    if len(table) != found.rows:
        return f"it has {len(table):,} rows, and the released one {found.rows:,}"
    try:
        if table.fingerprint == _reread(folder.path / found.file, bundle).fingerprint:
            return "the same rows in another order, and the order counts"
    except InputError:
        pass
    return "the same columns and as many rows, with other values"


def _problem(
    folder: Folder, beside: str, found: Label, bundle: Bundle, verdict: Verdict
) -> str:  # fmt: skip
    """Return what is wrong with a label and its table, "" if they are those of the record."""
    if beside != f"{found.file}{ENDING}" or found.file not in folder.files:
        return "names another file than the one that it stands beside"
    path = folder.path / found.file
    facts = {role: bundle.tables[role].digest for role in bundle.tables}
    try:
        table = _reread(path, bundle)
        if f"sha256:{table.digest}" != facts.get("synthetic"):
            return "the audited table is not the one that is released"
        made = label(
            found.file, path.read_bytes(), table, bundle.generator, claim=bundle.claim,
            training_table=facts.get("train", ""), verdict=verdict.status,
            evidence="evidence.json", **found.stated,
        )  # fmt: skip
    except InputError as error:
        return str(error)
    problem = release_problem(found) or hint_problem(path, found)
    if problem:
        return problem
    wrong = sorted(key for key, value in made if value != getattr(found, key))
    return f"does not fit table and evidence at {', '.join(wrong)}" if wrong else ""


def _reread(path: Path, bundle: Bundle) -> Table:
    """Return the table in a file; ``InputError`` where it would unpack to much more than it."""
    rows = bundle.tables["synthetic"].rows
    most = (rows + 1) * (len(bundle.columns) + 1) * CELL
    name = path.name.lower()
    try:
        if name.endswith(".gz"):
            with gzip.open(path) as stream:
                left = most
                while left >= 0 and (piece := stream.read(min(left + 1, 1 << 20))):
                    left -= len(piece)
            if left < 0:
                raise InputError(f"unpacks to more than {most:,} bytes, for {rows:,} rows")
        elif name.endswith(".parquet"):
            import pyarrow as pa
            import pyarrow.parquet as pq

            try:
                found = pq.read_metadata(path).num_rows
            except pa.ArrowException:
                found = rows  # whoever reads it tells what it is
            if found != rows:
                raise InputError(f"it has {found:,} rows, and the released one {rows:,}")
    except (OSError, EOFError, zlib.error):
        pass  # damaged: so is told by whoever reads it
    return reread(path, bundle)


def _table(ok: bool, detail: str) -> Check:
    return Check("--table", ok, detail, "table")
