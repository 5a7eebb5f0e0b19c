"""The hint inside a Parquet file: what it is, for whoever finds it without its label.

Most tools drop such metadata when they write the table again, so that its absence says nothing.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privsynth.provenance.label import Label

PREFIX = "privsynth."
NOTE = "What made this table, and what it may leak, stands in the label beside the file."


def hints(origin: str, generator: str = "", generation_depth: int | None = None) -> dict[str, str]:
    """Return the metadata to write into a Parquet file; empty where nothing is known of an entry.

    It holds no digest: the label holds that of the file, and neither can hold the other's.
    """
    depth = "" if generation_depth is None else str(generation_depth)
    found = {"origin": origin, "generator": generator, "generation_depth": depth, "note": NOTE}
    return {f"{PREFIX}{key}": value for key, value in found.items() if value}


def read_hints(path: Path) -> dict[str, str]:
    """Return the hints in a Parquet file, none for any other file or one that is damaged."""
    if not path.name.lower().endswith(".parquet") or not path.is_file():
        return {}
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return {}
    texts = {k.decode(errors="replace"): v.decode(errors="replace") for k, v in found.items()}
    return {key: texts[key] for key in sorted(texts) if key.startswith(PREFIX)}


def hint_problem(path: Path, label: "Label") -> str:
    """Return where a Parquet file's own hints contradict its label, "" where they do not."""
    found = read_hints(path)
    named = "" if label.generator is None else label.generator.synthesizer
    wanted = hints(label.origin, named, label.generation_depth)
    entries = ("origin", "generator", "generation_depth")
    wrong = [
        entry for entry in entries
        if (told := found.get(f"{PREFIX}{entry}")) is not None
        and told != wanted.get(f"{PREFIX}{entry}", "")
    ]  # fmt: skip
    if not wrong:
        return ""
    return f"the file itself says something else than its label of {' and '.join(wrong)}"
