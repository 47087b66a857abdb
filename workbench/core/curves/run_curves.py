"""The figures of one run, ready to be drawn: every step and every epoch, against steps, epochs or time."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.curves.epoch_points import EpochPoints
from workbench.core.curves.lines import Envelope, Points
from workbench.core.curves.pyramid import Pyramid
from workbench.core.curves.smoothing import Smoother
from workbench.core.curves.step_axis import Axis, StepAxis
from workbench.core.events import EpochMetrics, Event, RateChanged, RunStarted, StepMetrics
from workbench.core.records.run_series import RunSeries

Quantity = Literal["loss", "accuracy", "rate", "throughput"]
Kind = Literal["raw", "smoothed", "validation", "test"]

KINDS: dict[Quantity, tuple[Kind, ...]] = {
    "loss": ("raw", "smoothed", "validation", "test"),
    "accuracy": ("raw", "smoothed", "validation", "test"),
    # Of the schedule, not measured: there is nothing to smooth.
    "rate": ("raw",),
    "throughput": ("raw", "smoothed"),
}
"""Which lines there are of each; what is measured per epoch comes last."""
DEFAULT_WEIGHT = 0.9

_COLUMNS: dict[Axis, str] = {"epoch": "epoch", "step": "step", "time": "elapsed_s"}


class RunCurves:
    """Training step by step with its smoothed line, validation and test per epoch. Nothing is ever left out.

    Made of a whole record (`of`) on any thread, of events as they come, or of the one and then the other. On the
    axis `time` stand seconds of work.
    """

    def __init__(self, run_id: str, steps_per_epoch: int = 1, weight: float = DEFAULT_WEIGHT) -> None:
        self.run_id = run_id
        self.axis = StepAxis(steps_per_epoch)
        self._values: dict[Quantity, Pyramid] = {quantity: Pyramid() for quantity in KINDS}
        self._epochs: dict[Kind, EpochPoints] = {"validation": EpochPoints(), "test": EpochPoints()}
        self._rate_changes: list[tuple[int, float]] = []
        self._weight = weight
        self._smoothed: dict[Quantity, tuple[Smoother, Pyramid]] = {}
        self._worked_s = 0.0

    @classmethod
    def of(
        cls,
        run_id: str,
        series: RunSeries,
        epochs: Iterable[EpochMetrics],
        rate_changes: Iterable[RateChanged],
        steps_per_epoch: int,
        weight: float = DEFAULT_WEIGHT,
    ) -> "RunCurves":
        """Of a recorded run, with all that is needed to draw its loss and accuracy."""
        curves = cls(run_id, steps_per_epoch, weight)
        curves._add(series)
        for epoch in epochs:
            curves.append_epoch(epoch)
        for change in rate_changes:
            curves.change_rate(change)
        curves.prepare(("loss", "accuracy"))
        return curves

    # What comes in

    def append(self, event: Event) -> bool:
        """Take one event of the run; False if it changes no curve."""
        match event:
            case RunStarted():
                self.start(event)
            case StepMetrics():
                self.append_steps(event)
            case EpochMetrics():
                self.append_epoch(event)
            case RateChanged():
                self.change_rate(event)
            case _:
                return False
        return True

    def start(self, event: RunStarted) -> None:
        """Take up a run; a resumed one does the steps after its checkpoint again."""
        self.axis.steps_per_epoch, done = event.steps_per_epoch, event.first_step
        count = self.axis.cut(done)
        for pyramid in self._values.values():
            pyramid.cut(count)
        for epochs in self._epochs.values():
            epochs.cut(done)
        self._rate_changes = [change for change in self._rate_changes if change[0] <= done]
        self._smoothed.clear()
        self._worked_s = event.elapsed_s

    def append_steps(self, event: StepMetrics) -> None:
        """Steps that are known already, because the record had them, are passed over."""
        fresh = int(np.searchsorted(event.steps, self.axis.last_step, side="right"))
        if fresh:
            event = replace(
                event,
                steps=event.steps[fresh:],
                loss=event.loss[fresh:],
                accuracy=event.accuracy[fresh:],
                learning_rate=event.learning_rate[fresh:],
            )
        # What is read back of a record says 0, of what it does not know.
        rate = event.images_per_s if event.images_per_s > 0 else math.nan
        self._add(RunSeries.of(replace(event, images_per_s=rate), self._worked_s))

    def _add(self, series: RunSeries) -> None:
        if not len(series):
            return
        self.axis.append(series.steps, np.maximum.accumulate(np.maximum(series.elapsed_s, self._worked_s)))
        self._worked_s = float(self.axis.elapsed_s[-1])
        self._values["loss"].append(series.loss)
        self._values["accuracy"].append(series.accuracy)
        self._values["rate"].append(series.learning_rate)
        self._values["throughput"].append(series.images_per_s)

    def append_epoch(self, event: EpochMetrics) -> None:
        self._epochs["validation"].append(event, event.validation_loss, event.validation_accuracy)
        self._epochs["test"].append(event, event.test_loss, event.test_accuracy)
        # Evaluating is work too.
        self._worked_s = max(self._worked_s, event.elapsed_s)

    def change_rate(self, event: RateChanged) -> None:
        change = (event.step, event.learning_rate)
        if change not in self._rate_changes:
            self._rate_changes.append(change)

    def smooth(self, weight: float) -> None:
        """Average with this weight of what was, from 0 (not at all) to below 1; computed when it is drawn."""
        if weight != self._weight:
            self._weight = weight
            self._smoothed.clear()

    def prepare(self, quantities: Sequence[Quantity]) -> None:
        """Compute now what drawing these would compute."""
        for quantity in quantities:
            for kind in KINDS[quantity]:
                if kind in ("raw", "smoothed"):
                    self._of_steps(quantity, kind).fold()

    # What is asked

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.axis)

    @property
    def nbytes(self) -> int:
        """Of memory that steps take."""
        smoothed = [pyramid for _, pyramid in self._smoothed.values() if self._weight]
        return self.axis.nbytes + sum(pyramid.nbytes for pyramid in [*self._values.values(), *smoothed])

    def kinds(self, quantity: Quantity) -> tuple[Kind, ...]:
        """Which lines there can be."""
        return KINDS[quantity]

    def epochs(self, kind: Kind) -> EpochPoints:
        """Of `validation` or `test`."""
        return self._epochs[kind]

    def values(self, quantity: Quantity, kind: Kind) -> NDArray[np.floating]:
        """(N,) of each step, or (E,) of each epoch."""
        if kind in self._epochs:
            return self._epochs[kind].column(quantity)
        return self._of_steps(quantity, kind).values

    def points(self, quantity: Quantity, kind: Kind, axis: Axis = "epoch") -> Points:
        """All there are."""
        if kind in self._epochs:
            return Points(self._epochs[kind].column(_COLUMNS[axis]), self.values(quantity, kind))
        return Points(self.axis.places(axis), self.values(quantity, kind))

    def window(
        self, quantity: Quantity, kind: Kind, axis: Axis, left: float, right: float, columns: int
    ) -> Points | Envelope:
        """What to draw between two places of an axis, and one more at either side: lines leave the view."""
        if kind in self._epochs:
            x, y = self.points(quantity, kind, axis)
            first, last = np.searchsorted(x, [left, right])
            return Points(x[max(first - 1, 0) : last + 1], y[max(first - 1, 0) : last + 1])
        first, last = self.axis.positions(axis, [left, right]).tolist()
        window = self._of_steps(quantity, kind).window(first - 1, last + 1, columns)
        x = self.axis.places(axis, window.positions)
        return Points(x, window.lows) if window.bucket == 1 else Envelope(x, window.lows, window.highs)

    def sampled(self, quantity: Quantity, kind: Kind, axis: Axis, grid: NDArray[np.float64]) -> Points:
        """A line of steps at given places, between two steps on the straight line; NaN beyond the steps."""
        values, count = self.values(quantity, kind), len(self)
        if not count:
            return Points(grid, np.full(len(grid), np.nan))
        after = np.clip(self.axis.positions(axis, grid), 0, count - 1)
        before = np.maximum(after - 1, 0)
        x_before, x_after = self.axis.places(axis, before), self.axis.places(axis, after)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(x_after > x_before, (x_after - grid) / (x_after - x_before), 0.0)
        # A place on a step needs nothing of the step before, which may be NaN.
        y = np.where(share > 0, share * values[before] + (1 - share) * values[after], values[after])
        first, last = self.axis.places(axis, [0, count - 1])
        return Points(grid, np.where((grid >= first) & (grid <= last), y, np.nan))

    def rate_changes(self, axis: Axis = "epoch") -> list[tuple[float, float]]:
        """Where the person changed the learning rate, and to what."""
        return [(self.axis.of_step(axis, step), rate) for step, rate in self._rate_changes]

    def limits(self, quantity: Quantity, kinds: Iterable[Kind]) -> tuple[float, float]:
        """The least and the greatest finite value of these lines; NaN if there is none."""
        pairs = []
        for kind in kinds:
            if kind in self._epochs:
                values = self.values(quantity, kind)
                values = values[np.isfinite(values)]
                if len(values):
                    pairs.append((float(values.min()), float(values.max())))
            else:
                pairs.append(self._of_steps(quantity, kind).limits())
        known = [pair for pair in pairs if not math.isnan(pair[0])]
        if not known:
            return math.nan, math.nan
        return min(low for low, _ in known), max(high for _, high in known)

    def end(self, axis: Axis) -> float:
        """The last place where anything is known; 0 before that."""
        ends = [self.axis.places(axis, slice(-1, None))]
        ends += [points.column(_COLUMNS[axis])[-1:] for points in self._epochs.values()]
        return max((float(end[0]) for end in ends if len(end)), default=0.0)

    def last(self, quantity: Quantity, kinds: Sequence[Kind], axis: Axis) -> tuple[Kind, float, float] | None:
        """What counts by now: the last value of validation, else of test, else of training, and its place."""
        for kind in ("validation", "test", "smoothed", "raw"):
            if kind in kinds and kind in KINDS[quantity] and len(self.values(quantity, kind)):
                of_epochs = kind in self._epochs
                x = self._epochs[kind].column(_COLUMNS[axis]) if of_epochs else self.axis.places(axis, [-1])
                return kind, float(x[-1]), float(self.values(quantity, kind)[-1])
        return None

    def at(self, quantity: Quantity, kind: Kind, axis: Axis, x: float) -> float | None:
        """The value of a line nearest to a place; None where there is none within an epoch."""
        first = 0
        if kind in self._epochs:
            places = self._epochs[kind].column(_COLUMNS[axis])
        else:
            first = max(int(self.axis.positions(axis, [x])[0]) - 1, 0)
            places = self.axis.places(axis, slice(first, first + 2))
        if not len(places) or x > places[-1] + self.axis.epoch_length(axis):
            return None
        after = int(np.searchsorted(places, x))
        is_before = after == len(places) or (after > 0 and x - places[after - 1] < places[after] - x)
        return float(self.values(quantity, kind)[first + after - int(is_before)])

    def _of_steps(self, quantity: Quantity, kind: Kind) -> Pyramid:
        """The values of steps, or their averages as far as there are steps now."""
        raw = self._values[quantity]
        if kind == "raw" or not self._weight:
            return raw
        if quantity not in self._smoothed:
            self._smoothed[quantity] = (Smoother(self._weight), Pyramid())
        smoother, pyramid = self._smoothed[quantity]
        if len(pyramid) < len(raw):
            pyramid.append(smoother.extend(raw.values[len(pyramid) :]))
        return pyramid
