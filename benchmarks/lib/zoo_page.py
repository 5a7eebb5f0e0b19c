"""The figures of the zoo as Markdown: the worst family first."""

from typing import Any

BEGIN, END = "<!-- zoo:begin -->", "<!-- zoo:end -->"
Figures = dict[str, Any]


def page(figures: Figures) -> str:
    """Return the block between the markers."""
    parts = [
        "## Planted leaks",
        _head(figures),
        *_found(figures),
        *_gate(figures),
        *_peers(figures),
    ]
    return "\n\n".join(part for part in parts if part)


def place(text: str, block: str) -> str:
    """Return a page with the block between its markers; unchanged where it has none."""
    if BEGIN not in text or END not in text:
        return text
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{block}\n{END}{rest.split(END, 1)[1]}"


def _head(figures: Figures) -> str:
    quick = "; the quick form" if figures["quick"] else ""
    if not figures["worst"]:
        return f"{figures['date']}{quick}."
    name, value = figures["worst"]
    worst, least = figures["worst_asked"] or ("none", float("nan"))
    missed = sorted(
        name for name, one in figures["found"].items()
        if one.get("asked") and one["counted"] < one["asked"]
    )  # fmt: skip
    return (
        f"**Worst family: {name}, efficiency {value:.2f}; worst of those with a target: {worst}, "
        f"{least:.2f}.** Targets missed: "
        f"{'; '.join(missed) or 'none'}. {figures['date']}{quick}; made by "
        "`benchmarks/leak_zoo.py`.\n\n"
        "Efficiency is (AUC - ½) / (best AUC - ½) of the one attack with the largest mean AUC, "
        "± its standard error; each half of the repetitions is counted by the attack that was "
        "best on the other half, so that choosing earns nothing. The best AUC is theory; of kernel "
        "densities it needs any number of released rows, and no score known to us reaches it with "
        "few. "
        "“Theory met” is the gap between the best attack, made by us with the true density in "
        "hand, and theory, in standard errors. Detected: the headline's corrected lower bound is "
        "above ½ / its max-T p is at most 5 %. Would pass: the AUC, TPR, most-exposed-fifth, "
        "copies and DCR rules of `partner` all pass (holdout size and controls aside; with 500 "
        "people outside the TPR cannot be bounded, so nothing passes)."
    )


def _found(figures: Figures) -> list[str]:
    found = figures["found"]
    leaks = [(n, o) for n, o in found.items() if o["kind"] == "leak"]
    if not found:
        return []
    out = ["### How much of a planted leak is found", _table(
        ("family", "n", "best AUC", "theory met", "best attack", "AUC", "efficiency", "asked",
         "detected", "would pass"),
        [_leak(name, one) for name, one in leaks],
    ), _outliers(leaks)]  # fmt: skip
    private = [(name, one) for name, one in found.items() if one["kind"] == "dp"]
    if private:
        out += ["### Differential privacy caps every attack", _table(
            ("synthesizer", "n", "cap", "largest mean AUC", "headline's lower bound above the cap",
             "of all attacks' own lower bounds"),
            [(name, f"{o['n']}", f"{o['best']:.4f}", f"{o['auc']:.3f}", _count(o["above_cap"]),
              _count(o["each_above_cap"])) for name, o in private],
        )]  # fmt: skip
    nulls = [(name, one) for name, one in found.items() if one["kind"] == "null"]
    if nulls:
        alarms = figures["alarms"]
        out += [
            "### Nothing leaks, nothing alarms",
            f"Max-T p at most 5 %: {alarms['k']} of {alarms['n']} null tables, "
            f"{alarms['share']:.1%} (95 % interval {alarms['low']:.1%} to {alarms['high']:.1%}).",
            _table(
                ("null", "n", "p ≤ 5 %", "corrected lower bound > ½", "mean headline AUC"),
                [(name, f"{o['n']}", f"{o['p_below']:.0%}", f"{o['low_above']:.0%}",
                  f"{o['headline']:.3f}") for name, o in nulls],
            ),
        ]  # fmt: skip
    return out


def _leak(name: str, one: Figures) -> tuple[str, ...]:
    met = one["reference_attack"]["gap"] / one["reference_attack"]["error"]
    asked = "" if one["asked"] is None else f"≥ {one['asked']:g}"
    if one["asked"] is not None:
        if one["counted"] != one["efficiency"]:
            asked += f" of what a kernel score of so many rows reaches: {one['counted']:.2f}"
        asked += ", reached" if one["counted"] >= one["asked"] else ", **missed**"
    best = f"{one['best']:.3f}"
    if "attainable" in one:
        best += f" ({one['attainable']:.3f} by a kernel score of so many rows)"
    return (
        name, f"{one['n']}", best, f"{met:+.1f}", one["attack"], f"{one['auc']:.3f}",
        f"{one['efficiency']:.2f} ± {one['efficiency_error']:.2f}", asked,
        f"{one['low_above']:.0%} / {one['p_below']:.0%}", f"{one['passes']:.0%}",
    )  # fmt: skip


def _outliers(leaks: list[tuple[str, Figures]]) -> str:
    rows = [
        (name, f"{o['n']}", f"{o['copies_below']:.0%}", f"{o['tpr_above']:.0%}",
         f"{o['strata_above']['exposed']:.0%}", f"{o['low_above']:.0%}")
        for name, o in leaks if o["group"] == "outliers"
    ]  # fmt: skip
    if not rows:
        return ""
    return "Which part of the audit sees copies of outliers only (one member in a hundred):\n\n" + (
        _table(("family", "n", "copies rule, p < 1 %", "TPR at 1 % FPR, lower bound > 1 %",
                "an exposed group, lower bound > ½", "worst AUC, lower bound > ½"), rows)
    )  # fmt: skip


def _gate(figures: Figures) -> list[str]:
    out = []
    for size, cases in figures["gate"].items():
        if not cases:
            continue
        policies = [key for key in next(iter(cases.values())) if key in
                    ("internal", "partner", "public")]  # fmt: skip
        rows = [
            (case, f"{one['n']}", *(_verdicts(one[p]["verdicts"]) for p in policies),
             _blocking(one[policies[-1]]["not_passed"]), f"{one['largest_auc_high']:.3f}",
             f"{one['largest_tpr_high']:.3f}", f"{one['largest_fifth_high']:.3f}",
             f"{one['disturbed']}", f"{one['cpu_s']:.0f}")
            for case, one in cases.items()
        ]  # fmt: skip
        out += [
            f"### The gate at {size} source rows of 20 mixed columns",
            _table(("table", "audits", *(f"`{p}`" for p in policies),
                    f"rules of `{policies[-1]}` that did not pass", "largest upper bound: AUC",
                    "TPR", "fifth", "controls disturbed", "CPU s"), rows),
        ]  # fmt: skip
    return out


def _verdicts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {status}" for status, n in sorted(counts.items(), key=lambda i: -i[1]))


def _blocking(counts: dict[str, int]) -> str:
    return ", ".join(f"{rule}: {n}" for rule, n in counts.items()) or "none"


def _peers(figures: Figures) -> list[str]:
    if not figures["peers"]:
        return []
    tools = ("ours", "sdmetrics", "mostlyai-qa", "syntheval", "anonymeter")
    rows = []
    for name, one in figures["peers"].items():
        cells = []
        for tool in tools:
            said = one[tool]
            cells.append(
                f"not run ({said['error']})" if "error" in said
                else ", ".join(f"{k} {v:.3g}" for k, v in said.items())
            )  # fmt: skip
        rows.append((name, f"{one['n']}", *cells))
    return [
        "### What other tools say of such tables",
        "1,000 train, 1,000 holdout and 1,000 released rows, 20 columns without missing cells. "
        "SDMetrics `DCROverfittingProtection` (1 is best), mostlyai-qa's share closer to train "
        "(½ is clean) and share of identical rows, SynthEval's `mia` (½ is chance), Anonymeter's "
        "risks with the lower end of their 95 % interval. Means over the repetitions.",
        _table(("table", "n", "privsynth", *tools[1:]), rows),
    ]


def _count(one: Figures) -> str:
    return f"{one['k']} of {one['n']}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
