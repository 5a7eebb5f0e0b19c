"""How often the controls disturb a clean audit: at most 1 % (gate-statistics 5).

Fresh people of a known population in every table, so that every failed control is a false alarm;
200 audits by default, or as many as the first argument says.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from population import people

from privsynth.audit import Request, audit
from privsynth.evidence import Audits
from privsynth.policy import decide, load_policy
from privsynth.randomness import generator
from privsynth.statistics import level


def main() -> None:
    """Write ``controls.json`` and print it."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    policy = load_policy("preset:partner")
    failed: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    alarms = disturbed = 0
    started = time.perf_counter()
    for seed in range(times):
        rng = generator(seed, "benchmark", "controls")
        bundle = audit(
            Request(
                train=people(2600, rng, "train"),
                holdout=people(1300, rng, "holdout"),
                reference=people(1300, rng, "reference"),
                synthetic=people(2600, rng, "synthetic"),
                seed=seed,
                commit=lambda text: "hmac-sha256:benchmark",
                own_split=True,
                policy=policy.registration(),
                limits=policy.limits,
                audits=Audits(number=1, alpha=level(1)),
            )
        )
        bad = [name for name, control in bundle.controls.items() if control.status != "ok"]
        failed.update(bad)
        disturbed += bool(bad)
        alarms += bundle.headline["auc"].estimate.low > 0.5
        verdicts[decide(bundle, policy).status] += 1
    out = {
        "clean_audits": times,
        "disturbed": disturbed,
        "failed_controls": dict(failed),
        "verdicts_under_partner": dict(verdicts),
        "lower_bound_of_worst_auc_above_half": alarms,
        "nominal_level": level(1),
        "seconds": round(time.perf_counter() - started),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=2) + "\n")
    print(json.dumps(out, indent=2))


if __name__ == "__main__":
    main()
