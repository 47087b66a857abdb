"""Runs that differ in nothing but their seed, as one line: their mean, and the range from least to greatest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.core.curves.run_curves import Kind, Quantity, RunCurves
from workbench.core.curves.step_axis import Axis
from workbench.core.settings.config import RunConfig

Floats = NDArray[np.float64]


def group_key(config: RunConfig) -> str:
    """The same for all runs that share their whole configuration but for the seed."""
    return config.with_values({"training.seed": 0}).model_dump_json()


@dataclass(frozen=True, eq=False)
class GroupPoints:
    """(P,) places, and mean, least and greatest value there of the runs that have one; NaN where none has."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    runs: NDArray[np.int64]
    """How many have a value at each place."""


def epochs_of(runs: Sequence[RunCurves], quantity: Quantity, kind: Kind, axis: Axis) -> GroupPoints:
    """Validation or test, epoch by epoch. Where an epoch ended at other times, it stands at the mean of them."""
    each = [run.epochs(kind) for run in runs]
    epochs = np.unique(np.concatenate([points.column("epoch") for points in each] or [np.empty(0)]))
    x, y = (np.full((len(each), len(epochs)), np.nan) for _ in range(2))
    for row, (run, points) in enumerate(zip(runs, each, strict=True)):
        places = np.searchsorted(epochs, points.column("epoch"))
        x[row, places], y[row, places] = run.points(quantity, kind, axis)
    return _grouped(_mean(x), y)


def steps_of(runs: Sequence[RunCurves], quantity: Quantity, kind: Kind, axis: Axis, grid: Floats) -> GroupPoints:
    """A line of steps at the same places of all runs.

    Args:
        kind: `smoothed`, or `raw` of what is not measured.
    """
    rows = [run.sampled(quantity, kind, axis, grid).y for run in runs]
    return _grouped(grid, np.asarray(rows, np.float64).reshape(len(rows), len(grid)))


def _grouped(x: Floats, y: Floats) -> GroupPoints:
    """Args: y: (runs, P)."""
    y = np.where(np.isfinite(y), y, np.nan)
    if not len(y):
        return GroupPoints(x, x, x, x, np.zeros(len(x), np.int64))
    low, high = np.fmin.reduce(y, axis=0), np.fmax.reduce(y, axis=0)
    return GroupPoints(x, _mean(y), low, high, np.isfinite(y).sum(axis=0))


def _mean(values: Floats) -> Floats:
    """(runs, P) to (P,) over what is there; without the warning that numpy's own has for nothing."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0))
