"""The figures of one run as growing arrays, ready to be drawn."""

import math
from dataclasses import dataclass, field

import numpy as np

from workbench.core.events import EpochMetrics, RateChanged, RunStarted, StepMetrics


@dataclass
class Series:
    """A growing series of values; x is in epochs."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    low: float = math.inf
    high: float = -math.inf

    def extend(self, x: list[float], y: list[float]) -> None:
        self.x.extend(x)
        self.y.extend(y)
        # Kept up to date, because the plots ask for them at every redraw.
        self.low, self.high = min(self.low, *y), max(self.high, *y)

    def cut(self, last_x: float) -> None:
        """Forget all points later than `last_x`."""
        keep = sum(x <= last_x + 1e-9 for x in self.x)
        del self.x[keep:], self.y[keep:]
        self.low, self.high = min(self.y, default=math.inf), max(self.y, default=-math.inf)


class Smoothed:
    """An exponential moving average without the bias towards its start, as in Adam (Kingma & Ba 2015)."""

    def __init__(self, weight: float) -> None:
        self._weight = weight
        self._sum, self._norm = 0.0, 0.0
        self.values: list[float] = []

    def extend(self, values: list[float]) -> None:
        for value in values:
            self._sum = self._weight * self._sum + (1 - self._weight) * value
            self._norm = self._weight * self._norm + (1 - self._weight)
            self.values.append(self._sum / self._norm)


@dataclass
class RunCurves:
    """Loss and accuracy of one run: every training step, and validation and test per epoch."""

    run_id: str
    name: str
    color_index: int
    steps_per_epoch: int = 1
    visible: bool = True
    train: dict[str, Series] = field(default_factory=lambda: {"loss": Series(), "accuracy": Series()})
    validation: dict[str, Series] = field(default_factory=lambda: {"loss": Series(), "accuracy": Series()})
    test: dict[str, Series] = field(default_factory=lambda: {"loss": Series(), "accuracy": Series()})
    smoothed: dict[str, Smoothed] = field(default_factory=dict)
    rate_changes: list[tuple[float, float]] = field(default_factory=list)
    """When the person changed the learning rate, in epochs, and to what."""
    _weight: float = 0.9

    def start(self, event: RunStarted) -> None:
        """Take up a run; a resumed one does the steps after its checkpoint again."""
        self.name, self.steps_per_epoch = event.name, event.steps_per_epoch
        epochs_done = event.first_step / event.steps_per_epoch
        for metric in ("loss", "accuracy"):
            for series in (self.train[metric], self.validation[metric], self.test[metric]):
                series.cut(epochs_done)
        self.rate_changes = [change for change in self.rate_changes if change[0] <= epochs_done]
        self.smooth(self._weight)

    def append_steps(self, event: StepMetrics) -> None:
        x = (event.steps / self.steps_per_epoch).tolist()
        for metric, values in (("loss", event.loss.tolist()), ("accuracy", event.accuracy.tolist())):
            self.train[metric].extend(x, values)
            self.smoothed.setdefault(metric, Smoothed(self._weight)).extend(values)

    def append_epoch(self, event: EpochMetrics) -> None:
        for split, loss, accuracy in (
            (self.validation, event.validation_loss, event.validation_accuracy),
            (self.test, event.test_loss, event.test_accuracy),
        ):
            if loss is not None and accuracy is not None:
                for metric, value in (("loss", loss), ("accuracy", accuracy)):
                    split[metric].extend([float(event.epoch)], [value])

    def change_rate(self, event: RateChanged) -> None:
        self.rate_changes.append((event.step / self.steps_per_epoch, event.learning_rate))

    def smooth(self, weight: float) -> None:
        """Average anew over everything so far; 0 is no smoothing."""
        self._weight = weight
        for metric, series in self.train.items():
            self.smoothed[metric] = Smoothed(weight)
            self.smoothed[metric].extend(series.y)

    def last(self, metric: str) -> tuple[str, float, float] | None:
        """What counts of it by now, with its epoch and value: `validation`, else `test`, else smoothed `train`."""
        for kind, series in (("validation", self.validation[metric]), ("test", self.test[metric])):
            if series.y:
                return kind, series.x[-1], series.y[-1]
        smoothed = self.smoothed.get(metric)
        return ("train", self.train[metric].x[-1], smoothed.values[-1]) if smoothed and smoothed.values else None

    def at(self, metric: str, x: float) -> tuple[float | None, float | None, float | None]:
        """Smoothed training, validation and test value nearest to epoch `x`; None where there is none."""
        smoothed = self.smoothed.get(metric)
        train = _nearest(self.train[metric].x, smoothed.values if smoothed else [], x)
        return (
            train,
            _nearest(self.validation[metric].x, self.validation[metric].y, x),
            _nearest(self.test[metric].x, self.test[metric].y, x),
        )


def _nearest(xs: list[float], ys: list[float], x: float) -> float | None:
    if not xs or x > xs[-1] + 1:
        return None
    index = int(np.searchsorted(xs, x))
    if index == len(xs) or (index > 0 and x - xs[index - 1] < xs[index] - x):
        index -= 1
    return ys[index]
