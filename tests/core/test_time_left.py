"""The time left follows the run: true at a constant pace, calm on a busy machine, right at the end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from workbench.core.events import Progress, RunFinished, RunStarted, StepMetrics
from workbench.core.settings.config import RunConfig
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
    """Within any minute but the last two, beyond the passage of time, as a share of what was said without "~"."""
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


def true_after(said: list[Said], change_at: float) -> float:
    """Seconds after which what is said stays within 20 % of the truth, until the last 20 s."""
    wrong = [each.at for each in said if each.at > change_at and each.truth > 20 and error(each) > 0.2]
    return max(wrong, default=change_at) - change_at


def noisy(low: float, high: float, base: float = 2.0, seed: int = 3) -> Rate:
    """Of a machine that is busy with other things for a second at a time."""
    factors = np.random.default_rng(seed).uniform(low, high, 50_000)
    return lambda at: base * factors[int(at)]


def changing(before: float, at: float, after: float) -> Rate:
    return lambda now: before if now < at else after


def in_bursts(base: float, factor: float) -> Rate:
    """Busy for 20 s of every 100."""
    return lambda at: base * (factor if at % 100 >= 80 else 1.0)


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


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("base", "epochs", "evaluation_s"), [(5.0, 30, 1.0), (2.0, 30, 5.0)], ids=["10 min", "30 min"]
)
def test_noise_does_not_make_it_jump(base: float, epochs: int, evaluation_s: float, seed: int) -> None:
    said = told(noisy(0.6, 1.4, base, seed), epochs=epochs, evaluation_s=evaluation_s)
    assert largest_jump(said) <= 0.1
    assert sum(each.is_rough for each in said) < 0.05 * len(said), "noise is not a change of pace"
    assert true_after(said, 60) == 0


def test_a_long_run_is_told_calmly() -> None:
    said = told(noisy(0.6, 1.4), epochs=650, evaluation_s=5.0, sample_s=2.0)
    assert said[-1].at > 9.5 * 3600
    assert largest_jump(said) <= 0.1
    assert max(error(each) for each in said if each.at > 300 and each.truth > 120) < 0.12


@pytest.mark.parametrize(
    ("before", "at", "after", "epochs"),
    [
        (3.3, 20, 16.5, 16),
        (1.2, 300, 6.0, 40),
        (14.0, 60, 1.4, 16),
        (1.4, 300, 0.14, 16),
        (15.0, 60, 0.5, 16),
        (4.0, 1500, 2.0, 90),
    ],
    ids=[
        "x5 after 20 s of 2 min", "x5 after 5 of 15 min", "/10 after 1 of 2 min", "/10 after 5 of 20 min",
        "/30 after 1 of 2 min", "half from the middle of an hour",
    ],
)  # fmt: skip
def test_another_pace_is_told_within_half_a_minute_and_said_to_be_rough_before(
    before: float, at: float, after: float, epochs: int
) -> None:
    said = told(changing(before, at, after), epochs=epochs, evaluation_s=1.0)
    assert 0 < true_after(said, at) <= 30
    wrong = [each for each in said if at + 12 < each.at <= at + 30 and error(each) > 0.2]
    assert all(each.is_rough for each in wrong)
    settled = [each for each in said if at + 60 < each.at and each.truth > 60]
    assert not any(each.is_rough for each in settled)


def test_a_pace_that_changes_in_noise_is_told_as_soon() -> None:
    factors = noisy(0.6, 1.4, 1.0)
    said = told(lambda at: (1.2 if at < 300 else 6.0) * factors(at), epochs=40, evaluation_s=1.0)
    assert true_after(said, 300) <= 30


def test_evaluations_change_with_the_pace() -> None:
    """Half of the time goes into them, and the next one is minutes away."""
    pace = Pace(epochs=10, steps_per_epoch=STEPS)
    for second in range(1, 51):
        pace.take_steps(float(second), 2 * second)
    pace.take_epoch(100.0, 1)
    for second in range(1, 31):
        pace.take_steps(100.0 + 5 * second, STEPS + second)
    left = pace.left(250.0)
    assert left is not None
    # A tenth of the pace.
    assert left.seconds == pytest.approx(870 * 5 + 9 * 500, rel=0.05)


def test_one_slow_evaluation_does_not_count() -> None:
    pace = Pace(epochs=10, steps_per_epoch=STEPS)
    at, said = 0.0, list[float]()
    for epoch, evaluation_s in enumerate([5.0, 5.0, 50.0, 5.0], 1):
        for step in range(epoch * STEPS - 98, epoch * STEPS + 1, 2):
            at += 1.0
            pace.take_steps(at, step)
        at += evaluation_s
        pace.take_epoch(at, epoch)
        left = pace.left(at)
        assert left is not None
        said.append(left.seconds)
    assert said == pytest.approx([9 * 55, 8 * 55, 7 * 55, 6 * 55], rel=0.02)


@pytest.mark.parametrize(("factor", "most"), [(1 / 3, 0.3), (0.1, 0.25)])
def test_bursts_of_other_work_are_no_new_pace(factor: float, most: float) -> None:
    said = told(in_bursts(3.3, factor), epochs=15, evaluation_s=1.0)
    assert 500 < said[-1].at < 650
    assert largest_jump(said) < most
    # While one goes on, and after it, what is left is not told by it alone.
    assert max(error(each) for each in said if each.truth > 180) < 0.25


def test_a_busy_first_epoch_is_forgotten() -> None:
    """Rates of a run of 16 epochs beside other work that stopped: "11:10" was said two minutes before its end."""
    said = told(changing(0.9, 60, 13.0), epochs=16, evaluation_s=0.8)
    assert said[-1].at == pytest.approx(190, abs=20)
    assert true_after(said, 60) <= 30
    assert not any(each.is_rough for each in said if each.at > 100 and each.truth > 20)


@given(
    rate=some.floats(0.2, 500.0), evaluation_s=some.floats(0.0, 60.0), sample_s=some.floats(0.05, 30.0),
    low=some.floats(0.5, 1.0),
)  # fmt: skip
@example(rate=0.75, evaluation_s=0.0, sample_s=16.21875, low=0.8125)
def test_it_is_never_negative_and_ends_with_nothing(
    rate: float, evaluation_s: float, sample_s: float, low: float
) -> None:
    course = noisy(low, 2 - low, rate)
    said = told(lambda at: course(at % 20_000), epochs=6, evaluation_s=evaluation_s, sample_s=sample_s)
    assert all(0 <= each.seconds < 1e6 for each in said)
    assert said[-1].seconds == 0


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
