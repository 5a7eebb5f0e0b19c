"""One peer on one folder of tables, in the peer's own environment: prints one JSON line.

Only numpy and pandas are imported outside the functions. Every peer is called as its manual says,
with its defaults, and gets the holdout that it asks for.
"""

import contextlib
import io
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

Tables = dict[str, pd.DataFrame]
Kinds = dict[str, list[str]]


def sdmetrics(tables: Tables, kinds: Kinds) -> dict[str, float]:
    """Return DCROverfittingProtection's score: 1 is best."""
    from sdmetrics.single_table import DCROverfittingProtection

    columns = {name: {"sdtype": "numerical"} for name in kinds["numeric"]}
    columns |= {name: {"sdtype": "categorical"} for name in kinds["categorical"]}
    found = DCROverfittingProtection.compute_breakdown(
        real_training_data=tables["train"],
        synthetic_data=tables["synthetic"],
        real_validation_data=tables["holdout"],
        metadata={"tables": {"t": {"columns": columns}}},
        table_name="t",
    )
    return {"score": float(found["score"])}


def mostlyai_qa(tables: Tables, kinds: Kinds) -> dict[str, float]:
    """Return the shares that its report prints: closer to train, identical to train and holdout."""
    from mostlyai import qa

    with tempfile.TemporaryDirectory() as folder:
        _, metrics = qa.report(
            syn_tgt_data=tables["synthetic"],
            trn_tgt_data=tables["train"],
            hol_tgt_data=tables["holdout"],
            report_path=Path(folder) / "report.html",
            max_sample_size_accuracy=500,
        )
    found = metrics.distances
    return {"DCR share": found.dcr_share, "IMS train": found.ims_training}


def syntheval(tables: Tables, kinds: Kinds) -> dict[str, float]:
    """Return precision and recall of its membership attack (a classifier)."""
    from syntheval import SynthEval

    found = SynthEval(
        tables["train"], holdout_dataframe=tables["holdout"], cat_cols=kinds["categorical"],
        verbose=False,
    ).evaluate(tables["synthetic"], mia={})  # fmt: skip
    values = dict(zip(found["metric"], found["val"], strict=True))
    return {name: float(value) for name, value in values.items() if "se" not in str(name).split()}


def anonymeter(tables: Tables, kinds: Kinds) -> dict[str, float]:
    """Return risks with the lower ends of their 95 % intervals: singling out, and linkability."""
    from anonymeter.evaluators import LinkabilityEvaluator, SinglingOutEvaluator

    given = {
        "ori": tables["train"], "syn": tables["synthetic"], "control": tables["holdout"],
        "n_attacks": 500,
    }  # fmt: skip
    names = list(tables["train"])
    out = {}
    for label, evaluator in (
        ("singling out", SinglingOutEvaluator(**given, n_cols=3, seed=1)),
        ("linkability", LinkabilityEvaluator(**given, aux_cols=(names[::2], names[1::2]))),
    ):
        if label == "linkability":
            evaluator.evaluate(n_jobs=1)
        else:
            evaluator.evaluate()
        risk = evaluator.risk(confidence_level=0.95)
        out |= {label: float(risk.value), f"{label}, from": float(risk.ci[0])}
    return out


TOOLS = {
    "sdmetrics": sdmetrics,
    "mostlyai-qa": mostlyai_qa,
    "syntheval": syntheval,
    "anonymeter": anonymeter,
}


def main(tool: str, folder: str) -> None:
    """Print what the tool says of the tables in a folder."""
    kinds = json.loads((Path(folder) / "kinds.json").read_text())
    types: dict[str, Any] = dict.fromkeys(kinds["numeric"], "float64")
    types |= dict.fromkeys(kinds["categorical"], object)
    tables = {
        role: pd.read_csv(Path(folder) / f"{role}.csv", dtype=types)
        for role in ("train", "holdout", "synthetic")
    }
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        found = TOOLS[tool](tables, kinds)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
