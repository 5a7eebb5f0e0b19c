"""Ready policies with the limits of gate-statistics 4, for rules whose measures exist.

Version 0: the limits may still change, and rules join, until the gate is frozen as version 1.
"""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "internal@0": {
        "rationale": "people of the same house who are bound by contract",
        "rules": {
            "holdout_units": {"at_least": 500},
            "worst_auc": {"below": 0.65},
            "worst_tpr": {"below": 0.10},
            "copies": {"p_below": 0.01},
            "dcr_share": {"excess_above": 0.05},
        },
    },
    "partner@0": {
        "rationale": "a known recipient under a data-sharing agreement",
        "rules": {
            "holdout_units": {"at_least": 1200},
            "worst_auc": {"below": 0.60},
            "worst_tpr": {"below": 0.05},
            "copies": {"p_below": 0.01},
            "dcr_share": {"excess_above": 0.03},
        },
    },
    "public@0": {
        "rationale": "anybody, for ever",
        "rules": {
            "holdout_units": {"at_least": 5000},
            "worst_auc": {"below": 0.55},
            "worst_tpr": {"below": 0.03},
            "copies": {"p_below": 0.01},
            "dcr_share": {"excess_above": 0.02},
            "registered": {"required": True},
        },
    },
}


def summaries() -> dict[str, str]:
    """Return one line a preset: for whom it is, and its limits."""
    return {
        name: f"For {preset['rationale']}: "
        f"worst AUC below {preset['rules']['worst_auc']['below']}, "
        f"TPR at 1 % FPR below {preset['rules']['worst_tpr']['below']}, "
        f"{preset['rules']['holdout_units']['at_least']:,} holdout units."
        for name, preset in PRESETS.items()
    }
