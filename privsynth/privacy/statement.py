"""What is said of a table made elsewhere: the questions that a claim must answer, and a form."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from privsynth.privacy.budget import Relation, Unit
from privsynth.privacy.events import Event

Origin = Literal["declared", "private", "data", "none"]
Sampler = Literal["poisson", "shuffled", "fixed_size", "by_category", "none"]


class Statement(BaseModel):
    """A claim of somebody else, as its producer describes it; ``None`` is "not stated".

    ``bounds``, ``categories`` and ``transformers`` say how each was obtained: declared without the
    rows, from noisy answers that epsilon covers, or from the data. ``events`` is a ledger in our
    own form; ``metadata`` and ``parameters`` are files of SDV beside the statement.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mechanism: str = Field(min_length=1, max_length=200)
    epsilon: float = Field(gt=0)
    delta: float = Field(ge=0, lt=1)
    unit: Unit | None = None
    rows_per_unit: int | None = Field(None, ge=1)
    neighbours: Relation | None = None
    accounted_neighbours: Relation | None = None
    rows: int | None = Field(None, ge=1)
    row_count: Literal["public", "private", "data"] | None = None
    bounds: Origin | None = None
    categories: Origin | None = None
    transformers: Origin | None = None
    sampler: Sampler | None = None
    accounted_sampler: Sampler | None = None
    clipping: Literal["row", "entity", "batch", "none"] | None = None
    pac: int = Field(1, ge=1)
    early_stopping: Literal["none", "accounted", "real_rows"] | None = None
    tuning: Literal["none", "accounted", "unaccounted"] | None = None
    filters: Literal["none", "public", "real_rows"] | None = None
    seed: Literal["none", "secret", "published"] | None = None
    events: tuple[Event, ...] | None = None
    metadata: str | None = None
    parameters: str | None = None


BREAKS = {
    ("bounds", "data"): "bounds were read from the rows, and an extreme is somebody's value; "
    "declare public ones, or find them by noisy answers within epsilon (Ganev "
    "et al. 2025, arXiv 2504.06923)",
    ("categories", "data"): "categories were read from the rows, and one that a single person "
    "holds shows that they are there; declare them, or keep those above a noisy threshold "
    "(Korolova et al. 2009)",
    ("transformers", "data"): "transformers were fitted on the rows without noise (FloatFormatter "
    "keeps the exact minimum and maximum, ClusterBasedNormalizer a mixture of raw values); fix "
    "them beforehand, or fit them on noisy counts (SDV 2.0, rdt)",
    ("sampler", "by_category"): "training by sampling draws rows by category, which is no Poisson "
    "sample and needs exact category counts, so that the amplification in epsilon does not hold; "
    "draw every row alike (ctgan data_sampler.py)",
    ("clipping", "batch"): "gradients are clipped by batch, so that one row moves a step by more "
    "than the noise hides; clip the gradient of each row (Abadi et al. 2016, Algorithm 1)",
    ("clipping", "none"): "gradients are not clipped, so that no noise hides one row; clip the "
    "gradient of each row (Abadi et al. 2016, Algorithm 1)",
    ("early_stopping", "real_rows"): "training stopped when private rows said so, a look that "
    "epsilon leaves out; fix the number of steps (a known flaw of DPWGAN)",
    ("tuning", "unaccounted"): "settings were chosen by results on these rows, and the runs that "
    "were thrown away are not in epsilon; book every run, or tune on public rows (Papernot and "
    "Steinke 2022)",
    ("filters", "real_rows"): "synthetic rows were filtered by comparing them to real ones, which "
    "is another look and no post-processing; drop the filter (Ganev and De Cristofaro, ReconSyn)",
    ("seed", "published"): "the noise can be drawn again from its seed and subtracted; draw it "
    "from the operating system and keep no seed (NIST SP 800-226)",
    ("row_count", "data"): "the exact number of rows is used and is neither public nor noisy; "
    "declare it public, or fix batch sizes and counts without it (Opacus 571, 819)",
}
"""Answers that break a claim: what, why, what to do, and the source."""

QUESTIONS = {
    "unit": "whose presence epsilon hides, a row or an entity",
    "neighbours": "by what neighbouring tables differ",
    "accounted_neighbours": "for which neighbouring tables epsilon was computed",
    "row_count": "whether the number of rows is public",
    "bounds": "how bounds were obtained",
    "categories": "how categories were obtained",
    "transformers": "how transformers were obtained",
    "sampler": "how batches are drawn",
    "accounted_sampler": "for which batches epsilon was computed",
    "clipping": "how gradients are clipped",
    "early_stopping": "whether training stopped by private rows",
    "tuning": "whether settings were tuned on the rows",
    "filters": "whether rows were filtered afterwards",
    "seed": "where the randomness of the noise comes from",
    "rows_per_unit": "how many rows of one entity there are at most",
}
"""What has to be said; silence counts against the claim."""

TEMPLATE = """\
# What is claimed for a synthetic table made elsewhere. Fill in what you know, and leave empty
# what you do not: what is not stated counts as not accounted for. Ask the producer.

mechanism:              # name and version, such as: dp-ctgan, smartnoise-synth 1.0.6
epsilon:                # what is claimed, for everything that was learnt from the rows
delta:                  # 0 where it is pure; below 1 / rows

unit:                   # whose presence is hidden: row | entity (a person with several rows)
rows_per_unit:          # the most rows of one entity, and the limit is enforced; 1 for rows
neighbours:             # tables that differ by: add_remove (one more or less) | replace_one
accounted_neighbours:   # those that the accountant computed epsilon for
rows:                   # number of training rows, if you may say it
row_count:              # that number is: public | private (noisy) | data (used, not public)

# How each was obtained: declared (without the rows) | private (noisy, within epsilon)
# | data (read from the rows) | none (there are none)
bounds:                 # minimum and maximum of numbers and dates
categories:             # lists of categories
transformers:           # scalers, encoders, normalisers, imputation, binning

sampler:                # batches: poisson | shuffled | fixed_size | by_category | none (no batches)
accounted_sampler:      # the batches that the accountant computed epsilon for
clipping:               # of gradients: row | entity | batch | none; leave empty without gradients
pac: 1                  # rows that a discriminator judges together (CTGAN: 10)
early_stopping:         # none | accounted | real_rows (watched on private rows)
tuning:                 # choice of settings: none | accounted | unaccounted
filters:                # of synthetic rows afterwards: none | public | real_rows (compared to them)
seed:                   # of the noise: none (operating system) | secret | published

# Optional. The ledger, from which epsilon is computed again:
# events:
#   - {mechanism: dpsgd, what: training, sampling_rate: 0.01, noise_multiplier: 1.1, steps: 3000}
#   - {mechanism: gaussian, what: counts of age, sensitivity: 1, scale: 20, rho: 0.00125,
#      rho_replace_one: 0.0025, answers: 32}
# metadata: metadata.json        # of SDV
# parameters: parameters.json    # get_parameters() of an SDV synthesizer
"""
