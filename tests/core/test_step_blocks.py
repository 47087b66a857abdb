"""Steps in blocks: every figure comes back, whatever is cut, joined or written into a journal."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.events import StepMetrics
from workbench.core.records.run_series import RunSeries
from workbench.core.records.step_blocks import MOST_STEPS, DamagedBlock, StepBlock, blocks_of


def events_of(counts: list[int], first: int = 1, seed: int = 0) -> list[StepMetrics]:
    """As a run says them: so many steps each, one second of work between any two events that is no step."""
    generator, elapsed, events = np.random.default_rng(seed), 0.0, list[StepMetrics]()
    for count in counts:
        steps = np.arange(first, first + count)
        seconds = 0.01 * count
        elapsed += seconds + 1.0
        loss = generator.random(count).astype(np.float32)
        loss[generator.random(count) < 0.1] = np.nan
        accuracy = generator.random(count).astype(np.float32)
        rates = generator.random(count)
        events.append(StepMetrics("r", 1, steps, loss, accuracy, rates, 100.0 * len(events) + 1, elapsed, seconds))
        first += count
    return events


def joined(blocks: list[StepBlock]) -> RunSeries:
    return RunSeries.joined([block.series() for block in blocks])


def check(series: RunSeries, events: list[StepMetrics]) -> None:
    for name in ("steps", "loss", "accuracy", "learning_rate"):
        np.testing.assert_array_equal(
            getattr(series, name), np.concatenate([getattr(event, name) for event in events])
        )


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=6), st.integers(1, 50))
def test_every_step_comes_back(counts: list[int], first: int) -> None:
    events = events_of(counts, first)
    blocks = list(blocks_of(events))
    check(joined(blocks), events)
    assert max(block.count for block in blocks) <= MOST_STEPS
    assert len(blocks) <= sum(counts) // MOST_STEPS + 2 * len(counts)
    ends = np.cumsum(counts)
    assert joined(blocks).elapsed_s[ends - 1] == pytest.approx([event.elapsed_s for event in events])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(0, 320))
def test_what_is_cut_is_the_beginning(counts: list[int], last: int) -> None:
    events = events_of(counts)
    (block,) = blocks_of(events)
    kept = block.until(last)
    whole = block.series()
    if last < 1:
        assert kept is None
        return
    assert kept is not None
    assert StepBlock.checked(kept.first, kept.count, kept.epoch, kept.checksum, kept.figures) == kept
    for name in ("steps", "loss", "accuracy", "learning_rate", "elapsed_s", "images_per_s"):
        np.testing.assert_allclose(getattr(kept.series(), name), getattr(whole, name)[:last])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(0, 320))
def test_both_parts_of_a_cut_block_are_the_whole(counts: list[int], at: int) -> None:
    (block,) = blocks_of(events_of(counts))
    head, tail, whole = block.until(at), block.after(at), block.series()
    parts = [part for part in (head, tail) if part is not None]
    for part in parts:
        assert StepBlock.checked(part.first, part.count, part.epoch, part.checksum, part.figures) == part
    series = joined(parts)
    for name in ("steps", "loss", "accuracy", "learning_rate", "elapsed_s", "images_per_s"):
        np.testing.assert_allclose(getattr(series, name), getattr(whole, name))


@given(st.integers(1, 40), st.integers(1, 40))
def test_what_is_told_later_takes_the_place_of_what_was_told(first: int, count: int) -> None:
    (block,), (other,) = blocks_of(events_of([30])), blocks_of(events_of([count], first, seed=1))
    rest = block.without(other)
    left = {step for part in rest for step in range(part.first, part.last + 1)}
    assert left == set(range(1, 31)) - set(range(first, first + count))


@given(st.lists(st.integers(1, 60), min_size=2, max_size=6))
def test_blocks_that_are_joined_are_as_if_told_at_once(counts: list[int]) -> None:
    events = events_of(counts)
    one = next(blocks_of(events[:1]))
    for event in events[1:]:
        one = one.followed_by(next(blocks_of([event])))
    check(one.series(), events)
    ends = np.cumsum(counts)
    assert one.series().elapsed_s[ends - 1] == pytest.approx([event.elapsed_s for event in events])
    assert one.series().images_per_s[ends - 1] == pytest.approx([event.images_per_s for event in events])


def test_what_is_no_step_is_not_in_the_time_of_steps() -> None:
    """An evaluation of one second lies between both events."""
    first, second = events_of([10, 10])
    series = next(blocks_of([first])).followed_by(next(blocks_of([second]))).series()
    assert np.diff(series.elapsed_s)[10:] == pytest.approx([0.01] * 9)
    assert series.elapsed_s[9] == pytest.approx(1.1)


def test_marks_are_few_where_events_are_many() -> None:
    """A step of a millisecond each would otherwise take twice its room."""
    events, elapsed = [], 0.0
    for step in range(1, 1001):
        (event,) = events_of([1], step)
        elapsed += 0.001
        events.append(replace(event, elapsed_s=elapsed, seconds=0.001, images_per_s=float(step)))
    (block,) = blocks_of(events)
    assert len(block.figures) < 17 * 1000
    # As many images in as many seconds, not the mean of the rates.
    first_half = block.series().images_per_s[0]
    assert first_half == pytest.approx(500 / sum(1 / rate for rate in range(1, 501)), rel=0.02)


def test_steps_with_a_gap_are_two_blocks() -> None:
    first, second = events_of([5])[0], events_of([5], first=10)[0]
    assert [block.first for block in blocks_of([first, second])] == [1, 10]


@given(st.binary(max_size=300), st.integers(-5, 40), st.integers(-5, 40))
def test_what_was_not_written_is_refused(figures: bytes, first: int, count: int) -> None:
    with pytest.raises(DamagedBlock):
        StepBlock.checked(first, count, 1, 0, figures)


def test_times_that_are_no_numbers_are_refused() -> None:
    (block,) = blocks_of(events_of([7]))
    marks = block.marks.copy()
    marks["elapsed_s"][-1] = np.inf
    odd = StepBlock.of(block.epoch, block.series(), marks)
    with pytest.raises(DamagedBlock, match="its times"):
        StepBlock.checked(odd.first, odd.count, odd.epoch, odd.checksum, odd.figures)


def test_a_line_of_a_journal_brings_the_same_block_back() -> None:
    (block,) = blocks_of(events_of([7, 9]))
    assert StepBlock.of_line(block.line()) == block
    with pytest.raises(ValueError, match="length"):
        StepBlock.of_line(block.line() | {"count": 17})
