"""The time left follows the run: true at a constant pace, calm on a busy machine, right at the end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.core.config import RunConfig
from workbench.core.events import Progress, RunFinished, RunStarted, StepMetrics
from workbench.core.time_left import Pace
from workbench.core.work_clock import WorkClock

STEPS = 100
Rate = Callable[[float], float]
"""Steps per second at a time."""


@dataclass(frozen=True)
class Said:
    at: float
    seconds: float
    is_rough: bool
    truth: float


def told(rate: Rate, *, epochs: int = 30, evaluation_s: float = 5.0, sample_s: float = 1.0) -> list[Said]:
    """What is said of a run at every sample, and what was left in truth."""
    pace = Pace(epochs=epochs, steps_per_epoch=STEPS)
    said = list[tuple[float, float, bool]]()
    at = 0.0
    for epoch, step, at in _course(rate, epochs, evaluation_s, sample_s):
        if epoch:
            pace.take_epoch(at, epoch)
        else:
            pace.take_steps(at, step)
        statement = pace.left(at)
        if statement is not None:
            said.append((at, statement.seconds, statement.is_rough))
    return [Said(moment, seconds, rough, at - moment) for moment, seconds, rough in said]


def _course(rate: Rate, epochs: int, evaluation_s: float, sample_s: float) -> Iterator[tuple[int, int, float]]:
    """Epoch (0 of steps), steps done and time, as a run says them."""
    at = done = 0.0
    for epoch in range(1, epochs + 1):
        while done < epoch * STEPS:
            seconds = min(sample_s, (epoch * STEPS - done) / rate(at))
            done = min(done + seconds * rate(at), epoch * STEPS)
            at += seconds
            yield 0, int(done + 1e-9), at
        at += evaluation_s
        yield epoch, int(done + 1e-9), at


def largest_jump(said: list[Said]) -> float:
    """Within any minute but the last two, beyond the passage of time, as a share of what was said."""
    good = [each for each in said if not each.is_rough and each.seconds > 120]
    worst, first = 0.0, 0
    for index, now in enumerate(good):
        while now.at - good[first].at > 60:
            first += 1
        for before in good[first:index]:
            worst = max(worst, abs(now.seconds + now.at - before.seconds - before.at) / before.seconds)
    return worst


def error(said: Said) -> float:
    return abs(said.seconds - said.truth) / max(said.truth, 1.0)


def noisy(low: float, high: float, base: float = 2.0, every_s: float = 1.0) -> Rate:
    """Of a machine that is busy with other things for `every_s` at a time."""
    factors = np.random.default_rng(3).uniform(low, high, 20_000)
    return lambda at: base * factors[int(at / every_s)]


def test_a_constant_pace_is_told_exactly_once_an_epoch_is_over() -> None:
    said = told(lambda _: 2.0)
    good = [each for each in said if not each.is_rough]
    assert len(good) > 1000
    # Steps are whole ones.
    assert max(abs(each.seconds - each.truth) for each in good) < 2.0
    assert good[-1].seconds == pytest.approx(0.0, abs=0.1)


def test_before_the_first_epoch_is_over_it_is_only_rough() -> None:
    said = told(lambda _: 2.0)
    assert said[0].at >= 3.0
    assert all(each.is_rough == (each.at < 55.0) for each in said)


@pytest.mark.parametrize("every_s", [1.0, 20.0])
def test_on_a_busy_machine_it_does_not_jump(every_s: float) -> None:
    said = told(noisy(0.6, 1.4, every_s=every_s))
    assert largest_jump(said) < 0.1
    assert max(error(each) for each in said if each.at > 120 and each.truth > 180) < 0.25


def test_half_the_pace_from_the_middle_on_is_told_little_by_little_and_then_truly() -> None:
    said = told(lambda at: 4.0 if at < 1500 else 2.0, epochs=90)
    assert largest_jump(said) < 0.12
    late = [each for each in said if each.at > 1500 + 1200]
    assert max(error(each) for each in late if each.truth > 60) < 0.12


def test_a_short_run_that_becomes_slow_is_right_before_its_end() -> None:
    said = told(lambda at: 40.0 if at < 30 else 20.0, epochs=24, evaluation_s=0.1)
    assert said[-1].at == pytest.approx(90, rel=0.1)
    assert all(error(each) < 0.15 for each in said if 5 < each.truth < 20)


@given(
    rate=some.floats(0.2, 500.0), evaluation_s=some.floats(0.0, 60.0), sample_s=some.floats(0.5, 30.0),
    low=some.floats(0.5, 1.0),
)  # fmt: skip
def test_it_is_never_negative_never_hastens_and_ends_near_nothing(
    rate: float, evaluation_s: float, sample_s: float, low: float
) -> None:
    course = noisy(low, 2 - low, rate)
    said = told(lambda at: course(at % 20_000), epochs=6, evaluation_s=evaluation_s, sample_s=sample_s)
    assert all(each.seconds >= 0 for each in said)
    for before, now in pairwise(each for each in said if not each.is_rough):
        passed = now.at - before.at
        most = passed * max(1.0, before.seconds / 600)
        assert now.seconds <= before.seconds - passed + most + 1e-6
        assert now.seconds >= max(0.0, before.seconds - passed - most) - 1e-6


def test_a_resumed_run_counts_what_is_left_of_it() -> None:
    pace = Pace(epochs=4, steps_per_epoch=STEPS, first_step=250, elapsed_s=1000.0)
    assert pace.left(1000.0) is None
    for second in range(1, 26):
        pace.take_steps(1000.0 + second, 250 + 2 * second)
    pace.take_epoch(1030.0, 3)
    statement = pace.left(1030.0)
    assert statement is not None
    assert statement.seconds == pytest.approx(50 + 5)


def test_epochs_of_one_report_are_enough() -> None:
    pace = Pace(epochs=5, steps_per_epoch=3)
    pace.take_steps(0.04, 3)
    pace.take_epoch(0.05, 1)
    statement = pace.left(0.05)
    assert statement is not None
    assert statement.seconds == pytest.approx(4 * 0.05)


def test_it_goes_on_counting_down_while_the_run_evaluates() -> None:
    pace = Pace(epochs=2, steps_per_epoch=STEPS)
    for second in range(1, 51):
        pace.take_steps(float(second), 2 * second)
    pace.take_epoch(60.0, 1)
    first, later = pace.left(60.0), pace.left(64.0)
    assert first is not None
    assert later is not None
    assert first.seconds - later.seconds == pytest.approx(4.0)


def _steps(elapsed_s: float) -> StepMetrics:
    one = np.ones(1)
    return StepMetrics("a", 1, one.astype(int), one, one, one, 100.0, elapsed_s)


def test_the_clock_of_work_goes_on_while_it_evaluates_and_not_in_a_pause(started: RunStarted) -> None:
    clock = WorkClock()
    assert clock.take(started, 100.0) == 0.0
    assert clock.take(_steps(7.0), 107.5) == 7.0
    evaluating = Progress("Testing", 1, 2)
    assert clock.take(evaluating, 108.0) == 7.5
    # The window was on hold for an hour.
    assert clock.take(evaluating, 3708.0) == 8.5
    assert clock.take(_steps(8.2), 3708.5) == 8.2
    # What is said once all is saved adds nothing to the time that is recorded.
    assert clock.take(RunFinished("a", "finished"), 3709.0) == 8.2


@pytest.fixture
def started() -> RunStarted:
    return RunStarted("a", "a", RunConfig(), "CPU", "fp32", 1, ("x", "y"), (1, 1, 1), Path("/d"), STEPS, 0, 0.0)
