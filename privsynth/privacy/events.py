"""What a ledger books: every look at private rows, with what its noise was proved to cost."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    what: str = Field(description="what was asked, in names of columns, never in values")


class _Zcdp(_Event):
    """A look whose cost is zero-concentrated: ``rho`` is what OpenDP's map proved for it.

    ``rho`` holds for a unit more or less, ``rho_replace_one`` for a unit exchanged for another.
    ``sensitivity`` counts a unit's rows in.
    """

    sensitivity: float = Field(gt=0)
    scale: float = Field(gt=0)
    rho: float = Field(gt=0)
    rho_replace_one: float = Field(gt=0)


class Gaussian(_Zcdp):
    """A histogram with discrete Gaussian noise of standard deviation ``scale`` in every cell."""

    mechanism: Literal["gaussian"] = "gaussian"
    answers: int = Field(ge=1, description="cells of the histogram")


class Selection(_Zcdp):
    """The exponential mechanism: the candidate whose score with Gumbel noise is the largest."""

    mechanism: Literal["selection"] = "selection"
    candidates: int = Field(ge=1)


class Threshold(_Zcdp):
    """Noisy counts of unknown categories, of which only those above ``threshold`` are seen.

    A category that one unit alone holds is seen with a probability of ``delta`` at most.
    """

    mechanism: Literal["threshold"] = "threshold"
    threshold: float
    delta: float = Field(gt=0, lt=1)
    delta_replace_one: float = Field(gt=0, lt=1)


class DpSgd(_Event):
    """Gradient steps: Poisson-sampled batches, clipped row by row, with Gaussian noise."""

    mechanism: Literal["dpsgd"] = "dpsgd"
    sampling_rate: float = Field(gt=0, le=1)
    noise_multiplier: float = Field(gt=0, description="noise over the clipping norm")
    steps: int = Field(ge=1)


Event = Annotated[Gaussian | Selection | Threshold | DpSgd, Field(discriminator="mechanism")]
