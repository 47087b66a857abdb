"""The figures of every training step of a run, as arrays: what is recorded, loaded, drawn and exported."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from workbench.core.events import StepMetrics


@dataclass(frozen=True, eq=False)
class RunSeries:
    """Arrays of equal length (N,), one entry per step, in the order of steps. No step is ever left out."""

    steps: NDArray[np.int64]
    """Counted from 1 over the whole run."""
    loss: NDArray[np.float32]
    """Of the step's batch, in nats; NaN where it was none."""
    accuracy: NDArray[np.float32]
    """Of the step's batch, 0 to 1."""
    learning_rate: NDArray[np.float64]
    elapsed_s: NDArray[np.float64]
    """Seconds of work since the run's start after each step; pauses are not counted. Between the moments at which
    that was recorded, steps are taken as equally long."""
    images_per_s: NDArray[np.float32]
    """Of training around each step, evaluations not counted; NaN where an earlier version did not record it."""

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, part: slice) -> "RunSeries":
        """Some of the steps; arrays that are not filled in stay so."""
        return RunSeries(*(getattr(self, field.name)[part] for field in fields(self)))

    @classmethod
    def empty(cls) -> "RunSeries":
        """Before the first step."""
        ints, singles, doubles = np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float64)
        return cls(ints, singles, singles, doubles, doubles, singles)

    @classmethod
    def joined(cls, parts: "Sequence[RunSeries]") -> "RunSeries":
        """One after the other."""
        if not parts:
            return cls.empty()
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def after(self, step: int) -> "RunSeries":
        """Only later steps than `step`."""
        return self[int(self.steps.searchsorted(step, side="right")) :]

    @classmethod
    def of(cls, event: StepMetrics, before_s: float) -> "RunSeries":
        """What a run says while it goes on.

        Args:
            before_s: seconds of work before its first step, unless the event says itself how long its steps took.
        """
        count = len(event.steps)
        if event.seconds:
            before_s = event.elapsed_s - event.seconds
        elapsed = before_s + (event.elapsed_s - before_s) * np.arange(1, count + 1) / max(count, 1)
        rates = np.full(count, event.images_per_s, np.float32)
        return cls(event.steps, event.loss, event.accuracy, event.learning_rate, elapsed, rates)
