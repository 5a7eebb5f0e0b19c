"""The five questions of page 1: which rules answer each, and what the worst of them says."""

from dataclasses import dataclass

from privsynth.policy.verdict import Finding, Verdict

QUESTIONS = (
    (
        "Can anybody tell who was in the real table?",
        ("worst_auc", "worst_tpr"),
    ),
    (
        "Can outliers or small groups be told apart?",
        ("exposed_fifth", "subgroups"),
    ),
    (
        "Can people be singled out, linked, inferred?",
        ("attribute_advantage",),
    ),
    (
        "Do people's rows, names or values come back?",
        ("copies", "replay", "metadata_leak", "dcr_share"),
    ),
    (
        "Can this answer be relied on?",
        ("dp_claim", "controls", "holdout_units", "member_units", "columns_read", "file_tested",
         "registered", "audits", "other_seeds", "table_size"),
    ),
)  # fmt: skip
OTHERS = "What else does this policy ask?"
GRAVITY = {"fail": 0, "inconclusive": 1, "waived": 2, "warned": 3, "pass": 4}


def gravity(finding: Finding) -> int:
    """Return how much a finding weighs: what holds a table back comes first."""
    if finding.status == "pass":
        return GRAVITY["pass"]
    if finding.severity != "block":
        return GRAVITY["warned"]
    return GRAVITY["waived" if finding.waiver else finding.status]


@dataclass(frozen=True)
class Answer:
    """One question with its rules; ``worst`` is None where the policy does not ask it."""

    question: str
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Finding | None:
        """The finding that decides: a fail before an open one, then in the policy's order."""
        return min(self.findings, key=gravity, default=None)


def answers(verdict: Verdict) -> tuple[Answer, ...]:
    """Return the five questions answered, and a sixth where a rule belongs to none of them."""
    known = {rule for _, rules in QUESTIONS for rule in rules}
    found = [
        Answer(words, tuple(f for f in verdict.findings if _home(f) in rules))
        for words, rules in QUESTIONS
    ]
    rest = tuple(f for f in verdict.findings if _home(f) not in known)
    return (*found, Answer(OTHERS, rest)) if rest else tuple(found)


def _home(finding: Finding) -> str:
    """Return the rule that a finding belongs to: ``worst_auc`` for ``worst_auc.regression``."""
    return finding.rule.partition(".")[0]
