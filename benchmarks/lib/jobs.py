"""One tool on one pair of tables in one process: a line on stdin is one job, a JSON line answers.

Runs in the environment of the tool, so only numpy and pandas are imported outside the functions.
A job starts from DataFrames and ends with the two nearest rows of every synthetic row, in each
reference table. ``search_s`` is what is left of it without turning text into numbers.
"""

import contextlib
import gc
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

K = 2
Job = Callable[[], tuple[float, Any]]
"""Returns the seconds of encoding and the distances to the first reference, if it has them."""


def ours(given: "Given") -> Job:
    """Return our search; ``threads=1``."""
    from privsynth.neighbours import nearest

    def job() -> tuple[float, Any]:
        found = [nearest(given.synthetic, table, k=K, threads=1) for table in given.references]
        return 0.0, found[0].distances

    if given.warm:
        few = given.synthetic.head(50)
        nearest(few, few, k=K, threads=1)
    return job


def ours_search(given: "Given", brute: bool = False) -> Job:
    """Return our search alone: both tables are encoded before the clock starts."""
    import inspect

    from privsynth.neighbours import _kernel, nearest_records
    from privsynth.neighbours.frames import encode_frames

    if brute:
        kernel = _kernel.nearest
        place = list(inspect.signature(kernel.py_func).parameters).index("brute")
        _kernel.nearest = lambda *a: kernel(*a[:place], True, *a[place + 1 :])
    encoded = [encode_frames(given.synthetic, table) for table in given.references]
    nearest_records(encoded[0][0].take(slice(50)), encoded[0][1].take(slice(50)), threads=1)

    def job() -> tuple[float, Any]:
        found = [nearest_records(*pair, k=K, threads=1) for pair in encoded]
        return 0.0, found[0].distances

    return job


def ours_brute(given: "Given") -> Job:
    """Return our search made to visit every tile."""
    return ours_search(given, brute=True)


def scikit_learn(given: "Given") -> Job:
    """Return brute force on one-hot columns, squared Euclid."""
    from sklearn.neighbors import NearestNeighbors

    def search(table: Any, rows: Any) -> Any:
        model = NearestNeighbors(n_neighbors=K, algorithm="brute", n_jobs=1).fit(table)
        return model.kneighbors(rows)[0]

    return _encoded(given, search, manhattan=False)


def faiss(given: "Given", manhattan: bool = False) -> Job:
    """Return the flat index on one-hot columns, squared Euclid or Manhattan."""
    import faiss as library

    library.omp_set_num_threads(1)

    def search(table: Any, rows: Any) -> Any:
        columns = table.shape[1]
        found = (
            library.IndexFlat(columns, library.METRIC_L1)
            if manhattan
            else library.IndexFlatL2(columns)
        )
        found.add(table)
        return found.search(rows, K)[0]

    return _encoded(given, search, manhattan)


def faiss_l1(given: "Given") -> Job:
    """Return the flat Manhattan index: the same distance as ours."""
    return faiss(given, manhattan=True)


def mostlyai_qa(given: "Given") -> Job:
    """Return its distances to closest records on one-hot columns."""
    from mostlyai.qa._distances import calculate_dcrs_nndrs

    return _encoded(given, lambda table, rows: calculate_dcrs_nndrs(table, rows)[0], False)


def sdmetrics(given: "Given") -> Job:
    """Return DCROverfittingProtection, which searches train and holdout."""
    from sdmetrics.single_table import DCROverfittingProtection

    kinds = dict.fromkeys(given.numeric, "numerical") | dict.fromkeys(
        given.categorical, "categorical"
    )
    columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
    train, holdout = given.references

    def job() -> tuple[float, Any]:
        DCROverfittingProtection.compute_breakdown(
            real_training_data=train,
            synthetic_data=given.synthetic,
            real_validation_data=holdout,
            metadata={"tables": {"t": {"columns": columns}}},
            table_name="t",
        )
        return 0.0, None

    return job


def anonymeter(given: "Given") -> Job:
    """Return its mixed-type neighbours; missing cells filled, because NaN poisons its distance."""
    import anonymeter.evaluators  # noqa: F401  the other way round its imports are circular
    from anonymeter.neighbors.mixed_types_kneighbors import MixedTypeKNeighbors

    def search(table: pd.DataFrame, rows: pd.DataFrame, k: int = K) -> Any:
        kinds = {"num": given.numeric, "cat": given.categorical}
        model = MixedTypeKNeighbors(n_neighbors=k, n_jobs=1).fit(given.filled(table), ctypes=kinds)
        return model.kneighbors(given.filled(rows), return_distance=True)[0]

    search(given.synthetic.head(50), given.synthetic.head(50))  # it compiles, too

    def job() -> tuple[float, Any]:
        found = [search(table, given.synthetic) for table in given.references]
        return 0.0, found[0]

    return job


def syntheval(given: "Given") -> Job:
    """Return its measure ``dcr`` with the Gower distance; missing cells filled."""
    from syntheval import SynthEval

    def job() -> tuple[float, Any]:
        train, holdout, rows = map(given.filled, (*given.references, given.synthetic))
        with contextlib.redirect_stdout(io.StringIO()):
            SynthEval(
                train, holdout_dataframe=holdout, cat_cols=given.categorical,
                nn_distance="gower", verbose=False,
            ).evaluate(rows, dcr={})  # fmt: skip
        return 0.0, None

    return job


TOOLS: dict[str, Callable[["Given"], Job]] = {
    "ours": ours,
    "ours-search": ours_search,
    "ours-brute": ours_brute,
    "scikit-learn": scikit_learn,
    "faiss-l2": faiss,
    "faiss-l1": faiss_l1,
    "sdmetrics": sdmetrics,
    "anonymeter": anonymeter,
    "mostlyai-qa": mostlyai_qa,
    "syntheval": syntheval,
}


class Given:
    """The tables of one folder, as DataFrames, text as text."""

    def __init__(self, folder: Path, references: int, warm: bool = True) -> None:
        self.warm = warm
        kinds = json.loads((folder / "kinds.json").read_text())
        self.numeric, self.categorical = kinds["numeric"], kinds["categorical"]
        self.synthetic = self._read(folder / "synthetic.csv")
        roles = ("train", "holdout")[:references]
        self.references = [self._read(folder / f"{role}.csv") for role in roles]

    def _read(self, path: Path) -> pd.DataFrame:
        types = dict.fromkeys(self.numeric, "float64") | dict.fromkeys(self.categorical, object)
        return pd.read_csv(path, dtype=types)

    def filled(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a copy without missing cells: 0, or a text of its own."""
        return table.fillna(
            dict.fromkeys(self.numeric, 0.0) | dict.fromkeys(self.categorical, "missing")
        )

    def matrices(self, manhattan: bool) -> list[Any]:
        """Return one float32 matrix a table, references first, for tools that know numbers only.

        Under Manhattan the distance is our own sum exactly, missing cells included. Under Euclid
        missing numbers lie in the middle with a column that says so.
        """
        tables = [*self.references, self.synthetic]
        ends = np.cumsum([len(table) for table in tables])
        blocks = [
            block
            for name in self.numeric
            for block in _scaled(np.concatenate([t[name] for t in tables]), manhattan)
        ]
        for name in self.categorical:
            found, levels = pd.factorize(np.concatenate([t[name] for t in tables]))
            block = np.zeros((ends[-1], len(levels) + 1), np.float32)
            block[np.arange(ends[-1]), found] = 0.5 if manhattan else 0.5**0.5
            blocks.append(block)  # the last column is that of missing cells, code -1
        return np.split(np.ascontiguousarray(np.hstack(blocks)), ends[:-1])


def _scaled(values: Any, manhattan: bool) -> list[Any]:
    low, high = np.nanmin(values), np.nanmax(values)
    scaled = ((values - low) / (high - low or 1.0)).astype(np.float32)[:, None]
    missing = np.isnan(scaled)
    if not missing.any():
        return [scaled]
    if not manhattan:
        return [np.where(missing, np.float32(0.5), scaled), missing.astype(np.float32)]
    halves = [np.where(missing, np.float32(0), half) for half in (scaled / 2, (1 - scaled) / 2)]
    return [*halves, missing.astype(np.float32) / 2]


def _encoded(given: Given, search: Callable[[Any, Any], Any], manhattan: bool) -> Job:
    def job() -> tuple[float, Any]:
        started = time.process_time()
        *tables, rows = given.matrices(manhattan)
        spent = time.process_time() - started
        found = [search(table, rows) for table in tables]
        return spent, found[0]

    return job


def _memory(name: str) -> float:
    """Return a figure of this process in MB, 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _timed(job: Job) -> dict[str, Any]:
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before = _memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    encoding, distances = job()
    spent = time.process_time() - cpu
    out = {"s": spent, "search_s": spent - encoding, "wall_s": time.perf_counter() - wall}
    out["extra_MB"] = _memory("VmHWM") - before
    if distances is not None:
        out["median"] = float(np.median(np.asarray(distances).reshape(len(distances), -1)[:, 0]))
    return out


def main(tool: str, folder: str, references: str, mode: str = "stay") -> None:
    """Answer every line of stdin with one job; in the mode ``once`` do one, nothing warmed up."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a tool prints is no answer
    job = TOOLS[tool](Given(Path(folder), int(references), warm=mode == "stay"))
    if mode == "stay":
        print(json.dumps({"ready": tool}), file=answers, flush=True)
    for _ in sys.stdin if mode == "stay" else [""]:
        print(json.dumps(_timed(job)), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
