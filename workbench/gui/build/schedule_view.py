"""The learning rate over the epochs of a training that is yet to come."""

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Slot
from PySide6.QtGui import QCursor, QPalette
from PySide6.QtWidgets import QGridLayout, QToolTip, QWidget

from workbench.core.schedule import learning_rate
from workbench.core.training_config import TrainingConfig
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.plotting import pg
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN

_HEIGHT = 124
_MAX_POINTS = 400
# Stands for the number of the data while that is not known; the shape hardly depends on it.
_STEPS_PER_EPOCH = 100
_HEADROOM = 1.15
# How far a number may stand out over the end of its axis.
_OVERHANG_PX = 16


class ScheduleView(QWidget):
    """Draws `core.schedule.learning_rate` at up to 400 steps; the pointer reads a value off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = TrainingConfig()
        self._steps_per_epoch = _STEPS_PER_EPOCH
        self.epochs: np.ndarray[tuple[int], np.dtype[np.float64]] = np.empty(0)
        self.rates: np.ndarray[tuple[int], np.dtype[np.float64]] = np.empty(0)
        self._plot = _StillPlot()
        self._line = pg.PlotCurveItem(antialias=True)
        self._peak, self._cursor = pg.InfiniteLine(angle=0), pg.InfiniteLine(angle=90)
        self._cursor.hide()
        for part in (self._peak, self._line, self._cursor):
            self._plot.addItem(part, ignoreBounds=True)
        self._plot.scene().sigMouseMoved.connect(self._on_mouse)
        self._problem = labeled("", "secondary")
        self._problem.setWordWrap(True)
        self._problem.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._problem.setMargin(MARGIN)
        self._problem.hide()
        for widget in (self, self._problem):
            widget.setBackgroundRole(QPalette.ColorRole.Base)
            widget.setAutoFillBackground(True)
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName(self.tr("Learning rate over the epochs"))
        self._arrange()
        self._restyle()

    def _arrange(self) -> None:
        rate, epoch = (labeled(text, "secondary") for text in (self.tr("learning rate"), self.tr("epoch")))
        rate.setContentsMargins(FIELD_GAP, GAP, 0, 0)
        epoch.setContentsMargins(0, 0, GROUP_GAP, GAP)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        # Titles of their own: pyqtgraph's would be turned, or cut, in so low a plot.
        layout.addWidget(rate, 0, 0)
        layout.addWidget(self._plot, 1, 0)
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
        self._line.setData(self.epochs, self.rates)
        at = int(self.rates.argmax())
        peak = float(self.rates[at])
        self._peak.setPos(peak)
        item = self._plot.getPlotItem()
        item.getAxis("left").setTicks([[(0.0, "0"), (peak, f"{peak:.3g}")]])
        item.getAxis("bottom").setTicks([[(tick, str(tick)) for tick in _epoch_ticks(config.epochs)]])
        self._plot.setXRange(0, config.epochs, padding=0)
        self._plot.setYRange(0, _HEADROOM * peak, padding=0)
        self.setAccessibleDescription(
            self.tr("{0} at the start, highest {1} at epoch {2}, {3} at the end").format(
                f"{self.rates[0]:.3g}", f"{peak:.3g}", f"{self.epochs[at]:.1f}", f"{self.rates[-1]:.3g}"
            )
        )

    def readout(self, epoch: float) -> str:
        """The rate at the drawn step next to `epoch`, in words."""
        at = int(np.abs(self.epochs - epoch).argmin())
        return self.tr("epoch {0}: rate {1}").format(f"{self.epochs[at]:.4g}", f"{self.rates[at]:.3g}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._restyle()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor.hide()

    def _restyle(self) -> None:
        """Take the theme's colors; it puts them into the palette."""
        role, palette = QPalette.ColorRole, self.palette()
        self._plot.setBackground(palette.color(role.Base))
        self._line.setPen(pg.mkPen(palette.color(role.Highlight)))
        self._peak.setPen(pg.mkPen(palette.color(role.Mid)))
        self._cursor.setPen(pg.mkPen(palette.color(role.PlaceholderText), style=Qt.PenStyle.DashLine))
        for name in ("left", "bottom"):
            axis = self._plot.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(palette.color(role.Mid)))
            axis.setTextPen(pg.mkPen(palette.color(role.PlaceholderText)))

    @Slot(object)
    def _on_mouse(self, position: QPointF) -> None:
        box = self._plot.getPlotItem().getViewBox()
        inside = not self.problem and box.sceneBoundingRect().contains(position)
        self._cursor.setVisible(inside)
        if inside:
            epoch = float(box.mapSceneToView(position).x())
            self._cursor.setPos(epoch)
            QToolTip.showText(QCursor.pos(), self.readout(epoch), self)


class _StillPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot to look at: the wheel goes on to the panel, there is no zoom and no menu."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.disableAutoRange()
        item = self.getPlotItem()
        item.layout.setContentsMargins(GAP, 0, GROUP_GAP, 0)
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setStyle(hideOverlappingLabels=_OVERHANG_PX, tickLength=0)
            axis.enableAutoSIPrefix(False)


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
