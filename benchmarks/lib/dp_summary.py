"""The cells of one table, maker and epsilon taken together over seeds, and the targets."""

from collections.abc import Iterable
from statistics import mean
from typing import Any

from lib.dp_ours import OURS
from lib.dp_tables import TABLES, TIMED
from lib.zoo_store import Store

Figure = list[float]
"""Mean, smallest and largest over the seeds."""
MEASURED = ("fit_s", "quality", "apart", "tstr", "trtr")
PARTS = ("controls", "sdv", "peers", "ours")


def summary(store: Store) -> dict[str, Any]:
    """Return cells, targets and errors as plain data."""
    keys = {job[:3] for job in store.records}
    order = sorted(keys, key=lambda key: (_table(key), PARTS.index(key[0]), _maker(key), _eps(key)))
    cells = [cell for key in order if (cell := _cell(store, *key))]
    errors = {"/".join(map(str, j)): r["error"] for j, r in store.records.items() if "error" in r}
    return {"targets": targets(cells), "cells": cells, "errors": errors}


def _table(key: tuple[str, str, str]) -> int:
    return (*TABLES, TIMED).index(key[1].split("/")[0])


def _maker(key: tuple[str, str, str]) -> tuple[int, str]:
    maker = key[1].split("/")[1]
    return (OURS.index(maker) if maker in OURS else 0, maker)


def _eps(key: tuple[str, str, str]) -> float:
    return float(key[2] or 0)


def _cell(store: Store, part: str, family: str, size: str) -> dict[str, Any] | None:
    records = store.of(part, family, size)
    if not records:
        return None
    table, maker = family.split("/")
    out: dict[str, Any] = {
        "table": table, "part": part, "maker": maker, "epsilon": size, "seeds": len(records),
    }  # fmt: skip
    for name in ("rows", "columns", "target", "version"):
        if records[0].get(name) is not None:
            out[name] = records[0][name]
    for name in MEASURED:
        found = [r[name] for r in records if r.get(name) is not None]
        if found:
            out[name] = [round(x, 4) for x in (mean(found), min(found), max(found))]
    attacks = [r["attack"] for r in records if "attack" in r]
    if attacks:
        out["attacked"] = len(attacks)
        worst = max((a["auc"] for a in attacks), key=lambda entry: entry[2])
        out["auc"] = [worst[0], *(round(x, 4) for x in worst[1:])]
        rates = [a["tpr_at_fpr_0.01"] for a in attacks if "tpr_at_fpr_0.01" in a]
        if rates:
            worst = max(rates, key=lambda entry: entry[2])
            out["tpr"] = [worst[0], *(round(x, 4) for x in worst[1:])]
    if part == "ours":
        out["ceiling"] = [round(min(r["ceiling"][i] for r in records), 4) for i in (0, 1)]
        out["gap"] = max(abs(r["recomputed"] - r["spent"]) for r in records)
        out["spent"] = round(max(r["spent"] for r in records), 5)
        out["end_to_end"] = all(r["end_to_end"] for r in records)
    return out


def targets(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was asked, what was seen, and whether it is reached."""
    out = []
    for maker in ("tan", "mst"):
        cell = _find(cells, "randhie", maker, "1")
        for what, key, ask in (
            ("quality", "quality", 0.93),
            ("pairs apart", "apart", 0.04),
            ("fit, CPU s", "fit_s", 3.0),
        ):
            if cell:
                seen = cell[key][0]
                held = seen >= ask if key == "quality" else seen <= ask
                sign = "≥" if key == "quality" else "≤"
                out.append(_target(f"randhie, ε 1, {maker}: {what}", f"{sign} {ask}", seen, held))
    for table in TABLES:
        ours = _find(cells, table, "tan", "3")
        best = max(
            (c for c in cells if c["table"] == table and c["part"] == "sdv" and "tstr" in c),
            key=lambda c: c["tstr"][0], default=None,
        )  # fmt: skip
        if ours and best:
            ask, seen = best["tstr"][0], ours["tstr"][0]
            what = f"{table}, ε 3: AUC after tan, to SDV's best ({best['maker']}, without privacy)"
            out.append(_target(what, f"≥ {ask:.3f}", seen, seen >= ask))
    return [*out, *_proved(cells)]


def _proved(cells: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    ours = [c for c in cells if c["part"] == "ours"]
    attacked = [c for c in ours if "auc" in c]
    if attacked:
        above = [
            c for c in attacked
            if c["auc"][2] > c["ceiling"][0] or c.get("tpr", [0] * 4)[2] > c["ceiling"][1]
        ]  # fmt: skip
        what = f"cells of {len(attacked)} with an attack's lower bound above the DP ceiling"
        yield _target(what, "0", len(above), not above)
    if ours:
        gap = max(c["gap"] for c in ours)
        yield _target("ε recomputed by dp-accounting alone, to the ledger's", "≤ 0.001", gap,
                      gap <= 1e-3)  # fmt: skip
    timed = _find(cells, TIMED, "vae", "3")
    if timed:
        seen = timed["fit_s"][0]
        yield _target(f"vae, ε 3, {TIMED}: fit, CPU s", "≤ 120", seen, seen <= 120)


def _target(what: str, ask: str, seen: float, held: bool) -> dict[str, Any]:
    return {"what": what, "ask": ask, "seen": float(f"{seen:.4g}"), "held": bool(held)}


def _find(cells: list[dict[str, Any]], table: str, maker: str, epsilon: str) -> Any:
    key = (table, maker, epsilon)
    return next((c for c in cells if (c["table"], c["maker"], c["epsilon"]) == key), None)
