"""The moving average: in blocks as one value at a time."""

import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.curves import smoothing
from workbench.core.curves.smoothing import Smoother

weights = st.sampled_from([0.0, 0.01, 0.5, 0.9, 0.97, 0.99, 0.999])
losses = st.one_of(st.floats(1e-4, 1e4), st.sampled_from([float("nan"), float("inf")]))


def one_at_a_time(values: list[float], weight: float) -> list[float]:
    """As in Adam's paper; what is no number is passed over."""
    averages, total, norm = [], 0.0, 0.0
    for value in values:
        if not math.isfinite(value):
            averages.append(math.nan)
            continue
        total = weight * total + (1 - weight) * value
        norm = weight * norm + (1 - weight)
        averages.append(total / norm)
    return averages


@given(st.lists(losses, max_size=300), weights, st.integers(1, 50), st.integers(1, 100))
def test_blocks_give_what_a_loop_gives(values: list[float], weight: float, block: int, chunk: int) -> None:
    smoother = Smoother(weight)
    with mock.patch.object(smoothing, "_BLOCK", block):
        parts = [smoother.extend(values[start : start + chunk]) for start in range(0, len(values), chunk)]
    averages = np.concatenate(parts) if parts else np.empty(0)
    np.testing.assert_allclose(averages, one_at_a_time(values, weight), rtol=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9, 0.99])
def test_many_values_are_no_less_exact(weight: float) -> None:
    values = np.random.default_rng(0).lognormal(size=50_000)
    np.testing.assert_allclose(Smoother(weight).extend(values), one_at_a_time(values.tolist(), weight), rtol=1e-6)


def test_the_start_has_no_bias_and_zero_is_no_average() -> None:
    assert Smoother(0.9).extend([5.0, 5.0, 5.0]).tolist() == pytest.approx([5.0, 5.0, 5.0])
    assert Smoother(0.0).extend([5.0, 1.0, 3.0]).tolist() == [5.0, 1.0, 3.0]
