"""A linter for claims made elsewhere: what breaks them, what weakens them, what nobody said."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from privsynth.privacy import accounting
from privsynth.privacy.claim import MEANINGFUL, Accountant, DpClaim, StatedClaim
from privsynth.privacy.events import DpSgd
from privsynth.privacy.prove import figures, recompute
from privsynth.privacy.sdv_traces import PAC, in_metadata, in_parameters
from privsynth.privacy.statement import BREAKS, QUESTIONS, Statement
from privsynth.tables.schema import from_yaml


def read_statement(path: Path) -> StatedClaim:
    """Return the claim in a YAML statement with what was found against it.

    ``InputError`` says which entry of it, or which file that it names, cannot be read.
    """
    return lint(from_yaml(Statement, path, "statement"), path.parent)


def lint(stated: Statement, folder: Path = Path()) -> StatedClaim:
    """Return a stated claim; ``unaccounted`` breaks it, ``remarks`` only weaken it.

    Files that the statement names are looked for in ``folder``. An empty list is no proof: the
    answers are the producer's, and the list of questions is finite.
    """
    recomputed, problems = _recomputed(stated)
    checks: tuple[Callable[[Statement], Iterator[str]], ...] = (_answers, _sampling, _units, _delta)
    found = [text for check in checks for text in check(stated)] + problems
    if stated.metadata is not None:
        found += in_metadata(folder / stated.metadata)
    if stated.parameters is not None:
        found += in_parameters(folder / stated.parameters)
    files = {
        key: Path(name).name
        for key in ("metadata", "parameters")
        if (name := getattr(stated, key)) is not None
    }
    return StatedClaim(
        mechanism=stated.mechanism,
        epsilon=stated.epsilon,
        delta=stated.delta,
        unit=stated.unit or "not stated",
        neighbours=stated.neighbours or "not stated",
        statement=stated.model_dump(mode="json", exclude_none=True) | files,
        recomputed=recomputed,
        unaccounted=tuple(found + [f"not stated: {text}" for text in _silent(stated)]),
        remarks=tuple(_remarks(stated)),
    )


def _answers(stated: Statement) -> Iterator[str]:
    """Yield what is wrong with single answers."""
    for (key, answer), text in BREAKS.items():
        if getattr(stated, key) == answer:
            yield text


def _sampling(stated: Statement) -> Iterator[str]:
    sampler, accounted = stated.sampler, stated.accounted_sampler
    if stated.events is not None:  # gradient steps of a ledger are accounted for as Poisson
        accounted = "poisson" if any(isinstance(e, DpSgd) for e in stated.events) else None
        if sampler not in (None, "none") and accounted is None:
            yield "batches are drawn, but no gradient step is among the stated events; state them"
    if sampler and accounted not in (None, "none", sampler) and sampler != "by_category":
        yield (
            f"batches: {sampler}, but epsilon was computed for: {accounted}; shuffled batches leak "
            "up to four times what Poisson accounting says; draw what is accounted for "
            "(arXiv 2411.10614)"
        )
    if sampler == accounted == "fixed_size" and stated.neighbours == "add_remove":
        yield (
            "batches of a fixed size are amplified for replace_one neighbours, not for add_remove; "
            "state replace_one (Balle, Barthe, Gaboardi 2018)"
        )
    if stated.pac > 1:
        yield PAC.format(pac=stated.pac)


def _units(stated: Statement) -> Iterator[str]:
    accounted = stated.accounted_neighbours
    if stated.events is None and stated.neighbours and accounted not in (None, stated.neighbours):
        yield (
            f"epsilon was computed for {accounted} neighbours and is claimed for "
            f"{stated.neighbours}, which may double it; compute it for the claimed ones "
            "(NIST SP 800-226)"
        )
    several = stated.unit == "entity" and stated.rows_per_unit != 1
    if several and stated.clipping == "row":
        yield (
            "gradients are clipped row by row, so that an entity of several rows is not hidden; "
            "clip by entity, or keep one row of each (Abadi et al. 2016)"
        )


def _delta(stated: Statement) -> Iterator[str]:
    if stated.rows is not None and stated.delta * stated.rows >= 1:
        yield (
            f"delta {stated.delta:g} is not below 1 / {stated.rows:,} rows, so that handing out "
            "somebody's whole record would keep the claim; ask for less (NIST SP 800-226)"
        )


def _silent(stated: Statement) -> Iterator[str]:
    """Yield the questions that are open and that the other answers do not settle."""
    settled = set()
    if stated.sampler == "none":
        settled |= {"accounted_sampler", "clipping"}
    if stated.events is not None:
        settled |= {"accounted_neighbours", "accounted_sampler"}
    if stated.unit != "entity":
        settled.add("rows_per_unit")
    for key, text in QUESTIONS.items():
        if getattr(stated, key) is None and key not in settled:
            yield f"{text} ({key})"


def _remarks(stated: Statement) -> Iterator[str]:
    """Yield what weakens the claim, or leaves it unchecked, without breaking it."""
    if stated.seed == "secret":
        yield (
            "the noise is as secret as its seed, and a guessed one subtracts it; draw it from the "
            "operating system and keep no seed (NIST SP 800-226)"
        )
    if stated.row_count == "public" and stated.neighbours == "add_remove":
        yield (
            "a public number of rows goes with replace_one neighbours, whose epsilon is up to "
            "twice that of add_remove; ask for it (NIST SP 800-226)"
        )
    if stated.epsilon > MEANINGFUL:
        yield (
            f"epsilon {stated.epsilon:g} is above {MEANINGFUL:g}, where the formal guarantee says "
            "little to nothing; rest on attacks instead (Ponomareva et al. 2023)"
        )
    if stated.rows is None:
        yield "delta could not be compared with 1 / rows, since the number of rows is not stated"
    if stated.events is None:
        yield "epsilon could not be computed again, since no events are stated"


def _recomputed(stated: Statement) -> tuple[float | None, list[str]]:
    """Return epsilon from the stated events, and how they contradict the claim."""
    if stated.events is None:
        return None, []
    relation = stated.neighbours or "add_remove"
    found = math.inf
    if stated.delta > 0:
        found = accounting.epsilon(stated.events, stated.delta, relation=relation)
    if math.isinf(found):
        return None, [f"the stated events give no finite epsilon at delta {stated.delta:g}"]
    claim = DpClaim(
        mechanism=stated.mechanism,
        epsilon=stated.epsilon,
        delta=stated.delta,
        unit=stated.unit or "row",
        rows_per_unit=stated.rows_per_unit or 1,
        neighbours=relation,
        events=stated.events,
        accountant=Accountant(library="", orders=accounting.ORDERS),
        **figures(stated.events, stated.delta, relation),
    )
    return found, list(recompute(claim).problems)
