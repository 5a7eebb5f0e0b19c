"""What a privacy claim says, in the words of the report; its numbers are those of the evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

from privsynth.evidence import Bundle, EpsilonBound, HeadlineEntry
from privsynth.privacy import DpClaim, DpSgd, Event, NoClaim, Relation
from privsynth.privacy.ceiling import ceiling_of
from privsynth.report.text import clean, label, significant

WORDS = {
    "gaussian": "Histograms with discrete Gaussian noise",
    "selection": "Selections by the exponential mechanism",
    "threshold": "Unknown categories above a noisy threshold",
    "dpsgd": "Gradient steps (DP-SGD)",
}


@dataclass(frozen=True)
class Looks:
    """All events of one mechanism: how often it looked at the rows, at which noise and share.

    ``share`` is that of the zero-concentrated rho; None for gradient steps, which have none.
    """

    words: str
    looks: int
    share: float | None
    least: float
    most: float
    example: str
    detail: str = ""


def looks(claim: DpClaim) -> tuple[Looks, ...]:
    """Return the ledger grouped by mechanism, in the order in which each was first asked."""
    grouped: dict[str, list[Event]] = {}
    for event in claim.events:
        grouped.setdefault(event.mechanism, []).append(event)
    total = rho(claim)
    return tuple(_looks(mechanism, events, claim, total) for mechanism, events in grouped.items())


def rho(claim: DpClaim) -> float:
    """Return the sum of the zero-concentrated events, for the claim's neighbours."""
    return sum(_rho(event, claim) for event in claim.events)


def _rho(event: Event, claim: DpClaim) -> float:
    if isinstance(event, DpSgd):
        return 0.0
    return event.rho if claim.neighbours == "add_remove" else event.rho_replace_one


def _looks(mechanism: str, events: list[Event], claim: DpClaim, total: float) -> Looks:
    noise = [e.noise_multiplier if isinstance(e, DpSgd) else e.scale for e in events]
    steps = [e for e in events if isinstance(e, DpSgd)]
    return Looks(
        words=WORDS[mechanism],
        looks=sum(e.steps for e in steps) or len(events),
        share=None if steps else sum(_rho(e, claim) for e in events) / total,
        least=min(noise),
        most=max(noise),
        example=events[0].what,
        detail="; ".join(
            f"{e.steps:,} Poisson-sampled batches, each with a share of "
            f"{significant(e.sampling_rate, 4)} of the rows, each row's gradient clipped"
            for e in steps
        ),
    )


def guarantee(bundle: Bundle) -> str:
    """Return the claim in one line for the first page."""
    claim, audit = bundle.claim, bundle.mechanism_audit
    if isinstance(claim, NoClaim):
        return "none claimed"
    epsilon = f"epsilon {significant(claim.epsilon)}"
    stated = not isinstance(claim, DpClaim)
    if audit is not None and audit.refuted:
        return f"REFUTED by its mechanism audit (claims epsilon {significant(audit.epsilon)})"
    if above(bundle):
        return f"CONTRADICTED by an attack (claims {epsilon})"
    if not claim.end_to_end:
        who = "producer states" if stated else "claims"
        return f"NOT end-to-end DP ({who} {epsilon}{', not verified' if stated else ''})"
    if stated:
        return f"stated by the producer: {epsilon}, not verified"
    return f"{epsilon}, delta {significant(claim.delta)} per {claim.unit}"


@dataclass(frozen=True)
class Bar:
    """One epsilon of the figure: claimed, or a lower bound that attacks reached."""

    words: str
    epsilon: float
    is_bound: bool

    @property
    def told(self) -> str:
        """Return its number; a bound, which may be larger, says so."""
        if self.is_bound:
            return f"at least {significant(self.epsilon, 3)} ▸"
        return significant(self.epsilon, 4)


def bars(bundle: Bundle) -> tuple[Bar, ...]:
    """Return claimed epsilons, then the lower bounds beside them; () without a claim."""
    return tuple(_bars(bundle))


def _bars(bundle: Bundle) -> Iterator[Bar]:
    claim, audit = bundle.claim, bundle.mechanism_audit
    if isinstance(claim, NoClaim):
        return
    if isinstance(claim, DpClaim):
        both = claim.neighbours == "add_remove" and claim.spent_replace_one is not None
        how = "present or absent" if claim.neighbours == "add_remove" else "exchanged"
        yield Bar(f"Claimed: one {claim.unit} {how}", claim.epsilon, False)
        if both and claim.spent_replace_one is not None:
            yield Bar(
                f"Follows: one {claim.unit} exchanged, as in attacks",
                claim.spent_replace_one,
                False,
            )
    else:
        yield Bar("Stated by the producer", claim.epsilon, False)
    for bound in bundle.implied or ():
        yield Bar(f"This table's attacks, by {label(bound.name)}", bound.epsilon, True)
    if audit is not None:
        if audit.epsilon != claim.epsilon:
            yield Bar("Claimed in the mechanism audit", audit.epsilon, False)
        for bound in audit.lower_bounds:
            yield Bar(f"Mechanism audit: {clean(bound.name, 40)}", bound.epsilon, True)


def finding(bundle: Bundle) -> str:
    """Return what the bars show, in one sentence."""
    audit, shown = bundle.mechanism_audit, bars(bundle)
    if audit is not None and audit.refuted:
        return "The mechanism audit refutes its claim."
    if above(bundle):
        return "An attack reached more than the claim allows."
    if any(bar.is_bound for bar in shown):
        return "No lower bound of epsilon refutes the claim, which does not confirm it."
    return "Epsilon was claimed, and nothing tested it."


@dataclass(frozen=True)
class Reach:
    """A headline beside what the claim admits at most; ``most`` None where it says nothing."""

    name: str
    most: float | None
    worst: HeadlineEntry | None
    implied: EpsilonBound | None

    @property
    def is_above(self) -> bool:
        """Whether the corrected lower bound lies above what the claim admits."""
        if self.most is None or self.worst is None:
            return False
        found = self.worst.estimate
        low = found.low if found.adjusted_low is None else min(found.low, found.adjusted_low)
        return low > self.most


def reaches(bundle: Bundle) -> tuple[Reach, ...]:
    """Return every headline beside the ceiling of the claim; () without a claim."""
    claim = bundle.claim
    if isinstance(claim, NoClaim):
        return ()
    if isinstance(claim, DpClaim):
        most = claim.ceiling
    else:
        exchanged = claim.neighbours == "replace_one"
        relation: Relation = "replace_one" if exchanged else "add_remove"
        most = ceiling_of(claim.epsilon, claim.delta, relation)
    limits = {"auc": most.auc, "tpr_at_fpr_0.01": most.tpr_at_fpr_001, "tpr_at_fpr_0.1": None}
    implied = {bound.name: bound for bound in bundle.implied or ()}
    return tuple(
        Reach(name, limit, bundle.by_itself.get(name), implied.get(name))
        for name, limit in limits.items()
        if limit is not None or name in bundle.by_itself
    )


def above(bundle: Bundle) -> tuple[Reach, ...]:
    """Return the headlines that no table made as is claimed could give."""
    return tuple(reach for reach in reaches(bundle) if reach.is_above and comparable(bundle))


def comparable(bundle: Bundle) -> bool:
    """Return whether attacks and claim are about the same unit: a row is no person of several."""
    claim, train = bundle.claim, bundle.tables.get("train")
    if isinstance(claim, NoClaim) or claim.unit == "entity" or train is None:
        return True
    return train.units == train.rows


def script(claim: DpClaim) -> str:
    """Return the lines of Python that compute epsilon again from ``evidence.json`` alone."""
    key = "rho" if claim.neighbours == "add_remove" else "rho_replace_one"
    book = f'accountant.compose(dp.ZCDpEvent(event["{key}"]))'
    kinds = {type(event) for event in claim.events}
    lines = [
        "import json, pathlib, dp_accounting as dp",
        'claim = json.loads(pathlib.Path("evidence.json").read_text())["claim"]',
        'accountant = dp.rdp.RdpAccountant(claim["accountant"]["orders"])',
        'for event in claim["events"]:',
    ]
    if DpSgd in kinds:
        lines += [
            '    if event["mechanism"] == "dpsgd":',
            '        step = dp.GaussianDpEvent(event["noise_multiplier"])',
            '        step = dp.PoissonSampledDpEvent(event["sampling_rate"], step)',
            '        accountant.compose(step, event["steps"])',
            "    else:",
        ]
    lines.append(("        " if DpSgd in kinds else "    ") + book)
    used = "delta" if claim.neighbours == "add_remove" else "delta_replace_one"
    spent = f' - sum(event.get("{used}", 0) for event in claim["events"])'
    has_threshold = any(event.mechanism == "threshold" for event in claim.events)
    lines.append(f'print(accountant.get_epsilon(claim["delta"]{spent if has_threshold else ""}))')
    return "\n".join(lines) + "\n"
