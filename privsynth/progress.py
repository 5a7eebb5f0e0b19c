"""How long work tells its caller where it is."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with a stage's name and the share of the whole that is done, from 0 to 1."""


def silent(stage: str, done: float) -> None:
    """Ignore every report: the default for library callers."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a reporter whose 0 to 1 is ``start`` to ``end`` of ``progress``."""

    def report(stage: str, done: float) -> None:
        progress(stage, start + (end - start) * min(max(done, 0.0), 1.0))

    return report
