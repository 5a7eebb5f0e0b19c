"""Third-party synthetic versions of one real table: which attack sees which leak.

Needs the files of github.com/mostly-ai/paper-fidelity-accuracy (``data/online-shoppers_*.csv.gz``,
prefix dropped) in the folder that PRIVSYNTH_SHOPPERS names. Detected: the attack's own lower bound,
corrected over all attacks, lies above one half.
"""

import json
import os
import sys
from pathlib import Path

from privsynth.audit import Request, audit
from privsynth.evidence import Audits
from privsynth.policy import decide, load_policy
from privsynth.statistics import level
from privsynth.tables import read

FILES = (
    "flip10", "flip50", "flip90", "synthpop", "gretel", "mostly", "synthcity-arf",
    "synthcity-bayesian_network",
)  # fmt: skip
BONFERRONI = 4


def main() -> None:
    """Write ``online_shoppers.json`` and print one line a file."""
    folder = os.environ.get("PRIVSYNTH_SHOPPERS")
    if not folder:
        print("skipped: PRIVSYNTH_SHOPPERS names no folder", file=sys.stderr)
        return
    base = Path(folder)
    train = read(base / "trn.csv.gz", name="train")
    holdout = read(base / "val.csv.gz", train.schema, name="holdout")
    policy = load_policy("preset:internal")
    out = {}
    for name in FILES:
        synthetic = read(base / f"{name}.csv.gz", train.schema, role="synthetic", name="synthetic")

        def request(alpha: float, synthetic=synthetic) -> Request:
            return Request(
                train=train,
                synthetic=synthetic,
                holdout=holdout,
                reference=None,
                seed=20261120,
                commit=lambda text: "hmac-sha256:benchmark",
                policy=policy.registration(),
                limits=policy.limits,
                audits=Audits(number=1, alpha=alpha),
            )

        strict = audit(request(level(1) / BONFERRONI))
        bundle = audit(request(level(1)))
        aucs = {p.id: p.estimate("auc") for p in strict.probes if p.kind == "attack"}
        out[name] = {
            "verdict_internal": decide(bundle, policy).status,
            "auc": {attack: auc.value for attack, auc in aucs.items() if auc},
            "detected_by": [attack for attack, auc in aucs.items() if auc and auc.low > 0.5],
            "headline_p": bundle.headline["auc"].estimate.p,
            "controls": {key: control.status for key, control in bundle.controls.items()},
            "unreadable_cells": sum(column.unreadable for column in bundle.columns),
        }
        print(name, out[name]["verdict_internal"], out[name]["detected_by"], out[name]["auc"])
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n")


if __name__ == "__main__":
    main()
