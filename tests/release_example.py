"""Small tables with recognisable people, and releases of them that need no PDF."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pikepdf
import pytest

import privsynth.run.road as road
from privsynth.provenance import keeper

SECRET = "SECRET123"
NUMBER = 98765.4321
"""Cells that occur once in a real table and must occur nowhere outside it."""

PYTHON = [sys.executable, "-m", "privsynth"]
ROOT = Path(__file__).parents[1]


def people(n: int, seed: int = 0, *, fine: bool = False) -> pd.DataFrame:
    """Return a table whose values are so coarse that a fresh one holds the same values.

    With ``fine`` it has two columns more, of values that nobody shares.
    """
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n)
    more = {"height": rng.normal(size=n), "pressure": rng.normal(size=n)} if fine else {}
    return pd.DataFrame(
        {
            "age": rng.integers(2, 9, n) * 10,
            "weight": (70 + 10 * np.round(size)).astype(int),
            "sex": rng.choice(["F", "M"], n),
            "stage": rng.choice(["low", "middle", "high"], n),
            "smoker": rng.choice(["True", "False"], n),
            **more,
        }
    )


def with_secrets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with ids, free texts, a rare town and numbers that name single people."""
    n = len(frame)
    out = frame.copy()
    out.insert(0, "person_id", [f"{SECRET}-{i:04d}" for i in range(n)])
    out["income"] = np.where(np.arange(n) % 2 == 0, NUMBER, 100.0) + np.arange(n)
    town = np.where(np.arange(n) % 2 == 0, "Springfield", "Shelbyville").astype(object)
    town[n // 2] = f"{SECRET}ville"
    out["town"] = town
    out["remark"] = [f"{SECRET} was seen here on day {i}" for i in range(n)]
    return out


def csv_file(folder: Path, frame: pd.DataFrame, name: str = "people.csv") -> Path:
    """Return the path of a new CSV file."""
    path = folder / name
    frame.to_csv(path, index=False)
    return path


def small_pdf(attachments: Mapping[str, bytes], **change: Any) -> bytes:
    """Return a PDF of one empty page with files inside; ``change`` gives their streams entries."""
    stream = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        for name, data in sorted(attachments.items()):
            document.attachments[name] = pikepdf.AttachedFileSpec(document, data, filename=name)
            for key, value in change.items():
                document.attachments[name].obj.EF.F[f"/{key}"] = value
        document.save(stream, deterministic_id=True)
    return stream.getvalue()


def attached(folder: Path) -> dict[str, bytes]:
    """Return what belongs inside the report of a release folder."""
    parts = {"evidence.json", "verdict.json", "policy.json", "waivers.json"}
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.name in parts or path.name.endswith((".label.json", "reviews.intoto.jsonl"))
    }


@contextlib.contextmanager
def no_report() -> Iterator[None]:
    """Put a stand-in where the report is rendered, which takes seconds and is tested elsewhere."""

    def stand_in(report: Any, *, pdf: Path, html: Path, **more: Any) -> None:
        pdf.write_bytes(small_pdf(report.attachments))
        html.write_text("<p>stand-in</p>")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(road, "render", stand_in)
        yield


def release(
    folder: Path, table: Path, synthesizer: str = "memorizer", /, **options: Any
) -> road.Release:
    """Return a release without a real report; its key and audit count lie under ``folder``."""
    force = options.pop("force", False)
    made = {"table": str(table), "synthesizer": synthesizer, "seed": 7, "out": str(folder / "out")}
    config = road.RunConfig.model_validate(made | options)
    with no_report():
        return road.run(config, force=force, keep=keeper(folder / "home"))


def command(
    *arguments: str | Path, home: Path | None = None, cwd: Path | None = None, **env: str
) -> "subprocess.CompletedProcess[str]":
    """Return what the program did in a process of its own."""
    return subprocess.run(
        [*PYTHON, *map(str, arguments)],
        env=environment(home, **env),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(home: Path | None = None, **more: str) -> dict[str, str]:
    """Return the environment of a child that finds this checkout and a key of its own."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    own = {} if home is None else {"PRIVSYNTH_HOME": str(home)}
    return {**os.environ, "PYTHONPATH": path, **own, **more}


def listing(folder: Path) -> dict[str, bytes | None]:
    """Return every path below a folder with its content, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
