"""Is the decision the one that evidence, policy and waivers give, and does it still hold?"""

import datetime
from collections.abc import Iterator

import privsynth
from privsynth.errors import PrivsynthError
from privsynth.evidence import Bundle
from privsynth.policy import Policy, Verdict, Waiver, decide, expired_since
from privsynth.privacy import Claim, DpClaim, StatedClaim, recompute
from privsynth.provenance.checks._base import Check
from privsynth.provenance.checks.record import WAIVERS, Parts

EARLIER = datetime.timedelta(days=1)
"""How long before the release was made its waivers may have been judged: over midnight."""


def check_decision(parts: Parts, today: datetime.date) -> Iterator[Check]:
    """Yield whether edition, claim, policy and decision follow from the evidence, and until when.

    Waivers are judged at the day of the decision; ``today`` only tells which have expired since.
    """
    bundle, policy, verdict = parts.bundle, parts.policy, parts.verdict
    if bundle is not None:
        yield _claim(bundle.claim)
        if policy is not None:
            yield _edition(bundle, policy)
            same = policy.digest == bundle.policy.digest
            which = "the policy that was registered before scoring"
            yield _line(
                "policy.json", same, which if same else "not the policy that was registered"
            )
    if bundle is None or policy is None or verdict is None or parts.waivers is None:
        yield _line("decision", False, "cannot be taken again: a part of the record cannot be read")
        return
    yield _again(bundle, policy, verdict, parts.waivers)
    if verdict.waivers:
        yield from _day(verdict, parts.created)
    for said in expired_since(verdict, today):
        yield Check("waivers", True, f"{said}; the record is as it was", "decision", note=True)


def _again(
    bundle: Bundle, policy: Policy, verdict: Verdict, waivers: tuple[Waiver, ...]
) -> Check:  # fmt: skip
    if waivers and not verdict.decided_on:
        return _line("decision", False, f"{WAIVERS} is here, and the verdict names no day for it")
    if verdict.waivers and not waivers:
        return _line("decision", False, f"the verdict rests on waivers, and {WAIVERS} is missing")
    on = _date(verdict.decided_on)
    if verdict.decided_on and on is None:
        return _line("decision", False, "the verdict names no day at which waivers were judged")
    try:
        again = decide(bundle, policy, waivers=waivers, last=verdict.baseline, on=on)
    except (PrivsynthError, ValueError) as error:
        said = (
            str(error) if isinstance(error, PrivsynthError) else "the parts contradict each other"
        )
        return _line("decision", False, f"cannot be taken again: {said}")
    # Another version may word its sentences otherwise; what it decides is compared all the same.
    own = bundle.versions.get("privsynth") == privsynth.__version__
    if again != verdict if own else _decided(again) != _decided(verdict):
        given = f"the evidence and the policy give {again.status}"
        return _line("decision", False, f"{given}, not what verdict.json says")
    told = f"decided again from the evidence: {again.status}"
    if waivers:
        told += f", with {len(waivers)} waiver{'s' if len(waivers) > 1 else ''} of {WAIVERS}"
    if verdict.baseline is not None:
        told += "; what it says of the last release is not in this folder"
    return _line("decision", True, told)


def _day(verdict: Verdict, created: str) -> Iterator[Check]:
    """Yield whether waivers were judged when the release was made, not when they still held."""
    on, made = _date(verdict.decided_on), _date(created[:10])
    if on is None or made is None or not made - EARLIER <= on <= made + EARLIER:
        yield _line(
            "waivers",
            False,
            f"were judged at {verdict.decided_on or 'no day'}, and the release was made on "
            f"{created[:10] or 'no day'}",
        )


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _edition(bundle: Bundle, policy: Policy) -> Check:
    """Return whether the evidence is what may travel under the policy."""
    if bundle.edition != "recipient":
        told = "full evidence, with small counts of real rows: it stays in private/"
    elif (bundle.cell or 0) < policy.cell_limit:
        told = f"shows counts under {policy.cell_limit}, which the policy hides"
    else:
        hidden = f"the recipient's: counts of people under {bundle.cell} are hidden"
        return _line("evidence.json", True, hidden)
    return _line("evidence.json", False, told)


def _claim(claim: Claim) -> Check:
    """Return whether a formal claim follows from its own ledger."""
    if isinstance(claim, StatedClaim):
        said = f"epsilon {claim.epsilon:g} as the producer states it: nothing here verifies it"
        return Check("claim", True, said, "decision", note=True)
    if not isinstance(claim, DpClaim):
        return _line("claim", True, "no claim")
    again = recompute(claim)
    if again.problems:
        return _line("claim", False, "; ".join(again.problems))
    told = f"epsilon {again.epsilon:.6g} recomputed from {len(claim.events):,} events"
    return _line("claim", True, f"{told}, claimed {claim.epsilon:g}")


def _decided(verdict: Verdict) -> tuple[object, ...]:
    """Return what a verdict decides, without its wording."""
    rules = tuple(
        (f.rule, f.status, f.limit, f.observed, f.hard, f.severity, f.waiver)
        for f in verdict.findings
    )
    digests = verdict.policy_digest, verdict.policy_registered, verdict.evidence_digest
    used = tuple((one.id, one.rule, one.state, one.expires) for one in verdict.waivers)
    return verdict.name, verdict.status, rules, digests, used, verdict.decided_on


def _line(name: str, ok: bool, detail: str) -> Check:
    return Check(name, ok, detail, "decision")
