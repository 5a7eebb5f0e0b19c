"""UCI online shoppers: eight synthetic tables by others, from hardly changed copies to none."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from lib.games import SEED, attacked, audited, material, stated
from lib.published import closer_counts, shares
from lib.section import Section, expected, interval, table
from privsynth.attacks import base_name
from privsynth.neighbours import nearest_records
from privsynth.randomness import generator
from privsynth.tables import Table, fit_space, halve, read

FILES = (
    "flip10", "flip50", "flip90", "synthpop", "gretel", "mostly", "synthcity-arf",
    "synthcity-bayesian_network",
)  # fmt: skip
FLIPS = FILES[:3]
FRESH = "fresh rows"
BY_ROW = ("dcr", "dcr_ratio", "dcr_difference", "nndr", "ball")
"""Attacks that know a row only by its distance to other rows."""
BY_ROW_SEES = {
    "flip10": True, "flip50": True, "synthpop": True, "flip90": False, "mostly": False,
    "synthcity-arf": False, "synthcity-bayesian_network": False, FRESH: False,
}  # fmt: skip
"""What the published shares suggest: those of both synthcity files are 0.509 and 0.497."""
BY_VALUE_SEES = {
    "flip10": True, "flip50": True, "flip90": True, "synthpop": True, "gretel": True,
    "mostly": False, "synthcity-arf": False, "synthcity-bayesian_network": False, FRESH: False,
}  # fmt: skip


def run(folder: Path) -> Section:
    """Return what the published distance and our attacks see of each file."""
    raw = {name: _frame(folder, name) for name in ("trn", "val", *FILES)}
    train = read(folder / "trn.csv.gz", name="train")
    holdout = read(folder / "val.csv.gz", train.schema, name="holdout")
    printed = _printed(folder)
    found: dict[str, dict[str, Any]] = {}
    for name in FILES:
        synthetic = read(
            folder / f"{name}.csv.gz", train.schema, role="synthetic", name="synthetic"
        )
        found[name] = {
            "theirs": closer_counts(raw["trn"], raw["val"], raw[name]),
            "ours": _our_share(train, holdout, synthetic),
            **_attacked(train, synthetic, holdout),
        }
    fresh, rest = halve(holdout, generator(SEED, "fresh"), ("synthetic", "holdout"))
    found[FRESH] = _attacked(train, fresh, rest)
    return {
        "head": f"{len(train):,} train and {len(holdout):,} holdout rows, {len(train.schema.read)} "
        "columns, kinds as inferred; half of the holdout is the reference. *Detected*: the lower "
        f"bound of the AUC lies above ½ after correction over all {found[FRESH]['n']} scores and "
        "the audit's groups of exposed people, at the level of a first audit. `flipP` are training "
        "rows with each cell redrawn from its column with probability P %.",
        "expected": [*_counts_expected(found, printed), *_seen_expected(found)],
        "parts": [_shares_table(found, printed), _attacks_table(found), _verdicts_table(found)],
    }


def _frame(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv.gz", low_memory=False)


def _printed(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what others published for each file: counts, and two later tools' shares."""
    counts = pd.read_csv(folder / "published/privacy_c100.csv").set_index("synthesizer")
    later = pd.read_csv(folder / "published/mostlyai-qa_benchmark-examples.csv")
    last = pd.read_csv(folder / "published/metrics_2024-12.csv")
    tool = dict(zip(later["synthesizer"], later["distances_dcr_share"], strict=True))
    files = last["file"].str.removeprefix("online-shoppers_").str.removesuffix(".csv.gz")
    tool |= dict(zip(files, last["dcr_share"], strict=True))
    keys = ["n_closer", "n_further", "n_equal", "share"]
    return {
        name: {
            "counts": counts.loc[name, keys].to_dict() if name in counts.index else None,
            "tool": float(tool[name]),
        }
        for name in FILES
    }


def _our_share(train: Table, holdout: Table, synthetic: Table) -> float:
    """Return the same share by Gower distance, in one space for both sides."""
    space = fit_space(train.schema, [train, holdout])
    rows = space.encode(synthetic)
    far = [nearest_records(rows, space.encode(t), k=1).distances[:, 0] for t in (train, holdout)]
    share: float = shares(far[0], far[1], len(train) / (len(train) + len(holdout)))["share"]
    return share


def _attacked(train: Table, synthetic: Table, holdout: Table) -> dict[str, Any]:
    synthetic = replace(synthetic, name="synthetic")
    game = attacked(material(train, synthetic, holdout))
    bundle, verdict = audited(train, synthetic, holdout, None, "internal")
    seen = game.detected()
    by_row = [name for name in game.scores if base_name(name) in BY_ROW]
    return {
        "n": len(game.scores),
        "rows": [name for name in by_row if name in seen],
        "best_row": max((game.auc(name) for name in by_row), key=lambda e: e.adjusted_low),
        "values": game.auc("value_match"),
        "others": [n for n in seen if base_name(n) not in (*BY_ROW, "value_match")],
        "worst": bundle.headline["auc"],
        "verdict": stated(verdict),
        "controls": [key for key, control in bundle.controls.items() if control.status != "ok"],
    }


def _counts_expected(found: dict[str, Any], printed: dict[str, Any]) -> list[Section]:
    out = []
    for name in FILES:
        counts = printed[name]["counts"]
        if counts:
            keys = ("n_closer", "n_further", "n_equal")
            asked, seen = ([int(d[k]) for k in keys] for d in (counts, found[name]["theirs"]))
            text = " / ".join(f"{n:,}" for n in seen)
            what = f"{name}: published counts nearer to train, farther, equal, in their distance"
            out.append(expected(what, text, asked == seen))
    for label, key in (("their distance", "theirs"), ("our Gower distance", "ours")):
        values = [found[f][key] for f in FLIPS]
        flips = [v["share"] if key == "theirs" else v for v in values]
        what = f"share closer to train falls from flip10 to flip50 to flip90 in {label}"
        text = ", ".join(f"{v:.3f}" for v in flips)
        out.append(expected(what, text, flips == sorted(flips, reverse=True)))
    return out


def _seen_expected(found: dict[str, Any]) -> list[Section]:
    out = []
    for name, sees in BY_ROW_SEES.items():
        seen = found[name]["rows"]
        text = ", ".join(f"`{one}`" for one in seen) or "none"
        what = f"{name}: row distances {'detect' if sees else 'do not detect'} it"
        out.append(expected(what, text, bool(seen) == sees))
    for name, sees in BY_VALUE_SEES.items():
        one = found[name]["values"]
        what = f"{name}: `value_match` {'detects' if sees else 'does not detect'} it"
        text = f"AUC {one.value:.3f}, corrected lower bound {one.adjusted_low:.3f}"
        out.append(expected(what, text, (one.adjusted_low > 0.5) == sees))
    return out


def _shares_table(found: dict[str, Any], printed: dict[str, Any]) -> Section:
    rows = []
    for name in FILES:
        counts = printed[name]["counts"]
        rows.append((
            name, f"{counts['share']:.4f}" if counts else "",
            f"{found[name]['theirs']['share']:.4f}", f"{found[name]['ours']:.4f}",
            f"{printed[name]['tool']:.3f}",
        ))  # fmt: skip
    head = (
        "file",
        "published, 100 bins",
        "the same, here",
        "Gower, here",
        "published, mostlyai-qa",
    )
    return table(head, rows, "Share of synthetic rows closer to train (½ without a leak)")


def _attacks_table(found: dict[str, Any]) -> Section:
    rows = []
    for name, one in found.items():
        rows.append((
            name,
            f"{len(one['rows'])}: " + interval(one["best_row"]),
            interval(one["values"]),
            ", ".join(f"`{other}`" for other in one["others"]) or "none",
        ))  # fmt: skip
    head = ("file", "row distances: detecting scores, best AUC", "`value_match` AUC",
            "detected by others as well")  # fmt: skip
    return table(head, rows, "Attacks")


def _verdicts_table(found: dict[str, Any]) -> Section:
    rows = [
        (
            name, f"{one['worst'].estimate.value:.3f} (from {one['worst'].estimate.low:.3f}, "
            f"at most {one['worst'].estimate.high:.3f})", f"`{one['worst'].attack}`",
            one["verdict"], ", ".join(one["controls"]) or "none",
        )
        for name, one in found.items()
    ]  # fmt: skip
    head = ("file", "worst AUC", "attack", "`internal`", "failed controls")
    return table(head, rows, "Whole audits")
