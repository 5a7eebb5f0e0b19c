"""Repetitions into figures: efficiency, detection, alarms, verdicts."""

import math
from collections import Counter
from typing import Any

import numpy as np
from scipy.stats import beta

from lib.zoo_families import FAMILIES
from lib.zoo_gate import CLEAN, LEAKS, POLICIES
from lib.zoo_peers import FAMILIES as COMPARED
from lib.zoo_store import Store

LEVEL = 0.05
Figures = dict[str, Any]


def summary(store: Store) -> Figures:
    """Return every figure of the page."""
    found = {name: _family(name, store.of("found", name)) for name in FAMILIES}
    found = {name: one for name, one in found.items() if one}
    every = {name: one["efficiency"] for name, one in found.items() if one["kind"] == "leak"}
    asked = {name: one["counted"] for name, one in found.items() if one.get("asked")}
    nulls = [one for one in found.values() if one["kind"] == "null"]
    gate = {
        size: {case: one for case in (*CLEAN, *LEAKS)
               if (one := _gate(store.of("gate", case, size), size))}
        for size in POLICIES
    }  # fmt: skip
    return {
        "worst": min(every.items(), key=lambda item: item[1]) if every else None,
        "worst_asked": min(asked.items(), key=lambda item: item[1]) if asked else None,
        "found": found,
        "alarms": _share(
            sum(round(one["p_below"] * one["n"]) for one in nulls), sum(one["n"] for one in nulls)
        ),
        "gate": gate,
        "peers": {name: _peers(records) for name in COMPARED
                  if (records := store.of("peers", name))},
        "errors": sum("error" in record for record in store.records.values()),
        "cpu_s": round(sum(record.get("cpu_s", 0) for record in store.records.values())),
    }  # fmt: skip


def _family(name: str, records: list[Figures]) -> Figures | None:
    if not records:
        return None
    family, n = FAMILIES[name], len(records)
    attack, aucs = _chosen(records)
    best = float(np.mean([r["best"] for r in records]))
    out: Figures = {
        "kind": family.kind, "group": family.group, "asked": family.asked, "n": n, "best": best,
        "attack": attack, "auc": float(aucs.mean()), "error": _error(aucs),
        "headline": _mean([r["worst"] for r in records]),
        "low_above": _mean([r["low"] > 0.5 for r in records]),
        "p_below": _mean([r["p"] <= LEVEL for r in records]),
        "tpr_above": _mean([(r["tpr_low"] or 0) > 0.01 for r in records]),
        "copies_below": _mean([r["copies_p"] is not None and r["copies_p"] < 0.01
                               for r in records]),
        "strata_above": {
            probe: _mean([(r["strata_low"].get(probe) or 0) > 0.5 for r in records])
            for probe in records[0]["strata_low"]
        },
        "passes": _mean([set(r["rules"].values()) == {"pass"} for r in records]),
        "not_passed": dict(Counter(rule for r in records for rule, status in r["rules"].items()
                                   if status != "pass")),
    }  # fmt: skip
    if family.kind == "leak":
        # Against what the best attack made of the very same tables: rows differ by chance.
        out["efficiency"] = (out["auc"] - 0.5) / (best - 0.5)
        out["efficiency_error"] = out["error"] / (best - 0.5)
        same = _mean([r["reference_attack"][0] for r in records])
        out["efficiency_same_tables"] = (out["auc"] - 0.5) / (same - 0.5)
        gaps = np.array([r["reference_attack"][0] - r["reference_attack"][1] for r in records])
        law = np.array([r["reference_attack"][2] for r in records])
        spread = math.hypot(_error(gaps) if n > 2 else float(law.mean()), 1e-4)
        out["reference_attack"] = {"auc": same, "gap": float(gaps.mean()), "error": spread}
        if records[0]["attainable"]:
            out["attainable"] = records[0]["attainable"]
            out["efficiency_attainable"] = (out["auc"] - 0.5) / (records[0]["attainable"] - 0.5)
        out["counted"] = out["efficiency_attainable" if family.of_attainable else "efficiency"]
    if family.kind == "dp":
        out["above_cap"] = _share(sum(r["low"] > r["cap"] for r in records), n)
        lows = [low > r["cap"] for r in records for low in r["lows"].values()]
        out["each_above_cap"] = _share(sum(lows), len(lows))
    return out


def _chosen(records: list[Figures]) -> tuple[str, np.ndarray]:
    """Return the attack with the largest mean, and AUCs free of that choice.

    Each half of the repetitions is counted by the attack that was best on the other half.
    """
    names = [k for k in records[0]["auc"] if all(k in r["auc"] for r in records)]
    table = np.array([[r["auc"][k] for k in names] for r in records])
    best = names[int(table.mean(axis=0).argmax())]
    if len(records) < 2:
        return best, table[:, names.index(best)]
    out = np.empty(len(records))
    for half in (0, 1):
        mine, other = table[half::2], table[1 - half :: 2]
        out[half::2] = mine[:, int(other.mean(axis=0).argmax())]
    return best, out


def _gate(records: list[Figures], size: str) -> Figures | None:
    if not records:
        return None
    out: Figures = {"n": len(records), "cpu_s": _mean([r["cpu_s"] for r in records])}
    for policy in POLICIES[size]:
        verdicts = Counter(r["verdicts"][policy] for r in records)
        blocking = Counter(f"{rule} ({found[0]})" for r in records
                           for rule, found in r["not_passed"][policy].items())  # fmt: skip
        out[policy] = {"verdicts": dict(verdicts), "not_passed": dict(blocking.most_common())}
        out[policy]["pass"] = _share(verdicts["pass"], len(records))
    out["disturbed"] = sum(set(r["controls"].values()) != {"ok"} for r in records)
    out["largest_auc_high"] = max(r["auc"][2] for r in records)
    out["largest_tpr_high"] = max(r["tpr"][1] for r in records if r["tpr"])
    out["largest_fifth_high"] = max(r["fifth"][2] for r in records if r["fifth"])
    return out


def _peers(records: list[Figures]) -> Figures:
    out: Figures = {"n": len(records)}
    ours = [r["ours"] for r in records]
    out["ours"] = {
        "worst AUC": _mean([r["worst"] for r in ours]),
        "low": _mean([r["low"] for r in ours]),
        "passes partner's rules": sum(set(r["rules"].values()) == {"pass"} for r in ours),
    }
    for tool in ("sdmetrics", "mostlyai-qa", "syntheval", "anonymeter"):
        said = [r[tool] for r in records if "error" not in r[tool]]
        if not said:
            out[tool] = {"error": records[0][tool]["error"]}
        else:
            out[tool] = {key: _mean([one[key] for one in said]) for key in said[0]}
    return out


def _share(k: int, n: int) -> Figures | None:
    """Return a share with its 95 % interval (Clopper-Pearson)."""
    if not n:
        return None
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return {"k": k, "n": n, "share": k / n, "low": low, "high": high}


def _mean(values: list[Any]) -> float:
    return float(np.mean(values))


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
