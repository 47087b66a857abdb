"""The learning rate over the epochs of a training that is yet to come."""

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QCursor, QPalette
from PySide6.QtWidgets import QGridLayout, QToolTip, QWidget

from workbench.core.settings.schedule import learning_rate
from workbench.core.settings.training_config import TrainingConfig
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN

if TYPE_CHECKING:
    from workbench.gui.trials.schedule_plot import SchedulePlot

_MAX_POINTS = 400
# Stands for the number of the data while that is not known; the shape hardly depends on it.
_STEPS_PER_EPOCH = 100


class ScheduleView(QWidget):
    """Draws `core.schedule.learning_rate` at up to 400 steps; the pointer reads a value off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = TrainingConfig()
        self._steps_per_epoch = _STEPS_PER_EPOCH
        self.epochs: np.ndarray[tuple[int], np.dtype[np.float64]] = np.empty(0)
        self.rates: np.ndarray[tuple[int], np.dtype[np.float64]] = np.empty(0)
        self._plot: SchedulePlot | None = None
        self._room = LatePlot(self._build_plot)
        self._problem = labeled("", "secondary")
        self._problem.setWordWrap(True)
        self._problem.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._problem.setMargin(MARGIN)
        self._problem.hide()
        for widget in (self, self._problem):
            widget.setBackgroundRole(QPalette.ColorRole.Base)
            widget.setAutoFillBackground(True)
        self.setAccessibleName(self.tr("Learning rate over the epochs"))
        self._arrange()

    def _build_plot(self) -> QWidget:
        from workbench.gui.trials.schedule_plot import SchedulePlot

        self._plot = SchedulePlot()
        self._plot.pointed_at.connect(self._on_pointed)
        self._plot.restyle(self.palette())
        if len(self.epochs):
            self._plot.show_rates(self.epochs, self.rates, _epoch_ticks(self._config.epochs))
        return self._plot

    def _arrange(self) -> None:
        rate, epoch = (labeled(text, "secondary") for text in (self.tr("learning rate"), self.tr("epoch")))
        rate.setContentsMargins(FIELD_GAP, GAP, 0, 0)
        epoch.setContentsMargins(0, 0, GROUP_GAP, GAP)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        # Titles of their own: pyqtgraph's would be turned, or cut, in so low a plot.
        layout.addWidget(rate, 0, 0)
        layout.addWidget(self._room, 1, 0)
        layout.addWidget(epoch, 2, 0, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self._problem, 0, 0, 3, 1)

    @property
    def problem(self) -> str:
        """Why nothing is drawn; empty if it is."""
        return self._problem.text()

    def show_config(self, config: TrainingConfig) -> None:
        self._config = config
        self._show_problem("")
        self._draw()

    def show_problem(self, sentence: str) -> None:
        """Say in place of the drawing why there is none."""
        self._show_problem(sentence)
        self.setAccessibleDescription(sentence)

    def set_steps_per_epoch(self, steps: int | None) -> None:
        """Take the number of the data at hand; None while it is not known."""
        before, self._steps_per_epoch = self._steps_per_epoch, steps or _STEPS_PER_EPOCH
        if self._steps_per_epoch != before and not self.problem:
            self._draw()

    def _show_problem(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _draw(self) -> None:
        config, steps_per_epoch = self._config, self._steps_per_epoch
        steps = _sampled_steps(config, steps_per_epoch)
        self.epochs = steps / steps_per_epoch
        self.rates = np.array([learning_rate(config, step, steps_per_epoch) for step in steps.tolist()])
        if self._plot is not None:
            self._plot.show_rates(self.epochs, self.rates, _epoch_ticks(config.epochs))
        at = int(self.rates.argmax())
        self.setAccessibleDescription(
            self.tr("{0} at the start, highest {1} at epoch {2}, {3} at the end").format(
                f"{self.rates[0]:.3g}", f"{self.rates[at]:.3g}", f"{self.epochs[at]:.1f}", f"{self.rates[-1]:.3g}"
            )
        )

    def readout(self, epoch: float) -> str:
        """The rate at the drawn step next to `epoch`, in words."""
        at = int(np.abs(self.epochs - epoch).argmin())
        return self.tr("epoch {0}: rate {1}").format(f"{self.epochs[at]:.4g}", f"{self.rates[at]:.3g}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # The theme puts its colors into the palette.
        if event.type() == QEvent.Type.PaletteChange and self._plot is not None:
            self._plot.restyle(self.palette())

    @Slot(float)
    def _on_pointed(self, epoch: float) -> None:
        if not self.problem:
            QToolTip.showText(QCursor.pos(), self.readout(epoch), self)


def _sampled_steps(config: TrainingConfig, steps_per_epoch: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Evenly spread steps, and those around the end of the warm-up, where the highest rate may be."""
    last = config.epochs * steps_per_epoch - 1
    spread = np.linspace(0, last, _MAX_POINTS - 2).round().astype(np.int64)
    warm = math.ceil(config.warmup_epochs * steps_per_epoch) - 1
    around = [step for step in (warm, warm + 1) if 0 <= step <= last]
    # Not np.union1d, which loads numpy.ma: 17 ms of the wait for the first paint.
    return np.array(sorted({*spread.tolist(), *around}), np.int64)


def _epoch_ticks(epochs: int) -> list[int]:
    """0, round numbers between, and the last epoch."""
    power = 10 ** max(0, math.floor(math.log10(epochs)) - 1)
    step = next(factor * power for factor in (1, 2, 5, 10, 20, 50, 100) if 5 * factor * power >= epochs)
    return [*(tick for tick in range(0, epochs, step) if epochs - tick >= step / 2), epochs]
