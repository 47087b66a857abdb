"""Runs that differ in nothing but their seed, as one line: their mean, and the range from least to greatest."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.core.curves.lines import Band
from workbench.core.curves.run_curves import KINDS, Kind, Quantity, RunCurves
from workbench.core.curves.step_axis import Axis

Floats = NDArray[np.float64]


class GroupCurves:
    """What `RunCurves` tells of one run, told of several: lines are means, and their points have a range.

    Every step of each run stays where it is; the mean of training is that of the smoothed lines.
    """

    def __init__(self, runs: Sequence[RunCurves]) -> None:
        self.runs = tuple(runs)

    def kinds(self, quantity: Quantity) -> tuple[Kind, ...]:
        """Single steps of several runs are no line."""
        return KINDS[quantity] if KINDS[quantity] == ("raw",) else tuple(k for k in KINDS[quantity] if k != "raw")

    def window(self, quantity: Quantity, kind: Kind, axis: Axis, left: float, right: float, columns: int) -> Band:
        """What to draw between two places of an axis: all epochs, or training at the same places of all runs."""
        if kind in ("validation", "test"):
            return self._of_epochs(quantity, kind, axis)
        left, right = max(left, 0.0), min(right, self.end(axis))
        if not left < right:
            return Band(*[np.empty(0)] * 4)
        # Multiples of a power of two, so that moving the window leaves the others where they are.
        apart = 2.0 ** math.ceil(math.log2((right - left) / max(columns, 1)))
        grid: Floats = apart * np.arange(math.floor(left / apart), math.ceil(right / apart) + 1, dtype=np.float64)
        return self.sampled(quantity, kind, axis, grid)

    def sampled(self, quantity: Quantity, kind: Kind, axis: Axis, grid: Floats) -> Band:
        """Training at given places, of the runs that have steps there."""
        rows = [run.sampled(quantity, kind, axis, grid).y for run in self.runs]
        return _joined(grid, np.asarray(rows, np.float64))

    def _of_epochs(self, quantity: Quantity, kind: Kind, axis: Axis) -> Band:
        """Of the runs that have come so far; an epoch stands at the mean of the times at which it ended."""
        each = [run.epochs(kind) for run in self.runs]
        epochs = np.unique(np.concatenate([points.column("epoch") for points in each]))
        x, y = (np.full((len(each), len(epochs)), np.nan) for _ in range(2))
        for row, (run, points) in enumerate(zip(self.runs, each, strict=True)):
            places = np.searchsorted(epochs, points.column("epoch"))
            x[row, places], y[row, places] = run.points(quantity, kind, axis)
        return _joined(_mean(x), y)

    def limits(self, quantity: Quantity, kinds: Iterable[Kind]) -> tuple[float, float]:
        """The least and the greatest finite value of these lines of all runs; NaN if there is none."""
        drawn = [kind for kind in kinds if kind in self.kinds(quantity)]
        pairs = [run.limits(quantity, drawn) for run in self.runs]
        known = [pair for pair in pairs if not math.isnan(pair[0])]
        if not known:
            return math.nan, math.nan
        return min(low for low, _ in known), max(high for _, high in known)

    def end(self, axis: Axis) -> float:
        """The last place where anything is known of any run; 0 before that."""
        return max(run.end(axis) for run in self.runs)

    def last(self, quantity: Quantity, kinds: Sequence[Kind], axis: Axis) -> tuple[Kind, float, float] | None:
        """The mean of what counts of each run by now, where the farthest of them stands."""
        found = [last for run in self.runs if (last := run.last(quantity, kinds, axis)) is not None]
        for kind in ("validation", "test", "smoothed", "raw"):
            values = [(x, y) for its, x, y in found if its == kind]
            if values:
                return kind, max(x for x, _ in values), sum(y for _, y in values) / len(values)
        return None

    def at(self, quantity: Quantity, kind: Kind, axis: Axis, x: float) -> tuple[float, float, float] | None:
        """Mean, least and greatest value nearest to a place; None where no run has one within an epoch."""
        values = [value for run in self.runs if (value := run.at(quantity, kind, axis, x)) is not None]
        return (sum(values) / len(values), min(values), max(values)) if values else None


def _joined(x: Floats, y: Floats) -> Band:
    """Args: y: (runs, P)."""
    y = np.where(np.isfinite(y), y, np.nan)
    return Band(x, _mean(y), np.fmin.reduce(y, axis=0), np.fmax.reduce(y, axis=0))


def _mean(values: Floats) -> Floats:
    """(runs, P) to (P,) over what is there; without the warning that numpy's own has for nothing."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0))
