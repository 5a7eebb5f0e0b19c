"""What one rule asks, in words: for ``privsynth policy explain`` and for whoever must sign."""

from dataclasses import dataclass

from privsynth.evidence import Audits, Bundle, Generator, Registration
from privsynth.policy.policy import Policy, rule_catalogue
from privsynth.policy.regression import SUFFIX
from privsynth.registry import choose, summary
from privsynth.statistics import level


@dataclass(frozen=True)
class Explanation:
    """One rule; what a policy says of it is empty where no policy was named or it is not in it."""

    name: str
    title: str
    metric: str
    formula: str
    remedy: str
    waivable: bool
    limits: dict[str, object]
    tolerates: str
    source: str
    rationale: str
    severity: str


def explain(name: str, policy: Policy | None = None) -> Explanation:
    """Return what a rule compares, where its limit comes from and what to do about a fail.

    A comparison with the last release is explained as the rule that it belongs to. ``InputError``
    for a rule that is neither in the policy nor in the catalogue.
    """
    catalogue, name = rule_catalogue(), name.removesuffix(SUFFIX)
    if policy is None or name not in policy.rules:
        known = catalogue if policy is None else {**dict.fromkeys(policy.rules), **catalogue}
        rule = choose(dict(known), name, "rule")
        about = (rule.title, summary(rule), rule.formula, rule.remedy, rule.waivable)
        return Explanation(name, *about, {}, "", "", "", "")
    rule, parameters = policy.rule(name, catalogue), policy.rules[name]
    terms, silent = policy.terms_of(name), rule.check(_silence(), parameters, policy.digest)
    said = terms.model_dump(exclude={"severity", "source", "rationale"}, exclude_none=True)
    return Explanation(
        name=name,
        title=rule.title,
        metric=summary(rule),
        formula=rule.formula,
        remedy=rule.remedy,
        waivable=rule.waivable and terms.waivable is not False,
        limits=parameters.model_dump(mode="json") | said,
        tolerates=silent.tolerates,
        source=terms.source or silent.source,
        rationale=terms.rationale,
        severity=terms.severity,
    )


def _silence() -> Bundle:
    """Return evidence that holds nothing: what a rule tolerates does not depend on it."""
    return Bundle(
        name="none", tables={}, split={}, columns=(), probes=(), controls={}, headline={},
        policy=Registration(name="none", digest="none", registered="none"),
        audits=Audits(number=1, alpha=level(1)), generator=Generator(synthesizer="none"),
        seed_commitment="", versions={},
    )  # fmt: skip
