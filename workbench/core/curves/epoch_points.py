"""What is measured once an epoch on one set of images."""

import numpy as np
from numpy.typing import NDArray

from workbench.core.curves.growing import Growing
from workbench.core.events import EpochMetrics


class EpochPoints:
    """Loss and accuracy of the epochs that had such images, and where each stands on every axis."""

    def __init__(self) -> None:
        self._columns = {name: Growing(np.float64) for name in ("epoch", "step", "elapsed_s", "loss", "accuracy")}

    def __len__(self) -> int:
        return len(self._columns["epoch"])

    def column(self, name: str) -> NDArray[np.float64]:
        """(epochs,) `epoch`, `step`, `elapsed_s`, `loss` or `accuracy`."""
        return self._columns[name].values

    def append(self, event: EpochMetrics, loss: float | None, accuracy: float | None) -> None:
        """Take an epoch that is later than all before; one without figures is none."""
        if loss is None or accuracy is None or (len(self) and event.epoch <= self.column("epoch")[-1]):
            return
        values = (event.epoch, event.step, event.elapsed_s, loss, accuracy)
        for column, value in zip(self._columns.values(), values, strict=True):
            column.append([value])

    def cut(self, last_step: int) -> None:
        """Keep the epochs that had ended by then."""
        count = int(np.searchsorted(self.column("step"), last_step, side="right"))
        for column in self._columns.values():
            column.cut(count)
