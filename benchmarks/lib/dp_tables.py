"""The tables that private synthesizers are measured on, each with a schema of public knowledge."""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from lib.environments import ROOT
from privsynth.randomness import generator
from privsynth.tables import Table, read_schema
from privsynth.tables.load import load
from privsynth.tables.read import from_raw

SCHEMAS = Path(__file__).parent / "schemas"
RANDHIE = ["mdvis", "logc", "idp", "lpi", "fmde", "physlm", "disea", "hlthg", "hlthf", "hlthp"]
TABLES = ("randhie", "nhanes", "online-shoppers", "acs-ma2019")
TIMED = "15,000 x 15"
"""Not a table to judge quality by: rows of the NHANES sample drawn with replacement."""


class NoData(Exception):
    """``PRIVSYNTH_DATA`` names no folder with this table."""


@lru_cache(maxsize=1)
def population(name: str) -> Table:
    """Return all rows of a table under its declared schema; ``NoData`` where it is not there."""
    if name in ("nhanes", TIMED):
        schema = read_schema(ROOT / "sample_data/schema.yaml")
        whole = from_raw(
            load(ROOT / "sample_data/nhanes_adults.csv"), schema, role="real", name=name
        )
        if name == TIMED:
            drawn = generator(15, "dp", name).integers(0, len(whole), 30_000)
            return whole.take(drawn, name).without(set(whole.schema.names[:5]))
        return whole
    schema = read_schema(SCHEMAS / f"{name}.yaml")
    return from_raw(_RAW[name](), schema, role="real", name=name)


def halves(name: str, seed: int) -> tuple[Table, Table]:
    """Return a random half of the rows to train on, and the other half."""
    whole = population(name)
    order = generator(seed, "dp", "halves", name).permutation(len(whole))
    cut = len(whole) // 2
    return whole.take(np.sort(order[:cut]), "train"), whole.take(np.sort(order[cut:]), "holdout")


def _file(*parts: str) -> Path:
    path = Path(os.environ.get("PRIVSYNTH_DATA", "no-such-folder")).joinpath(*parts)
    if not path.exists():
        raise NoData(f"PRIVSYNTH_DATA names no folder with {'/'.join(parts)}")
    return path


def _randhie() -> pd.DataFrame:
    """Return the ten columns that statsmodels ships, with "any visit" for the number of visits."""
    raw = load(_file("randhie", "randhie.csv.gz"))[RANDHIE].rename(columns={"logc": "lncoins"})
    raw.insert(0, "visit", np.where(raw.pop("mdvis").astype(float) > 0, "true", "false"))
    return raw


def _shoppers() -> pd.DataFrame:
    """Return both published halves together: they are divided anew for every seed."""
    parts = [load(_file("online-shoppers", f"{half}.csv.gz")) for half in ("trn", "val")]
    return pd.concat(parts, ignore_index=True)


def _acs() -> pd.DataFrame:
    raw = load(_file("acs-ma2019", "ma2019.csv"))
    return raw.mask(raw == "N", "")  # "not applicable" to this person


_RAW = {"randhie": _randhie, "online-shoppers": _shoppers, "acs-ma2019": _acs}
