"""Values of every step in levels: what is drawn of a part is what its values are."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.curves.growing import Growing
from workbench.core.curves.pyramid import RAW_PER_COLUMN, Pyramid

ODD = (float("nan"), float("inf"), float("-inf"))
values = st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from(ODD))
# So many that there are three levels and more, told by a few numbers so that hypothesis can shrink them.
lengths = st.integers(0, 6000)
chunks = st.lists(st.integers(1, 900), max_size=12)


def drawn_at_random(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    numbers = random.normal(size=count).astype(np.float32)
    numbers[random.random(count) < 0.05] = np.nan
    numbers[random.random(count) < 0.01] = np.inf
    if count > 40:
        # Whole buckets without a number.
        numbers[8:40] = np.nan
    return numbers


def filled(numbers: np.ndarray, sizes: Sequence[int]) -> Pyramid:
    """Appended in parts, with the levels used in between, as by redraws."""
    pyramid, start = Pyramid(), 0
    for size in sizes:
        pyramid.append(numbers[start : start + size])
        pyramid.window(0, len(pyramid), 3)
        start += size
    pyramid.append(numbers[start:])
    return pyramid


def check_window(pyramid: Pyramid, numbers: np.ndarray, first: int, last: int, columns: int) -> None:
    """All that a window promises, told by brute force."""
    window = pyramid.window(first, last, columns)
    finite = np.where(np.isfinite(numbers), numbers, np.nan)
    if last - first <= RAW_PER_COLUMN * columns:
        assert window.bucket == 1
        assert window.positions.tolist() == list(range(first, last))
        np.testing.assert_array_equal(window.lows, finite[first:last])
        np.testing.assert_array_equal(window.highs, finite[first:last])
        return
    size = window.bucket
    begin = first // size * size
    parts = [finite[start : start + size] for start in range(begin, last, size)]
    assert columns / 2 < len(parts) <= columns + 2
    assert len(window.lows) == len(window.highs) == len(parts)
    for part, low, high in zip(parts, window.lows, window.highs, strict=True):
        known = part[~np.isnan(part)]
        expected = [known.min(), known.max()] if len(known) else [np.nan, np.nan]
        np.testing.assert_array_equal([low, high], expected)
    starts = np.arange(begin, last, size)
    assert (starts <= window.positions).all()
    assert (window.positions < np.minimum(starts + size, len(numbers))).all()


@given(lengths, st.integers(0, 99), chunks, st.integers(1, 90), st.data())
def test_a_window_is_the_envelope_of_its_values(
    count: int, seed: int, sizes: list[int], columns: int, data: st.DataObject
) -> None:
    numbers = drawn_at_random(count, seed)
    pyramid = filled(numbers, sizes)
    first = data.draw(st.integers(0, count))
    check_window(pyramid, numbers, first, data.draw(st.integers(first, count)), columns)
    check_window(pyramid, numbers, 0, count, columns)


@given(lengths, st.integers(0, 99), chunks, st.integers(1, 90), st.integers(0, 6000), st.integers(0, 500))
def test_a_run_that_is_cut_back_and_goes_on_is_as_one_that_went_there(
    count: int, seed: int, sizes: list[int], columns: int, kept: int, more: int
) -> None:
    numbers = drawn_at_random(count, seed)
    pyramid = filled(numbers, sizes)
    pyramid.cut(kept)
    check_window(pyramid, numbers[:kept], 0, min(kept, count), columns)
    rest = numbers[:kept][np.isfinite(numbers[:kept])]
    np.testing.assert_array_equal(pyramid.limits(), (rest.min(), rest.max()) if len(rest) else (np.nan, np.nan))
    others = drawn_at_random(more, seed + 1)
    pyramid.append(others)
    whole = np.concatenate((numbers[:kept], others))
    check_window(pyramid, whole, 0, len(whole), columns)
    np.testing.assert_array_equal(pyramid.values, whole)


@given(st.lists(values, max_size=100))
def test_limits_are_those_of_finite_values(numbers: list[float]) -> None:
    pyramid = Pyramid()
    pyramid.append(numbers)
    finite = np.asarray(numbers, np.float32)
    finite = finite[np.isfinite(finite)]
    expected = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
    np.testing.assert_array_equal(pyramid.limits(), expected)


def test_moving_a_window_changes_no_bucket() -> None:
    pyramid = filled(drawn_at_random(50_000, 0), [])
    here, there = pyramid.window(1000, 41_000, 100), pyramid.window(1500, 41_500, 100)
    assert here.bucket == there.bucket > 1
    at_both = set(here.positions.tolist()) & set(there.positions.tolist())
    assert len(at_both) > 85


def test_memory_is_little_more_than_the_values() -> None:
    pyramid = filled(drawn_at_random(100_000, 0), [])
    pyramid.fold()
    assert pyramid.nbytes < 1.3 * 4 * 100_000
    for _ in range(100):
        pyramid.append(np.ones(10))
    assert pyramid.nbytes < 2 * 4 * 101_000


@pytest.mark.parametrize("way", ["append", "cut"])
def test_values_that_were_given_out_stay_as_they_were(way: str) -> None:
    growing = Growing(np.float64)
    growing.append(np.arange(10.0))
    given_out = growing.values
    if way == "cut":
        growing.cut(5)
    growing.append(np.full(3, -1.0))
    assert given_out.tolist() == list(range(10))
    assert len(growing) == (8 if way == "cut" else 13)
