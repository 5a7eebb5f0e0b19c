"""Made-up evidence and verdicts for the tests of the report: no number in it was measured."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from privsynth.audit.implied import implied
from privsynth.evidence import (
    Audits,
    Bundle,
    ColumnFacts,
    Control,
    EpsilonBound,
    Evidence,
    Generator,
    HeadlineEntry,
    MechanismAudit,
    Power,
    Registration,
    TableFacts,
    Threat,
    to_json,
)
from privsynth.policy.verdict import Finding, Status, Verdict, overall
from privsynth.privacy import Budget, ColumnDomain, DpClaim, Ledger, StatedClaim, prove
from privsynth.privacy.claim import Composition
from privsynth.report import Report
from privsynth.statistics.estimate import Estimate

CREATED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOSTILE = {
    "markup": "<img src=file:///etc/passwd>",
    "template": "{{7*7}}{% raw %}",
    "bidi": "age\u202egnp.exe",
    "long": "x" * 10_000,
    "han": "年齢と性別",
    "style": "</style><style>@import url(http://127.0.0.1:9/leak.css);",
    "link": '"><link rel=attachment href="file:///etc/passwd"><a href="javascript:alert(1)">',
}
COLUMNS = (
    ("age", "integer"), ("sex", "categorical"), ("ethnicity", "categorical"),
    ("education", "ordinal"), ("income_ratio", "numeric"), ("height_cm", "numeric"),
    ("weight_kg", "numeric"), ("waist_cm", "numeric"), ("systolic", "integer"),
    ("diastolic", "integer"), ("pulse", "integer"), ("total_cholesterol", "integer"),
    ("hdl", "integer"), ("glycohemoglobin", "numeric"), ("diabetes", "categorical"),
    ("hypertension", "boolean"), ("smoking", "categorical"), ("insured", "boolean"),
)  # fmt: skip
ATTACKS = (
    ("exact_copy", "Exact copy", "L0", "attacks.md A1; Chen et al. 2020"),
    ("dcr", "Distance to closest record", "L0", "Chen et al., GAN-Leaks, CCS 2020"),
    ("dcr_ratio", "Distance ratio against reference", "L1", "van Breugel et al., AISTATS 2023"),
    ("value_match", "Rare values that come back", "L1", "privsynth, column-wise rarity"),
)
AUCS = {
    "pass": (0.5004, 0.5121, 0.5187, 0.5093),
    "fail": (0.6020, 0.6710, 0.7042, 0.6388),
    "inconclusive": (0.5000, 0.5333, 0.5480, 0.5267),
}
NAME = "NHANES 2017–2018 adults, sample release"


def estimate(
    name: str, value: float, half: float, method: str, n: int = 3949, **more: Any
) -> Estimate:
    """Return an estimate with a symmetric interval inside [0, 1]."""
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return Estimate(
        name=name, value=value, low=low, high=high, confidence=0.90, method=method, n=n, **more
    ).rounded()


def attack(place: int, auc: float, half: float) -> Evidence:
    """Return one attack with the estimates and the curve that belong to its AUC."""
    name, title, level, source = ATTACKS[place]
    power = (1 - auc) / auc  # TPR = FPR ** power has exactly this area
    grid = [0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0]
    tpr = {f: f**power if f else 0.0 for f in grid}
    goal = "membership: was this person in train?"
    knows = "the synthetic table" if level == "L0" else "the synthetic table and reference rows"
    return Evidence(
        id=name,
        kind="attack",
        version="1",
        title=title,
        source=source,
        threat=Threat(goal=goal, data_knowledge=knows, level=level),
        estimates=(
            estimate("auc", auc, half, "delong-logit", expected=0.5, p=0.21),
            estimate("advantage", 2 * auc - 1, 2 * half, "dkw", expected=0.0),
            estimate(
                "tpr_at_fpr_0.1",
                tpr[0.1],
                0.6 * half,
                "order-statistic clopper-pearson",
                expected=0.1,
            ),
            estimate(
                "tpr_at_fpr_0.01",
                tpr[0.01],
                0.35 * half,
                "order-statistic clopper-pearson",
                expected=0.01,
            ),
        ),
        series={"roc": {"fpr": grid, "tpr": [round(tpr[f], 4) for f in grid]}},
        options={"encoding": "rank", "neighbours": 1} if name.startswith("dcr") else {},
        notes=("cannot see: rows that were changed in any cell, and rows mixed from columns",),
    )


def measures(status: Status) -> tuple[Evidence, ...]:
    """Return distances, copies, fidelity and utility; ``fail`` has copies and short distances."""
    leaks = status == "fail"
    shift = 0.06 if leaks else 0.0
    edges = [round(0.05 * i, 2) for i in range(21)]
    shape = [math.exp(-((e - 0.34) ** 2) / 0.02) for e in edges[:-1]]
    train = [round(610 * math.exp(-((e - 0.33 + shift) ** 2) / 0.02)) for e in edges[:-1]]
    holdout = [round(600 * s) for s in shape]
    small = lambda counts: [None if 0 < c < 11 else c for c in counts]  # noqa: E731
    distance = Evidence(
        id="dcr",
        kind="measure",
        version="1",
        title="Distance to the closest record",
        source="attacks.md 7",
        estimates=(
            estimate(
                "share_closer_to_train",
                0.75 if leaks else 0.6712,
                0.018,
                "permutation",
                2633,
                expected=0.6667,
                p=0.0004 if leaks else 0.31,
            ),
            estimate("dcr_median_train", 0.3021 - shift, 0.006, "order statistics", 2633),
            estimate("dcr_median_holdout", 0.3188, 0.006, "order statistics", 2633),
            estimate("dcr_q05_train", 0.1411 - shift, 0.009, "order statistics", 2633),
            estimate("dcr_q05_holdout", 0.1502, 0.009, "order statistics", 2633),
        ),
        series={"dcr": {"edges": edges, "train": small(train), "holdout": small(holdout)}},
    )
    ratio = Evidence(
        id="nndr",
        kind="measure",
        version="1",
        title="Nearest-neighbour distance ratio",
        source="d1/d2 of each synthetic row",
        estimates=(
            estimate("nndr_median_train", 0.8911, 0.005, "order statistics", 2633),
            estimate("nndr_median_holdout", 0.8934, 0.005, "order statistics", 2633),
        ),
        series={
            "nndr": {
                "edges": [i / 20 for i in range(21)],
                "train": small([round(5 * 1.32**i) for i in range(20)]),
                "holdout": small([round(4 * 1.335**i) for i in range(20)]),
            },
        },
    )
    copies = Evidence(
        id="copies",
        kind="measure",
        version="1",
        title="Identical copies",
        source="gate-statistics 4",
        estimates=(
            estimate(
                "identical_in_train", 0.0904 if leaks else 0.0011, 0.002, "clopper-pearson", 2633
            ),
            estimate("identical_in_holdout", 0.0008, 0.0007, "clopper-pearson", 2633),
            estimate(
                "unique_identical_in_train",
                0.0897 if leaks else 0.0004,
                0.002,
                "clopper-pearson",
                2633,
            ),
            estimate("unique_identical_in_holdout", 0.0, 0.0009, "clopper-pearson", 2633),
            estimate(
                "copied_units_excess",
                0.0886 if leaks else 0.0002,
                0.0018,
                "permutation",
                2633,
                expected=0.0,
                p=0.0001 if leaks else 0.42,
            ),
        ),
    )
    fidelity = Evidence(
        id="fidelity",
        kind="measure",
        version="1",
        title="Fidelity of columns and pairs",
        source="total variation distance",
        estimates=(
            estimate("marginals_tvd", 0.0712, 0.004, "order statistics", 2633),
            estimate("marginals_tvd_floor", 0.0241, 0.003, "order statistics", 2633),
            estimate("marginals_tvd_ceiling", 0.0233, 0.003, "order statistics", 2633),
            estimate("pairs_tvd", 0.1502, 0.006, "order statistics", 2633),
            estimate("pairs_tvd_floor", 0.2011, 0.006, "order statistics", 2633),
            estimate("pairs_tvd_ceiling", 0.0904, 0.005, "order statistics", 2633),
            estimate("invented_pairs", 0.0702, 0.008, "clopper-pearson", 1316),
            estimate("invented_pairs_floor", 0.1511, 0.011, "clopper-pearson", 1316),
            estimate("invented_pairs_ceiling", 0.0304, 0.006, "clopper-pearson", 1316),
            estimate("tail_coverage", 0.7113, 0.05, "delta method, log ratio", 2633),
            estimate("tail_coverage_ceiling", 0.9712, 0.07, "delta method, log ratio", 1316),
        ),
        series={
            "columns": [
                {
                    "name": name,
                    "tvd": round(0.03 + 0.009 * ((7 * i) % 18), 4),
                    "floor": round(0.02 + 0.001 * (i % 5), 4),
                    "ceiling": round(0.018 + 0.001 * (i % 4), 4),
                    "missing": None if i % 9 == 4 else round(0.004 * (i % 5) - 0.006, 4),
                    **(
                        {"rare": i % 4, "lost": (i % 4) // 2}
                        if kind in ("categorical", "boolean")
                        else {"tails": round(1.12 - 0.06 * (i % 13), 4)}
                    ),
                }
                for i, (name, kind) in enumerate(COLUMNS)
            ]
        },
    )
    utility = Evidence(
        id="utility",
        kind="measure",
        version="1",
        title="Usefulness for a prediction",
        source="Esteban et al. 2017",
        estimates=(
            estimate("tstr", 0.7911, 0.021, "order statistics", 1316),
            estimate("tstr_floor", 0.5012, 0.026, "order statistics", 1316),
            estimate("tstr_ceiling", 0.8304, 0.019, "order statistics", 1316),
        ),
        options={"target": "diabetes", "score": "AUC"},
    )
    return distance, subsets(leaks), ratio, copies, fidelity, utility


def subsets(leaks: bool) -> Evidence:
    """Return the share closer to train within parts of the columns, one of them the worst."""
    parts = {
        "numbers and dates": [name for name, kind in COLUMNS if kind in ("integer", "numeric")],
        "categories": [name for name, kind in COLUMNS if kind in ("categorical", "boolean")],
        "one random half": [name for name, _ in COLUMNS[::2]],
        "the other half": [name for name, _ in COLUMNS[1::2]],
    }
    shares = (0.7812, 0.6702, 0.7411, 0.7208) if leaks else (0.6731, 0.6668, 0.6702, 0.6644)
    return Evidence(
        id="dcr_subsets", kind="measure", version="1",
        title="Distance to the closest record within parts of the columns",
        source="share closer to train, by part of the columns",
        estimates=tuple(
            estimate(
                f"share_closer_to_train[{part}]", share, 0.021, "unit permutation", 2000,
                expected=0.6667, p=0.0004 if share > 0.7 else 0.31,
            )
            for part, share in zip(parts, shares, strict=True)
        ),
        series={"parts": parts}, options={"rows": 2000},
    )  # fmt: skip


def groups(status: Status) -> tuple[Evidence, ...]:
    """Return what was counted within groups of people: outliers, two subgroups, no rare values."""
    auc = 0.78 if status == "fail" else 0.55
    wide = 0.2 if status == "inconclusive" else 0.04
    fifth = estimate("auc_most_exposed_fifth", auc, wide, "worst of 31: delong", 790)
    told = {"attack": "dcr_ratio@rank", "members": 527, "non_members": 263}
    women = estimate("auc[sex=#1]", 0.53, wide, "worst of 31: delong", 2010)
    steps = tuple(
        estimate(f"auc_exposure_{i}_of_5", 0.5 + 0.2 * i * (auc - 0.5), wide, "worst of 31", 789)
        for i in range(1, 6)
    )
    exposed = Evidence(
        id="exposed", kind="stratum", version="1", title="People unlike others",
        source="Meeus et al. 2023", estimates=(fifth, *steps),
        series={
            "groups": {one.name: told for one in (fifth, *steps)},
            "exposure": exposure(status == "fail"),
        },
    )  # fmt: skip
    subgroups = Evidence(
        id="subgroups", kind="stratum", version="1", title="Declared subgroups",
        source="worst AUC within each declared category", estimates=(women,),
        series={
            "groups": {
                women.name: {**told, "label": "Female", "members": 1340, "non_members": 670}
            }
        },
        options={
            "groups": [
                {"name": "sex #1", "label": "Female", "assessed": True},
                {"name": "sex #2", "label": None, "assessed": False},
            ]
        },
    )  # fmt: skip
    rare = Evidence(
        id="rare_values", kind="stratum", version="1", title="Holders of rare values",
        source="worst AUC among holders", not_run="too few people on either side hold a rare value",
    )  # fmt: skip
    return exposed, subgroups, rare


def exposure(leaks: bool) -> dict[str, Any]:
    """Return members and non-members in twenty bins; where the table leaks the last are members."""
    both = [197] * 20
    members = [131 + (k % 3) - (k % 5) for k in range(20)]
    members[-2:] = [158, 184] if leaks else members[-2:]
    base = sum(members) / sum(both)
    lift = [m / n / base for m, n in zip(members, both, strict=True)]
    return {
        "attack": "dcr_ratio@rank",
        "edges": [round(k / 20, 4) for k in range(21)],
        "members": members,
        "non_members": [n - m for m, n in zip(members, both, strict=True)],
        "lift": [round(x, 4) for x in lift],
        "low": [round(x - 0.085, 4) for x in lift],
        "high": [round(x + 0.075, 4) for x in lift],
        "confidence": 0.9,
        "scores": 31,
    }


def inference() -> Evidence:
    """Return a measure under one of the three headings, with what its control said."""
    return Evidence(
        id="linkability", kind="measure", version="1", title="Linkability",
        source="Article 29 Working Party, Opinion 05/2014: linkability; Giomi et al. 2022",
        estimates=(
            estimate("linked_excess_worst", 0.0101, 0.012, "worst of 3: newcombe", expected=0.0),
        ),
        options={"control": "seen", "columns": {"a": ["age", "sex"], "b": ["bmi", "diabetes"]}},
    )  # fmt: skip


def bundle(status: Status = "pass") -> Bundle:
    """Return evidence that leads to ``status``; the inconclusive one has 60 rows of holdout."""
    few = status == "inconclusive"
    half = 0.11 if few else 0.017
    attacks = tuple(attack(i, auc, half) for i, auc in enumerate(AUCS[status]))
    rows = (
        {"train": 120, "holdout": 30, "reference": 30}
        if few
        else {"train": 2633, "holdout": 1316, "reference": 1316}
    )
    tables: dict[Any, TableFacts] = {
        side: TableFacts(rows=n, units=n, digest="hmac-sha256:" + f"{n:04x}" * 16)
        for side, n in rows.items()
    }
    tables["synthetic"] = TableFacts(
        rows=rows["train"], units=rows["train"], digest="sha256:" + "5f3a9c01" * 8
    )
    worst = {
        key: HeadlineEntry(
            estimate=attacks[2].estimate(key).model_copy(update={"p": 0.34}),  # type: ignore[union-attr]
            attack="dcr_ratio",
            expected_if_clean=0.5081 if key == "auc" else None,
            n_scores=8,
        )
        for key in ("auc", "tpr_at_fpr_0.1", "tpr_at_fpr_0.01")
    }
    absent = Evidence(
        id="attribute_inference",
        kind="measure",
        version="1",
        title="Attribute inference",
        source="Stadler et al., USENIX Security 2022",
        not_run="no column is declared secret; name them under `secrets` in the policy",
    )
    return Bundle(
        name=NAME,
        tables=tables,
        split={"unit": "row", "train": 0.5, "holdout": 0.25, "reference": 0.25, "duplicates": 0},
        columns=(
            *(
                ColumnFacts(name=n, kind=k, read=True, domain="declared", released=True)
                for n, k in COLUMNS
            ),
            ColumnFacts(
                name="respondent",
                kind="id",
                read=False,
                domain="inferred",
                released=False,
                note="identifier: left out of distances and of the release",
            ),
        ),
        probes=(*attacks, *groups(status), absent, *measures(status), inference()),
        controls={
            "blind_baseline": Control(
                status="ok",
                message="AUC 0.4982 without the synthetic table, p = 0.61.",
                estimates=(estimate("auc", 0.4982, 0.017, "permutation", expected=0.5, p=0.61),),
            ),
            "negative": Control(status="ok", message="No attack spoke: max-T p = 0.47."),
            "positive": Control(
                status="failed" if few else "ok",
                message="Copies at the policy's limit were not found."
                if few
                else "Copies of 30 % of the members were found; the smallest share found is 10 %.",
                series={
                    "shares": [0.05, 0.1, 0.2, 0.3],
                    "detected": [False, not few, not few, not few],
                    "auc": [0.5236, 0.5481, 0.5966, 0.6470],
                    "limit_auc": 0.65,
                },
            ),
        },
        power=Power(
            min_detectable_auc=0.537,
            min_detectable_copies=8,
            min_detectable_copy_fraction=0.003,
            sentence="This audit sees an AUC of 0.537 with 80 % power; a leak below that, or fewer "
            "than 8 copied people, would have gone unseen.",
        ),
        headline=worst,
        policy=Registration(
            name="internal@1",
            digest="sha256:" + "77ab10e2" * 8,
            registered="before_scoring",
            document={
                "preset": "internal@1",
                "rules": {
                    "worst_auc": {"limit": 0.65},
                    "worst_tpr": {"limit": 0.10, "at": 0.01},
                    "holdout_units": {"limit": 500},
                },
            },
        ),
        audits=Audits(number=1, alpha=0.05),
        generator=Generator(
            synthesizer="gaussian_copula",
            options={"default_distribution": "beta", "rows": 2633},
            licence="Business Source License 1.1 (sdv 2.0)",
            notes=("Sampled once; this file is the file that was audited.",),
        ),
        seed_commitment="hmac-sha256:" + "0d44e1b7" * 8,
        versions={"privsynth": "0.1.0", "python": "3.11.9", "numpy": "2.4.6", "sdv": "2.0.0"},
        warnings=(
            "No reference table was given: a seeded half of the holdout serves as reference.",
        ),
        not_covered=(
            "per-record attacks and attacks with access to the generator",
            "reconstruction from many queries",
            "averaging over several releases",
            "outside data joined on ignored columns",
        ),
    )


def verdict(evidence: Bundle, status: Status = "pass") -> Verdict:
    """Return a verdict on ``bundle(status)`` under the preset internal."""
    few, leaks = status == "inconclusive", status == "fail"
    auc, tpr = evidence.headline["auc"].estimate, evidence.headline["tpr_at_fpr_0.01"].estimate
    grade: Status = "fail" if leaks else "inconclusive" if few else "pass"
    units = evidence.tables["holdout"].units
    names = tuple(row[0] for row in ATTACKS)
    findings = (
        Finding(
            rule="worst_auc",
            holds_when="below",
            title="Can any attack tell members from others?",
            status=grade,
            message=f"the worst attack, dcr_ratio, has AUC {auc.value:.4f}, "
            f"upper bound {auc.high:.4f}; the limit is 0.65",
            probes=("dcr_ratio",),
            limit=0.65,
            observed=auc.low if leaks else auc.high,
            tolerates="verbatim copies of 30 % of the members",
        ),
        Finding(
            rule="worst_tpr",
            holds_when="below",
            title="Can any attack be sure about a few members?",
            status=grade,
            message=f"at 1 % false positives the worst attack finds {100 * tpr.value:.1f} % of the "
            f"members, at most {100 * tpr.high:.1f} %; the limit is 10 %",
            probes=("dcr_ratio",),
            limit=0.10,
            observed=tpr.low if leaks else tpr.high,
            tolerates="certain identification of 9 % of the members",
        ),
        Finding(
            rule="copies",
            holds_when="at least",
            quantity="p",
            title="Does the table repeat people's rows?",
            status="fail" if leaks else "pass",
            message="233 units of train are copied beyond what the holdout explains, p = 0.0001"
            if leaks
            else "no more units of train are copied than the holdout explains",
            probes=("copies",),
            limit=0.01,
            observed=0.0001 if leaks else 0.42,
            hard=True,
            fail_only=True,
        ),
        Finding(
            rule="dcr_share",
            holds_when="at most",
            title="Are synthetic rows nearer to train than to others?",
            status="fail" if leaks else "pass",
            message="the share closer to train exceeds its expectation by at least 0.065"
            if leaks
            else "the share closer to train is what sizes explain",
            probes=("dcr",),
            limit=0.05,
            observed=0.0653 if leaks else 0.0,
            fail_only=True,
        ),
        Finding(
            rule="holdout_units",
            holds_when="at least",
            title="Is there enough evidence to decide?",
            status="inconclusive" if few else "pass",
            message=f"the holdout counts {units} units, and 500 are needed",
            limit=500,
            observed=units,
        ),
        Finding(
            rule="controls",
            title="Does the audit itself work?",
            status="inconclusive" if few else "pass",
            message="the positive control failed: planted copies were not found"
            if few
            else "blind baseline, negative and positive control are in order",
            probes=names,
        ),
        Finding(
            rule="audits",
            holds_when="at most",
            title="Was it tried too often?",
            status="pass",
            message="this is synthetic table number 1 audited against this source",
            limit=5,
            observed=1,
        ),
        Finding(
            rule="columns_read",
            title="Was everything that is released attacked?",
            status="pass",
            message="every cell of every released column was read",
        ),
        Finding(
            rule="registered",
            title="Was the policy fixed before the evidence?",
            status="pass",
            message="this policy was registered before scoring",
        ),
    )
    sentences: dict[Status, str] = {
        "pass": f"Under attackers L0 and L1 the worst of 8 scores reached AUC {auc.value:.3f} "
        f"(upper bound {auc.high:.3f}); the policy's limit is 0.65.",
        "fail": "Three things are wrong: members can be told apart, people are copied, and "
        "synthetic rows lie too close to train.",
        "inconclusive": "30 people in the holdout are too few to show that the table leaks no more "
        "than the policy allows.",
    }
    return Verdict(
        name=evidence.name,
        status=overall(findings),
        findings=findings,
        policy_name="internal@1",
        policy_digest=evidence.policy.digest,
        policy_registered="before_scoring",
        evidence_digest="sha256:" + "c18d2dbc" * 8,
        headline=sentences[status],
    )


def dp_claim(budget: Budget | None = None, mechanism: str = "tan") -> DpClaim:
    """Return a claim from a ledger that spent its whole budget on made-up counts."""
    ledger = Ledger(budget or Budget(1.0, 1e-5))
    if mechanism == "vae":
        ledger.histogram(np.arange(32), "values of 'age'", 0.05 * ledger.remaining)
        noise = ledger.noise_multiplier(0.02, 500)
        ledger.train(0.02, noise, 500, "steps of the autoencoder")
    else:
        names = [name for name, _ in COLUMNS]
        if ledger.budget.unit == "row":
            counts, some = {"a": 60, "b": 2}, 0.02 * ledger.remaining
            ledger.threshold(counts, "levels of 'education'", some, 1e-6)
        whole = ledger.remaining
        for name in names:
            ledger.histogram(np.arange(32), f"values of {name!r}", 0.3 * whole / len(names))
        for name in names[1:]:
            ledger.select(np.arange(9.0), f"the neighbour of {name!r}", 0.2 * whole / len(names))
        for name in names[1:]:
            ledger.histogram(
                np.arange(64), f"{name!r} and its neighbour", 0.45 * whole / len(names)
            )
    domain = [ColumnDomain(name, "numeric", 0, 1) for name, _ in COLUMNS]
    domain[3] = replace(domain[3], source="learnt")
    claim = prove(ledger, f"{mechanism} of privsynth 0.1.0", tuple(domain))
    library = claim.accountant.model_copy(update={"library": "dp-accounting 0.6.0, opendp 0.16.0"})
    together = Composition(fits=2, epsilon=1.4527, delta=2e-5)
    return claim.model_copy(update={"accountant": library, "composition": together})


def stated_claim() -> StatedClaim:
    """Return what a producer says of a table made elsewhere, and what is missing from it."""
    return StatedClaim(
        mechanism="dp_ctgan 1.0", epsilon=3.0, delta=1e-5, unit="one person",
        neighbours="one row more or less", statement={"sampler": "shuffled batches"},
        unaccounted=("the bounds of columns were read from the rows",),
        remarks=("epsilon could not be computed again, since no events are stated",),
    )  # fmt: skip


def mechanism_audit(epsilon: float = 0.62) -> MechanismAudit:
    """Return what an audit of the mechanism found at claimed epsilon 1."""
    return MechanismAudit(
        mechanism="tan of privsynth 0.1.0", epsilon=1.0, delta=1e-5, runs=4000,
        lower_bounds=(
            EpsilonBound(
                name="a row of its own", epsilon=epsilon, method="clopper-pearson", level=0.95
            ),
        ),
        refuted=epsilon > 1,
    )  # fmt: skip


def private(status: Status, claim: DpClaim | StatedClaim | None = None) -> Bundle:
    """Return the evidence of ``bundle(status)`` for a table with a claim, ``dp_claim`` if None."""
    plain, claim = bundle(status), claim or dp_claim()
    made = Generator(synthesizer="tan", options={"rows": 2633}, licence="same as privsynth")
    return plain.model_copy(
        update={
            "claim": claim,
            "generator": made,
            "implied": implied(plain.headline, claim, plain.tables["train"]),
            "mechanism_audit": mechanism_audit() if isinstance(claim, DpClaim) else None,
        }
    )  # fmt: skip


def hostile() -> tuple[Bundle, Verdict]:
    """Return evidence whose every foreign text tries to break out of the page."""
    plain = bundle("pass")
    texts = tuple(HOSTILE.values())
    nasty = plain.model_copy(
        update={
            "name": HOSTILE["markup"] + HOSTILE["bidi"],
            "columns": tuple(
                ColumnFacts(
                    name=text,
                    kind="categorical",
                    read=True,
                    domain="inferred",
                    released=True,
                    note=text,
                )
                for text in texts
            ),
            "warnings": texts,
            "not_covered": texts,
            "generator": Generator(
                synthesizer=HOSTILE["link"], options={t: t for t in texts}, notes=texts
            ),
            "policy": plain.policy.model_copy(
                update={"name": HOSTILE["template"], "document": {t: {t: [t]} for t in texts}}
            ),
            "versions": {text: text for text in texts},
            "probes": tuple(
                probe.model_copy(
                    update={
                        "title": texts[i % len(texts)],
                        "source": texts[(i + 1) % len(texts)],
                        "notes": texts,
                        "options": {t: t for t in texts},
                        "series": {
                            **probe.series,
                            **(
                                {"columns": [{"name": t, "tvd": 0.1} for t in texts]}
                                if probe.id == "fidelity"
                                else {}
                            ),
                        },
                    }
                )
                for i, probe in enumerate(plain.probes)
            ),
        }
    )
    findings = tuple(
        finding.model_copy(update={"title": text, "message": text, "rule": text, "probes": (text,)})
        for finding, text in zip(verdict(plain).findings, texts, strict=False)
    )
    return nasty, verdict(plain).model_copy(
        update={"findings": findings, "headline": HOSTILE["link"]}
    )


def report(evidence: Bundle, decision: Verdict | None, **more: Any) -> Report:
    """Return everything that the report of an example is made of."""
    return Report(evidence, decision, CREATED, attachments(evidence, decision), **more)


def attachments(evidence: Bundle, decision: Verdict | None) -> dict[str, bytes]:
    """Return the files that travel inside the PDF."""
    found = {"evidence.json": to_json(evidence).encode()}
    if decision is not None:
        found["verdict.json"] = to_json(decision).encode()
    return found
