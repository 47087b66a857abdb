"""Where the steps of a run stand on each axis: steps, epochs, seconds of work."""

from types import EllipsisType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.core.curves.growing import Growing

Axis = Literal["epoch", "step", "time"]
Positions = slice | list[int] | NDArray[np.int64] | EllipsisType

# Of a place that was computed from a step.
_ROUNDING = 1e-6


class StepAxis:
    """Numbers of the steps, counted from 1 and rising, with the seconds of work after each."""

    def __init__(self, steps_per_epoch: int) -> None:
        self.steps_per_epoch = steps_per_epoch
        self._steps, self._elapsed = Growing(np.int32), Growing(np.float64)

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> NDArray[np.int32]:
        return self._steps.values

    @property
    def elapsed_s(self) -> NDArray[np.float64]:
        return self._elapsed.values

    @property
    def last_step(self) -> int:
        return int(self.steps[-1]) if len(self) else 0

    @property
    def nbytes(self) -> int:
        return self._steps.nbytes + self._elapsed.nbytes

    def append(self, steps: ArrayLike, elapsed_s: ArrayLike) -> None:
        self._steps.append(steps)
        self._elapsed.append(elapsed_s)

    def cut(self, last_step: int) -> int:
        """Forget later steps; says how many are left."""
        count = int(np.searchsorted(self.steps, last_step, side="right"))
        self._steps.cut(count)
        self._elapsed.cut(count)
        return count

    def places(self, axis: Axis, positions: Positions = ...) -> NDArray[np.float64]:
        """Where steps stand that are given by their positions; all of them if none are given."""
        if axis == "time":
            return np.asarray(self.elapsed_s[positions])
        return np.asarray(self.steps[positions] / self._unit(axis))

    def positions(self, axis: Axis, places: ArrayLike) -> NDArray[np.int64]:
        """Of the first step at or after each place, or how many steps there are."""
        wanted = np.asarray(places, np.float64)
        if axis == "time":
            return np.searchsorted(self.elapsed_s, wanted)
        # Of the steps' own type: of another one, all steps would be converted.
        numbers = np.ceil(np.clip(wanted * self._unit(axis) - _ROUNDING, 0, np.iinfo(np.int32).max))
        return np.searchsorted(self.steps, numbers.astype(np.int32))

    def of_step(self, axis: Axis, step: int) -> float:
        """Where a step stands, 0 for the beginning."""
        if axis != "time":
            return step / self._unit(axis)
        return float(np.interp(step, np.append(0, self.steps), np.append(0.0, self.elapsed_s)))

    def epoch_length(self, axis: Axis) -> float:
        """How long an epoch is there."""
        if axis == "time":
            return float(self.elapsed_s[-1]) / self.last_step * self.steps_per_epoch if len(self) else 0.0
        return self.steps_per_epoch / self._unit(axis)

    def _unit(self, axis: Axis) -> int:
        return self.steps_per_epoch if axis == "epoch" else 1
