"""Runs that differ in their seed, as mean and range."""

from dataclasses import replace

import numpy as np
import pytest

from tests.gui.run_events import epoch
from workbench.core.curves.run_curves import RunCurves
from workbench.core.curves.seed_groups import GroupCurves
from workbench.core.records.run_series import RunSeries
from workbench.core.settings.config import RunConfig
from workbench.core.settings.same_experiment import experiment_key


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
    assert experiment_key(config) == experiment_key(other_seed)
    assert experiment_key(config) != experiment_key(other_seed.with_values({"training.epochs": 7}))


def test_epochs_are_averaged_exactly() -> None:
    group = GroupCurves([run(1.0), run(2.0), run(6.0, epochs=3)])
    points = group.window("loss", "validation", "epoch", 0, 3, 100)
    assert points.x.tolist() == [1.0, 2.0, 3.0]
    assert points.y.tolist() == [4.0, 5.0, 9.0]
    assert points.low.tolist() == [2.0, 3.0, 9.0]
    assert points.high.tolist() == [7.0, 8.0, 9.0]


def test_an_epoch_stands_at_the_mean_of_its_times() -> None:
    group = GroupCurves([run(1.0, seconds=1.0), run(2.0, seconds=3.0)])
    assert group.window("loss", "validation", "time", 0, 900, 100).x.tolist() == [200.0, 400.0]


def test_training_is_averaged_where_each_run_has_steps() -> None:
    group = GroupCurves([run(1.0), run(3.0, count=100)])
    grid = np.array([0.0, 0.01, 1.0, 1.5, 2.0, 2.5])
    points = group.sampled("loss", "smoothed", "epoch", grid)
    assert points.y[1:5].tolist() == pytest.approx([2.0, 2.0, 1.0, 1.0])
    assert points.low[1:5].tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert points.high[1:5].tolist() == pytest.approx([3.0, 3.0, 1.0, 1.0])
    assert np.isnan(points.y[[0, 5]]).all()


def test_what_is_drawn_of_training_is_about_a_point_per_column_and_stays_where_it_is() -> None:
    group = GroupCurves([run(1.0, count=5000), run(3.0, count=5000)])
    here = group.window("loss", "smoothed", "step", 1000, 3000, 300)
    there = group.window("loss", "smoothed", "step", 1016, 3016, 300)
    assert 150 < len(here.x) <= 302
    assert here.x[0] <= 1000
    assert here.x[-1] >= 3000
    assert len(set(here.x.tolist()) & set(there.x.tolist())) > 0.9 * len(here.x)
    assert len(group.window("loss", "smoothed", "step", 6000, 7000, 300).x) == 0


def test_a_group_says_what_its_runs_say() -> None:
    group = GroupCurves([run(1.0), run(2.0), run(6.0)])
    assert "raw" not in group.kinds("loss")
    assert group.kinds("rate") == ("raw",)
    assert group.limits("loss", ("raw", "validation")) == (2.0, 8.0)
    assert group.end("step") == 200.0
    assert group.last("loss", ("smoothed", "validation"), "epoch") == ("validation", 2.0, 5.0)
    assert group.at("loss", "validation", "epoch", 0.9) == (4.0, 2.0, 7.0)
    assert group.at("loss", "validation", "epoch", 9.0) is None


def test_between_two_steps_a_line_is_straight() -> None:
    curves = RunCurves("r", 100)
    numbers, values = np.arange(1, 5), np.array([1, 2, np.nan, 8], np.float32)
    curves._add(RunSeries(numbers, values, values, values.astype(float), 10.0 * numbers, values))
    at_steps = curves.sampled("loss", "raw", "step", np.array([1.0, 1.25, 2.0, 2.5, 3.0, 4.0])).y
    np.testing.assert_allclose(at_steps, [1, 1.25, 2, np.nan, np.nan, 8], rtol=1e-6)
    in_time = curves.sampled("loss", "raw", "time", np.array([10.0, 15.0, 40.0])).y
    np.testing.assert_allclose(in_time, [1, 1.5, 8], rtol=1e-6)


def test_a_group_without_figures_has_no_points() -> None:
    group = GroupCurves([RunCurves("r"), RunCurves("s")])
    assert len(group.window("loss", "test", "epoch", 0, 1, 100).x) == 0
    assert len(group.window("loss", "smoothed", "epoch", 0, 1, 100).x) == 0
    assert group.last("loss", ("smoothed", "test"), "epoch") is None
    assert np.isnan(group.limits("loss", ("smoothed", "test"))).all()
