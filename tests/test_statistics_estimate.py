"""A number and its interval stay in order, and rounding never narrows them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tables_example import QUICK

from privsynth.statistics.estimate import DIGITS, Estimate

NOISE = 1e-10
"""Rounding takes what is this near to a printed decimal for that decimal: it is float noise."""
numbers = (
    st.floats(-1000, 1000) | st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0, 0.3, 0.1 + 0.2])
)


def estimate(low: float, value: float, high: float, **more: Any) -> Estimate:
    facts = {"confidence": 0.9, "method": "test", "n": 10, **more}
    return Estimate(name="auc", value=value, low=low, high=high, **facts)


def is_printed(x: float) -> bool:
    """Whether ``DIGITS`` decimals write this number in full."""
    return (float(f"{x:.{DIGITS}f}") == x and math.copysign(1, x) == 1) or x < 0


@QUICK
@given(ends=st.tuples(numbers, numbers, numbers).map(sorted), adjusted=numbers, p=st.floats(0, 1))
def test_rounding_is_outward(ends: list[float], adjusted: float, p: float) -> None:
    rounded = estimate(*ends, adjusted_low=adjusted, p=p, expected=adjusted).rounded()
    low, value, high = ends
    step = 10.0**-DIGITS
    assert low - step - NOISE <= rounded.low <= low + NOISE
    assert high - NOISE <= rounded.high <= high + step + NOISE
    assert abs(rounded.value - value) <= step / 2 + NOISE
    assert rounded.low <= rounded.value <= rounded.high
    assert rounded.adjusted_low is not None and rounded.adjusted_low <= adjusted + NOISE
    assert rounded.p is not None and p - NOISE <= rounded.p <= 1.0
    assert (rounded.p > 0) == (p > 0)
    shown = (rounded.low, rounded.value, rounded.high, rounded.adjusted_low, rounded.p)
    assert all(is_printed(x) for x in shown)


@QUICK
@given(ends=st.tuples(numbers, numbers, numbers).map(sorted), p=st.floats(0, 1))
def test_rounding_twice_is_rounding_once(ends: list[float], p: float) -> None:
    """The gate reads rounded numbers, so both editions of the evidence must decide alike."""
    once = estimate(*ends, p=p).rounded()
    assert once.rounded() == once
    Estimate.model_validate(once.model_dump())


def test_what_is_exact_at_four_decimals_is_left_alone() -> None:
    for x in [k / 10_000 for k in range(-20, 10_001, 7)]:
        rounded = estimate(x, x, x, p=abs(x), adjusted_low=x).rounded()
        assert (rounded.low, rounded.value, rounded.high) == (x, x, x)
        assert (rounded.p, rounded.adjusted_low) == (abs(x), x)


def test_a_p_value_that_is_not_zero_is_not_printed_as_zero() -> None:
    assert estimate(0, 0, 0, p=1e-300).rounded().p == 0.0001
    assert estimate(0, 0, 0, p=0.0).rounded().p == 0.0


@pytest.mark.parametrize("ends", [(0.2, 0.1, 0.3), (0.1, 0.4, 0.3), (0.3, 0.2, 0.1)])
def test_bounds_out_of_order_are_refused(ends: tuple[float, float, float]) -> None:
    with pytest.raises(ValidationError, match="low <= value <= high"):
        estimate(*ends)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "field", ["value", "low", "high", "confidence", "expected", "adjusted_low", "p"]
)
def test_no_number_is_nan_or_infinite(field: str, wrong: float) -> None:
    facts: dict[str, Any] = {"low": 0.1, "value": 0.2, "high": 0.3}
    with pytest.raises(ValidationError):
        estimate(**{**facts, field: wrong})


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 90.0])
def test_a_confidence_lies_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValidationError, match="between 0 and 1"):
        estimate(0.1, 0.2, 0.3, confidence=confidence)


def test_an_estimate_cannot_be_changed_or_given_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        estimate(0.1, 0.2, 0.3, standard_error=0.1)
    with pytest.raises(ValidationError):
        estimate(0.1, 0.2, 0.3).value = 0.25  # type: ignore[misc]
