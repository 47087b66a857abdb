"""The figures of a run as curves: recorded, live, or first the one and then the other."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.gui.run_events import epoch, started, steps
from workbench.core.curves.run_curves import RunCurves
from workbench.core.events import Event, RateChanged, StepMetrics
from workbench.core.records.run_series import RunSeries


def live(*events: Event) -> RunCurves:
    curves = RunCurves("r")
    for event in events:
        assert curves.append(event)
    return curves


def series(count: int) -> RunSeries:
    """A loss that falls by 0.001 a step, of 2 s each."""
    numbers = np.arange(1, count + 1)
    loss = (2 - 0.001 * numbers).astype(np.float32)
    return RunSeries(numbers, loss, loss / 4, loss / 10.0, 2.0 * numbers, np.full(count, 500, np.float32))


def test_a_recorded_run_is_as_one_that_was_watched() -> None:
    event, changed = steps(1, 150), RateChanged("r", 120, 0.1, 0.01)
    watched = live(started(), event, epoch(1), changed)
    recorded = RunCurves.of("r", RunSeries.of(event, 0.0), [epoch(1)], [changed], 100)
    for axis in ("epoch", "step", "time"):
        for quantity, kind in (("loss", "raw"), ("loss", "smoothed"), ("rate", "raw"), ("loss", "validation")):
            expected = watched.points(quantity, kind, axis)
            found = recorded.points(quantity, kind, axis)
            np.testing.assert_array_equal(found.x, expected.x)
            np.testing.assert_array_equal(found.y, expected.y)
        assert recorded.rate_changes(axis) == watched.rate_changes(axis)


def test_places_on_the_three_axes() -> None:
    curves = RunCurves.of(
        "r", series(200), [replace(epoch(1), elapsed_s=204.0)], [RateChanged("r", 50, 1, 1)], 100
    )
    at = {axis: curves.points("loss", "raw", axis).x[99] for axis in ("epoch", "step", "time")}
    assert at == {"epoch": 1.0, "step": 100.0, "time": 200.0}
    ends = {axis: curves.points("loss", "test", axis).x[0] for axis in ("epoch", "step", "time")}
    assert ends == {"epoch": 1.0, "step": 100.0, "time": 204.0}
    assert [curves.rate_changes(axis)[0][0] for axis in ("epoch", "step", "time")] == [0.5, 50.0, 100.0]
    assert [curves.end(axis) for axis in ("epoch", "step", "time")] == [2.0, 200.0, 400.0]


def test_a_recorded_run_goes_on_and_no_step_comes_twice() -> None:
    curves = RunCurves.of("r", series(150), [epoch(1)], [], 100)
    # Some of it was recorded before it was said.
    curves.append(replace(steps(141, 20), elapsed_s=320.0))
    curves.append(epoch(1))
    curves.append(epoch(2))
    assert curves.points("loss", "raw", "step").x.tolist() == list(range(1, 161))
    assert curves.points("loss", "test").x.tolist() == [1.0, 2.0]
    time = curves.points("loss", "raw", "time").x
    assert time[149] == 300.0
    assert time[-1] == 320.0
    assert (np.diff(time) > 0).all()


@pytest.mark.parametrize("was_recorded", [False, True])
def test_a_resumed_run_begins_again_after_its_checkpoint(was_recorded: bool) -> None:
    event, changes = steps(1, 250), [RateChanged("r", 50, 0.1, 0.04), RateChanged("r", 240, 0.5, 0.02)]
    ends = [epoch(1), epoch(2)]
    if was_recorded:
        curves = RunCurves.of("r", RunSeries.of(event, 0.0), ends, changes, 100)
    else:
        curves = live(started(), event, *ends, *changes)
    curves.append(replace(started(first_step=120), elapsed_s=90.0))
    assert curves.points("loss", "raw", "step").x.tolist() == list(range(1, 121))
    assert curves.points("loss", "test").x.tolist() == [1.0]
    assert curves.rate_changes() == [(0.5, 0.04)]
    curves.append(replace(steps(121, 30), elapsed_s=120.0))
    assert curves.points("loss", "raw").x == pytest.approx(np.arange(1, 151) / 100)
    assert curves.points("loss", "raw", "time").x[-1] == 120.0
    assert len(curves.points("loss", "smoothed").y) == 150
    alone = live(started(), event)
    alone.append(started(first_step=120))
    alone.append(steps(121, 30))
    np.testing.assert_array_equal(curves.points("loss", "smoothed").y, alone.points("loss", "smoothed").y)


def test_a_line_that_is_smoothed_while_it_grows_is_the_same() -> None:
    grown = live(started())
    for first in range(1, 1000, 37):
        grown.append(replace(steps(first, 37), loss=np.sin(np.arange(first, first + 37)).astype(np.float32)))
        grown.window("loss", "smoothed", "step", 0, 2000, 10)
    at_once = live(started())
    at_once.append(replace(steps(1, 999), loss=np.sin(np.arange(1, 1000)).astype(np.float32)))
    found, expected = (curves.points("loss", "smoothed").y for curves in (grown, at_once))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_smoothing_of_zero_is_the_line_itself_and_takes_no_memory() -> None:
    curves = RunCurves.of("r", series(1000), [], [], 100, weight=0.0)
    np.testing.assert_array_equal(curves.points("loss", "smoothed").y, series(1000).loss)
    without = curves.nbytes
    curves.smooth(0.9)
    curves.prepare(["loss"])
    assert curves.points("loss", "smoothed").y[-1] > series(1000).loss[-1]
    assert curves.nbytes >= without + 4 * 1000


def test_a_window_has_a_point_beyond_each_side() -> None:
    curves = RunCurves.of("r", series(1000), [], [], 100)
    for axis, unit in (("epoch", 100), ("step", 1), ("time", 0.5)):
        x = curves.window("loss", "raw", axis, 100.5 / unit, 110.0 / unit, 100).x * unit
        assert x.tolist() == pytest.approx(list(range(100, 111)))
    whole = curves.window("loss", "raw", "step", -50, 5000, 20)
    assert len(whole.x) < 100
    assert whole.high.max() == series(1000).loss.max()
    assert whole.points().y.max() == series(1000).loss.max()


def test_what_is_nearest_to_the_pointer() -> None:
    curves = RunCurves.of("r", series(150), [epoch(1)], [], 100)
    for axis, unit in (("epoch", 0.01), ("step", 1), ("time", 2)):
        assert curves.at("loss", "raw", axis, 7.4 * unit) == pytest.approx(2 - 0.007)
        assert curves.at("loss", "raw", axis, 7.6 * unit) == pytest.approx(2 - 0.008)
        assert curves.at("loss", "raw", axis, 0.0) == pytest.approx(2 - 0.001)
        assert curves.at("loss", "raw", axis, 240 * unit) == pytest.approx(2 - 0.15)
        assert curves.at("loss", "raw", axis, 260 * unit) is None
    assert curves.at("loss", "validation", "epoch", 1.9) == 1.4
    assert curves.at("loss", "validation", "epoch", 2.1) is None
    assert RunCurves("r").at("loss", "smoothed", "epoch", 0.0) is None


def test_what_counts_is_validation_then_test_then_training() -> None:
    every = ("raw", "smoothed", "validation", "test")
    curves = RunCurves.of("r", series(150), [], [], 100)
    kind, x, y = curves.last("loss", every, "epoch")
    assert (kind, x) == ("smoothed", 1.5)
    assert 1.85 < y < 1.9
    curves.append(replace(epoch(1), validation_loss=None, validation_accuracy=None))
    assert curves.last("loss", every, "epoch") == ("test", 1.0, 1.3)
    curves.append(epoch(2))
    assert curves.last("loss", every, "step") == ("validation", 200.0, 1.4)
    assert curves.last("loss", ("raw", "test"), "epoch") == ("test", 2.0, 1.3)
    assert curves.last("rate", every, "epoch")[0] == "raw"
    assert RunCurves("r").last("loss", every, "epoch") is None


def test_limits_are_those_of_the_lines_that_are_asked_for() -> None:
    curves = RunCurves.of("r", series(150), [epoch(1)], [], 100)
    assert curves.limits("loss", ("raw",)) == pytest.approx((1.85, 1.999))
    assert curves.limits("loss", ("raw", "test")) == pytest.approx((1.3, 1.999))
    assert all(math.isnan(limit) for limit in RunCurves("r").limits("loss", ("raw", "test")))


def test_a_loss_that_is_no_number_is_a_gap_only() -> None:
    event = steps(1, 1000)
    loss = np.where(np.arange(1000) == 500, np.nan, event.loss).astype(np.float32)
    curves = live(started(), StepMetrics("r", 1, event.steps, loss, loss, loss.astype(float), 500.0, 1.0))
    assert curves.limits("loss", ("raw", "smoothed")) == pytest.approx((1, 2), abs=0.1)
    for kind in ("raw", "smoothed"):
        assert np.isnan(curves.window("loss", kind, "step", 0, 1000, 1000).y).sum() == 1
        assert not np.isnan(curves.window("loss", kind, "step", 0, 1000, 20).high).any()


def test_memory_is_near_the_arrays() -> None:
    curves = RunCurves.of("r", series(100_000), [], [], 400)
    assert curves.nbytes < 45 * 100_000
