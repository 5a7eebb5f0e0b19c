"""Many re-trainings on two neighbouring tables, in parallel, and what each gave away."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privsynth.audit.mechanism.game import RELEASED, neighbours, statistics
from privsynth.audit.mechanism.tape import Recorder, Replay, Replayed, ratio
from privsynth.errors import InputError
from privsynth.privacy import Budget, Domain, Ledger
from privsynth.privacy.domain import domain_of
from privsynth.progress import Progress, silent
from privsynth.randomness import fresh_seed, generator
from privsynth.synthesizers._finish import finish
from privsynth.tables import Table

BATCH = 20
"""Re-trainings between two notes in the working file."""


@dataclass(frozen=True)
class Mechanism:
    """What is audited: a synthesizer with its options, a budget, and the ledger that guards it."""

    synthesizer: Any
    options: Mapping[str, Any]
    budget: Budget
    ledger: Callable[[Budget], Ledger] = Ledger

    def learn(self, table: Table, noise: Any, seed: int) -> Any:
        """Return what is learnt from a table; ``seed`` steers what is no noise."""
        domain: Domain = domain_of(table.schema)
        rng = generator(seed, "dp-audit", "learn")
        copy = Table(table.frame.copy(deep=True), table.schema, table.name)
        return self.synthesizer.learn(copy, domain, noise, rng, silent, **self.options)

    def replay(self, table: Table, recorder: Recorder, seed: int) -> Replay:
        """Return what the mechanism would have asked of ``table``, the answers being the same."""
        replay = Replay(recorder)
        with suppress(Replayed):
            self.learn(table, replay, seed)
            replay.strayed = not replay.is_over  # it asked for less
        return replay


@dataclass(frozen=True)
class Run:
    """One re-training: was the outlier in, and what speaks for it.

    ``ratio`` is the log-likelihood ratio of all answers, in to out, ``noise_ratio`` that of those
    with Gaussian noise, which are to cost ``rho``; ``table`` is what the released table shows.
    """

    number: int
    inside: bool
    ratio: float
    noise_ratio: float
    rho: float
    table: list[float]


def run(mechanism: Mechanism, number: int) -> Run:
    """Return one re-training; odd numbers see the outlier. Noise and seed are the system's."""
    without, with_it = neighbours()
    inside, seed = number % 2 == 1, fresh_seed()
    recorder = Recorder(mechanism.ledger(mechanism.budget))
    fitted = mechanism.learn(with_it if inside else without, recorder, seed)
    sampled = fitted.sample(RELEASED, generator(seed, "dp-audit", "sample"))
    frame, _ = finish(sampled, without.schema, RELEASED, mechanism.synthesizer.name)
    other = mechanism.replay(without if inside else with_it, recorder, seed)
    ins, outs = (recorder, other) if inside else (other, recorder)
    return Run(
        number=number,
        inside=inside,
        ratio=ratio(ins, outs),
        noise_ratio=ratio(ins, outs, gaussian=True),
        rho=recorder.rho,
        table=statistics(frame),
    )


def collect(
    mechanism: Mechanism, each: int, file: Path, key: Mapping[str, Any], jobs: int,
    progress: Progress = silent,
) -> list[Run]:  # fmt: skip
    """Return ``each`` runs with and as many without the outlier, in the order of their numbers.

    Every batch is appended to ``file`` as it ends, so that an interrupted audit goes on from
    there; ``key`` says what the runs are of, and a file of another key is refused.
    """
    done = {one.number: one for one in _read(file, key)}
    missing = [number for number in range(2 * each) if number not in done]
    batches = [missing[i : i + BATCH] for i in range(0, len(missing), BATCH)]
    with file.open("a", encoding="utf-8") as stream:
        if stream.tell() == 0:
            _append(stream, [dict(key)])
        for found in _in_parallel(mechanism, batches, jobs):
            _append(stream, [vars(one) for one in found])
            done |= {one.number: one for one in found}
            progress("re-training", len(done) / (2 * each))
    return [done[number] for number in range(2 * each)]


def _in_parallel(mechanism: Mechanism, batches: list[list[int]], jobs: int) -> Iterator[list[Run]]:
    from joblib import Parallel, delayed

    work = Parallel(n_jobs=jobs, return_as="generator")
    yield from work(delayed(_batch)(mechanism, numbers) for numbers in batches)


def _batch(mechanism: Mechanism, numbers: list[int]) -> list[Run]:
    return [run(mechanism, number) for number in numbers]


def _append(stream: Any, entries: list[dict[str, Any]]) -> None:
    stream.write("".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries))
    stream.flush()
    os.fsync(stream.fileno())


def _read(file: Path, key: Mapping[str, Any]) -> list[Run]:
    """Return the runs of an interrupted audit; what its last write left unfinished is cut off."""
    if not file.exists():
        return []
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        os.truncate(file, len(whole.encode()))
    lines = whole.splitlines()
    try:
        if lines and json.loads(lines[0]) != json.loads(json.dumps(dict(key))):
            raise InputError(f"{file} holds runs of another audit; start anew with --force")
        return [Run(**json.loads(line)) for line in lines[1:]]
    except (ValueError, TypeError):
        raise InputError(f"{file} is damaged; start anew with --force") from None
