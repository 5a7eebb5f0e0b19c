"""Ready policies: the limits of version 1, which stay as they are under this number."""

from typing import Any

ATTACKS = (
    "ball", "calibrated_density", "classifier", "conditional_error", "dcr", "dcr_difference",
    "dcr_ratio", "density_ratio", "domias", "exact_copy", "extremes", "gen_lra", "near_copy",
    "nndr", "rank_ensemble", "value_match", "weighted_density",
)  # fmt: skip
"""The attacks that version 1 asks for; those added later run and count, and are not asked for."""

_PARTNER: dict[str, dict[str, Any]] = {
    "holdout_units": {"at_least": 1200},
    "worst_auc": {"below": 0.60, "attacks": ATTACKS},
    "worst_tpr": {"below": 0.05},
    "exposed_fifth": {"below": 0.65},
    "subgroups": {"below": 0.70},
    "attribute_advantage": {"below": 0.10},
    "copies": {"p_below": 0.01},
    "replay": {"p_below": 0.01},
    "metadata_leak": {"p_below": 0.01},
    "dcr_share": {"excess_above": 0.03},
}

PRESETS: dict[str, dict[str, Any]] = {
    "internal@1": {
        "rationale": "people of the same house who are bound by contract",
        "rules": {
            "holdout_units": {"at_least": 500},
            "worst_auc": {"below": 0.65, "attacks": ATTACKS},
            "worst_tpr": {"below": 0.10},
            "exposed_fifth": {"below": 0.70},
            "subgroups": {"below": 0.75},
            "attribute_advantage": {"below": 0.15},
            "copies": {"p_below": 0.01},
            "replay": {"p_below": 0.01},
            "metadata_leak": {"p_below": 0.01},
            "dcr_share": {"excess_above": 0.05},
        },
    },
    "partner@1": {
        "rationale": "a known recipient under a data-sharing agreement",
        "rules": _PARTNER,
    },
    "public@1": {
        "rationale": "anybody, for ever",
        "rules": {
            "holdout_units": {"at_least": 5000},
            "worst_auc": {"below": 0.55, "attacks": ATTACKS},
            "worst_tpr": {"below": 0.03},
            "exposed_fifth": {"below": 0.60},
            "subgroups": {"below": 0.65},
            "attribute_advantage": {"below": 0.05},
            "copies": {"p_below": 0.01},
            "replay": {"p_below": 0.01},
            "metadata_leak": {"p_below": 0.01},
            "dcr_share": {"excess_above": 0.02},
            "file_tested": {"required": True},
            "registered": {"required": True},
        },
    },
    "formal@1": {
        "rationale": "a known recipient who asks for a formal guarantee",
        "rules": {**_PARTNER, "dp_claim": {"required": True, "epsilon_at_most": 10}},
    },
}


def summaries() -> dict[str, str]:
    """Return one line a preset: for whom it is, and its limits."""
    return {name: _summary(preset) for name, preset in PRESETS.items()}


def _summary(preset: dict[str, Any]) -> str:
    rules = preset["rules"]
    epsilon = rules.get("dp_claim", {}).get("epsilon_at_most")
    formal = "" if epsilon is None else f"differential privacy with epsilon at most {epsilon:g}, "
    return (
        f"For {preset['rationale']}: {formal}worst AUC below {rules['worst_auc']['below']}, "
        f"TPR at 1 % FPR below {rules['worst_tpr']['below']}, "
        f"{rules['holdout_units']['at_least']:,} holdout units."
    )
