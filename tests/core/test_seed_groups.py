"""Runs that differ in their seed, as mean and range."""

from dataclasses import replace

import numpy as np
import pytest

from tests.gui.run_events import epoch
from workbench.core.curves.run_curves import RunCurves
from workbench.core.curves.seed_groups import epochs_of, group_key, steps_of
from workbench.core.records.run_series import RunSeries
from workbench.core.settings.config import RunConfig


def run(loss: float, count: int = 200, epochs: int = 2, seconds: float = 1.0) -> RunCurves:
    numbers = np.arange(1, count + 1)
    values = np.full(count, loss, np.float32)
    series = RunSeries(numbers, values, values / 4, values / 10.0, seconds * numbers, values)
    ends = [
        replace(epoch(number), validation_loss=loss + number, elapsed_s=100 * number * seconds)
        for number in range(1, epochs + 1)
    ]
    return RunCurves.of("r", series, ends, [], 100)


def test_runs_belong_together_whose_seed_alone_differs() -> None:
    config = RunConfig()
    other_seed = config.with_values({"training.seed": 7})
    assert group_key(config) == group_key(other_seed)
    assert group_key(config) != group_key(other_seed.with_values({"training.epochs": 7}))


def test_epochs_are_averaged_exactly() -> None:
    points = epochs_of([run(1.0), run(2.0), run(6.0, epochs=3)], "loss", "validation", "epoch")
    assert points.x.tolist() == [1.0, 2.0, 3.0]
    assert points.mean.tolist() == [4.0, 5.0, 9.0]
    assert points.low.tolist() == [2.0, 3.0, 9.0]
    assert points.high.tolist() == [7.0, 8.0, 9.0]
    assert points.runs.tolist() == [3, 3, 1]


def test_an_epoch_stands_at_the_mean_of_its_times() -> None:
    points = epochs_of([run(1.0, seconds=1.0), run(2.0, seconds=3.0)], "loss", "validation", "time")
    assert points.x.tolist() == [200.0, 400.0]


def test_training_is_averaged_where_each_run_has_steps() -> None:
    grid = np.array([0.0, 0.01, 1.0, 1.5, 2.0, 2.5])
    points = steps_of([run(1.0), run(3.0, count=100)], "loss", "smoothed", "epoch", grid)
    assert points.runs.tolist() == [0, 2, 2, 1, 1, 0]
    assert points.mean[1:5].tolist() == pytest.approx([2.0, 2.0, 1.0, 1.0])
    assert points.low[1:5].tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert points.high[1:5].tolist() == pytest.approx([3.0, 3.0, 1.0, 1.0])
    assert np.isnan(points.mean[[0, 5]]).all()


def test_between_two_steps_a_line_is_straight() -> None:
    curves = RunCurves("r", 100)
    numbers, values = np.arange(1, 5), np.array([1, 2, np.nan, 8], np.float32)
    curves._add(RunSeries(numbers, values, values, values.astype(float), 10.0 * numbers, values))
    at_steps = curves.sampled("loss", "raw", "step", np.array([1.0, 1.25, 2.0, 2.5, 3.0, 4.0])).y
    np.testing.assert_allclose(at_steps, [1, 1.25, 2, np.nan, np.nan, 8], rtol=1e-6)
    in_time = curves.sampled("loss", "raw", "time", np.array([10.0, 15.0, 40.0])).y
    np.testing.assert_allclose(in_time, [1, 1.5, 8], rtol=1e-6)


def test_a_group_without_figures_has_no_points() -> None:
    assert len(epochs_of([RunCurves("r")], "loss", "test", "epoch").x) == 0
    assert np.isnan(steps_of([RunCurves("r")], "loss", "smoothed", "epoch", np.array([1.0])).mean).all()
