"""What the gate costs: 500 rules on one evidence in under 1 s, from files to verdict.

Made-up evidence: every attack in four encodings, 50 measures, 200 columns. The preset's rules and
as many of a policy's own as make 500, with every term, a waiver for every tenth and the last
release. CPU seconds of one core; the ratio is to the preset alone in the same run.
"""

import datetime
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import evidence_example as example  # noqa: E402
import yaml  # noqa: E402

from privsynth.evidence import Bundle, read_bundle, to_json  # noqa: E402
from privsynth.policy import decide, load_policy, load_waivers  # noqa: E402

RULES = 500
LIMIT_S = 1.0
ROUNDS = 5
DAY = datetime.date(2026, 11, 20)


def evidence() -> Bundle:
    """Return evidence about 200 columns by 80 scores and 50 measures."""
    plain = example.clean()
    scores = [
        example.attack(name).model_copy(update={"id": f"{name}@{way}"})
        for name in example.ATTACKS
        for way in ("rank", "freq", "std")
    ]
    measures = [
        example.measure(
            f"measure_{i}",
            *(example.estimate(f"column_{j}", 0.9, 0.85, 0.95) for j in range(10)),
        )
        for i in range(50)
    ]
    columns = tuple(example.column(f"column_{i}") for i in range(200))
    return plain.model_copy(
        update={"probes": (*plain.probes, *scores, *measures), "columns": columns}
    )


def policy(rules: int) -> dict[str, Any]:
    """Return a policy file of so many rules."""
    preset = len(load_policy("preset:internal").rules)
    own = {
        f"own-{i}": {
            "probe": f"measure_{i % 50}", "estimate": f"column_{i % 10}", "statistic": "lower",
            "operator": ">=", "limit": 0.92 if i % 10 == 0 else 0.8, "severity": "block",
            "source": "house policy", "rationale": "as decided", "waivable": True,
            "max_increase": 0.05,
        }
        for i in range(rules - preset)
    }  # fmt: skip
    return {"extends": "preset:internal", "name": "large", "rules": own}


def waivers(rules: int) -> dict[str, Any]:
    """Return a waiver for every tenth rule."""
    said = {
        "dataset": "example", "reason": "needed", "compensating_control": "one room",
        "requested_by": "A", "approved_by": "B", "approved_at": "2026-11-01",
        "expires": "2027-01-01", "max_observed": 0.8,
    }  # fmt: skip
    return {"waivers": [{"id": f"W-{i}", "rule": f"own-{i}", **said} for i in range(0, rules, 10)]}


def seconds(folder: Path, rules: str, with_waivers: bool) -> float:
    """Return the CPU seconds from files to the bytes of a verdict, best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        verdict = decide(
            read_bundle(folder / "evidence.json"),
            load_policy(rules),
            waivers=load_waivers(folder / "waivers.yaml") if with_waivers else (),
            last=read_bundle(folder / "last.json") if with_waivers else None,
            on=DAY,
        )
        to_json(verdict)
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    """Write ``gate.json`` and print a table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bundle = evidence()
        last = bundle.model_copy(
            update={"tables": example.with_table(bundle, "synthetic", 9_000).tables}
        )
        (folder / "evidence.json").write_text(to_json(bundle), encoding="utf-8")
        (folder / "last.json").write_text(to_json(last), encoding="utf-8")
        (folder / "policy.yaml").write_text(yaml.safe_dump(policy(RULES)), encoding="utf-8")
        wanted = RULES - len(load_policy("preset:internal").rules)
        (folder / "waivers.yaml").write_text(yaml.safe_dump(waivers(wanted)), encoding="utf-8")
        rules = len(load_policy(folder / "policy.yaml").rules)
        large = seconds(folder, str(folder / "policy.yaml"), True)
        small = seconds(folder, "preset:internal", False)
    out = {
        "rules": rules, "evidence_kB": round(len(to_json(bundle)) / 1e3), "cpu_s": round(large, 3),
        "preset_cpu_s": round(small, 3), "ratio": round(large / small, 1), "limit_s": LIMIT_S,
    }  # fmt: skip
    print("| rules | evidence kB | CPU s | target s | preset alone, CPU s | ratio |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {rules} | {out['evidence_kB']} | {large:.2f} | {LIMIT_S:g} | {small:.3f} | "
        f"{out['ratio']} |"
    )
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n")


if __name__ == "__main__":
    main()
