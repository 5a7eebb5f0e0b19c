"""Several candidate tables side by side: nothing is summed to one score, nothing is ranked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from privsynth.errors import InputError
from privsynth.evidence import CELL_LIMIT, Bundle, recipient
from privsynth.policy import Verdict, evidence_digest
from privsynth.privacy import NoClaim
from privsynth.report.candidates import PRIVACY, USEFULNESS, Candidate, Comparison, measured
from privsynth.report.setting import REAL, attacks, claimed, columns, digest
from privsynth.statistics.estimate import Estimate

MOST = 12
LARGER_IS_BETTER = ("tstr",)
GRADES = ("fail", "inconclusive", "pass_with_waivers", "pass")


@dataclass(frozen=True)
class Entry:
    """One candidate as it was found: where, its evidence, and its verdict if it has one."""

    place: str
    bundle: Bundle
    verdict: Verdict | None = None


def compare(entries: Sequence[Entry]) -> Comparison:
    """Return 2 to 12 candidates side by side, each in the recipient's view.

    Counts under the largest cell limit of any candidate are hidden in all. ``InputError`` for
    another number of candidates, or for the same evidence twice.
    """
    if not 2 <= len(entries) <= MOST:
        raise InputError(f"{len(entries)} candidates: name 2 to {MOST} files or release folders")
    cell = max(map(_cell, entries))
    bundles = [recipient(entry.bundle, cell) for entry in entries]
    _check_twins(entries, bundles)
    pairs = list(zip(entries, bundles, strict=True))
    found = [
        _candidate(*pair, letter) for pair, letter in zip(pairs, ascii_uppercase, strict=False)
    ]
    alike = [_aspects(bundle, entry.verdict) for entry, bundle in pairs]
    return Comparison(
        cell=cell,
        candidates=tuple(
            c.model_copy(
                update={
                    "dominated_by": tuple(
                        o.letter
                        for j, o in enumerate(found)
                        if alike[i] == alike[j] and _dominates((o, bundles[j]), (c, bundles[i]))
                    )
                }
            )
            for i, c in enumerate(found)
        ),
        cautions=tuple(_cautions(found, alike)),
    )


def _cell(entry: Entry) -> int:
    registered = entry.bundle.policy.document.get("cell_limit", CELL_LIMIT)
    asked = registered if isinstance(registered, int) else CELL_LIMIT
    decided = CELL_LIMIT if entry.verdict is None else entry.verdict.cell_limit
    return min(max(asked, decided, entry.bundle.cell or CELL_LIMIT), 100)


def _check_twins(entries: Sequence[Entry], bundles: Sequence[Bundle]) -> None:
    seen: dict[str, str] = {}
    for entry, bundle in zip(entries, bundles, strict=True):
        twin = seen.setdefault(evidence_digest(bundle), entry.place)
        if twin is not entry.place:
            raise InputError(f"{twin} and {entry.place} are the same evidence; name each once")


def _candidate(entry: Entry, bundle: Bundle, letter: str) -> Candidate:
    verdict, claim = entry.verdict, bundle.claim
    return Candidate(
        letter=letter,
        place=entry.place,
        name=bundle.name,
        synthesizer=bundle.generator.synthesizer,
        rows=bundle.tables["synthetic"].rows if "synthetic" in bundle.tables else 0,
        guarantee=claimed(bundle),
        epsilon=None if isinstance(claim, NoClaim) else claim.epsilon,
        decision=None if verdict is None else verdict.status,
        policy=None if verdict is None else verdict.policy_name,
        registered=None if verdict is None else verdict.policy_registered,
        audit=bundle.audits.number,
        level=1 - bundle.audits.alpha,
        estimates=measured(bundle),
    )


ASPECTS: dict[str, Callable[[Bundle], Any]] = {
    "Other columns were read, or columns as another kind": columns,
    "Other real rows: another division of a source (the same seed divides alike), another source, "
    "or the same one under another key": lambda b: [digest(b, role) for role in REAL],
    "Other attacks ran, or other versions of them": attacks,
    "Rows are counted in some and entities in others": lambda b: b.split.get("unit"),
    "Some describe the released file, others a mechanism": lambda b: b.mechanism,
    "Another column is predicted, or scored otherwise": lambda b: [
        p.options.get(key) for p in b.probes if p.id == "utility" for key in ("target", "score")
    ],
    "Other columns are declared secret": lambda b: [
        p.options.get("secrets") for p in b.probes if p.id == "attribute_inference"
    ],
}
"""In what two candidates must agree before their numbers are set against each other."""


def _aspects(bundle: Bundle, verdict: Verdict | None) -> dict[str, Any]:
    decided = None if verdict is None else verdict.policy_digest
    alike = {words: read(bundle) for words, read in ASPECTS.items()}
    return alike | {"Decided by other policies, or not decided": decided}


def _cautions(found: list[Candidate], alike: list[dict[str, Any]]) -> Iterator[str]:
    for words in alike[0]:
        groups: list[tuple[Any, str]] = []
        for candidate, aspects in zip(found, alike, strict=True):
            place = next((i for i, (v, _) in enumerate(groups) if v == aspects[words]), None)
            if place is None:
                groups.append((aspects[words], candidate.letter))
            else:
                groups[place] = (aspects[words], f"{groups[place][1]}, {candidate.letter}")
        if len(groups) > 1:
            yield f"{words}: {' | '.join(letters for _, letters in groups)}."
    if len({candidate.level for candidate in found}) > 1:
        levels = ", ".join(f"{c.letter} {c.level:.4f}" for c in found)
        yield f"Bounds hold at different one-sided levels ({levels}): a stricter one is wider."


def _dominates(other: tuple[Candidate, Bundle], one: tuple[Candidate, Bundle]) -> bool:
    """Return whether ``other`` is no worse in anything, and clearly better in something.

    No worse at the careful end of every estimate, by decision and by formal guarantee; clearly
    better where intervals do not meet. What only one of them measured decides nothing.
    """
    (x, x_bundle), (y, y_bundle) = other, one
    keys = [key for key in (*PRIVACY, *USEFULNESS) if key in x.estimates]
    if not keys or keys != [k for k in (*PRIVACY, *USEFULNESS) if k in y.estimates]:
        return False
    pairs = [(_cost(key, x.estimates[key]), _cost(key, y.estimates[key])) for key in keys]
    no_worse = all(ours[1] <= theirs[1] for ours, theirs in pairs)
    clearly = any(ours[1] < theirs[0] for ours, theirs in pairs)
    graded = x.decision == y.decision or (
        x.decision is not None
        and y.decision is not None
        and GRADES.index(x.decision) >= GRADES.index(y.decision)
    )
    return no_worse and clearly and graded and _as_formal(x_bundle, y_bundle)


def _cost(key: str, estimate: Estimate) -> tuple[float, float]:
    """Return both ends as something that is better the smaller it is, the careful end last."""
    if key in LARGER_IS_BETTER:
        return -estimate.high, -estimate.low
    return estimate.low, estimate.high


def _as_formal(x: Bundle, y: Bundle) -> bool:
    """Return whether x claims at least what y claims."""
    ours, theirs = x.claim, y.claim
    if isinstance(theirs, NoClaim):
        return True
    if isinstance(ours, NoClaim):
        return False
    alike = all(
        getattr(ours, key, None) == getattr(theirs, key, None)
        for key in ("kind", "unit", "neighbours", "rows_per_unit")
    )
    no_more = ours.epsilon <= theirs.epsilon and ours.delta <= theirs.delta
    return alike and no_more and ours.end_to_end >= theirs.end_to_end
