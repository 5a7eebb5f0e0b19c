"""Log a verdict to MLflow: python mlflow_log.py verdict.json [FILE ...]

Each rule becomes a metric (1: holds, 0: does not), with what it compared beside it; the files that
follow are kept as artefacts. Nothing here belongs to privsynth: a verdict is plain JSON.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any


def metrics(verdict: dict[str, Any]) -> dict[str, float]:
    """Return a verdict as flat numbers, under names that MLflow takes."""
    found = {"released": float(verdict["status"] in ("pass", "pass_with_waivers"))}
    for finding in verdict["findings"]:
        rule = re.sub(r"[^\w./ -]", "_", finding["rule"])
        found[f"{rule}.holds"] = float(finding["status"] == "pass")
        for key in ("observed", "limit"):
            if finding.get(key) is not None:
                found[f"{rule}.{key}"] = finding[key]
    return found


def main(verdict_file: Path, *artefacts: Path) -> None:
    """Log one run; MLFLOW_TRACKING_URI says where."""
    import mlflow

    verdict = json.loads(verdict_file.read_text(encoding="utf-8"))
    digests = {key: verdict[key] for key in ("policy_digest", "evidence_digest")}
    with mlflow.start_run(run_name=verdict["name"]):
        mlflow.log_metrics(metrics(verdict))
        mlflow.set_tags(
            {"decision": verdict["status"], "policy": verdict["policy_name"], **digests}
        )
        for path in (verdict_file, *artefacts):
            mlflow.log_artifact(str(path))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
