"""What a table descends from, and what cannot be true of it: origins, depths, shares, filters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import Field, StringConstraints

from privsynth.evidence import Model

if TYPE_CHECKING:
    from privsynth.provenance.label import Label

Origin = Literal["human", "synthetic", "mixed", "unknown"]
Basis = Literal["labelled", "hinted", "stated", "assumed", "unlabelled"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
Depth = Annotated[int, Field(ge=0)]

UNKNOWN = (
    "its origin is unknown, and what is unknown may be people's records; find out, and say so "
    "with `privsynth label`"
)


class Descent(Protocol):
    """Whatever has an origin: a label, a parent, or what they give together."""

    @property
    def origin(self) -> Origin: ...
    @property
    def generation_depth(self) -> int | None: ...
    @property
    def real_fraction(self) -> float | None: ...


class Filter(Model):
    """One step that took rows away, in its order; parameters are words, never cells."""

    name: Line
    parameters: dict[str, str] = Field(default_factory=dict)
    rows_in: int = Field(ge=0)
    rows_out: int = Field(ge=0)
    touches_real_data: bool = Field(
        description="read people's records to do it; ends a formal guarantee after the fit"
    )


class Parent(Model):
    """A table that another was made from; its digest is keyed where it may hold people's records.

    ``basis`` says how its origin is known: from its label, from a hint in the file, because
    somebody stated it, because privsynth assumed it and nobody objected, or not at all.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    digest: str
    origin: Origin
    basis: Basis
    generation_depth: Depth | None = None
    real_fraction: Share | None = None


@dataclass(frozen=True)
class Joined:
    """The origin of rows put together; ``None`` is not known."""

    origin: Origin
    generation_depth: int | None = None
    real_fraction: float | None = None


def joined(parts: Sequence[Descent], rows: Sequence[int] | None = None) -> Joined:
    """Return what tables are together: unlike origins give mixed, an unknown one gives unknown.

    The depth is the largest. ``rows``, one number a part, says how many rows of each stand below
    each other; without it nobody knows the share of human records in a mixed table.
    """
    origins = {part.origin for part in parts}
    if not origins or "unknown" in origins:
        return Joined("unknown")
    origin = origins.pop() if len(origins) == 1 else "mixed"
    depths = [depth_of(part) for part in parts]
    known = [depth for depth in depths if depth is not None]
    depth = max(known) if len(known) == len(depths) else None
    fixed = {"human": 1.0, "synthetic": 0.0}.get(origin)
    return Joined(origin, depth, fixed if fixed is not None else _share(parts, rows))


def _share(parts: Sequence[Descent], rows: Sequence[int] | None) -> float | None:
    shares = [share_of(part) for part in parts]
    if rows is None or None in shares or not sum(rows):
        return None
    human = sum(n * Fraction(share) for n, share in zip(rows, shares, strict=True) if share)
    return float(human / sum(rows))


def depth_of(part: Descent) -> int | None:
    """Return the generation depth; human records have depth 0 even where nobody wrote it down."""
    return 0 if part.origin == "human" else part.generation_depth


def share_of(part: Descent) -> float | None:
    """Return the share of human records among the rows, which all-human and synthetic imply."""
    return {"human": 1.0, "synthetic": 0.0}.get(part.origin, part.real_fraction)


def next_depth(parents: Sequence[Descent]) -> int | None:
    """Return the depth of what is trained on these: one more than the deepest, where known."""
    depth = joined(parents).generation_depth
    return None if depth is None else depth + 1


def release_problem(label: "Label") -> str:
    """Return why a table of this label may not be released, "" where the label allows it."""
    if label.origin == "unknown":
        return UNKNOWN
    if label.origin in ("human", "mixed"):
        return f"the label says that it holds people's records as they are: it is {label.origin}"
    for parent in label.parents:
        if parent.origin == "unknown":
            return f"it was made from {parent.name!r}, and {UNKNOWN}"
    return ""


def contradictions(label: "Label") -> list[str]:
    """Return everything in a label that cannot be true together, a sentence each."""
    found = list(_alone("the table", label))
    for parent in label.parents:
        found += _alone(f"the parent {parent.name!r}", parent)
    found += [*_maker(label), *_parents(label), *_filters(label)]
    return found


def _alone(what: str, part: Descent) -> Iterator[str]:
    """Yield what contradicts itself in origin, depth and share, of a table or a parent."""
    origin, depth, share = part.origin, part.generation_depth, part.real_fraction
    if origin == "human" and depth not in (None, 0):
        yield f"{what} is of human origin, which is generation depth 0, not {depth}"
    if origin in ("synthetic", "mixed") and depth == 0:
        yield f"{what} holds synthetic rows, so its generation depth is 1 or more, not 0"
    if origin == "unknown" and depth is not None:
        yield f"{what} is of unknown origin, so nobody knows its generation depth either"
    if origin == "human" and share not in (None, 1.0):
        yield f"{what} is of human origin, so its real fraction is 1, not {share:g}"
    if origin == "synthetic" and share not in (None, 0.0):
        yield (
            f"{what} is synthetic, so its real fraction is 0, not {share:g}; a table that also "
            "holds people's records is mixed"
        )
    if origin == "mixed" and share in (0.0, 1.0):
        alone = "human" if share else "synthetic"
        yield f"{what} with a real fraction of {share:g} is {alone}, not mixed"
    if origin == "unknown" and share is not None:
        yield f"{what} is of unknown origin, so nobody knows its real fraction either"


def _maker(label: "Label") -> Iterator[str]:
    """Yield what contradicts the origin in generator, seed and claim."""
    made = label.generator is not None or label.generator_version or label.training_table
    seeded = label.seed_policy != "not stated"
    if label.origin == "human" and (made or seeded):
        yield "people's records have no generator: the table is synthetic or mixed, or has none"
    if label.origin == "unknown" and made:
        yield "a generator made it, so the table is synthetic or mixed, not unknown"
    if label.claim.kind == "none":
        return
    if label.origin != "synthetic":
        yield (
            f"a claim of differential privacy covers what a mechanism made, and the table is "
            f"{label.origin}"
        )
    if label.claim.kind == "dp" and label.seed_policy.startswith("seeded"):
        yield "it claims differential privacy and came from a seed: such noise can be subtracted"
    for step in label.filters or ():
        if step.touches_real_data:
            yield (
                f"it claims differential privacy, and the filter {step.name!r} read people's "
                "records after the fit, which the claim does not cover"
            )


def _parents(label: "Label") -> Iterator[str]:
    """Yield what cannot descend from the parents."""
    digests = [parent.digest for parent in label.parents]
    if label.logical_digest in digests:
        yield "the table is its own parent"
    for digest in sorted(set(digests)):
        if digests.count(digest) > 1:
            twice = next(p.name for p in label.parents if p.digest == digest)
            yield f"the parent {twice!r} is listed twice"
    if not digests:
        return
    origins = {parent.origin for parent in label.parents}
    if label.origin == "human" and origins != {"human"}:
        other = next(p for p in label.parents if p.origin != "human")
        yield f"the table is human, and its parent {other.name!r} is {other.origin}"
    if label.origin == "mixed" and origins in ({"human"}, {"synthetic"}):
        yield f"the table is mixed, and every parent is {origins.pop()}"
    yield from _depth(label)


def _depth(label: "Label") -> Iterator[str]:
    """Yield a depth that the parents do not give."""
    if label.generation_depth is None or label.origin not in ("synthetic", "mixed"):
        return
    step = 1 if label.origin == "synthetic" else 0
    known = [depth for p in label.parents if (depth := depth_of(p)) is not None]
    least = max(known, default=0) + step
    exact = len(known) == len(label.parents) and least > 0
    if label.generation_depth < least or (exact and label.generation_depth > least):
        yield (
            f"generation depth {label.generation_depth}, and its parents give "
            f"{'' if exact else 'at least '}{least}"
        )


def _filters(label: "Label") -> Iterator[str]:
    """Yield filters whose counts of rows do not fit each other or the table."""
    steps = label.filters or ()
    for step in steps:
        if step.rows_out > step.rows_in:
            yield (
                f"the filter {step.name!r} lets out {step.rows_out} of {step.rows_in} rows; a "
                "filter adds none"
            )
    for before, after in pairwise(steps):
        if before.rows_out != after.rows_in:
            yield (
                f"the filter {before.name!r} lets out {before.rows_out} rows, and the next, "
                f"{after.name!r}, takes {after.rows_in}"
            )
    if steps and steps[-1].rows_out != label.rows:
        yield (
            f"the last filter, {steps[-1].name!r}, lets out {steps[-1].rows_out} rows, and the "
            f"table has {label.rows}"
        )
