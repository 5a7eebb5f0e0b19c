"""What SDV's own files give away of the rows: stored ranges, clipping, fitted transformers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from privsynth.errors import InputError

RANGES = ("range_min", "range_max", "range_values")
SHAPES = ("range_is_nullable", "decimal_places", "high_cardinality")
SHOWN = 5

ON = {
    "enforce_min_max_values": "values are clipped to the smallest and largest of the rows, which "
    "are reached and so handed out; set enforce_min_max_values to false and declare bounds "
    "(rdt FloatFormatter)",
    "enforce_rounding": "the number of decimals is learnt from the rows, where one value can "
    "change it; set enforce_rounding to false and declare decimals (rdt FloatFormatter)",
}
FITTED = {
    "log_frequency": "rows are drawn for training by category, by exact category counts, which is "
    "no Poisson sample and breaks the amplification in epsilon; draw every row alike "
    "(ctgan data_sampler.py)",
    "numerical_distributions": "distributions and correlations are fitted on the rows without "
    "noise; fit them on noisy counts (SDV GaussianCopula)",
    "compress_dims": "ClusterBasedNormalizer is a Gaussian mixture fitted on raw values without "
    "noise; use a fixed grid or noisy histograms (rdt)",
    "discriminator_dim": "ClusterBasedNormalizer is a Gaussian mixture fitted on raw values "
    "without noise; use a fixed grid or noisy histograms (rdt)",
}
ALWAYS = (
    "SDV's synthesizers fit FloatFormatter and encoders on the rows: exact minimum, maximum, share "
    "of missing cells and category set; replace them by declared or noisy ones (SDV 2.0, rdt)"
)
PAC = (
    "a discriminator that judges {pac} rows together puts them into one clipped unit, while the "
    "accounting is by row; set pac to 1 (CTGAN)"
)


def in_metadata(path: Path) -> list[str]:
    """Return what a metadata file of any version stores of the rows; names columns, no value."""
    found = list(_entries(_json(path, "metadata")))
    if not any(key in ("columns", "fields") and isinstance(value, dict) for _, key, value in found):
        raise InputError(f"metadata {path} lists no columns: it is no metadata of SDV")
    ranged = _columns(found, RANGES)
    shaped = [name for name in _columns(found, SHAPES) if name not in ranged]
    out = []
    if ranged:
        out.append(
            f"the metadata stores exact ranges or values of {_named(ranged)}: detection reads them "
            "from the rows, and an extreme is somebody's value; take range_min, range_max and "
            "range_values out and declare public ones (SDV 2.0 metadata)"
        )
    if shaped:
        out.append(
            f"the metadata stores decimals or missingness of {_named(shaped)}, which detection "
            "reads from the rows; take them out or declare them (SDV 2.0 metadata)"
        )
    return out


def in_parameters(path: Path) -> list[str]:
    """Return what the parameters of an SDV synthesizer say of how it looks at the rows."""
    given = {key: value for _, key, value in _entries(_json(path, "parameters"))}
    if not any(key in given for key in (*ON, *FITTED)):
        raise InputError(f"parameters {path}: no parameter of an SDV synthesizer is in it")
    out = [ALWAYS, *(text for key, text in ON.items() if given.get(key) is True)]
    out += dict.fromkeys(text for key, text in FITTED.items() if key in given)
    pac = given.get("pac")
    if isinstance(pac, int) and pac > 1:
        out.append(PAC.format(pac=pac))
    return out


def _columns(found: list[tuple[str, str, Any]], keys: tuple[str, ...]) -> list[str]:
    """Return the columns that hold one of the keys; a column may itself be called so."""
    names = (
        name for name, key, value in found
        if key in keys and value is not None and not isinstance(value, dict)
    )  # fmt: skip
    return sorted(set(names))


def _named(columns: list[str]) -> str:
    shown = ", ".join(map(repr, columns[:SHOWN]))
    more = len(columns) - SHOWN
    return shown if more <= 0 else f"{shown} and {more} more columns"


def _entries(raw: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield every key and value of nested mappings, with the name that the mapping goes by."""
    todo = [("", raw)]
    while todo:
        name, at = todo.pop()
        if isinstance(at, dict):
            for key, value in at.items():
                yield name, key, value
                todo.append((key, value))
        elif isinstance(at, list):
            todo += [(name, one) for one in at]


def _json(path: Path, what: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{what} {path} does not exist") from None
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise InputError(f"{what} {path} is not JSON") from None
