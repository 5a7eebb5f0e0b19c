"""How often the demo's honest release passes, and a copying one does not, over 20 split seeds.

Issue target: GaussianCopula passes ``internal`` and ``partner`` in at least 19 of 20; the memorizer
and 10 % planted copies never pass. Every audit is the first of its source (level 1).
"""

import json
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from privsynth import synthesizers
from privsynth.audit import Request, audit
from privsynth.evidence import Audits
from privsynth.policy import decide, load_policy
from privsynth.randomness import generator
from privsynth.statistics import level
from privsynth.tables import read, read_schema, split, stack

SAMPLE = Path(__file__).parent.parent / "sample_data"
SEEDS = 20


def main() -> None:
    """Write ``pass_rates.json`` and print the same as a table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    schema = read_schema(SAMPLE / "schema.yaml")
    source = read(SAMPLE / "nhanes_adults.csv", schema)
    makers = synthesizers.catalogue()
    results: dict[str, Counter[str]] = {}
    disturbed: Counter[str] = Counter()
    worst: list[float] = []
    started = time.perf_counter()
    for seed in range(1, seeds + 1):
        parts = split(source, generator(seed, "split"))
        honest = synthesizers.generate(
            makers["gaussian_copula"], parts.train, len(parts.train), seed
        ).synthetic
        tenth = len(parts.train) // 10
        leaky = stack(
            [parts.train.take(range(tenth), "a"), honest.take(range(len(honest) - tenth), "b")]
        )
        for name, table in (("gaussian_copula", honest), ("10 % copies", leaky)):
            registered = load_policy("preset:partner")  # the stricter one plants the smaller leak
            request = Request(
                train=parts.train,
                synthetic=replace(table, name="synthetic"),
                holdout=parts.holdout,
                reference=parts.reference,
                seed=seed,
                commit=lambda text: "hmac-sha256:benchmark",
                own_split=True,
                policy=registered.registration(),
                limits=registered.limits,
                audits=Audits(number=1, alpha=level(1)),
            )
            bundle = audit(request)
            for preset in ("internal", "partner"):
                status = decide(bundle, load_policy(f"preset:{preset}")).status
                results.setdefault(f"{name} under {preset}", Counter())[status] += 1
            if name == "gaussian_copula":
                worst.append(bundle.headline["auc"].estimate.high)
                for control, found in bundle.controls.items():
                    disturbed[control] += found.status != "ok"
        print(seed, {k: dict(v) for k, v in results.items()}, file=sys.stderr)
    out = {
        "seeds": seeds,
        "verdicts": {name: dict(counts) for name, counts in results.items()},
        "largest_upper_bound_of_worst_auc": max(worst),
        "disturbed_controls": dict(disturbed),
        "audits_of_honest_tables": seeds,
        "seconds": round(time.perf_counter() - started),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n")
    print(json.dumps(out, indent=2))


if __name__ == "__main__":
    main()
