"""Registration: a policy that was chosen after the evidence says less than one chosen before."""

from privsynth.evidence import Bundle
from privsynth.policy._base import Parameters, Rule
from privsynth.policy.verdict import Finding


class Strictness(Parameters):
    """Whether a policy chosen after the evidence blocks the release or is only named."""

    required: bool = False


def check(bundle: Bundle, strictness: Strictness, policy: str) -> Finding:
    """Return inconclusive if registration is required and another policy was registered."""
    before = bundle.policy.digest == policy
    if before:
        message = "this policy was registered before scoring"
    else:
        message = (
            "policy chosen after the evidence: the audit "
            + (
                "registered another one"
                if bundle.policy.registered != "none"
                else "registered none"
            )
            + "; audit again with --policy to register this one"
        )
    return Finding(
        rule=rule.name,
        title=rule.title,
        status="pass" if before or not strictness.required else "inconclusive",
        message=message,
    )


rule = Rule(
    name="registered",
    home=__name__,
    title="Was the policy fixed before the evidence?",
    parameters=Strictness,
    check=check,
    mandatory=True,
    formula="the audit stored this policy's digest before it scored",
    remedy="audit again with --policy",
)
