"""Formal claim: one that its own ledger or an attack refutes stops any release."""

from pydantic import Field

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule, corrected
from privsynth.policy.verdict import Finding, Status
from privsynth.privacy import DpClaim, NoClaim, Relation, StatedClaim, recompute
from privsynth.privacy.ceiling import ceiling_of
from privsynth.privacy.claim import MEANINGFUL

TIERS = (
    "Ponomareva et al. 2023, How to DP-fy ML: epsilon at most 1 is strong, at most 10 reasonable; "
    "a convention, no legal basis"
)
REACHES = {"auc": "AUC", "tpr_at_fpr_0.01": "TPR at 1 % FPR"}


class Demand(Parameters):
    """Whether a formal guarantee is asked for, and the largest epsilon, over all private fits."""

    required: bool = False
    epsilon_at_most: float | None = Field(None, gt=0)


def check(bundle: Bundle, demand: Demand, policy: str) -> Finding:
    """Return a hard fail for a refuted claim, or for none that is good enough where one is asked.

    A claim that is not asked for and covers too little counts for nothing, and passes. What a
    producer states of a table made elsewhere is refuted by the same rules, but never enough.
    """
    claim = bundle.claim
    epsilon = None if isinstance(claim, NoClaim) else _epsilon(claim)
    status, message = _judged(bundle, demand)
    return Finding(
        rule=rule.name,
        title=rule.title,
        status=status,
        message=message,
        limit=demand.epsilon_at_most,
        observed=epsilon,
        holds_when="at most" if demand.epsilon_at_most is not None else "",
        quantity="ε",
        hard=True,
        source=TIERS,
    )


def _judged(bundle: Bundle, demand: Demand) -> tuple[Status, str]:
    claim = bundle.claim
    short: Status = "fail" if demand.required else "pass"
    if isinstance(claim, NoClaim):
        asked = "the policy asks for a formal guarantee and none is claimed"
        return short, asked if demand.required else "no formal guarantee is claimed"
    if (wrong := _refuted(bundle, claim)) is not None:
        return wrong
    if not claim.end_to_end:
        return short, f"not end-to-end DP: {'; '.join(claim.unaccounted)}"
    epsilon, most = _epsilon(claim), demand.epsilon_at_most
    fits = "" if epsilon == claim.epsilon else " over all private fits of this source"
    if most is not None and epsilon > most:
        return "fail", f"epsilon {epsilon:.4g}{fits} is above the {most:g} that the policy allows"
    missing = [said for name, said in REACHES.items() if name not in bundle.by_itself]
    if "train" not in bundle.tables or missing:
        lacks = " and ".join(missing) or "the training table"
        return "inconclusive", f"the claim could not be tested: {lacks} is not in the evidence"
    if (gap := _too_little(bundle, claim)) is not None:
        return short, gap
    says = f"epsilon {claim.epsilon:.4g} at delta {claim.delta:.2g} for one {claim.unit}"
    if isinstance(claim, StatedClaim):
        unproved: Status = "inconclusive" if demand.required else "pass"
        return unproved, f"{says} is claimed by the producer and was not verified"
    says += f" follows from {len(claim.events)} booked looks; no attack is above its ceiling"
    if fits:
        says += f"; epsilon {epsilon:.4g}{fits}"
    return "pass", says + (f"; above {MEANINGFUL:g} it says little" if epsilon > MEANINGFUL else "")


def _refuted(bundle: Bundle, claim: DpClaim | StatedClaim) -> tuple[Status, str] | None:
    """Return why the claim cannot be true: its own ledger, or an attack that found too much.

    Inconclusive where an attack found too much or not by less than rounding may have moved it.
    """
    audited = bundle.mechanism_audit
    if audited is not None and audited.refuted:
        return "fail", f"the audit of the mechanism refutes epsilon {audited.epsilon:g}"
    if isinstance(claim, DpClaim):
        if problems := recompute(claim).problems:
            return "fail", f"the claim does not follow from its ledger: {'; '.join(problems)}"
        most = claim.ceiling  # that of its events, or it were a problem
    else:
        again = claim.recomputed
        if again is not None and again > claim.epsilon * (1 + 1e-6):
            told = f"the stated events give epsilon {again:.4g}, above the {claim.epsilon:g} stated"
            return "fail", told
        relation: Relation = "replace_one" if claim.neighbours == "replace_one" else "add_remove"
        most = ceiling_of(claim.epsilon, claim.delta, relation)
    if claim.unit != "entity" and _several(bundle):
        return None  # attacks look for people, of whom the claim hides one row each
    near: tuple[Status, str] | None = None
    for name, limit in (("auc", most.auc), ("tpr_at_fpr_0.01", most.tpr_at_fpr_001)):
        entry = bundle.by_itself.get(name)
        found = corrected(entry.estimate) if entry is not None else None
        if entry is None or found is None or found.low + bundle.blur <= limit:
            continue
        told = (
            f"the lower bound of the worst {REACHES[name]} is {found.low:.4f}, and the claim "
            f"admits {limit:.4f} at most"
        )
        if found.low > limit:
            return "fail", f"{entry.attack} refutes epsilon {claim.epsilon:g}: {told}"
        near = "inconclusive", f"too near to decide at three decimals: {told}"
    return near


def _too_little(bundle: Bundle, claim: DpClaim | StatedClaim) -> str | None:
    """Return why a claim that may be true protects nobody."""
    units = bundle.tables["train"].units
    if claim.delta * units >= 1:
        return f"delta {claim.delta:g} is not below 1 / {units:,} units: whole records may leak"
    if claim.unit != "entity" and _several(bundle):
        return "the claim hides one row, and people of this table have several"
    return None


def _several(bundle: Bundle) -> bool:
    train = bundle.tables.get("train")
    return train is not None and train.units < train.rows


def _epsilon(claim: DpClaim | StatedClaim) -> float:
    """Return what the people behind the table are exposed to: all private fits, if booked."""
    whole = None if isinstance(claim, StatedClaim) else claim.composition
    if whole is None or whole.fits == 1:
        return claim.epsilon
    return max(claim.epsilon, whole.epsilon)


rule = Rule(
    name="dp_claim",
    home=__name__,
    title="Does the formal claim stand?",
    parameters=Demand,
    check=check,
    mandatory=True,
    formula="epsilon recomputed from the ledger <= epsilon_at_most, end to end, and no attack "
    "above what the claim admits",
    remedy="a refuted claim is wrong: withdraw it; a missing one asks for a fit with --epsilon",
)
