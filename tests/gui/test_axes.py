"""Axes of plots: which numbers stand at them, and texts that keep their distance."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.gui.widgets.axes import log_ticks, spread


def test_texts_that_are_far_apart_stay_where_they_want_to_be() -> None:
    assert spread([10.0, 30.0, 50.0], 15, 0, 100) == [10.0, 30.0, 50.0]


def test_texts_of_one_height_are_spread_around_it() -> None:
    assert spread([50.0, 50.0, 50.0], 10, 0, 100) == [40.0, 50.0, 60.0]
    assert spread([20.0, 22.0, 60.0], 10, 0, 100) == [16.0, 26.0, 60.0]


def test_texts_do_not_leave_their_room() -> None:
    assert spread([1.0, 2.0], 10, 5, 100) == [5.0, 15.0]
    assert spread([99.0, 100.0], 10, 5, 95) == [85.0, 95.0]
    assert spread([], 10, 0, 100) == []


@given(st.lists(st.floats(0, 100), max_size=8))
def test_texts_keep_their_order_and_distance(wanted: list[float]) -> None:
    places = spread(sorted(wanted), 12, 4, 96)
    assert len(places) == len(wanted)
    assert all(4 - 1e-6 <= place <= 96 + 1e-6 for place in places)
    assert all(below - above >= 12 - 1e-6 for above, below in itertools.pairwise(places))


@pytest.mark.parametrize(
    ("low", "high", "pixels", "numbers"),
    [
        (0.3, 3.0, 100, [0.5, 1, 2]),
        (0.3, 3.0, 400, [0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 2.5, 3]),
        (0.01, 1000.0, 115, [0.01, 0.1, 1, 10, 100, 1000]),
        (1e-6, 1e6, 110, [1e-6, 1e-3, 1, 1e3, 1e6]),
        (1.41, 1.44, 100, [1.41, 1.42, 1.43, 1.44]),
    ],
)
def test_a_logarithmic_axis_has_as_many_numbers_as_fit(
    low: float, high: float, pixels: int, numbers: list[float]
) -> None:
    first, last = math.log10(low) - 1e-9, math.log10(high) + 1e-9
    ticks = log_ticks(first, last, 22 * (last - first) / pixels)
    assert [10.0**tick for tick in ticks] == pytest.approx(numbers)


@given(st.floats(-6, 6), st.floats(0.01, 12), st.floats(40, 900))
def test_numbers_of_a_logarithmic_axis_never_overlap(low: float, span: float, pixels: float) -> None:
    distance = 22 * span / pixels
    ticks = log_ticks(low, low + span, distance)
    assert all(low - 1e-6 <= tick <= low + span + 1e-6 for tick in ticks)
    assert all(after - before >= distance - 1e-6 for before, after in itertools.pairwise(ticks))
