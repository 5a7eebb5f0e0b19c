"""Evidence of a clean audit that passes even for the public, and ways to spoil it."""

from typing import Any

from privsynth.attacks import catalogue
from privsynth.evidence import (
    Audits,
    Bundle,
    ColumnFacts,
    Control,
    Evidence,
    Generator,
    HeadlineEntry,
    Power,
    Registration,
    TableFacts,
    Threat,
)
from privsynth.policy import Policy, load_policy
from privsynth.statistics.estimate import Estimate

ATTACKS = tuple(sorted(catalogue()))
PARTS = ("rare_categories_excess", "training_extremes_excess", "rare_missingness_excess")
ALPHA = 0.03
PUBLIC = load_policy("preset:public")


def estimate(name: str, value: float, low: float, high: float, **more: Any) -> Estimate:
    """Return an estimate at the level of the first audit of a source."""
    made = {"confidence": 1 - 2 * ALPHA, "method": "made up", "n": 20_000, **more}
    return Estimate(name=name, value=value, low=low, high=high, **made)


def attack(name: str) -> Evidence:
    """Return an attack that found nothing."""
    threat = Threat(goal="membership", data_knowledge="the table and a row", level="L0")
    return Evidence(
        id=name, kind="attack", version="1", title=name, source="made up", threat=threat,
        estimates=(estimate("auc", 0.5, 0.49, 0.51),
                   estimate("tpr_at_fpr_0.01", 0.01, 0.005, 0.015)),
    )  # fmt: skip


def measure(name: str, *estimates: Estimate) -> Evidence:
    """Return a measure with these estimates."""
    return Evidence(
        id=name, kind="measure", version="1", title=name, source="made up", estimates=estimates
    )


def stratum(name: str, *estimates: Estimate, **more: Any) -> Evidence:
    """Return a group of people that all attacks were counted in."""
    return Evidence(
        id=name, kind="stratum", version="1", title=name, source="made up", estimates=estimates,
        **more,
    )  # fmt: skip


def group(number: int, label: str | None = None, n: int = 2_000, **more: Any) -> dict[str, Any]:
    """Return what is listed of a declared subgroup of ``n`` members and as many others."""
    sizes = {"members": n, "non_members": n, "assessed": True}
    return {"name": f"sex #{number}", "label": label, **sizes, **more}


def attributes(high: float = 0.04, control: str = "seen") -> Evidence:
    """Return what the table gives away of secrets, by the measure with that control."""
    worst = estimate("advantage_worst", high - 0.02, high - 0.04, high)
    return measure("attribute_inference", worst).model_copy(
        update={"options": {"control": control}}
    )


def leaked_metadata(*p_values: float) -> Evidence:
    """Return learnt metadata with these p-values, part by part."""
    pairs = zip(PARTS, p_values, strict=False)
    return measure("metadata_leak", *(estimate(part, 0, 0, 0, p=p) for part, p in pairs))


def replayed(**p_values: float) -> Evidence:
    """Return the test of replay with these p-values, column by column."""
    return measure(
        "replay", *(estimate(f"replayed_excess[{c}]", 0, 0, 0, p=p) for c, p in p_values.items())
    )


def worst(found: Estimate) -> HeadlineEntry:
    """Return the worst over four attacks."""
    return HeadlineEntry(estimate=found, attack="dcr_ratio", expected_if_clean=0.503, n_scores=4)


def column(name: str, **more: Any) -> ColumnFacts:
    """Return a column that was released and read."""
    facts = {"kind": "numeric", "read": True, "domain": "declared", "released": True, **more}
    return ColumnFacts(name=name, **facts)


def registration(policy: Policy | None) -> Registration:
    """Return a policy as it was registered before scoring, or that none was."""
    if policy is None:
        return Registration(name="none", digest="none", registered="none")
    return policy.registration()


def clean(policy: Policy | None = PUBLIC, **changes: Any) -> Bundle:
    """Return evidence that passes every preset, its fields changed as asked."""
    fine = Control(status="ok", message="as expected.")
    tables: dict[Any, TableFacts] = {
        role: TableFacts(rows=n, units=n, digest=f"hmac-sha256:{role}")
        for role, n in (("train", 10_000), ("holdout", 6_000), ("reference", 6_000))
    }
    tables["synthetic"] = TableFacts(rows=10_000, units=10_000, digest="sha256:synthetic")
    made = Bundle(
        name="example",
        tables=tables,
        split={"origin": "tool", "unit": "row"},
        columns=(
            column("age"),
            column("sex", kind="categorical"),
            column("note", kind="text", read=False),
        ),
        probes=(
            *map(attack, ATTACKS),
            measure("copies", estimate("copied_units_excess", 0.0, 0.0, 0.001, p=0.6)),
            measure(
                "dcr", estimate("share_closer_to_train", 0.625, 0.615, 0.635, expected=0.625)
            ),
            attributes(),
            leaked_metadata(0.4, 1.0, 0.7),
            replayed(note=0.3),
            stratum("exposed", estimate("auc_most_exposed_fifth", 0.52, 0.48, 0.56)),
            stratum(
                "subgroups",
                estimate("auc[sex=#1]", 0.51, 0.45, 0.57),
                estimate("auc[sex=#2]", 0.50, 0.44, 0.56),
                options={"groups": [group(1, "female"), group(2)]},
            ),
        ),
        controls={"blind_baseline": fine, "negative": fine, "positive": fine},
        power=Power(
            min_detectable_auc=0.51,
            min_detectable_copies=8,
            min_detectable_copy_fraction=0.0008,
            sentence="This audit finds an AUC of 0.51 or more.",
        ),
        headline={
            "auc": worst(estimate("auc", 0.51, 0.49, 0.53)),
            "tpr_at_fpr_0.01": worst(estimate("tpr_at_fpr_0.01", 0.012, 0.005, 0.02)),
        },
        policy=registration(policy),
        audits=Audits(number=1, alpha=ALPHA),
        generator=Generator(synthesizer="made elsewhere"),
        seed_commitment="hmac-sha256:seed",
        versions={"privsynth": "0.1.0"},
    )  # fmt: skip
    return made.model_copy(update=changes)


def without_probe(bundle: Bundle, kind: str, name: str, reason: str | None = None) -> Bundle:
    """Return evidence without a probe, or with the reason why it could not run."""
    kept = []
    for probe in bundle.probes:
        if (probe.kind, probe.id) != (kind, name):
            kept.append(probe)
        elif reason is not None:
            kept.append(probe.model_copy(update={"estimates": (), "not_run": reason}))
    return bundle.model_copy(update={"probes": tuple(kept)})


def with_probe(bundle: Bundle, probe: Evidence) -> Bundle:
    """Return evidence with this probe in place of the one of its name."""
    rest = without_probe(bundle, probe.kind, probe.id)
    return rest.model_copy(update={"probes": (*rest.probes, probe)})


def with_headline(bundle: Bundle, name: str, found: Estimate | None) -> Bundle:
    """Return evidence with another worst estimate, or with none."""
    others = {key: entry for key, entry in bundle.headline.items() if key != name}
    if found is not None:
        others[name] = worst(found)
    return bundle.model_copy(update={"headline": others})


def with_control(bundle: Bundle, name: str, status: str | None) -> Bundle:
    """Return evidence in which a control has this status, or is missing."""
    controls: dict[Any, Control] = {k: v for k, v in bundle.controls.items() if k != name}
    if status is not None:
        controls[name] = Control.model_validate({"status": status, "message": "made up."})
    return bundle.model_copy(update={"controls": controls})


def with_table(bundle: Bundle, role: str, units: int | None) -> Bundle:
    """Return evidence in which a table has this many units, or is missing."""
    tables: dict[Any, TableFacts] = {k: v for k, v in bundle.tables.items() if k != role}
    if units is not None:
        tables[role] = TableFacts(rows=units, units=units, digest="hmac-sha256:x")
    return bundle.model_copy(update={"tables": tables})
