"""One private synthesizer of others on one table, in its own environment: prints one JSON line.

Only numpy and pandas are imported outside the functions. Both get the declared bounds and
categories, and the same epsilon over preprocessing and model together.
"""

import contextlib
import io
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

BINS = 20
NUMBERS = ("numeric", "integer")
Asked = dict[str, Any]
Made = tuple[Callable[[pd.DataFrame], None], Callable[[int], pd.DataFrame]]


def dpmm(asked: Asked) -> Made:
    """Return fit and sample of its MST; a tenth of epsilon for its private bins (PrivTree)."""
    from dpmm.pipelines import MSTPipeline

    domain = {
        c["name"]: {"lower": c["low"], "upper": c["high"]}
        if c["kind"] in NUMBERS
        else {"categories": list(c["categories"])}
        for c in asked["columns"]
    }
    model = MSTPipeline(
        epsilon=0.9 * asked["epsilon"], delta=asked["delta"], proc_epsilon=0.1 * asked["epsilon"],
        n_jobs=1,
    )  # fmt: skip

    def fit(frame: pd.DataFrame) -> None:
        model.fit(frame, domain, random_state=asked["seed"])

    return fit, lambda n: model.generate(n_records=n, random_state=asked["seed"])


def smartnoise(asked: Asked) -> Made:
    """Return fit and sample of its MST with declared bounds, so that its bins cost nothing."""
    from snsynth import Synthesizer
    from snsynth.transform import BinTransformer, LabelTransformer, TableTransformer

    parts = [
        BinTransformer(bins=BINS, lower=c["low"], upper=c["high"], nullable=True)
        if c["kind"] in NUMBERS
        else LabelTransformer(nullable=True)
        for c in asked["columns"]
    ]
    model = Synthesizer.create("mst", epsilon=asked["epsilon"], delta=asked["delta"])

    def fit(frame: pd.DataFrame) -> None:
        model.fit(frame, transformer=TableTransformer(parts))

    return fit, model.sample


TOOLS = {"dpmm": dpmm, "smartnoise-synth": smartnoise}


def main(tool: str, folder: str) -> None:
    """Write the tool's synthetic table into the folder and print what the fit took."""
    asked = json.loads((Path(folder) / "asked.json").read_text())
    types = {c["name"]: float if c["kind"] in NUMBERS else object for c in asked["columns"]}
    frame = pd.read_csv(Path(folder) / "train.csv", dtype=types)
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        fit, sample = TOOLS[tool](asked)
        started = time.process_time()
        fit(frame)
        spent = time.process_time() - started
        made = sample(len(frame))[list(frame.columns)]
    for column in asked["columns"]:
        if column["kind"] == "integer":
            made[column["name"]] = made[column["name"]].astype(float).round()
    made.to_csv(Path(folder) / "synthetic.csv", index=False)
    print(json.dumps({"fit_s": spent}))


if __name__ == "__main__":
    main(*sys.argv[1:])
