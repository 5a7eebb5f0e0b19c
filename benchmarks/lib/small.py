"""Small tables, hepatitis and penguins: nothing of that size may pass, whatever made it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lib.games import SEED, audited, stated
from lib.section import Section, expected, interval, table
from privsynth.randomness import generator
from privsynth.synthesizers import catalogue, generate
from privsynth.tables import Table, read, split, stack

PRESETS = ("internal", "partner", "public")
MAKERS = ("gaussian_copula", "independent", "bootstrap")
FRESH = "fresh rows"


def hepatitis(folder: Path) -> Section:
    """Return verdicts on our own tables, and on eleven of others beside SynthEval's scores."""
    printed = json.loads((folder / "published.json").read_text())["values"]
    keys = ("eps_identif_risk", "priv_loss_eps", "derived_priv_loss_corrected")
    files = {
        name: (folder / "synthetic" / f"{name}.csv", [f"{values[key]:.3f}" for key in keys])
        for name, values in printed.items()
    }
    lost = [n for n, values in printed.items() if values["derived_priv_loss_corrected"] > 0.1]
    head = ("ε-identifiability", "privacy loss as published", "with the right denominator")
    section, worst = _section(folder, files, head)
    section["expected"] += [
        expected(
            f"{name}: seen by an attack, as its corrected privacy loss is above 0.1",
            f"worst AUC {worst[name].value:.3f}, corrected lower bound {worst[name].low:.3f}",
            worst[name].low > 0.5,
        )
        for name in lost
    ]
    section["head"] += (
        " SynthEval divides the holdout's count by the number of training rows, so that its "
        "privacy loss is too high by half of the holdout's risk; the next column undoes that."
    )
    return section


def penguins(folder: Path) -> Section:
    """Return verdicts on our own tables and on a Bayesian network's, beside SynthEval's scores."""
    printed = json.loads((folder / "published.json").read_text())
    plain, both = printed["without_holdout_gower"], printed["with_holdout_euclid"]
    scores = [
        f"{plain[key]:.3f}"
        for key in ("epsilon_identifiability_risk", "median_dcr_ratio", "hitting_rate_0.0333")
    ]
    scores.append(f"{both['privacy_loss_nnaa']:.3f}")
    files = {
        "Bayesian network": (folder / "synthetic_bayesian_network.csv", scores),
        "noise baseline": (folder / "synthetic_noise_baseline.csv", [""] * 4),
    }
    head = ("ε-identifiability", "median DCR ratio", "hitting rate", "NNAA privacy loss")
    return _section(folder, files, head)[0]


def _section(
    folder: Path, files: dict[str, tuple[Path, list[str]]], peer: tuple[str, ...]
) -> tuple[Section, dict[str, Any]]:
    whole = read(folder / "train.csv", name="train")
    constant = {name for name in whole.schema.names if whole.frame[name].nunique(dropna=False) < 2}
    train = whole.without(constant)
    holdout = read(folder / "holdout.csv", whole.schema, name="holdout").without(constant)
    verdicts, rows = [], []
    for name, parts in _own(stack([train, holdout])):
        found = [audited(*parts, preset, own_split=True) for preset in PRESETS]
        stories = [stated(verdict) for _, verdict in found]
        verdicts += [verdict.status for _, verdict in found]
        entry = found[0][0].headline["auc"]
        rows.append((name, f"{interval(entry.estimate)} `{entry.attack}`", *stories))
    theirs, worst = [], {}
    for name, (path, scores) in files.items():
        synthetic = read(path, whole.schema, role="synthetic", name="synthetic").without(constant)
        bundle, verdict = audited(train, synthetic, holdout, None, "internal")
        verdicts.append(verdict.status)
        entry = bundle.headline["auc"]
        worst[name] = entry.estimate
        failed = ", ".join(k for k, c in bundle.controls.items() if c.status != "ok") or "none"
        cells = (f"{interval(entry.estimate)} `{entry.attack}`", stated(verdict), failed)
        theirs.append((name, *scores, *cells))
    n, m = len(train), len(holdout)
    dropped = f" ({', '.join(sorted(constant))} left out: one value in train)" if constant else ""
    counts = {status: verdicts.count(status) for status in ("pass", "fail", "inconclusive")}
    text = ", ".join(f"{count} {status}" for status, count in counts.items())
    return {
        "head": f"{n + m} rows, {len(train.schema.read)} columns{dropped}. Our own tables: all "
        "rows split 50/25/25 again, as `privsynth run` does. Tables of others: the published train "
        f"({n}) and holdout ({m}, half of it the reference). Worst AUC: the lower bound is "
        "corrected over everything tried, the upper one is not.",
        "expected": [expected("nothing passes", text, counts["pass"] == 0)],
        "parts": [
            table(("table", "worst AUC, attack", *PRESETS), rows, "Made here"),
            table(
                ("table", *peer, "worst AUC, attack", "`internal`", "failed controls"), theirs,
                "Made by others, with the scores that SynthEval's authors published",
            ),
        ],
    }, worst  # fmt: skip


def _own(source: Table) -> Iterator[tuple[str, tuple[Table, Table, Table, Table]]]:
    """Yield a name and train, synthetic, holdout and reference of every table made here."""
    parts = split(source, generator(SEED, "split"))
    for name in MAKERS:
        made = generate(catalogue()[name], parts.train, len(parts.train), SEED).synthetic
        yield name, (parts.train, made, parts.holdout, parts.reference)
    order = generator(SEED, "fresh").permutation(len(source))
    quarter = len(source) // 4
    fresh = source.take(np.sort(order[:quarter]), "synthetic")
    rest = split(source.take(np.sort(order[quarter:]), "source"), generator(SEED, "rest"))
    yield FRESH, (rest.train, fresh, rest.holdout, rest.reference)
